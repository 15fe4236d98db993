/* The page that is shown: fetched again when it has changed, and kept where the reader was. */
import { Morph, NeedsReload } from "./preview-morph.js";
import { Pictures } from "./preview-pictures.js";
import { attend, contentOf, steadily } from "./preview-view.js";

/* The same page has two addresses where the server shows a directory's index. */
export const plain = (address) => address.replace(/(^|\/)index\.html$/, "$1");

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
