"""Every form in which a reference or a path can be written is followed, or nothing is changed.

The forms are made from the roles, directives and options that the extension registers: a new one that is in no list
here fails the first test. Pages are built before and after, and each link must lead to what it led to.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from bs4 import Tag

from exptdir.record.edits.plan import Plan
from exptdir.record.edits.relocate import move, rename, renumber
from exptdir.record.model import Record
from exptdir.record.scan import scan
from tests.record.edits.helpers import apply
from tests.sphinxext.building import Built, Site

#: Roles whose text is a reference or a path, by what is written in them; others of ours hold neither.
REFERENCES = {"expt", "expt:expt", "expt:experiment", "expt:builds-on"}
OTHER_ROLES = {"expt:entry": "{id}@2024-05-01", "expt:run": "{id}/v1", "cell": "{path}/t.csv!A1"}
NO_ROLES = {"doi"}
#: Directives of ours, each with a form; and their options.
DIRECTIVES = {
    "datatable": "{path}/t.csv",
    "protocol": '{path}/p.txt "{path}/q w.txt"',
    "expt-figures": "",
    "expt-log": "{path}/t.csv",
    "toctree": "",
    "update": "2024-06-01",
    "expt:run": "v9",
}
#: What else collects and shows: of their options, any may be a path, and these are references.
COLLECTIONS = "calendar cited-by graph journal list tags tasks curves diff lineage runs"
REFERENCE_OPTIONS = {"experiment", "expt", "of"}
OTHER_OPTIONS = (
    "after align all alone as baseline before caption class columns config content decimal delimiter depth download "
    "draft encoding fold format glob group-by header-columns header-rows hidden includehidden keys kind limit log "
    "maxdepth name no-table numbered orphans range reversed round rows runs sheet since smooth sort split status tag "
    "titlesonly until widths year"
)

RST = """\
Refers
======

2024-06-02: forms
-----------------

.. _target: {path}/t.csv

* MARK-rst {roles}
* :expt:`words <{id}>` :expt:`0{id}` :expt:`{name}` :expt:`{directory}` `{id}`:expt: :expt:`{id}#here`
* :ref:`expt-{id}` :any:`expt-{id}` :doc:`{path}/index` :doc:`/expts/{directory}/index`
* :download:`{path}/t.csv` :download:`d <{path}/p(1).png>` target_ `l <{path}/t.csv>`__
* :cell:`'{path}/q w.csv'!A1`

.. |sub| image:: {path}/a.png

|sub|

.. list-table::

   * - .. image:: {path}/a.png
     - :expt:`{id}`
   * - .. figure:: {path}/b.png

          :expt:`{id}`
     - x

#. .. image:: {path}/b.png

.. figure::
   {path}/a.png
   :target: {path}/t.csv

   Caption :expt:`{id}`.

.. code-block:: python
   :caption: From :expt:`{id}`

   pass

.. protocol:: {path}/p.txt
   "{path}/q w.txt"

.. literalinclude:: {path}/p.txt

.. include:: {path}/inc.txt

.. csv-table::
   :file: {path}/t.csv

.. note:: :expt:`{id}`

.. expt-figures::
   :experiment: {id}, {name}

.. expt-list::
   :expt: {id}, {name}

.. expt-cited-by::
   :of: {id}

Text [#n]_ [Cit]_.

.. [#n] :expt:`{id}` had it.
.. [Cit] :expt:`{id}` too.

.. toctree::

   {path}/sub/index
"""
MD = """\
# Refers

## 2024-06-02: forms

MARK-md {roles}

{{expt}}`{id}`{{expt}}`words <{id}>` {{expt}}`{name}` {{expt}}`{directory}` {{expt}}`{id}#here` {{expt}}``{id}``

[](#{id}) [words](#{id}@2024-05-01) <project:#{id}> [](#expt-{id}) {{ref}}`expt-{id}` {{doc}}`{path}/index`

[x]({path}/index.md) [y]({path}/index.md#here) <project:{path}/index.md> [z](project:{path}/index.md)
[d](path:{path}/t.csv) <path:{path}/t.csv> [e](<{path}/q w.txt>) [f]({path}/q%20w.txt) {{download}}`{path}/t.csv`

![]({path}/a.png) ![]({path}/p(1).png) ![]({path}/x#1.png) ![](<{path}/m n.png>) ![r][ref] [link][other]

{{cell}}`'{path}/q w.csv'!A1`

[ref]: {path}/b.png
[other]: {path}/index.md 'T'

Text[^1] and[^2].

[^1]: {{expt}}`{id}` had it.

[^2]: x

    {{expt}}`{id}`

```{{protocol}} {path}/p.txt "{path}/q w.txt"
```

```{{figure}} {path}/a.png
---
target: {path}/t.csv
---
Caption {{expt}}`{id}`.
```

:::{{note}} {{expt}}`{id}`
> - ```{{image}} {path}/b.png
>   ```
:::

```{{code-block}} python
:caption: From {{expt}}`{id}`

pass
```

```{{list-table}}
* - ![]({path}/a.png)
  - ```{{image}} {path}/a.png
    ```
```

```{{eval-rst}}
.. image:: {path}/a.png

:expt:`{id}`
```

| a | b |
|---|---|
| {{expt}}`{id}` | ![]({path}/b.png) |

```{{include}} {path}/inc.txt
```

```{{expt-list}}
:expt: {id}, {name}
```

```{{expt-figures}}
:experiment: {id}
```

```{{toctree}}
{path}/sub2/index
```
"""
TARGET = """\
# Target

MARK-target

(here)=
## 2024-05-01: first

```{expt:run} v1
MARK-run
```

![](a.png) {expt}`-1/../` {expt}`2`
"""
PNG = b"\x89PNG\r\n\x1a\n"


#: Docutils forgets what was registered when the build is done.
CONF = """\
extensions = ["exptdir"]
exptdir_figures = "never"
exclude_patterns = ["**/inc.txt"]

def setup(app):
    from docutils.parsers.rst import directives, roles

    def note(app):
        app.ours = {
            name: one
            for name, one in {**roles._roles, **directives._directives}.items()
            if (one if isinstance(one, type) else type(one)).__module__.startswith("exptdir")
        }

    app.connect("builder-inited", note, priority=999)
"""


def write(site: Site) -> None:
    own = (REFERENCES | OTHER_ROLES.keys()) - {"cell"}
    text = {role: OTHER_ROLES.get(role, "{id}") for role in sorted(own)} | {"cell": "{path}/t.csv!A1"}
    rst = " ".join(f":{role}:`{body}`" for role, body in text.items())
    md = " ".join(f"{{{{{role}}}}}`{body}`" for role, body in text.items())
    files: dict[str, str | bytes] = {
        "expts/0001_target/index.md": TARGET.replace(" {expt}`-1/../`", ""),
        "expts/0001_target/sub/index.md": "# Sub\n\nMARK-sub {expt}`1` {expt}`-1` [](../index.md) ![](../a.png)\n",
        "expts/0001_target/sub2/index.md": "# Sub two\n\nMARK-sub2 {expt}`2`\n",
        "expts/0001_target/t.csv": "a,b\n1,2\n",
        "expts/0001_target/q w.csv": "c,d\n3,4\n",
        "expts/0001_target/p.txt": "step\n",
        "expts/0001_target/q w.txt": "other step\n",
        "expts/0001_target/inc.txt": "included\n",
        "expts/0003_elsewhere/index.md": "# Elsewhere\n\nMARK-elsewhere\n",
    }
    for number, name in enumerate(("a.png", "b.png", "p(1).png", "x#1.png", "m n.png")):
        files[f"expts/0001_target/{name}"] = PNG + bytes([number])
    names = {"id": "1", "name": "target", "directory": "0001_target"}
    for number, suffix, page in ((2, "rst", RST), (4, "md", MD)):
        words = names | {"path": "../0001_target"}
        roles_ = (rst if suffix == "rst" else md).format(**words)
        files[f"expts/000{number}_refers/index.{suffix}"] = page.format(**words, roles=roles_)
    words = names | {"path": "expts/0001_target"}
    files["index.rst"] = "Home\n====\n\n.. toctree::\n\n   top\n"
    top = MD.replace("{{toctree}}\n{path}/sub2/index", "{{note}}\nx")
    files["top.md"] = top.replace("MARK-md", "MARK-top").format(**words, roles=md.format(**words))
    site.write(files)


@pytest.fixture
def base(tmp_path: Path) -> Site:
    fresh = Site(tmp_path, CONF)
    write(fresh)
    return fresh


def signature(built: Built) -> dict[str, list[str]]:
    """What each page links to, shows and says, by something that no command changes."""
    pages = {}
    for name in sorted(built.app.env.found_docs):
        body = built.body(name)
        for header in body.select(".exptdir-header"):
            # It names the experiments around the page.
            header.decompose()
        mark = re.search(r"MARK-\w+", Path(built.app.env.doc2path(name)).read_text("utf-8"))
        tags = body.find_all(["a", "img", "td"])
        pages[mark[0] if mark else name] = sorted(found for tag in tags for found in seen(built, name, tag))
    return pages


def seen(built: Built, name: str, tag: Tag) -> list[str]:
    if tag.name == "td":
        return [f"cell {tag.get_text()}"] if not tag.find(["a", "img"]) else []
    address, fragment = urldefrag(str(tag.get("href") or tag.get("src") or ""))
    if re.match(r"[a-z]+:", address) or "headerlink" in (tag.get("class") or ()):
        return []
    page = built.app.builder.get_target_uri(name)
    path = built.out / unquote(urljoin("/" + page, address)).lstrip("/")
    if not path.is_file():
        # HTML's own links lead to what lies beside the page in the source.
        path = built.site.source / path.relative_to(built.out)
    if not path.is_file():
        return [f"{tag.name} {address} nowhere"]
    content = path.read_bytes()
    mark = re.search(rb"MARK-\w+", content)
    what = mark[0].decode() if mark else hashlib.sha256(content).hexdigest()[:8]
    return [f"{tag.name} {what} {re.sub('[0-9]+', '', fragment) if 'expt' in fragment else fragment}"]


CHANGES: dict[str, Callable[[Record], Plan]] = {
    "renumber": lambda record: renumber(record, record.by_id[1][0], 57),
    "rename": lambda record: rename(record, record.by_id[1][0], "goal"),
    "move": lambda record: move(record, record.by_id[1][0], record.by_id[3][0]),
    "move the page": lambda record: move(record, record.by_id[4][0], record.by_id[3][0]),
}


def test_every_role_directive_and_option_of_ours_is_in_a_list(base: Site):
    app = base.build("dummy").app
    domain = app.env.domains["expt"]
    ours = {**app.ours, **{f"expt:{name}": one for name, one in (domain.roles | domain.directives).items()}}
    known = REFERENCES | OTHER_ROLES.keys() | NO_ROLES | DIRECTIVES.keys() | {"todo"}
    assert ours.keys() == known | {f"expt-{name}" for name in COLLECTIONS.split()}
    options = {option for one in ours.values() for option in (getattr(one, "option_spec", None) or ())}
    assert options == REFERENCE_OPTIONS | set(OTHER_OPTIONS.split())


@pytest.mark.parametrize("name", CHANGES)
def test_each_link_leads_where_it_led(base: Site, name: str):
    before = base.build("html")
    assert before.located == []
    was = signature(before)
    assert not [page for page, found in was.items() if any("nowhere" in one for one in found)]
    plan = CHANGES[name](scan(base.source))
    assert plan.problems == ()
    apply(plan)
    after = base.build("html", out="after")
    assert after.located == []
    now = signature(after)
    if name.startswith("move"):
        # These list their experiments.
        for pages in (was, now):
            del pages["MARK-elsewhere"], pages["index"]
    assert now == was
