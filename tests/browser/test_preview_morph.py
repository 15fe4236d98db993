"""Whatever becomes of a page, what is shown becomes what a fresh load would show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Pages
from tests.browser.preview_server import serving

pytestmark = pytest.mark.browser

#: Edits a tree of elements at random, with a given seed, and applies each version to the page; in between others may
#: rebuild the page. Returns the versions that came out wrong.
STEPS = """async ({ seed, steps, hasOthers }) => {
  const { Morph, NeedsReload } = await import("/_exptdir/preview-morph.js");
  const random = (below) => (seed = (seed * 16807) % 2147483647) % below;
  const pick = (list) => list[random(list.length)];
  const word = () => pick(["a", "b", " ", "\\n", "long text that is edited", "<", "&", "ü"]);
  const leaf = () => pick([() => word(), () => ["b", {}, [word()]], () => ["!", word()]])();
  const fresh = (depth) =>
    depth === 0 || random(3) === 0 ? leaf()
      : [
          pick(["div", "section", "ul", "pre", "svg", "table"]),
          attributes(),
          Array.from({ length: random(5) }, () => fresh(depth - 1)),
        ];
  const attributes = () => Object.fromEntries(
    [["id", `n${random(9)}`], ["class", pick(["x", "x y", ""])], ["title", '"<&']].filter(() => random(3) === 0));
  const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const html = (node) => {
    if (typeof node === "string") return escape(node);
    const [name, given, children] = node;
    if (name === "!") return `<!--${escape(given)}-->`;
    // What a table may hold is another matter.
    const tag = name === "table" ? "article" : name;
    const written = Object.entries(given).map(([key, value]) => ` ${key}="${escape(value)}"`).join("");
    return `<${tag}${written}>${children.map(html).join("")}</${tag}>`;
  };
  const lists = (node) => (Array.isArray(node) && node[0] !== "!" ? [node[2], ...node[2].flatMap(lists)] : []);
  const edit = (tree) => {
    const children = pick(lists(tree));
    const at = random(children.length + 1);
    const act = random(4);
    if (act === 0) children.splice(at, 0, fresh(3));
    else if (act === 1) children.splice(at, 1);
    else if (act === 2) children.splice(at, 1, leaf());
    else children.splice(random(children.length + 1), 0, ...children.splice(at, 1 + random(2)));
  };
  const page = (tree) => `<!doctype html><html lang="en"><head><title>${random(9)}</title></head>${html(tree)}</html>`;

  const tree = ["body", {}, Array.from({ length: 6 }, () => fresh(3))];
  const first = page(tree);
  document.documentElement.innerHTML = new DOMParser().parseFromString(first, "text/html").documentElement.innerHTML;
  const copy = document.implementation.createHTMLDocument("").importNode(document.documentElement, true);
  const originals = new Map();
  const pair = (one, two) => {
    originals.set(one, two);
    one.childNodes.forEach((child, at) => pair(child, two.childNodes[at]));
  };
  pair(copy, document.documentElement);
  const disturb = () => {
    const elements = document.body.querySelectorAll("*");
    const element = elements[random(elements.length)];
    const other = document.createElement("i");
    if (random(3) === 0) element?.remove();
    else if (random(2) === 0) element?.before(other);
    else element?.replaceWith(other), other.append(element ?? "");
  };
  const morph = new Morph(first, copy, originals);
  const wrong = [];
  for (let step = 0; step < steps; step += 1) {
    for (let edits = 1 + random(4); edits > 0; edits -= 1) edit(tree);
    const sign = `sign${step}`;
    pick(lists(tree)).push(["b", {}, [sign]]);
    if (hasOthers) disturb();
    const next = page(tree);
    const wanted = new DOMParser().parseFromString(next, "text/html").documentElement;
    try {
      morph.apply(next, document.body);
    } catch (error) {
      if (!hasOthers || !(error instanceof NeedsReload)) throw error;
      break;
    }
    const isRight = hasOthers
      ? document.body.textContent.includes(sign)
      : document.documentElement.innerHTML === wanted.innerHTML;
    if (!isRight) wrong.push([step, next]);
  }
  return wrong;
}"""


def steps(page: Pages, tmp_path: Path, seed: int, has_others: bool) -> object:
    (tmp_path / "blank.htm").write_text("<!doctype html><title>Blank</title>", "utf-8")
    with serving(tmp_path) as server:
        shown = page()
        shown.goto(server.url("blank.htm"))
        return shown.evaluate(STEPS, {"seed": seed, "steps": 100, "hasOthers": has_others})


@pytest.mark.parametrize("seed", [1, 20, 300])
def test_a_page_follows_any_series_of_edits(page: Pages, tmp_path: Path, seed: int) -> None:
    assert steps(page, tmp_path, seed, has_others=False) == []


@pytest.mark.parametrize("seed", [4, 50, 600])
def test_what_is_new_is_seen_whatever_scripts_do_to_the_page(page: Pages, tmp_path: Path, seed: int) -> None:
    assert steps(page, tmp_path, seed, has_others=True) == []
