"""What is written in the two markups of pages so that it reads as what it is: titles, lists, code, directives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from exptdir.record.markup.blocks import columns


class Markdown:
    """The markup of MyST."""

    suffix = ".md"
    deepest = 6
    #: What a line must not begin with, or it would be markup; of a number the sign behind it is escaped.
    _begins = re.compile(r"[-+](?=\s|$)|#|>|=+\s*$|-{2,}\s*$|~{3}|:|%|\+{3}|\(|\d{1,9}(?=[.)](?:\s|$))")

    def escape(self, text: str) -> str:
        """Escape whatever could be markup within a line."""
        text = re.sub(r"[\\`*\[{$]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<!\w)_|_(?!\w)", r"\\\g<0>", text)
        return text.replace("~~", r"\~\~").replace("\n", " ")

    def escape_start(self, line: str) -> str:
        """Escape what begins a line."""
        found = self._begins.match(line)
        if found is None:
            return line
        return f"{found[0]}\\{line[found.end() :]}" if found[0][0].isdigit() else f"\\{line}"

    def code(self, text: str) -> str:
        """Return code within a line."""
        return f"`{text}`"

    def link(self, text: str, address: str) -> str:
        """Return a link to another site."""
        plain = text == address and not re.search(r"[\s<>]", address)
        return f"<{address}>" if plain else f"[{self.escape(text)}](<{address}>)"

    def role(self, name: str, text: str) -> str:
        """Return a role."""
        return f"{{{name}}}`{text}`"

    def joined(self, parts: Iterable[tuple[str, bool]]) -> str:
        """Put stretches of a line together; each comes with whether it is markup."""
        return "".join(text for text, _ in parts)

    def heading(self, text: str, depth: int) -> list[str]:
        """Return the lines of a title."""
        return [f"{'#' * depth} {text}"]

    def broken(self, texts: Sequence[str]) -> list[str]:
        """Return lines that stay lines on the page."""
        return [*(f"{text}\\" for text in texts[:-1]), *texts[-1:]]

    def code_block(self, language: str, body: Sequence[str]) -> list[str]:
        """Return a block of code."""
        fence = _fence(body)
        return [f"{fence}{language}", *body, fence]

    def directive(
        self, name: str, argument: str, options: Mapping[str, str] | None = None, body: Sequence[str] = ()
    ) -> list[str]:
        """Return a directive."""
        fence = "~~~" if "`" in argument else _fence(body)
        given = [f":{option}: {value}".rstrip() for option, value in (options or {}).items()]
        return [f"{fence}{{{name}}} {argument}".rstrip(), *given, *([""] if given and body else []), *body, fence]

    def raw_rst(self, body: Sequence[str]) -> list[str]:
        """Return what is written in reStructuredText."""
        return self.directive("eval-rst", "", None, body)


class Rst:
    """The markup of docutils."""

    suffix = ".rst"
    deepest = 8
    _marks = "=-~^\"'+#"
    _begins = re.compile(
        r"(?:\(?(?:\d+|[A-Za-z]|[ivxlcdmIVXLCDM]+|#)[.)]|[*+•‣⁃-]|\.\.|\|)(?:\s|$)|[:>/]|--?\w|__|[!-/:-@\[-^{-~]+\s*$"
    )

    def escape(self, text: str) -> str:
        """Escape whatever could be markup within a line."""
        text = re.sub(r"[\\`*|]|_(?!\w)", r"\\\g<0>", text)
        return re.sub(r"::(?=\s*(?:\n|$))", r":\:", text).replace("\n", " ")

    def escape_start(self, line: str) -> str:
        """Escape what begins a line."""
        return f"\\{line}" if self._begins.match(line) else line

    def code(self, text: str) -> str:
        """Return code within a line."""
        return f"``{text}``"

    def link(self, text: str, address: str) -> str:
        """Return a link to another site."""
        shown = re.sub(r"[\\`<>]", r"\\\g<0>", text)
        return f"`{shown} <{re.sub(r'_$', chr(92) + '_', address)}>`__"

    def role(self, name: str, text: str) -> str:
        """Return a role."""
        escaped = text.replace("\\", "\\\\")
        return f":{name}:`{escaped}`"

    def joined(self, parts: Iterable[tuple[str, bool]]) -> str:
        """Put stretches of a line together; markup is kept apart from letters around it."""
        made, after_markup = "", False
        for text, is_markup in parts:
            loose = is_markup and made and not re.search(r"[\s\-:/'\"<(\[{]$", made)
            if loose or (after_markup and re.match(r"[^\s'\")\]}>\-/\\:.,;!?]", text)):
                made += "\\ "
            made, after_markup = made + text, is_markup
        return made

    def heading(self, text: str, depth: int) -> list[str]:
        """Return the lines of a title."""
        return [text, self._marks[depth - 1] * max(columns(text), 4)]

    def broken(self, texts: Sequence[str]) -> list[str]:
        """Return lines that stay lines on the page."""
        return [f"| {text}" for text in texts]

    def code_block(self, language: str, body: Sequence[str]) -> list[str]:
        """Return a block of code."""
        return self.directive("code-block", language or "none", None, body)

    def directive(
        self, name: str, argument: str, options: Mapping[str, str] | None = None, body: Sequence[str] = ()
    ) -> list[str]:
        """Return a directive."""
        given = [f"   :{option}: {value}".rstrip() for option, value in (options or {}).items()]
        inside = ["", *(f"   {line}".rstrip() for line in body)] if body else []
        return [f".. {name}:: {argument}".rstrip(), *given, *inside]

    def raw_rst(self, body: Sequence[str]) -> list[str]:
        """Return what is written in reStructuredText."""
        return list(body)


def _fence(body: Sequence[str]) -> str:
    """Return a fence that is longer than any within."""
    return "`" * max([3, *(len(run) + 1 for line in body for run in re.findall(r"`{3,}", line))])
