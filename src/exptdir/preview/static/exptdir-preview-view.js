/* Where the reader looks: what stands at the top of the window stays there, and changes are pointed out. */

const CONTENTS = [
  "article[role=main]", "[role=main] article", "[role=main]", "main article", "main", "div.body", "article",
];
/* What is made of other parts of the record, and changes without having been edited. */
const DERIVED = [
  ".exptdir-entry-list", ".exptdir-cited-by", ".exptdir-nav", ".exptdir-trail", ".exptdir-neighbours",
  "nav", ".contents", ".toctree-wrapper", ".exptdir-figure-origin",
].join();
const BLOCK = "p, li, dt, dd, h1, h2, h3, h4, h5, h6, pre, tr, figure, table, blockquote, .math, .admonition";

export function contentOf(page) {
  for (const selector of CONTENTS) {
    const found = page.querySelector(selector);
    if (found) return found;
  }
  return page.body;
}

const isDrawn = (element) => element.getClientRects().length > 0;

/* The first elements of the page's text that begin in the window, or the one that fills it, each with its place. */
function* standing() {
  for (const element of contentOf(document).querySelectorAll("*")) {
    const { top, bottom } = element.getBoundingClientRect();
    if (top > innerHeight) return;
    if (isDrawn(element) && (top >= 0 || (bottom > 0 && !element.firstElementChild))) yield [element, top];
  }
}

/* Changes the page; what is kept and stood at the top of the window stands there afterwards. */
export function steadily(change) {
  if (scrollY === 0) return change();
  const root = document.documentElement;
  const before = Array.from(standing());
  const anchoring = root.style.overflowAnchor;
  // The browser would do so too, a moment later and on top of ours.
  root.style.overflowAnchor = "none";
  try {
    return change();
  } finally {
    const kept = before.find(([element]) => element.isConnected && isDrawn(element));
    if (kept) scrollBy({ top: kept[0].getBoundingClientRect().top - kept[1], behavior: "instant" });
    requestAnimationFrame(() => requestAnimationFrame(() => (root.style.overflowAnchor = anchoring)));
  }
}

function blockOf(node) {
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  return element?.closest(BLOCK) ?? element;
}

function mark(block) {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = { outline: "3px solid rgba(70, 140, 230, .7)", outlineOffset: "4px" };
  const faded = { outline: "3px solid rgba(70, 140, 230, 0)", outlineOffset: "4px" };
  block.animate([shown, isStill ? shown : faded], { duration: 1200, easing: "ease-in", id: "exptdir-changed" });
}

const isInView = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

/* The author writes there: the page goes along, to the beginning of the entry if the place can then be seen. */
function goTo(block) {
  const section = block.closest("section[id], div.section[id]");
  section?.scrollIntoView({ block: "start", behavior: "instant" });
  if (!section || !isInView(block)) block.scrollIntoView({ block: "center", behavior: "instant" });
}

/* Marks what was changed, and goes to it where none of it can be seen; returns whether there was anything to see. */
export function attend(nodes, places) {
  const content = contentOf(document);
  const seen = (list) =>
    Array.from(new Set(list.map(blockOf))).filter(
      (block) => block && content.contains(block) && block !== content && isDrawn(block) && !block.closest(DERIVED),
    );
  const [marked, targets] = [seen(nodes), seen(places)];
  marked.forEach(mark);
  if (targets.length && !targets.some(isInView)) goTo(targets[0]);
  return targets.length > 0;
}
