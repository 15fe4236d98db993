/* Tables that can be sorted, searched, filtered, copied and widened; without this script they are complete as they are. */
(() => {
  "use strict";
  const tables = window.exptdirTables;
  const { make, word } = tables;
  /* Fewer rows than these are seen at a glance. */
  const ROWS_FOR_TOOLS = 12;
  const PAUSE = 150;
  const STEPS = { none: "asc", asc: "desc", desc: "none" };
  const ARIA = { asc: "ascending", desc: "descending", none: "none" };
  /* A first column that takes more of the box than this leaves no room for the others beside it. */
  const WIDE = 0.4;
  /* Characters of a line of a long text, where the table scrolls. */
  const LINE = 28;
  /* Those that the arrow beside a bold heading takes. */
  const ARROW = 4;
  const BOX = "div.exptdir-table";

  const button = (label, action, attributes = {}) => {
    const element = make("button", { type: "button", ...attributes }, label);
    element.addEventListener("click", action);
    return element;
  };

  const count = (number) => number.toLocaleString(window.exptdirWords ? document.documentElement.lang : "en");
  const letters = (at) => (at < 26 ? "" : letters(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));

  class View {
    constructor(box, table) {
      this.box = box;
      this.table = table;
      this.body = table.tBodies[0];
      this.isMerged = Boolean(this.body.querySelector("[rowspan]:not([rowspan='1']), [colspan]:not([colspan='1'])"));
      this.rows = new tables.Rows(box, table);
      this.hasTools = this.rows.total >= ROWS_FOR_TOOLS;
      this.sorted = { column: -1, step: "none" };
      this.filters = [];
      box.querySelectorAll(".exptdir-fill").forEach(tables.tone);
      this.makeScroller();
      this.headings = this.findHeadings();
      this.isGrid = !this.isMerged && this.body.rows.length > 1 && this.headings.length > 0 && this.headings.every(Boolean);
      if (this.isGrid) this.headings.forEach((cell, column) => this.makeSortable(cell, column));
      if (this.hasTools) this.makeTools();
      if (this.isGrid && this.rows.isBig) this.makeMore();
    }

    /* The table scrolls in a box of its own, without what stands below it. */
    makeScroller() {
      const name = this.table.caption ? tables.textIn(this.table.caption).replace(/\s*¶$/, "") : word("Table");
      this.scroller = make("div", { class: "exptdir-table-scroller", role: "region", "aria-label": name });
      let part = this.table;
      while (part.parentElement !== this.box) part = part.parentElement;
      part.before(this.scroller);
      this.scroller.append(part);
      this.box.classList.add("exptdir-live");
      new ResizeObserver(() => this.measure()).observe(this.scroller);
      this.scroller.addEventListener("scroll", () => this.fade(), { passive: true });
    }

    measure() {
      const { scroller } = this;
      // Nothing scrolls on paper.
      if (window.matchMedia("print").matches) return;
      if (this.width !== scroller.clientWidth) this.spread();
      const overflows = scroller.scrollWidth > scroller.clientWidth || scroller.scrollHeight > scroller.clientHeight;
      if (overflows) scroller.tabIndex = 0;
      else scroller.removeAttribute("tabindex");
      scroller.classList.toggle("exptdir-too-wide", scroller.scrollWidth > scroller.clientWidth);
      scroller.style.setProperty("--exptdir-share", scroller.clientWidth / scroller.scrollWidth);
      this.fade();
      const first = this.box.querySelector("tbody tr > :first-child");
      this.box.classList.toggle("exptdir-wide-first", (first?.offsetWidth ?? 0) > WIDE * scroller.clientWidth);
    }

    /* Where a table scrolls anyway, its labels stay in one line, and a sentence in lines of several words. */
    spread() {
      const { scroller } = this;
      this.width = scroller.clientWidth;
      if (this.isMerged || this.table.classList.contains("exptdir-many")) return;
      const cells = this.headings.length && this.headings.every(Boolean) ? this.headings : Array.from(this.body.rows[0].cells);
      cells.forEach((cell) => (cell.style.minWidth = ""));
      if (scroller.scrollWidth <= scroller.clientWidth) return;
      cells.forEach((cell, at) => (cell.style.minWidth = `${Math.min(this.rows.longest(at), LINE)}ch`));
    }

    /* What is cut off on the right is seen to go on. */
    fade() {
      const { scroller } = this;
      const left = scroller.scrollWidth - scroller.clientWidth - Math.abs(scroller.scrollLeft);
      scroller.classList.toggle("exptdir-goes-on", left > 1);
    }

    /* The cell of each column that heads it alone, the last with a text; none where several columns share one. */
    findHeadings() {
      if (!this.table.tHead) return this.hasTools && !this.isMerged ? this.makeLetters() : [];
      const grid = tables.matrix(this.table.tHead.rows);
      const width = Math.max(...grid.map((row) => row.length));
      return Array.from({ length: width }, (_unused, column) => {
        const own = grid.map((row) => row[column]).filter((cell) => cell?.colSpan === 1);
        // A unit stands below the name that it is of.
        const texts = own.map(tables.textIn).filter(Boolean);
        this.rows.headings[column] = texts.join(" ");
        this.rows.widths[column] = Math.max(...texts.map((text) => text.length), 0) + ARROW;
        // What an instrument wrote further up is no name.
        return own.slice(-2).findLast((cell) => cell.textContent.trim()) ?? own.at(-1) ?? null;
      });
    }

    /* A table without headings gets the letters that its columns have in a spreadsheet. */
    makeLetters() {
      const cells = Array.from(this.body.rows[0].cells, (_cell, at) => make("th", { scope: "col" }, letters(at)));
      this.table.tHead = make("thead", { class: "exptdir-letters" }, make("tr", {}, ...cells));
      this.rows.headings = cells.map(tables.textIn);
      return cells;
    }

    makeSortable(cell, column) {
      const content = cell.querySelector(":scope > p:only-child") ?? cell;
      const sort = button("", () => this.sort(column), { class: "exptdir-sort", title: word("Sort by this column") });
      if (content.querySelector("a, button, p, div")) {
        sort.setAttribute("aria-label", word("Sort by %s", tables.textIn(cell)));
        content.append(sort);
      } else {
        sort.append(...content.childNodes);
        content.append(sort);
      }
      cell.setAttribute("aria-sort", "none");
      sort.addEventListener("pointerenter", () => this.prepare(), { once: true });
      sort.addEventListener("focus", () => this.prepare(), { once: true });
    }

    makeTools() {
      this.status = make("span", { class: "exptdir-table-status", role: "status" });
      const tools = make("div", { class: "exptdir-table-tools", role: "group", "aria-label": word("Tools of the table") });
      if (this.isGrid) tools.append(this.makeSearch(), this.makeFilterButton());
      this.widen = button(word("Full width"), () => this.toggleFull(), { class: "exptdir-roomy" });
      const help = { title: word("Copy the rows as they are shown"), class: "exptdir-roomy" };
      tools.append(button(word("Copy"), () => this.copy(), help), this.widen);
      tools.append(this.status);
      this.scroller.before(tools);
      this.tools = tools;
    }

    makeSearch() {
      const label = word("Search this table");
      this.search = make("input", { type: "search", placeholder: word("Search"), "aria-label": label });
      this.search.addEventListener("input", () => this.changed());
      this.search.addEventListener("focus", () => this.prepare(), { once: true });
      return this.search;
    }

    makeFilterButton() {
      this.filterButton = button(word("Filter"), () => this.toggleFilters(), { "aria-expanded": "false" });
      return this.filterButton;
    }

    makeMore() {
      const label = word("Show all %s rows", count(this.rows.total));
      this.more = make("p", { class: "exptdir-table-all" }, button(label, () => this.apply()));
      (this.box.querySelector(".exptdir-table-more") ?? this.scroller).after(this.more);
    }

    prepare() {
      // Whether it comes is seen when it is needed.
      tables.loadLibrary().catch(() => null);
    }

    toggleFilters() {
      if (this.filterRow?.isConnected) {
        this.filterRow.remove();
        this.filterRow.querySelectorAll("input").forEach((input) => (input.value = ""));
        this.filterButton.setAttribute("aria-expanded", "false");
        if (this.filters.length) this.changed();
      } else {
        this.showFilters();
        this.filterRow.querySelector("input").focus({ preventScroll: true });
      }
    }

    showFilters() {
      this.filterRow ??= this.makeFilters();
      (this.rows.engine?.table().header() ?? this.table.tHead).append(this.filterRow);
      this.filterButton.setAttribute("aria-expanded", "true");
    }

    makeFilters() {
      const cells = this.rows.headings.map((heading, column) => {
        const label = word("Filter %s", heading || letters(column));
        const help = word("A part of the text, or one of: > 0.4, <= 3, 1..5, = exactly, ! not");
        const input = make("input", { type: "search", size: "4", "aria-label": label, title: help, placeholder: "…" });
        input.addEventListener("input", () => this.changed());
        return make("td", {}, input);
      });
      return make("tr", { class: "exptdir-filters" }, ...cells);
    }

    /* Waits until nothing more is typed. */
    changed() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.apply(), PAUSE);
    }

    sort(column) {
      const step = this.sorted.column === column ? STEPS[this.sorted.step] : "asc";
      this.mark({ column, step });
      return this.apply();
    }

    mark(sorted) {
      this.sorted = sorted;
      const { column, step } = sorted;
      this.headings.forEach((cell, at) => cell.setAttribute("aria-sort", ARIA[at === column ? step : "none"]));
    }

    say(text) {
      if (this.status) this.status.textContent = text;
    }

    /* Brings the rows to what is asked of them, with all rows at hand. */
    async apply() {
      const engine = await this.started();
      if (!engine) return;
      const words = tables.folded(this.search?.value ?? "").split(/\s+/).filter(Boolean);
      const inputs = this.filterRow ? Array.from(this.filterRow.querySelectorAll("input")) : [];
      this.filters = inputs.map((input, at) => [at, tables.matcher(input.value)]).filter(([, accepts]) => accepts);
      const { column, step } = this.sorted;
      engine.search.fixed("exptdir", (_text, _row, at) => this.rows.matches(at, words, this.filters));
      engine.order(step === "none" ? [] : [[column, step]]).draw();
      const shown = this.rows.shown().length;
      const [all, some] = [word("%s rows", count(shown)), word("%s of %s rows", count(shown), count(this.rows.total))];
      this.say(shown === this.rows.total ? all : some);
    }

    async started() {
      if (this.rows.isBig && !this.rows.engine) this.say(word("Loading %s rows…", count(this.rows.total)));
      try {
        const engine = await this.rows.start();
        if (this.rows.isBig) this.finishBig();
        return engine;
      } catch (error) {
        this.say(word("The table’s data cannot be loaded."));
        console.warn(error);
        return null;
      }
    }

    /* Asks of this table what its earlier version was asked for, in the columns that are still there. */
    resume(earlier) {
      if (!earlier || !this.isGrid) return;
      const placeOf = (column) => this.rows.headings.indexOf(earlier.rows.headings[column]);
      const column = placeOf(earlier.sorted.column);
      if (column >= 0) this.mark({ column, step: earlier.sorted.step });
      if (this.search && earlier.search) this.search.value = earlier.search.value;
      if (this.filterButton && earlier.filterRow?.parentNode) {
        this.showFilters();
        const inputs = this.filterRow.querySelectorAll("input");
        earlier.filterRow.querySelectorAll("input").forEach((input, at) => {
          if (inputs[placeOf(at)]) inputs[placeOf(at)].value = input.value;
        });
      }
      if (earlier.rows.engine) this.apply();
    }

    /* The library's own box scrolls now. */
    finishBig() {
      this.more?.remove();
      this.box.querySelector(".exptdir-table-more")?.remove();
      this.box.classList.add("exptdir-all");
    }

    async copy() {
      const head = this.table.tHead ?? this.rows.engine?.table().header();
      const heading = head ? tables.matrix(Array.from(head.rows).filter((row) => row !== this.filterRow)) : [];
      const isLettered = head?.classList.contains("exptdir-letters");
      const textOfElement = (cell) => (cell ? tables.textIn(cell) : "");
      if (this.isGrid && this.rows.isBig && !(await this.started())) return;
      const body = this.isMerged
        ? tables.matrix(this.body.rows).map((row) => row.map(textOfElement))
        : this.rows.shown().map((at) => this.rows.cells[at].map(tables.textOf));
      const rows = [...(isLettered ? [] : heading.map((row) => row.map(textOfElement))), ...body];
      const done = await tables.copyText(tables.asTsv(rows), this.tools);
      const copied = word("%s rows copied", count(body.length));
      this.say(done ? copied : word("The browser does not let the page copy."));
    }

    toggleFull() {
      if (this.dialog) {
        this.dialog.close();
        return;
      }
      // Where the table was, so that the theme's rules reach it there too.
      const dialog = make("dialog", { class: "exptdir-table-full", "aria-label": this.scroller.ariaLabel });
      dialog.addEventListener("close", () => this.leaveFull());
      this.box.before(dialog);
      dialog.append(this.box);
      this.dialog = dialog;
      dialog.showModal();
      this.showFull(true);
    }

    leaveFull() {
      // It may hold a newer version of the table by now.
      this.dialog.replaceWith(...this.dialog.childNodes);
      this.dialog = null;
      this.showFull(false);
    }

    showFull(isFull) {
      this.widen.textContent = word(isFull ? "Close" : "Full width");
      this.widen.focus({ preventScroll: isFull });
      if (this.rows.isBig) this.rows.engine?.columns.adjust().scroller.measure();
    }
  }

  const views = new WeakMap();

  function takeUp(box) {
    const table = box.querySelector("table.exptdir-datatable:not(.no-grid)");
    if (table?.tBodies.length && table.tBodies[0].rows.length) views.set(box, new View(box, table));
  }

  document.querySelectorAll(BOX).forEach(takeUp);
  /* The preview has changed the page in place: what a table was asked for is asked of its next version. */
  document.addEventListener("exptdir:updated", ({ detail }) => {
    const found = detail.nodes.flatMap((node) => [node, ...(node.querySelectorAll?.(BOX) ?? [])]);
    new Set(found.filter((node) => node.matches?.(BOX) && !views.has(node))).forEach(takeUp);
    for (const [old, next] of detail.replaced) views.get(next)?.resume(views.get(old));
  });
})();
