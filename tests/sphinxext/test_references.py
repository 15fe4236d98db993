"""References as a reader sees them: what is shown, where it leads, and what stands for those that lead nowhere."""

from __future__ import annotations

import pytest
from sphinx.util.inventory import InventoryFile

from exptdir.record.problem import NameIndex
from tests.sphinxext.building import Built, titled, words
from tests.sphinxext.conftest import Build

TARGETS = {
    "expts/0063_train_cnn/notes.rst": titled(
        "Train CNN",
        "2024-06-28: First\n-----------------\n\nx\n\n"
        "28 June 2024: Again\n-------------------\n\nx\n\n"
        ".. _kept:\n\n2024-07-01: Kept\n----------------\n\nx\n\n"
        ".. expt:run:: 13-3\n\n   Fine.\n",
    ),
    "expts/0063_train_cnn/expt.toml": 'status = "complete"\n',
    "expts/0063_train_cnn/0064_nested/log.md": "# Nested\n",
    "expts/0063_train_cnn/0064_nested/deep/log.rst": titled(
        "Deep", "up :expt:`-1` and :expt:`-2` and :expt:`b/13-3`\n"
    ),
    "expts/b/README.rst": titled("Bee", ".. expt:run:: 13-3\n\n.. expt:run:: 2022_m12_d18@01_37_34_max_epoch\n"),
    "expts/one/same/notes.rst": titled("Same one"),
    "expts/two/same/notes.rst": titled("Same two"),
}
NUMBERED = "expts/0063_train_cnn/notes.html"


def paragraphs(built: Built, docname: str) -> dict[str, object]:
    """Return the links of each paragraph of the form ``name: ...``."""
    found = {}
    for paragraph in built.body(docname).select("p"):
        name, colon, _ = words(paragraph).partition(":")
        if colon:
            found[name] = paragraph
    return found


# (name, text between the backquotes, what is shown, where it leads)
FORMS = [
    ("number", "63", "#63", NUMBERED),
    ("zeros", "0063", "#63", NUMBERED),
    ("shown", "#63", "#63", NUMBERED),
    ("name", "train_cnn", "#63", NUMBERED),
    ("directory", "0063_train_cnn", "#63", NUMBERED),
    ("path", "0063_train_cnn/0064_nested", "#64", "expts/0063_train_cnn/0064_nested/log.html"),
    ("named", "b", "b", "expts/b/README.html"),
    ("from source", "expts/b", "b", "expts/b/README.html"),
    ("entry", "63@2024-06-28", "#63, 2024-06-28", f"{NUMBERED}#entry-2024-06-28"),
    ("slashes", "63@2024/06/28", "#63, 2024-06-28", f"{NUMBERED}#entry-2024-06-28"),
    ("second", "63@2024-06-28.2", "#63, 28 June 2024 (2)", f"{NUMBERED}#entry-2024-06-28-2"),
    ("label", "63#kept", "#63: 2024-07-01: Kept", f"{NUMBERED}#kept"),
    ("run", "63/13-3", "#63/13-3", f"{NUMBERED}#run-13-3"),
    ("named run", "b/13-3", "b/13-3", "expts/b/README.html#run-13-3"),
    (
        "at run",
        "b/2022_m12_d18@01_37_34_max_epoch",
        "b/2022_m12_d18@01_37_34_max_epoch",
        "expts/b/README.html#run-2022_m12_d18@01_37_34_max_epoch",
    ),
]


@pytest.fixture(scope="module")
def record(build_once: Build) -> Built:
    rst = "".join(f"{name}: :expt:`{text}`\n\n" for name, text, _, _ in FORMS)
    rst += (
        "explicit: :expt:`the net <63@2024-06-28>`\n\n"
        "plain: :expt:`!63`\n\n"
        "plain explicit: :expt:`!the net <63>`\n\n"
        "typed: :expt:experiment:`63` :expt:entry:`63@2024-06-28` :expt:run:`b/13-3`\n\n"
        "builds on: :expt:builds-on:`63`\n\n"
        "standard: :ref:`expt-63` :ref:`expt-63-2024-06-28` :ref:`expt-63-2024-06-28.2`\n\n"
        "any: :any:`63`\n\n"
        "missing: :expt:`65` and :expt:`Gone <trian_cnn>`\n\n"
        "missing entry: :expt:`63@2024-06-29`\n\n"
        "missing run: :expt:`63/14`\n\n"
        "missing label: :expt:`63#nope`\n\n"
        "missing plain: :expt:`!65`\n\n"
        "ambiguous: :expt:`same`\n\n"
        "wrong kind: :expt:entry:`63`\n\n"
        "no experiment: :expt:`-1` and :expt:`@2024-06-28`\n"
    )
    markdown = "# Markdown\n\n" + "".join(f"{name}: {{expt}}`{text}`\n\n" for name, text, _, _ in FORMS)
    markdown += "".join(f"link {name}: [](#{text})\n\n" for name, text, _, _ in FORMS if name != "shown")
    markdown += "link explicit: [the net](#63)\n\nlink missing: [](#65)\n\nlink missing entry: [](#63@2001-01-01)\n"
    home = titled("Home", ".. toctree::\n   :hidden:\n\n   rst\n   markdown\n")
    return build_once({**TARGETS, "index.rst": home, "rst.rst": titled("Rst", rst), "markdown.md": markdown})


#: Where each form is written: in rst, as a MyST role, and as a MyST link (but nobody writes ``[](##63)``).
PLACES = [
    (docname, prefix, name, shown, target)
    for docname, prefix in (("rst", ""), ("markdown", ""), ("markdown", "link "))
    for name, _text, shown, target in FORMS
    if (prefix, name) != ("link ", "shown")
]


@pytest.mark.parametrize(("docname", "prefix", "name", "shown", "target"), PLACES)
def test_every_form_is_shown_and_leads_there(
    record: Built, docname: str, prefix: str, name: str, shown: str, target: str
):
    (link,) = paragraphs(record, docname)[prefix + name].select("a")
    assert (words(link), link["href"]) == (shown, target)


def test_explicit_titles_stay_and_an_exclamation_mark_takes_the_link_away(record: Built):
    found = paragraphs(record, "rst")
    (link,) = found["explicit"].select("a")
    assert (words(link), link["href"]) == ("the net", f"{NUMBERED}#entry-2024-06-28")
    (link,) = paragraphs(record, "markdown")["link explicit"].select("a")
    assert (words(link), link["href"]) == ("the net", NUMBERED)
    assert (words(found["plain"]), found["plain"].select("a")) == ("plain: #63", [])
    assert (words(found["plain explicit"]), found["plain explicit"].select("a")) == ("plain explicit: the net", [])


def test_typed_roles_builds_on_standard_labels_and_any(record: Built):
    found = paragraphs(record, "rst")
    assert [link["href"] for link in found["typed"].select("a")] == [
        NUMBERED,
        f"{NUMBERED}#entry-2024-06-28",
        "expts/b/README.html#run-13-3",
    ]
    assert words(found["builds on"]) == "builds on: #63"
    assert found["any"].select_one("a")["href"] == NUMBERED
    assert [(words(link), link["href"]) for link in found["standard"].select("a")] == [
        ("#63: Train CNN", NUMBERED),
        ("#63, 2024-06-28: First", f"{NUMBERED}#entry-2024-06-28"),
        ("#63, 28 June 2024: Again", f"{NUMBERED}#entry-2024-06-28-2"),
    ]


def test_the_tooltip_carries_title_and_status(record: Built):
    found = paragraphs(record, "rst")
    assert found["number"].select_one("a")["title"] == "Train CNN (complete)"
    assert found["entry"].select_one("a")["title"] == "Train CNN (complete): First"
    assert found["named"].select_one("a")["title"] == "Bee"


def test_steps_up_and_runs_of_elsewhere_from_an_experiment(record: Built):
    links = record.body("expts/0063_train_cnn/0064_nested/deep/log").select("a.exptdir-ref")
    assert [(words(link), link["href"]) for link in links] == [
        ("#64", "../log.html"),
        ("#63", "../../notes.html"),
        ("b/13-3", "../../../b/README.html#run-13-3"),
    ]


MISSING = [
    ("missing", "missing: 65? and Gone?"),
    ("missing entry", "missing entry: 63@2024-06-29?"),
    ("missing run", "missing run: 63/14?"),
    ("missing label", "missing label: 63#nope?"),
    ("ambiguous", "ambiguous: same?"),
    ("wrong kind", "wrong kind: 63?"),
    ("no experiment", "no experiment: -1? and @2024-06-28?"),
    ("missing plain", "missing plain: 65"),
]


@pytest.mark.parametrize(("name", "shown"), MISSING)
def test_what_leads_nowhere_stays_as_text_and_is_marked(record: Built, name: str, shown: str):
    paragraph = paragraphs(record, "rst")[name]
    assert words(paragraph) == shown
    assert not paragraph.select("a")
    assert len(paragraph.select(".exptdir-missing")) == shown.count("?")


WARNED = [
    ("missing:", "no experiment or run '65'; nearest: 64, 63"),
    ("missing plain:", "no experiment or run '65'; nearest: 64, 63"),
    ("missing:", "no experiment or run 'trian_cnn'; nearest: train_cnn"),
    ("missing entry:", "#63 has no entry 2024-06-29; nearest: 63@2024-06-28, 63@2024-07-01"),
    ("missing run:", "experiment '63' has no run '14'"),
    ("missing label:", "#63 has no label 'nope'"),
    ("ambiguous:", "'same' could be any of one/same, two/same"),
    ("wrong kind:", "'63' is a reference to an experiment, not to an entry"),
    ("no experiment:", "'-1' counts from an experiment, and this page belongs to none"),
    ("no experiment:", "the reference names no experiment, and this page belongs to none"),
]


@pytest.mark.parametrize(("start", "message"), WARNED)
def test_each_is_warned_of_once_at_its_line(record: Built, start: str, message: str):
    lines = (record.site.source / "rst.rst").read_text().splitlines()
    number = next(at for at, line in enumerate(lines, 1) if line.startswith(start))
    found = [line for line in record.located if message in line and line.startswith(f"rst.rst:{number}: WARNING: ")]
    assert len(found) == 1, record.warnings
    assert found[0].endswith("[exptdir.ref]")


def test_markdown_links_that_lead_nowhere_are_warned_of_alike(record: Built):
    found = [line for line in record.located if line.startswith("markdown.md")]
    assert len(found) == 2
    assert "no experiment or run '65'" in found[0]
    assert "#63 has no entry 2001-01-01" in found[1]
    assert all(line.endswith("[exptdir.ref]") for line in found)
    assert words(paragraphs(record, "markdown")["link missing"]) == "link missing: 65?"


def test_nothing_else_is_warned_of(record: Built):
    assert len(record.located) == len(WARNED) + 2, record.warnings


def test_the_inventory_names_experiments_entries_runs_and_labels(record: Built):
    content = (record.out / "objects.inv").read_bytes()
    inventory = InventoryFile.loads(content, uri="")

    def names(kind: str) -> set[str]:
        return set(inventory.data[kind])

    assert names("expt:experiment") == {"63", "64", "0063_train_cnn/0064_nested/deep", "b", "one/same", "two/same"}
    assert names("expt:entry") == {"63@2024-06-28", "63@2024-06-28.2", "63@2024-07-01"}
    assert names("expt:run") == {"63/13-3", "b/13-3", "b/2022_m12_d18@01_37_34_max_epoch"}
    assert {"expt-63", "expt-b", "expt-one/same", "expt-63-2024-06-28.2"} <= names("std:label")


def test_the_format_of_references_is_the_authors(build: Build):
    built = build(
        {
            **TARGETS,
            "page.rst": titled("Page", ":expt:`63` :expt:`b` :expt:`63@2024-06-28` :expt:`own <63>`\n"),
        },
        conf='exptdir_ref_format = "#{id}: {title}"\n',
    )
    links = built.body("page").select("a.exptdir-ref")
    assert [words(link) for link in links] == ["#63: Train CNN", "b: Bee", "#63, 2024-06-28", "own"]


def test_a_reference_from_inside_an_experiment_means_that_experiment(build: Build):
    text = ":expt:`@2024-06-28` :expt:`13-3` :expt:`63`\n"
    notes = TARGETS["expts/0063_train_cnn/notes.rst"] + "\n" + text
    built = build({"expts/0063_train_cnn/notes.rst": notes, "expts/0063_train_cnn/extra.rst": titled("Extra", text)})
    for docname in ("expts/0063_train_cnn/notes", "expts/0063_train_cnn/extra"):
        links = built.body(docname).select("a.exptdir-ref")
        assert [words(link) for link in links] == ["2024-06-28", "13-3", "#63"], docname


def test_nobody_looks_for_what_a_dead_link_to_another_page_may_have_meant(build: Build, monkeypatch):
    asked: list[str] = []
    real = NameIndex.nearest
    monkeypatch.setattr(NameIndex, "nearest", lambda index, text, *more: asked.append(text) or real(index, text, *more))
    links = "[a](../0002_second/index.qmd) [b](#seconds)"
    built = build({"expts/0001_first/log.md": f"# First\n\n{links}\n", "expts/0002_second/log.md": "# Second\n"})
    assert built.warnings.count("myst.xref_missing") == 2
    assert asked == []
    built = built.rebuild({"expts/0001_first/log.md": "# First\n\n{expt}`secnd`\n"})
    assert "nearest: second" in built.warnings and set(asked) == {"secnd"}
    # Nor, of very many, for more than some, and for each once, wherever it stands.
    monkeypatch.setattr("exptdir.sphinxext.cites._SUGGESTED", 2)
    dead = "".join(f"{{expt}}`secon{at}`\n" for at in range(5))
    asked.clear()
    built = built.rebuild({f"expts/000{one}/log.md": f"# X\n\n{dead}" for one in ("1_first", "2_second")})
    assert asked == ["secon0", "secon1"]
    assert built.warnings.count("no experiment or run 'secon") == 10 and built.warnings.count("nearest: second") == 4
