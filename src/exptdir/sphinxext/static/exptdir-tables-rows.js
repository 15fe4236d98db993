/* The rows behind a table: those of the page, those that wait in a file, and the library that sorts and draws them. */
(() => {
  "use strict";
  const tables = window.exptdirTables;
  const { make } = tables;
  const here = document.currentScript.src;
  const waiting = new Map();
  const views = new WeakMap();
  let library = null;

  function loadScript(address) {
    return new Promise((resolve, reject) => {
      const script = make("script", { src: address });
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${address} cannot be loaded`)));
      document.head.append(script);
    });
  }

  /* The file of a big table calls this. */
  window.exptdirTable = (key, content) => waiting.set(key, content);

  async function loadRest(box) {
    const { exptdirMore: key, exptdirSrc: address } = box.dataset;
    if (!waiting.has(key)) await loadScript(address);
    if (!waiting.has(key)) throw new Error(`${address} holds another table`);
    return waiting.get(key);
  }

  function loadLibrary() {
    library ??= loadScript(new URL("exptdir-datatables.js", here).href)
      .then(() => window.exptdirDataTables())
      .then(({ default: DataTable }) => {
        DataTable.ext.errMode = "throw";
        DataTable.ext.type.order["exptdir-asc"] = tables.sorter(1);
        DataTable.ext.type.order["exptdir-desc"] = tables.sorter(-1);
        DataTable.ext.order.exptdir = (settings, column) => views.get(settings.nTable).keys(column);
        return DataTable;
      })
      .catch((error) => {
        library = null;
        throw error;
      });
    return library;
  }

  /* Black is easier to read on a lighter colour, white on a darker one (WCAG 2.2, contrast of 4.5). */
  const DEEPEST_WITH_BLACK = 0.18;

  /* How light a colour is (WCAG 2.2, relative luminance); nothing for what is no colour. */
  function luminance(element, part) {
    const hex = element.style.getPropertyValue(`--exptdir-${part}`).trim();
    if (!/^#[0-9a-f]{6}$/i.test(hex)) return null;
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const share = parseInt(hex.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function colour(element, part, hex) {
    if (!/^#?[0-9a-f]{6}$/i.test(hex || "")) return;
    element.classList.add(`exptdir-${part}`);
    element.style.setProperty(`--exptdir-${part}`, `#${hex.replace("#", "")}`);
  }

  /* A deep fill keeps its depth, with light text on it, once the script can say which are deep. */
  function tone(element) {
    const [ink, fill] = [luminance(element, "ink"), luminance(element, "fill")];
    element.classList.toggle("exptdir-deep", fill !== null && (ink === null ? fill < DEEPEST_WITH_BLACK : ink > fill));
  }

  function contentOf(cell) {
    let content = tables.textOf(cell);
    if (cell.s) content = make("span", { class: "exptdir-strike" }, content);
    if (cell.i) content = make("em", {}, content);
    if (cell.b) content = make("strong", {}, content);
    return /^(https?|ftp|mailto):/i.test(cell.h || "") ? make("a", { class: "reference external", href: cell.h }, content) : content;
  }

  /* Fills the element of a cell that comes from the file, or takes over what the page showed of it. */
  function dress(element, cell, kind) {
    if (cell.element) {
      for (const { name, value } of cell.element.attributes) element.setAttribute(name, value);
      element.replaceChildren(...cell.element.cloneNode(true).childNodes);
      return;
    }
    element.dir = "auto";
    if (element.localName === "th") element.scope = "row";
    if (kind && kind !== "text" && kind !== "empty") element.classList.add(`exptdir-${kind}`);
    element.replaceChildren(contentOf(cell));
    colour(element, "ink", cell.ink);
    colour(element, "fill", cell.fill);
    tone(element);
  }

  const COMMON = {
    autoWidth: false,
    info: false,
    layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
    order: [],
    orderClasses: false,
    ordering: { handler: false, indicators: false },
    language: { zeroRecords: tables.word("No row matches."), emptyTable: tables.word("There are no rows.") },
  };
  const COLUMN = { type: "exptdir", orderDataType: "exptdir", searchable: false };
  /* The columns of a table whose rows come and go must not change with them; in characters. */
  const [NARROWEST, WIDEST] = [4, 36];

  /* The rows of one table. */
  class Rows {
    constructor(box, table) {
      this.box = box;
      this.table = table;
      this.body = table.tBodies[0];
      this.isBig = Boolean(box.dataset.exptdirMore && box.dataset.exptdirSrc);
      this.total = this.isBig ? Number(box.dataset.exptdirRows) : this.body.rows.length;
      this.columnKeys = [];
      this.texts = [];
      this.headings = [];
      this.widths = [];
    }

    /* The cells of all rows that are here; read when they are needed, for most readers only look. The library asks
       for them before it draws rows in another order. */
    get cells() {
      this.known ??= Array.from(this.body.rows, (row) => Array.from(row.cells, tables.cellOf));
      return this.known;
    }

    keys(column) {
      this.columnKeys[column] ??= tables.keysOf(this.cells.map((row) => row[column] ?? ""));
      return this.columnKeys[column];
    }

    haystack(at) {
      this.texts[at] ??= this.cells[at].map((cell) => tables.folded(tables.textOf(cell))).join("\n");
      return this.texts[at];
    }

    /* Says of a row whether it holds all words, and matches what its columns ask for. */
    matches(at, words, filters) {
      const row = this.cells[at];
      return (
        words.every((word) => this.haystack(at).includes(word)) &&
        filters.every(([column, accepts]) => accepts(row[column] ?? ""))
      );
    }

    /* Takes the table over from the page; once. */
    start() {
      this.started ??= this.begin().catch((error) => {
        this.started = null;
        throw error;
      });
      return this.started;
    }

    async begin() {
      const [DataTable, rest] = await Promise.all([loadLibrary(), this.isBig ? loadRest(this.box) : null]);
      const parked = this.table.querySelector("tr.exptdir-filters");
      // The library moves what headers hold, and would take the filters for headers.
      const focused = this.table.contains(document.activeElement) ? document.activeElement : null;
      parked?.remove();
      views.set(this.table, this);
      const options = rest ? this.manyRows(rest) : { paging: false, columnDefs: [{ ...COLUMN, targets: "_all" }] };
      this.engine = new DataTable(this.table, { ...COMMON, ...options });
      if (parked) this.engine.table().header().append(parked);
      focused?.focus({ preventScroll: true });
      return this.engine;
    }

    manyRows({ rows, kinds }) {
      const [first] = this.body.rows;
      for (const row of rows) this.cells.push(row);
      this.total = this.cells.length;
      const widths = Array.from(first.cells, (_cell, at) => Math.min(Math.max(this.longest(at), NARROWEST), WIDEST) + 3);
      const columns = Array.from(first.cells, ({ localName }, at) => ({
        ...COLUMN,
        data: null,
        defaultContent: "",
        cellType: localName,
        width: `${widths[at]}ch`,
        createdCell: (element, _data, row, _at, column) => dress(element, row[column] ?? "", kinds?.[column]),
      }));
      // They are drawn anew, and meanwhile would be laid out again and again.
      this.body.replaceChildren();
      this.table.classList.add("exptdir-many");
      this.box.style.setProperty("--exptdir-width", `${widths.reduce((sum, width) => sum + width)}ch`);
      return { data: this.cells, columns, deferRender: true, scroller: true, scrollX: true, scrollY: "70vh", scrollCollapse: true };
    }

    /* Characters of the longest line in a column, its heading and the arrow beside that included. */
    longest(column) {
      const lines = this.cells.map((row) => tables.textOf(row[column] ?? "").split("\n")).flat();
      return lines.reduce((most, line) => Math.max(most, line.length), this.widths[column] ?? 0);
    }

    /* The rows as they are shown now: their places in `cells`. */
    shown() {
      if (!this.engine) return this.cells.map((_row, at) => at);
      return this.engine.rows({ search: "applied", order: "applied" }).indexes().toArray();
    }
  }

  Object.assign(tables, { Rows, loadLibrary, tone });
})();
