/* The page that is shown: fetched again when it has changed, and kept where the reader was; its pictures and other
   files are drawn anew in place, without flicker. */
import { Morph, NeedsReload } from "./preview-morph.js";
import { attend, contentOf, steadily } from "./preview-view.js";

/* The same page has two addresses where the server shows a directory's index. */
export const plain = (address) => address.replace(/(^|\/)index\.html$/, "$1");

const SHOWING = "img, source, object, embed, iframe, video, audio";
const attributeOf = (element) => (element.localName === "object" ? "data" : "src");

/* An author may have written a per cent sign that encodes nothing. */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/* The address of what an element shows, without what this script added to it. */
function shownBy(element) {
  const given = element.getAttribute(attributeOf(element));
  if (!given) return null;
  const address = new URL(given, document.baseURI);
  return address.origin === location.origin ? addressOf(decoded(address.pathname.slice(1))) : null;
}

const addressOf = (file) => new URL(`/${file.split("/").map(encodeURIComponent).join("/")}`, location.origin).href;

async function tagOf(address, cache) {
  try {
    const response = await fetch(address, { cache, mode: "same-origin" });
    return response.ok ? response.headers.get("etag") : null;
  } catch {
    return null;
  }
}

class Pictures {
  constructor() {
    this.versions = new Map();
    this.count = 0;
  }

  *elements(within = document) {
    const own = within.matches?.(SHOWING) ? [within] : [];
    for (const element of [...own, ...(within.querySelectorAll?.(SHOWING) ?? [])]) {
      const address = shownBy(element);
      if (address) yield [element, address];
    }
  }

  /* All that the page shows, as the server names it. */
  files() {
    return Array.from(this.elements(), ([, address]) => decoded(new URL(address).pathname.slice(1)));
  }

  /* Which of the files are others than those that are shown. The same file may be named twice. */
  async note(files) {
    const shown = new Set(Array.from(this.elements(), ([, address]) => address));
    await Promise.all(Array.from(files, async (file) => {
      const address = addressOf(file);
      const tagIn = (cache) => (shown.has(address) ? tagOf(address, cache) : null);
      const known = this.versions.get(address)?.tag ?? (await tagIn("only-if-cached"));
      const tag = await tagIn("no-cache");
      if (!tag || tag !== known) this.versions.set(address, { tag, number: (this.count += 1) });
    }));
  }

  newAddress(element, address) {
    const version = this.versions.get(address);
    if (!version) return null;
    const wanted = `${address}?exptdir=${version.number}`;
    return element.getAttribute(attributeOf(element)) === wanted ? null : wanted;
  }

  /* What has just come into the page shows what the browser remembers, which may be older. */
  renew(nodes) {
    for (const node of nodes) {
      for (const [element, address] of this.elements(node)) {
        const wanted = this.newAddress(element, address);
        if (wanted) element.setAttribute(attributeOf(element), wanted);
      }
    }
  }

  /* Shows the new versions; those that cannot be shown yet keep their old one. */
  async swap() {
    const found = Array.from(this.elements(), ([element, address]) => [element, this.newAddress(element, address)]);
    const loaded = await Promise.all(found.filter(([, wanted]) => wanted).map(async ([element, wanted]) => {
      if (element.localName !== "img") return [element, wanted];
      const fresh = new Image();
      fresh.src = wanted;
      return fresh.decode().then(() => [element, wanted], () => null);
    }));
    const ready = loaded.filter(Boolean);
    steadily(() => ready.forEach(([element, wanted]) => element.setAttribute(attributeOf(element), wanted)));
    return ready.map(([element]) => element);
  }
}

export class Page {
  constructor(shown, onNews) {
    this.shown = shown;
    this.onNews = onNews;
    this.pictures = new Pictures();
  }

  /* The browser mostly remembers the source of what is shown. If it does not, the server's may be newer by now. */
  async begin({ version, copy, originals }) {
    const response = await fetch(location.pathname + location.search, { cache: "force-cache" });
    const morph = new Morph(await response.text(), copy, originals);
    if (morph.told.version !== version) throw new NeedsReload("a newer page");
    this.isThere = response.ok;
    return morph;
  }

  reload() {
    const place = { page: this.shown.page, x: scrollX, y: scrollY };
    sessionStorage.setItem("exptdir-preview-place", JSON.stringify(place));
    location.reload();
  }

  /* Brings the page and these files of it up to date. What comes meanwhile is done together afterwards. */
  refresh({ isPage = true, files = [] } = {}) {
    this.wanted ??= { isPage: false, files: new Set() };
    this.wanted.isPage ||= isPage;
    files.forEach((file) => this.wanted.files.add(file));
    if (!this.isBusy) this.work();
  }

  async work() {
    this.isBusy = true;
    try {
      this.morph ??= await this.begin(this.shown);
      while (this.wanted) await this.renew();
    } catch (error) {
      if (error instanceof NeedsReload) this.reload();
      // The server is away: all is looked at again when it is back.
      else if (!(error instanceof TypeError)) throw error;
    } finally {
      this.isBusy = false;
    }
  }

  async renew() {
    const { isPage, files } = this.wanted;
    this.wanted = null;
    await this.pictures.note(files);
    const isFollowed = isPage && (await this.changePage());
    const swapped = await this.pictures.swap();
    if (swapped.length) attend(swapped, isFollowed ? [] : swapped);
  }

  /* Returns whether the reader's eye was led to a change. */
  async changePage() {
    const response = await fetch(location.pathname + location.search, { cache: "no-cache" });
    this.onNews({ isGone: this.isThere && response.status === 404 });
    // What was built stays to be read; a page that stands for it may say other things by now.
    if (!response.ok && this.isThere) return false;
    this.isThere = response.ok;
    const html = await response.text();
    const content = contentOf(document);
    const done = steadily(() => {
      const changed = this.morph.apply(html, content);
      this.pictures.renew(changed.nodes);
      return changed;
    });
    this.onNews({ edit: this.morph.told.edit });
    const nodes = done.nodes.filter((node) => node.isConnected);
    if (!nodes.length && !done.gone.length) return false;
    document.dispatchEvent(new CustomEvent("exptdir:updated", { detail: { nodes, replaced: done.replaced } }));
    window.MathJax?.typesetPromise?.(nodes.filter((node) => node.nodeType === Node.ELEMENT_NODE));
    return attend(nodes, [...nodes, ...done.gone.filter((node) => node.isConnected)]);
  }
}
