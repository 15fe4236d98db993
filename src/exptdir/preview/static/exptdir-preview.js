/* The preview in the browser: begins it. The server adds this script, alone of all, to the end of each page. */
(() => {
  "use strict";
  const script = document.currentScript ?? document.querySelector('script[data-page][src*="/_exptdir/preview.js"]');
  const { page, edit, version } = script.dataset;
  const base = new URL(".", script.src).href;

  /* Where the reader was before the page was loaded anew. */
  const kept = JSON.parse(sessionStorage.getItem("exptdir-preview-place") ?? "null");
  sessionStorage.removeItem("exptdir-preview-place");
  if (kept?.page === page) {
    const restore = () => scrollTo({ left: kept.x, top: kept.y, behavior: "instant" });
    restore();
    addEventListener("load", () => requestAnimationFrame(restore), { once: true });
  }

  /* What the page is before themes and tables change it: a copy in a document in which nothing is loaded, and
     which node each part of it was. This is why the script is a plain one: all others wait for the end of the page. */
  const copy = document.implementation.createHTMLDocument("").importNode(document.documentElement, true);
  const originals = new Map();
  const pair = (one, original) => {
    originals.set(one, original);
    for (let a = one.firstChild, b = original.firstChild; a; a = a.nextSibling, b = b.nextSibling) pair(a, b);
  };
  pair(copy, document.documentElement);

  import(`${base}preview-start.js`).then(({ start }) => start({ base, page, edit, version, copy, originals }));
})();
