"""Facts in ``expt.toml``: comments, order and style stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exptdir.errors import EditError
from exptdir.record.edits.workspace import Workspace
from exptdir.record.lines import line_end
from exptdir.record.metadata_values import FACT_OF_KEY


def set_in_toml(workspace: Workspace, path: Path, fact: str, value: str | int | tuple[str, ...] | None) -> None:
    """Plan to set a fact in ``expt.toml``, or to take it out.

    Parameters
    ----------
    workspace
        The plan.
    path
        The file; it is made where it does not exist.
    fact
        Name of the fact.
    value
        Its value.

    Raises
    ------
    EditError
        When the file is not TOML.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    source = workspace.source(path)
    end = line_end(source.text)
    try:
        # The parser keeps "\r\n" but writes "\n" for what is new.
        document: Any = tomlkit.parse(source.text.replace(end, "\n"))
        keys = [key for key in document if FACT_OF_KEY.get(key) == fact]
        for key in keys[1:] if value is not None else keys:
            document.remove(key)
        if value is not None:
            _set(document, keys[0] if keys else fact, value)
        text = tomlkit.dumps(document).replace("\n", end)
    except (TOMLKitError, RecursionError) as error:
        raise EditError(f"{path} cannot be edited, it is not TOML: {error}") from None
    workspace.write(path, source.encode(text))


def _set(document: Any, key: str, value: str | int | tuple[str, ...]) -> None:
    import tomlkit

    if isinstance(value, tuple):
        old = document.get(key)
        if isinstance(old, list):
            _set_items(old, value)
            return
        value_item: Any = list(value)
    else:
        value_item = value
    if key in document:
        document[key] = value_item
        return
    # In front of the first table, or the key would become one of the table's.
    first = next((name for name, item in document.items() if isinstance(item, dict | tomlkit.items.AoT)), None)
    if first is None:
        document.add(key, value_item)
    else:
        _insert_before_tables(document, key, value_item)


def _insert_before_tables(document: Any, key: str, value: object) -> None:
    import tomlkit

    tables = (dict, tomlkit.items.AoT)
    plain = [name for name, item in document.items() if not isinstance(item, tables)]
    if plain:
        document._insert_after(plain[-1], key, value)
    else:
        document._insert_at(0, key, value)


def _set_items(old: Any, value: Sequence[str]) -> None:
    kept = [str(item) for item in old]
    for item in [item for item in old if str(item) not in value]:
        old.remove(item)
    for item in value:
        if item not in kept:
            old.append(item)
