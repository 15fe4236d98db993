"""Files of settings: YAML, JSON, TOML and INI as nested mappings, however odd they are.

PyYAML's safe loader makes no objects; here it also keeps the tags that it does not know, takes ``1e-3`` for a number,
as programs do that read YAML with OmegaConf, and leaves days and ``1:30`` as they are written. ``ruamel.yaml``, which
was looked at, keeps comments too, which nobody compares, at many times the cost.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from exptdir.errors import TableError
from exptdir.record.files import MAX_METADATA, UnreadableError, read_bytes
from exptdir.record.problem import Problem
from exptdir.runs.model import MOST_VALUES, TooLarge, Value, flatten
from exptdir.tables.encoding import decode

Tree = dict[str, Any]
#: What files of settings end with.
SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml", ".ini", ".cfg"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,30})\Z")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]{1,3})?\Z|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]{1,3}\Z"
    r"|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
)
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "none": None, "nan": float("nan")}
#: On a line so many levels: libyaml recurses on the C stack, where PyYAML's own parser raises.
_DEEP_LINE = re.compile(r"(?:[-?][ \t]+){64}")
_DEEP_FLOW = 1000


def plain_value(text: str) -> Value:
    """Return what a text means that stands for a value where all values are texts, as in INI files and tables."""
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if _INTEGER.match(word):
        return int(word)
    if word[-1:].isdigit() and _FLOAT.match(word):
        return float(word.replace("_", ""))
    return text


@lru_cache(1)
def _loaders() -> tuple[Any, Any]:
    """Make the two loaders, the quick one and the one that may meet any depth."""
    import yaml

    def tagged(loader: Any, suffix: str, node: Any) -> object:
        tag = f"!{suffix}" if not suffix.startswith("!") else suffix
        if isinstance(node, yaml.ScalarNode):
            return f"{tag} {node.value}".rstrip()
        if isinstance(node, yaml.SequenceNode):
            return [tag, *loader.construct_sequence(node, deep=True)]
        return {"!tag": tag, **loader.construct_mapping(node, deep=True)}

    class Settings:
        """What is the same for both."""

        merged = 0

        def flatten_mapping(self, node: Any) -> None:
            """Count what merge keys bring, which may be exponentially many."""
            super().flatten_mapping(node)  # type: ignore[misc]
            self.merged += len(node.value)
            if self.merged > 4 * MOST_VALUES:
                raise yaml.YAMLError(f"merge keys make more than {4 * MOST_VALUES:,} values of it")

    made = []
    for base in (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader):
        loader: Any = type("SettingsLoader", (Settings, base), {})
        # Neither days nor numbers to the base of sixty or of eight: these stay what was written.
        left = {"tag:yaml.org,2002:float", "tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp"}
        resolvers = base.yaml_implicit_resolvers.items()
        loader.yaml_implicit_resolvers = {at: [one for one in every if one[0] not in left] for at, every in resolvers}
        loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
        loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
        loader.add_multi_constructor("!", tagged)
        loader.add_multi_constructor(
            "tag:", lambda self, suffix, node: tagged(self, f"!{suffix.rpartition(',2002:')[2]}", node)
        )
        made.append(loader)
    return made[0], made[1]


def parse_yaml(text: str) -> object:
    """Return what a text in YAML holds.

    Raises UnreadableError when it is no YAML, or more than one document; with the line.
    """
    import yaml

    quick, deep = _loaders()
    shallow = text.count("[") + text.count("{") < _DEEP_FLOW and not _DEEP_LINE.search(text)
    try:
        return yaml.load(text, Loader=quick if shallow else deep)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error).split("\n")[0] or "it cannot be parsed"
        raise UnreadableError(f"it is not YAML: {reason}", mark.line + 1 if mark else None) from None
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UnreadableError(f"it holds what cannot be understood: {error}") from None


def _parse_ini(text: str) -> Tree:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError:
        # Settings without a section are as good.
        parser.read_string("[.]\n" + text)
    tree: Tree = {key: plain_value(value or "") for key, value in parser.defaults().items()}
    for name in parser.sections():
        inside = {
            key: plain_value(value) if value is not None else None
            for key, value in parser[name].items()
            if key not in parser.defaults()
        }
        tree.update(inside if name == "." else {name: inside})
    return tree


def parse(text: str, suffix: str) -> Tree:
    """Return the settings that a text holds.

    Raises UnreadableError when it is not written so, or holds no settings; with the line where that is known.

    Parameters
    ----------
    suffix
        Of the file's name, which tells how it is written.
    """
    tree: object
    try:
        if suffix == ".json":
            tree = json.loads(text)
        elif suffix == ".toml":
            tree = tomllib.loads(text)
        elif suffix in {".ini", ".cfg"}:
            tree = _parse_ini(text)
        else:
            tree = parse_yaml(text)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is not JSON: {error.msg}", error.lineno) from None
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise UnreadableError(f"it is not TOML: {error}", int(line[1]) if line else None) from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or next((number for number, _ in getattr(error, "errors", ())), None)
        raise UnreadableError(f"it is no INI file: {str(error).splitlines()[0]}", line) from None
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"it holds what cannot be understood: {error}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise UnreadableError("it holds no settings: it is not made of keys and values")
    return {key if isinstance(key, str) else str(key): value for key, value in tree.items()}


class ConfigurationFiles:
    """Reads files, each once, and remembers which were asked for and what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        #: All that was read or looked for, there or not, in the order of asking.
        self.asked: dict[Path, None] = {}
        #: All directories whose content decided what was read.
        self.listed: dict[Path, None] = {}
        self._texts: dict[Path, str | None] = {}
        self._trees: dict[Path, Tree | None] = {}

    def text(self, path: Path, limit: int = MAX_METADATA) -> str | None:
        """Return the text of a file; ``None`` where there is none, or it is no text, which is told."""
        self.asked[path] = None
        if path not in self._texts:
            self._texts[path] = None
            try:
                data = read_bytes(path, limit + 1)
                if len(data) > limit:
                    self._tell(path, f"it is larger than {limit >> 20} MiB")
                    return None
                text, guess = decode(data)
                if "\0" in text:
                    self._tell(path, "it holds null bytes, so it is no text")
                    return None
                if guess:
                    self.problems.append(Problem("run", f"{path.name}: {guess}", path))
                self._texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")
            except FileNotFoundError:
                return None
            except (OSError, TableError) as error:
                self._tell(path, getattr(error, "strerror", None) or str(error))
        return self._texts[path]

    def tree(self, path: Path) -> Tree | None:
        """Return the settings in a file; ``None`` where there are none to be read, which is told."""
        if path not in self._trees:
            self._trees[path] = None
            text = self.text(path)
            if text is not None:
                try:
                    tree = parse(text, path.suffix.lower())
                    # Whoever goes through it later comes to an end.
                    flatten(tree)
                    self._trees[path] = tree
                except UnreadableError as error:
                    self._tell(path, str(error), error.line)
                except TooLarge as error:
                    self._tell(path, str(error))
        return self._trees[path]

    def _tell(self, path: Path, reason: str, line: int | None = None) -> None:
        self.problems.append(
            Problem("run", f"{path.name} cannot be read: {reason[:1].lower()}{reason[1:]}", path, line)
        )
