/* What the cells of a table say: their text, what they are sorted by, what matches them, and how they are copied. */
(() => {
  "use strict";

  /* A cell is a text, or [text, key], or {t: text, o: key, …}; those of the page also hold their element. */
  const textOf = (cell) => (typeof cell === "string" ? cell : Array.isArray(cell) ? cell[0] : cell.t);
  const orderOf = (cell) => (typeof cell === "string" ? undefined : Array.isArray(cell) ? cell[1] : cell.o);

  /* A text in the language of the page, which has a list of such texts unless it is English. */
  function word(text, ...values) {
    let at = 0;
    return (window.exptdirWords?.[text] ?? text).replace(/%s/g, () => values[at++]);
  }

  function make(name, attributes = {}, ...content) {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...content);
    return element;
  }

  /* Cells of the page break lines by elements, which textContent knows nothing of. */
  function textIn(element) {
    if (!element.querySelector("br, .line, p + p")) return element.textContent.trim();
    const copy = element.cloneNode(true);
    copy.querySelectorAll("br").forEach((node) => node.replaceWith("\n"));
    copy.querySelectorAll(".line, p").forEach((node) => node.append("\n"));
    return copy.textContent.replace(/\n\n+/g, "\n").trim();
  }

  function cellOf(element) {
    return { t: textIn(element), o: element.dataset.order, element };
  }

  const PLAIN_NUMBER = /^[+\-\u2212]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

  function asNumber(text) {
    return PLAIN_NUMBER.test(text) ? Number(text.replace("\u2212", "-")) : null;
  }

  /* What a cell is sorted by: a number wherever it is one, else a text. */
  function keyOf(cell) {
    const order = orderOf(cell);
    if (typeof order === "number") return order;
    const text = (order === undefined ? textOf(cell) : order).trim();
    const number = asNumber(text);
    return number === null ? text : number;
  }

  /* A number with a unit or a sign of money: "2.5 mg", "−10 %", "< 0.1", "1.2 ± 0.3", "$1,234.50". */
  const AMOUNT = /^[<>\u2264\u2265~\u2248]?\s?([+\-\u2212]?)\s?([$\u20ac\u00a3\u00a5]?)\s?(\d[\d.,'\u2019\u202f\u00a0]*(?:e[+\-]?\d+)?)(?:\s?\u00b1.*|\s?([^\d\s]{0,12}))$/i;

  /* Its digits with a decimal point and without what sets thousands apart; what comes last, a point or a comma, parts decimals. */
  function digitsOf(text) {
    const plain = text.replace(/['\u2019\u202f\u00a0]/g, "");
    if (/^\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain)) return plain.replaceAll(",", "");
    if (/^(\d+|\d{1,3}(\.\d{3})+),\d+$/.test(plain)) return plain.replaceAll(".", "").replace(",", ".");
    return plain;
  }

  function amountOf(text) {
    const [, sign, money, digits, unit] = AMOUNT.exec(text) ?? [];
    const number = digits === undefined ? NaN : Number(digitsOf(digits));
    return Number.isNaN(number) ? null : { number: sign && sign !== "+" ? -number : number, unit: money || unit || "" };
  }

  const MISSING = /^(?:[+\-\u2212]?(?:inf(?:inity)?|\u221e)|nan|#?n\/?a|n\.[ads]\.|nd|null|none|[\-\u2013\u2014\u2212])$/i;

  /* The keys of a column: numbers where all of its texts are amounts of one unit, and nothing for those that are missing. */
  function keysOf(cells) {
    const keys = cells.map(keyOf);
    const amounts = keys.map((key) => (typeof key === "number" ? { number: key, unit: "" } : amountOf(key)));
    const isNone = (key) => key === "" || (typeof key === "string" && MISSING.test(key));
    const units = new Set(amounts.filter((_amount, at) => !isNone(keys[at])).map((amount) => amount?.unit));
    if (units.size !== 1 || units.has(undefined)) return keys;
    return amounts.map((amount) => amount?.number ?? "");
  }

  const collator = new Intl.Collator(undefined, { numeric: true });

  function compare(a, b) {
    if (typeof a === "number") return typeof b === "number" ? a - b : -1;
    return typeof b === "number" ? 1 : collator.compare(a, b);
  }

  /* Cells without content come last, whichever way the others are sorted. */
  const sorter = (sign) => (a, b) => (a === "" || b === "" ? (a === "") - (b === "") : sign * compare(a, b));

  /* Letters without their accents and case, for who searches does not type them. */
  function folded(text) {
    const lower = text.toLowerCase();
    return /^[\0-\x7f]*$/.test(lower) ? lower : lower.normalize("NFKD").replace(/\p{M}/gu, "");
  }

  const COMPARISONS = {
    "<": (order) => order < 0,
    "<=": (order) => order <= 0,
    ">": (order) => order > 0,
    ">=": (order) => order >= 0,
  };

  function comparison(sign, operand) {
    const bound = keyOf(operand);
    const limit = typeof bound === "number" ? { number: bound, unit: "" } : amountOf(bound);
    return (cell) => {
      // Of a number that a workbook shows with a unit, that is asked for as it is seen: "> 10%".
      const key = limit?.unit ? textOf(cell).trim() : keyOf(cell);
      if (limit && typeof key === "string") {
        const amount = amountOf(key);
        // A bound without a unit is meant in that of the column.
        return Boolean(amount) && (!limit.unit || amount.unit === limit.unit) && COMPARISONS[sign](amount.number - limit.number);
      }
      return key !== "" && typeof key === typeof bound && COMPARISONS[sign](compare(key, bound));
    };
  }

  function equality(operand) {
    const [wanted, key] = [folded(operand), keyOf(operand)];
    return (cell) => folded(textOf(cell)) === wanted || (operand !== "" && keyOf(cell) === key);
  }

  /* What is typed into a column's filter: "> 0.4", "1..5", "= cnn", "! cnn" or a part of the text. */
  function matcher(typed) {
    const query = typed.trim();
    if (query === "") return null;
    const [, sign, rest] = /^(<=|>=|<|>|!=|!|=)?\s*(.*)$/s.exec(query);
    if (sign in COMPARISONS) return rest ? comparison(sign, rest) : null;
    if (sign === "=") return equality(rest);
    if (sign) {
      const unwanted = sign === "!=" ? equality(rest) : rest && matcher(rest);
      return unwanted ? (cell) => !unwanted(cell) : null;
    }
    const range = /^(\S+)\s*\.\.\s*(\S+)$/.exec(query);
    if (range) {
      const [from, to] = [comparison(">=", range[1]), comparison("<=", range[2])];
      return (cell) => from(cell) && to(cell);
    }
    const part = folded(query);
    return (cell) => folded(textOf(cell)).includes(part);
  }

  /* The cells of rows with merged ones, each at the place where it begins. */
  function matrix(rows) {
    const grid = Array.from(rows, () => []);
    Array.from(rows).forEach((row, y) => {
      let x = 0;
      for (const cell of row.cells) {
        while (grid[y][x] !== undefined) x += 1;
        for (let down = 0; down < cell.rowSpan && y + down < grid.length; down += 1) {
          for (let right = 0; right < cell.colSpan; right += 1) grid[y + down][x + right] = null;
        }
        grid[y][x] = cell;
      }
    });
    return grid;
  }

  /* A spreadsheet takes what begins like a formula for one, and some can start programs. */
  function harmless(text) {
    return /^[=@]|^[+-].*[|(!]/s.test(text) ? `'${text}` : text;
  }

  function field(text) {
    const safe = harmless(text);
    return /[\t\n\r"]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  const asTsv = (rows) => rows.map((row) => row.map(field).join("\t") + "\n").join("");

  /* Pages from files, and browsers that ask for a permission, may have no clipboard to write to. */
  async function copyText(text, beside) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      const focused = document.activeElement;
      area.value = text;
      area.className = "exptdir-offstage";
      beside.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      focused?.focus({ preventScroll: true });
      return done;
    }
  }

  window.exptdirTables = { textOf, keysOf, textIn, cellOf, sorter, folded, matcher, matrix, asTsv, copyText, make, word };
})();
