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
    return (cell) => {
      const key = keyOf(cell);
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

  window.exptdirTables = { textOf, keyOf, textIn, cellOf, sorter, folded, matcher, matrix, asTsv, copyText, word };
})();
