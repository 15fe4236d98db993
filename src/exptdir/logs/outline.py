"""Outlines: brace blocks, indentation, and org-mode, whose headings are read by orgparse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exptdir.logs.model import Block
from exptdir.logs.prose import DEEPEST, Lines, nest

_OPENS = re.compile(r"(\s*)(\S.*?)?\s*\{\s*$")
_CLOSES = re.compile(r"\s*\}\s*$")
_MARK = re.compile(r"([-*•])\s+(?=\S)")
_STARS = re.compile(r"\*+\s")
#: Titles whose lines are tasks, and those of what is put away.
_TASKS = re.compile(r"\W*(?:to-?\s?dos?|next|待办|下一步|plan|afazer|a fazer|à faire|aufgaben)\b", re.IGNORECASE)
_DONE = re.compile(r"\W*(?:done|finished|完成|已完成)\b", re.IGNORECASE)
_ARCHIVE = re.compile(r"\W*(?:archived?|old|归档|存档|arquivo|archiv)\b", re.IGNORECASE)


def braces(lines: Sequence[str]) -> tuple[int, int]:
    """Count the lines at the margin that open a block, and all that close one."""
    opened = sum(1 for line in lines if (match := _OPENS.match(line)) and not match[1] and match[2])
    return opened, sum(1 for line in lines if _CLOSES.match(line))


def read_braces(lines: Sequence[str]) -> list[Block]:
    """Read ``12/18 {`` … ``}``: each block a section, what is in it a list nested as its lines are indented."""
    top: list[Block] = []
    sections: list[Block] = []
    items: list[tuple[int, Block]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        opens = _OPENS.match(line)
        if opens and (opens[2] or not sections) and len(sections) < DEEPEST:
            section = Block("section", number, opens[2] or "{", level=len(sections) + 1)
            section.folded = bool(_ARCHIVE.match(section.text))
            (sections[-1].children if sections else top).append(section)
            sections.append(section)
            items = []
            continue
        if _CLOSES.match(line) and sections:
            sections.pop()
            items = []
            continue
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        mark = _MARK.match(text) if sections else None
        item = Block("item" if sections else "paragraph", number, text[mark.end() :] if mark else text)
        item.label = mark[1] if mark else ""
        while items and (items[-1][0] >= indent or len(items) >= DEEPEST):
            items.pop()
        if sections and not items and _TASKS.match(sections[-1].text):
            item.task = "done" if _DONE.search(sections[-1].text) else "open"
        (items[-1][1].children if items else sections[-1].children if sections else top).append(item)
        if sections:
            items.append((indent, item))
    return top


def read_indented(lines: Sequence[str]) -> list[Block]:
    """Read an outline without braces: what stands at the margin is a title where something is indented below it."""
    top: list[Block] = []
    items: list[tuple[int, Block]] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
        after = next((other for other in lines[number : number + 3] if other.strip()), "")
        while items and (items[-1][0] >= indent or len(items) >= DEEPEST):
            items.pop()
        section = not indent and after[:1].isspace()
        block = Block("section" if section else "item" if indent else "paragraph", number, text, level=1)
        block.folded = section and bool(_ARCHIVE.match(text))
        parent = items[-1][1] if items else None
        if parent is not None and parent.kind == "section" and _TASKS.match(parent.text):
            block.task = "open"
        (top if parent is None else parent.children).append(block)
        items.append((indent, block))
    return top


def read_org(lines: Sequence[str]) -> list[Block]:
    """Read an org file; states, priorities and tags of its headings as orgparse finds them."""
    from orgparse import loads

    # Beside the headings orgparse needs the file's own settings alone, and is slow on the rest.
    heads = [line if _STARS.match(line) or line.upper().startswith(("#+TODO", "#+SEQ_TODO")) else "" for line in lines]
    nodes = iter(loads("\n".join(heads))[1:])
    flat: list[Block] = []
    begin = 0
    for number, line in enumerate([*lines, "* end"], 1):
        if not _STARS.match(line):
            continue
        flat += Lines(lines[begin : number - 1], begin + 1, "org").read()
        begin = number
        node = next(nodes, None)
        if number <= len(lines) and node is not None:
            stars = len(line) - len(line.lstrip("*"))
            title = re.sub(r"\s+:[\w@#%:]+:\s*$", "", line[stars:].strip())
            section = Block("section", number, title, level=stars, tags=tuple(sorted(node.shallow_tags)))
            if node.todo:
                section.task = "done" if node.todo in node.env.done_keys else "open"
                section.label = node.todo
                section.text = title.removeprefix(node.todo).lstrip()
            section.folded = "ARCHIVE" in section.tags
            flat.append(section)
    return nest(flat)
