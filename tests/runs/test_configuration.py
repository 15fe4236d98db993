"""Files of settings in every form, and those that are broken: located, and never the end of anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from exptdir.runs.configuration import ConfigurationFiles, parse
from exptdir.runs.model import flatten

YAML = """\
lr: 1e-3
when: 2024-01-02
time: 1:30
id: 0063
on: yes
act: !!python/name:torch.nn.ReLU
path: !ENV ${HOME}
opt: !!python/object:os.system {cmd: x}
layers: &l [1, 2]
more: *l
"""
BOMB = "a: &a {k0: 1, k1: 1}\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)}\n  <<: [{', '.join(f'*{chr(97 + n)}' for _ in range(9))}]\n  n{n}: 1\n"
    for n in range(20)
)
LAUGHS = "a: &a [x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(f'*{chr(97 + n)}' for _ in range(9))}]\n" for n in range(15)
)


def test_yaml_is_read_as_programs_read_it_and_makes_no_objects() -> None:
    assert flatten(parse(YAML, ".yaml")) == {
        "lr": 0.001,
        "when": "2024-01-02",
        "time": "1:30",
        "id": "0063",
        "True": True,
        "act": "!python/name:torch.nn.ReLU",
        "path": "!ENV ${HOME}",
        "opt.!tag": "!python/object:os.system",
        "opt.cmd": "x",
        "layers": "[1, 2]",
        "more": "[1, 2]",
    }


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".json", '{"lr": 0.1, "net": {"depth": 3, "bias": true, "name": "a b"}}'),
        (".toml", 'lr = 0.1\n[net]\ndepth = 3\nbias = true\nname = "a b"\n'),
        (".ini", "lr = 0.1\n[net]\ndepth: 3\nbias = true\nname = a b\n"),
        (".yml", "lr: .1\nnet: {depth: 3, bias: true, name: a b}\n"),
    ],
)
def test_all_forms_say_the_same(suffix: str, text: str) -> None:
    assert flatten(parse(text, suffix)) == {"lr": 0.1, "net.depth": 3, "net.bias": True, "net.name": "a b"}


@pytest.mark.parametrize(
    ("name", "content", "says", "line"),
    [
        ("a.yaml", b"a: 1\nb: [1\nc: 2\n", "not YAML", 3),
        ("a.yaml", b"- 1\n- 2\n", "no settings", None),
        ("a.yaml", b"a: 1\n---\nb: 2\n", "not YAML", 2),
        ("a.yaml", b"[" * 5000, "nested too deeply", None),
        ("a.yaml", b"- " * 5000, "nested too deeply", None),
        ("a.yaml", LAUGHS.encode(), "holds more than 20,000 values", None),
        ("a.yaml", b"a: &a\n  b: *a\n", "holds more than", None),
        ("a.yaml", b"? {a: 1}\n: 2\n", "unhashable", 1),
        ("a.json", b'{"a": 1,\n}', "not JSON", 2),
        ("a.json", b"[" * 100_000, "nested too deeply", None),
        ("a.toml", b"a = 1\na = 2\n", "not TOML", 2),
        ("a.toml", b"a = \n", "not TOML", 1),
        ("a.ini", b"[a]\nb = 1\n  \xff\nnonsense\n=\n", "no INI file", 5),
        ("a.yaml", bytes(range(256)), "null bytes", None),
        ("a.yaml", b"PK\x03\x04" + bytes(99), "workbook or an archive", None),
        ("a.yaml", b"a: 1\n" * 300_000, "larger than 1 MiB", None),
    ],
)
def test_a_broken_file_is_told_with_its_line(
    tmp_path: Path, name: str, content: bytes, says: str, line: int | None
) -> None:
    (tmp_path / name).write_bytes(content)
    files = ConfigurationFiles()
    assert files.tree(tmp_path / name) is None
    problem = files.problems[-1]
    assert says in problem.message
    assert (problem.path, problem.line) == (tmp_path / name, line)


def test_merge_keys_do_not_explode(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BOMB)
    files = ConfigurationFiles()
    # PyYAML keeps each key once from 6.0.3 on; before, they were 9 to the power of 20.
    tree = files.tree(tmp_path / "a.yaml")
    assert "merge keys" in files.problems[0].message if tree is None else len(tree) == 21


def test_another_encoding_is_read_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("name: größe\n".encode("latin-1"))
    (tmp_path / "b.yaml").write_bytes("\ufeffname: größe\r\n".encode("utf-16-le"))
    files = ConfigurationFiles()
    assert files.tree(tmp_path / "a.yaml") == files.tree(tmp_path / "b.yaml") == {"name": "größe"}
    assert [problem.path for problem in files.problems] == [tmp_path / "a.yaml"]
