/* Brings the page to its next version: what the source of the page changed, and nothing that scripts or the reader did.

   Beside the page stands its source, as the server sent it, and which node of the page each part of it became. The
   source is compared with the next one; each difference is applied to both. */

/* More cells than these take too long; then only what is equal at both ends counts as kept. */
const MOST_CELLS = 4e6;

const keyOf = (node) => node.outerHTML ?? `${node.nodeType}${node.data}`;
const isBlank = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() === "";

/* Pairs of places whose keys are equal, in order, worth the most together (a longest common subsequence). */
function equalPairs(olds, nexts, weights) {
  const [height, width] = [olds.length, nexts.length];
  if (height * width > MOST_CELLS) return [];
  const best = Array.from({ length: height + 1 }, () => new Uint32Array(width + 1));
  for (let y = height - 1; y >= 0; y -= 1) {
    for (let x = width - 1; x >= 0; x -= 1) {
      best[y][x] = Math.max(best[y + 1][x], best[y][x + 1]);
      if (olds[y] === nexts[x]) best[y][x] = Math.max(best[y][x], best[y + 1][x + 1] + weights[y]);
    }
  }
  const found = [];
  for (let y = 0, x = 0; y < height && x < width; ) {
    if (olds[y] === nexts[x] && best[y][x] === best[y + 1][x + 1] + weights[y]) found.push([y++, x++]);
    else if (best[y][x] === best[y + 1][x]) y += 1;
    else x += 1;
  }
  return found;
}

const hasSameName = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

/* Pairs what is not equal but seems to be the same thing: what has the same id, else the same kind of node. */
function pairAlike(olds, nexts) {
  const split = nexts.findIndex((next) => next.id && olds.some((old) => old.id === next.id && hasSameName(old, next)));
  if (split >= 0) {
    const at = olds.findIndex((old) => old.id === nexts[split].id);
    const before = pairAlike(olds.slice(0, at), nexts.slice(0, split));
    return [...before, [olds[at], nexts[split]], ...pairAlike(olds.slice(at + 1), nexts.slice(split + 1))];
  }
  const [pairs, left] = [[], [...olds]];
  for (const next of nexts) {
    const at = isBlank(next) ? -1 : left.findIndex((old) => hasSameName(old, next) && !isBlank(old));
    if (at >= 0) for (const old of left.splice(0, at)) pairs.push([old, null]);
    pairs.push([at >= 0 ? left.shift() : null, next]);
  }
  return [...pairs, ...left.map((old) => [old, null])];
}

/* Returns [old, next] for all nodes in order: one of them is null for what goes or comes. */
function align(olds, nexts) {
  const least = Math.min(olds.length, nexts.length);
  let head = 0;
  while (head < least && olds[head].isEqualNode(nexts[head])) head += 1;
  let tail = 0;
  while (tail < least - head && olds.at(-1 - tail).isEqualNode(nexts.at(-1 - tail))) tail += 1;

  const [ending, nextEnding] = [olds.length - tail, nexts.length - tail];
  const [middle, nextMiddle] = [olds.slice(head, ending), nexts.slice(head, nextEnding)];
  // Line breaks between blocks are equal everywhere, and must not decide.
  const weights = middle.map((node) => (isBlank(node) ? 1 : 4));
  const equal = equalPairs(middle.map(keyOf), nextMiddle.map(keyOf), weights);
  const pairs = olds.slice(0, head).map((old, at) => [old, nexts[at]]);
  let [y, x] = [head, head];
  for (const [down, right] of equal) {
    pairs.push(...pairAlike(olds.slice(y, head + down), nexts.slice(x, head + right)));
    pairs.push([olds[head + down], nexts[head + right]]);
    [y, x] = [head + down + 1, head + right + 1];
  }
  pairs.push(...pairAlike(olds.slice(y, ending), nexts.slice(x, nextEnding)));
  return pairs.concat(olds.slice(ending).map((old, at) => [old, nexts[nextEnding + at]]));
}

/* What cannot be changed inside: scripts hold its parts, or it is one drawing. */
const WHOLE = ".exptdir-table, table.dataTable, svg, math, video, audio, object, iframe, canvas, select, textarea";
/* What a browser with scripts reads otherwise than one without, or not at all. */
const UNSEEN = new Set(["SCRIPT", "NOSCRIPT", "TEMPLATE"]);

/* The page cannot be changed in place. */
export class NeedsReload extends Error {}

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

function programs(root) {
  const scripts = Array.from(root.querySelectorAll("script:not([data-page])"));
  const running = scripts.filter(({ type }) => !type || /^module$|javascript/.test(type));
  return running.map((script) => script.getAttribute("src") ?? script.text);
}

/* Ours come with the first figure or table of a page, and can begin late. */
const isOther = (name) => !/\/exptdir-[\w-]+\.js|^window\.exptdirWords/.test(name);
const others = (names) => names.filter(isOther).sort().join("\n");

/* The child of the parent that is, or holds, the node. */
function childHolding(parent, node) {
  while (node && node.parentNode !== parent) node = node.parentNode;
  return node ?? null;
}

export class Morph {
  /* `copy` is what the page was before scripts changed it, `originals` which node each part of it was. */
  constructor(html, copy, originals) {
    this.html = html;
    this.root = parse(html).documentElement;
    this.begun = new Set(programs(this.root));
    this.live = new WeakMap();
    this.match(this.root, copy, originals);
  }

  /* Few scripts run before ours, so the source and the copy are almost the same. */
  match(node, copy, originals) {
    if (node.isEqualNode(copy)) {
      this.pair(node, copy, (its) => originals.get(its));
      return;
    }
    this.live.set(node, originals.get(copy));
    if (UNSEEN.has(node.nodeName)) return;
    for (const [mine, its] of align([...node.childNodes], [...copy.childNodes])) {
      if (mine && its) this.match(mine, its, originals);
    }
  }

  /* What the server says of the page, beside it. */
  get told() {
    return this.root.querySelector("script[data-page]")?.dataset ?? {};
  }

  /* Applies the next version; returns what was changed: nodes, pairs of what was replaced, and where parts went. */
  apply(html, content) {
    const done = { nodes: [], replaced: [], gone: [] };
    if (html === this.html) return done;
    const next = parse(html).documentElement;
    const names = programs(next);
    if (others(programs(this.root)) !== others(names)) throw new NeedsReload("other scripts");
    this.done = done;
    this.content = content;
    if (!this.change(this.root, next)) throw new NeedsReload("scripts have rebuilt the page");
    if (!this.root.isEqualNode(next)) throw new NeedsReload("the page could not be followed");
    this.html = html;
    // A script that was part of a fetched page does not run by itself.
    for (const name of names.filter((one) => !this.begun.has(one))) {
      const script = document.createElement("script");
      Object.assign(script, name.startsWith("window.") ? { text: name } : { src: name, async: false });
      document.head.append(script);
      this.begun.add(name);
    }
    return done;
  }

  /* Brings one node to its next version; says whether that was possible. */
  change(old, next) {
    if (old.isEqualNode(next)) return true;
    if (UNSEEN.has(old.nodeName)) return this.forget(old, next);
    const live = this.live.get(old);
    if (!live?.isConnected) return false;
    if (old.nodeType !== Node.ELEMENT_NODE) return this.changeText(old, next, live);
    const isOuter = live.contains(this.content) || live === document.head;
    if (!isOuter && (live.matches(WHOLE) || !this.isInPlace(old, live))) return this.replace(old, next, live);
    this.changeAttributes(old, next, live);
    return this.changeChildren(old, next, live) || (!isOuter && this.replace(old, next, live));
  }

  /* The next version stays whole, for a part of it may have to be used again. */
  copies(next) {
    const [mine, live] = [this.root.ownerDocument.importNode(next, true), document.importNode(next, true)];
    this.pair(mine, live);
    return [mine, live];
  }

  /* Two equal trees: the nodes of the second are, or stand for, those of the page. */
  pair(mine, other, liveOf = (node) => node) {
    this.live.set(mine, liveOf(other));
    for (let a = mine.firstChild, b = other.firstChild; a; a = a.nextSibling, b = b.nextSibling) this.pair(a, b, liveOf);
  }

  forget(old, next) {
    const mine = this.root.ownerDocument.importNode(next, true);
    this.live.set(mine, this.live.get(old));
    old.replaceWith(mine);
    return true;
  }

  replace(old, next, live) {
    const [mine, copy] = this.copies(next);
    old.replaceWith(mine);
    live.replaceWith(copy);
    this.done.nodes.push(copy);
    this.done.replaced.push([live, copy]);
    return true;
  }

  /* The selection and the cursor in what stays the same stay too. */
  changeText(old, next, live) {
    if (live.data === old.data) {
      const [was, is] = [old.data, next.data];
      const least = Math.min(was.length, is.length);
      let head = 0;
      while (head < least && was[head] === is[head]) head += 1;
      let tail = 0;
      while (tail < least - head && was.at(-1 - tail) === is.at(-1 - tail)) tail += 1;
      live.replaceData(head, was.length - head - tail, is.slice(head, is.length - tail));
    } else {
      live.data = next.data;
    }
    old.data = next.data;
    this.done.nodes.push(live);
    return true;
  }

  changeAttributes(old, next, live) {
    const names = new Set([...old.getAttributeNames(), ...next.getAttributeNames()]);
    let isChanged = false;
    for (const name of names) {
      const [was, is] = [old.getAttribute(name), next.getAttribute(name)];
      if (was === is) continue;
      isChanged = true;
      if (is === null) old.removeAttribute(name);
      else old.setAttribute(name, is);
      // Themes add classes of their own.
      if (name === "class" && (live.getAttribute("class") ?? "") !== (was ?? "")) this.changeClasses(was, is, live);
      else if (is === null) live.removeAttribute(name);
      else live.setAttribute(name, is);
    }
    if (isChanged && !live.firstElementChild) this.done.nodes.push(live);
  }

  changeClasses(was, is, live) {
    const names = (text) => (text ?? "").split(/\s+/).filter(Boolean);
    live.classList.remove(...names(was));
    live.classList.add(...names(is));
  }

  /* Whether scripts have left the children where they were, though maybe with others around or between them. */
  isInPlace(old, live) {
    let last = null;
    for (const child of old.childNodes) {
      if (UNSEEN.has(child.nodeName)) continue;
      const at = childHolding(live, this.live.get(child));
      if (!at || (last && last !== at && !(last.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING))) {
        return false;
      }
      last = at;
    }
    return true;
  }

  changeChildren(old, next, live) {
    let last = null;
    for (const [was, is] of align([...old.childNodes], [...next.childNodes])) {
      if (!is) {
        this.remove(was, live);
      } else if (!was) {
        last = this.insert(is, last ? last.nextSibling : old.firstChild, old, live);
      } else {
        const following = was.nextSibling;
        if (!this.change(was, is)) return false;
        last = following ? following.previousSibling : old.lastChild;
      }
    }
    return true;
  }

  insert(next, before, old, live) {
    const [mine, copy] = this.copies(next);
    old.insertBefore(mine, before);
    // Where scripts have put something between two nodes, it belongs to the first.
    const find = (step) => {
      for (let near = mine[step]; near; near = near[step]) {
        const at = childHolding(live, this.live.get(near));
        if (at) return at;
      }
      return null;
    };
    const [previous, following] = [find("previousSibling"), find("nextSibling")];
    if (previous) previous.after(copy);
    else if (following) following.before(copy);
    else live.append(copy);
    if (copy.nodeType === Node.ELEMENT_NODE || copy.data.trim()) this.done.nodes.push(copy);
    return mine;
  }

  remove(old, parent) {
    const live = this.live.get(old);
    old.remove();
    const around = childHolding(parent, live);
    live?.remove();
    // What a script has put around it is of no use without it.
    if (around && around !== live && !around.textContent.trim()) around.remove();
    if (old.nodeType === Node.ELEMENT_NODE || old.data.trim()) this.done.gone.push(parent);
  }
}
