/* What the preview says: a badge in the corner, and a list that it opens: what is wrong and where, this page first.
   All that comes from outside is text. */
import { plain } from "./preview-page.js";

/* What the server has said that we say instead of English. */
const words = JSON.parse(document.querySelector("script[data-page][data-words]")?.dataset.words ?? "{}");
const word = (text, ...values) => (words[text] ?? text).replace(/%s/g, () => values.shift());

const LOGS = /^(index|notes|log|readme)\.\w+$/i;

function make(name, className, ...content) {
  const element = document.createElement(name);
  if (className) element.className = `exptdir-preview-${className}`;
  element.append(...content.filter((one) => one !== null && one !== ""));
  return element;
}

function link(address, ...content) {
  const element = make("a", "", ...content);
  element.href = address;
  return element;
}

const pageLink = (page, text) => link(`/${page.split("/").map(encodeURIComponent).join("/")}`, text);
/* An editor has an address of its own kind; nothing else may come this way. */
const isEditor = (address) => /^[a-z][\w+.-]*:/i.test(address ?? "") && !/^(javascript|data|vbscript):/i.test(address);

function placeOf({ shown, file, line, link: address }) {
  const name = shown || file;
  if (!name) return null;
  const text = line ? `${name}:${line}` : name;
  const place = isEditor(address) ? link(address, text) : make("span", "", text);
  place.classList.add("exptdir-preview-place");
  return place;
}

/* An experiment goes by the name of its directory, anything else by its own. */
function nameOf(source) {
  const parts = source.split("/");
  return parts.length > 1 && LOGS.test(parts.at(-1)) ? parts.at(-2) : parts.at(-1);
}

function item(warning, here) {
  const isElsewhere = warning.page && plain(warning.page) !== here;
  const page = isElsewhere ? pageLink(warning.page, word("Show the page")) : null;
  const kind = warning.kind ? make("span", "kind", warning.kind) : null;
  const text = make("p", warning.severity === "error" ? "error" : "text", warning.text);
  return make("li", "", text, make("p", "about", placeOf(warning), kind, page));
}

function group(title, warnings, here) {
  if (!warnings.length) return [];
  return [make("h2", "", title), make("ul", "", ...warnings.map((one) => item(one, here)))];
}

function failureOf({ failure }) {
  if (!failure) return [];
  const parts = [make("h2", "", word("Build failed")), make("p", "error", failure.text)];
  const place = placeOf(failure);
  if (place) parts.push(make("p", "about", place));
  if (failure.traceback) {
    parts.push(make("details", "", make("summary", "", word("Traceback")), make("pre", "", failure.traceback)));
  }
  return [...parts, make("p", "about", word("The page is as it was before."))];
}

/* The content of the panel. */
function contents({ state, isLost, isGone, edited, edit }, here) {
  const warnings = state?.warnings ?? [];
  const isHere = (one) => Boolean(one.page) && plain(one.page) === here;
  const parts = [];
  if (isLost) parts.push(make("p", "error", word("The server does not answer. Is exptdir serve still running?")));
  if (isGone) parts.push(make("p", "error", word("This page is no longer in the record.")));
  parts.push(...failureOf(state ?? {}));
  parts.push(...group(word("On this page"), warnings.filter(isHere), here));
  const others = warnings.some(isHere) ? word("Elsewhere") : word("Warnings");
  parts.push(...group(others, warnings.filter((one) => !isHere(one)), here));
  if (!parts.length) parts.push(make("p", "text", word("Everything is up to date.")));
  const links = [];
  const changed = edited && word("%s was changed:", nameOf(edited[1]));
  if (edited) links.push(make("span", "", changed, " ", pageLink(edited[0], word("show"))));
  if (isEditor(edit)) links.push(link(edit, word("Edit this page")));
  if (links.length) parts.push(make("p", "links", ...links));
  return parts;
}

/* Most builds are over before somebody could read that there is one. */
const PATIENCE = 400;

/* The page has loaded the style sheet already: the panel is never seen without it. */
function within(host, ...content) {
  const sheet = new CSSStyleSheet();
  const loaded = document.querySelector('link[href$="/_exptdir/preview.css"]')?.sheet?.cssRules ?? [];
  sheet.replaceSync(Array.from(loaded, (rule) => rule.cssText).join("\n"));
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(make("div", "frame", ...content));
}

/* Follows the scheme that the theme shows, which need not be the system's. */
function followScheme(host) {
  const places = [document.documentElement, document.body];
  const follow = () => {
    const scheme = places.map((place) => place.dataset.theme).find((name) => name === "dark" || name === "light");
    host.dataset.scheme = scheme ?? "";
  };
  const observer = new MutationObserver(follow);
  places.forEach((place) => observer.observe(place, { attributeFilter: ["data-theme"] }));
  follow();
}

export class Panel {
  constructor({ address, edit }) {
    this.address = address;
    this.known = { state: null, isLost: false, isGone: false, edited: null, edit };
    this.host = document.createElement("exptdir-preview");
    this.badge = make("button", "badge");
    this.badge.type = "button";
    this.label = make("span", "label");
    this.badge.append(make("span", "dot"), this.label);
    this.badge.setAttribute("aria-controls", "panel");
    this.badge.addEventListener("click", () => this.unfold(this.box.hidden));
    this.box = make("div", "panel");
    this.box.id = "panel";
    this.box.setAttribute("role", "region");
    this.box.setAttribute("aria-label", word("Preview"));
    this.said = make("p", "said");
    this.said.setAttribute("role", "status");
    within(this.host, this.badge, this.box, this.said);
    this.host.shadowRoot.addEventListener("keydown", (event) => this.onKey(event));
    followScheme(this.host);
    this.unfold(false);
    this.draw(...this.condition);
    document.body.append(this.host);
  }

  onKey(event) {
    // Themes have shortcuts of one letter.
    event.stopPropagation();
    if (event.key !== "Escape" || this.box.hidden) return;
    this.unfold(false);
    this.badge.focus();
  }

  unfold(isOpen) {
    this.box.hidden = !isOpen;
    this.isForced = false;
    this.badge.setAttribute("aria-expanded", String(isOpen));
  }

  /* Takes news: some of `state` (of the build), `isLost`, `isGone`, `edited` (address and source of another page),
     `edit` (how to edit this one). */
  show(news) {
    const failed = this.known.state?.failure;
    this.known = { ...this.known, ...news };
    const { state, isLost } = this.known;
    if (state?.building && !isLost) {
      this.timer ??= setTimeout(() => this.draw("building", word("Building…")), PATIENCE);
      if (!this.isBuilding) this.draw(...this.condition);
      return;
    }
    clearTimeout(this.timer);
    this.timer = null;
    this.draw(...this.condition);
    if (state?.failure && !failed && this.box.hidden) {
      this.unfold(true);
      this.isForced = true;
    } else if (!state?.failure && this.isForced) {
      this.unfold(false);
    }
  }

  get condition() {
    const { state, isLost, isGone, edited } = this.known;
    const count = state?.warnings?.length ?? 0;
    if (isLost) return ["lost", word("Connection lost")];
    if (state?.failure) return ["failed", word("Build failed")];
    if (isGone) return ["failed", word("Page deleted")];
    if (count) return ["warned", count === 1 ? word("1 warning") : word("%s warnings", count)];
    if (edited) return ["edited", word("%s changed", nameOf(edited[1]))];
    return ["good", word("Up to date")];
  }

  get isBuilding() {
    return this.host.dataset.state === "building";
  }

  draw(kind, text) {
    this.host.dataset.state = kind;
    this.label.textContent = text;
    const { state, ...others } = this.known;
    const facts = JSON.stringify([state?.warnings, state?.failure, others]);
    // A list that is the same keeps what the reader has unfolded in it.
    if (facts !== this.facts) this.box.replaceChildren(...contents(this.known, this.address));
    this.facts = facts;
    if (!this.isBuilding && this.said.textContent !== text) this.said.textContent = text;
  }
}
