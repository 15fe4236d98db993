/* Pictures and other files that the page shows: drawn anew in place, without flicker. */
import { steadily } from "./preview-view.js";

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

export class Pictures {
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
