/* The list of the panel: what is wrong and where, this page first. All that comes from outside is text. */
import { plain } from "./preview-page.js";

const LOGS = /^(index|notes|log|readme)\.\w+$/i;

export function make(name, className, ...content) {
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
export function nameOf(source) {
  const parts = source.split("/");
  return parts.length > 1 && LOGS.test(parts.at(-1)) ? parts.at(-2) : parts.at(-1);
}

function item(warning, here) {
  const isElsewhere = warning.page && plain(warning.page) !== here;
  const page = isElsewhere ? pageLink(warning.page, "Show the page") : null;
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
  const parts = [make("h2", "", "Build failed"), make("p", "error", failure.text)];
  const place = placeOf(failure);
  if (place) parts.push(make("p", "about", place));
  if (failure.traceback) {
    parts.push(make("details", "", make("summary", "", "Traceback"), make("pre", "", failure.traceback)));
  }
  return [...parts, make("p", "about", "The page is as it was before.")];
}

/* The content of the panel. */
export function contents({ state, isLost, isGone, edited, edit }, here) {
  const warnings = state?.warnings ?? [];
  const isHere = (one) => Boolean(one.page) && plain(one.page) === here;
  const parts = [];
  if (isLost) parts.push(make("p", "error", "The server does not answer. Is exptdir serve still running?"));
  if (isGone) parts.push(make("p", "error", "This page is no longer in the record."));
  parts.push(...failureOf(state ?? {}));
  parts.push(...group("On this page", warnings.filter(isHere), here));
  parts.push(...group(warnings.some(isHere) ? "Elsewhere" : "Warnings", warnings.filter((one) => !isHere(one)), here));
  if (!parts.length) parts.push(make("p", "text", "Everything is up to date."));
  const links = [];
  if (edited) links.push(make("span", "", `${nameOf(edited[1])} was changed: `, pageLink(edited[0], "show")));
  if (isEditor(edit)) links.push(link(edit, "Edit this page"));
  if (links.length) parts.push(make("p", "links", ...links));
  return parts;
}
