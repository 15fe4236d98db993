"""What is known of one figure, as a page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: A larger file is named, but no copy of it is put into the site, nor its text on a page.
MAX_OFFERED = 1_000_000


@dataclass(frozen=True)
class Input:
    """A file that a script reads: its path from the source directory and from the script, and whether a copy is
    offered; *owner* is document and label of the experiment that it belongs to, where that is another.
    """

    path: str
    name: str
    offered: bool
    owner: tuple[str, str] | None = None


@dataclass(frozen=True)
class Origin:
    """What is known of one figure.

    Parameters
    ----------
    script, language, args
        What draws it; the script is relative to the source directory.
    digest
        Digest of the script, so that pages are compared without reading it again.
    anchor
        Where on the page the script is shown.
    shown_at
        The same, where another figure of the page has shown it already.
    offered
        Whether the script can be downloaded.
    explained
        Whether all this is shown, or only what is wrong.
    adopted
        Whether it was there before us, so that the script is a guess.
    changed
        The day of its last change, as git has it.
    inputs, more_inputs
        The first of the files that it was drawn from, and how many more there are.
    notes
        Sentences about the inputs.
    mark
        What is wrong with the figure, in a sentence; empty if nothing is.
    fault
        The traceback.
    missing
        Whether there is no figure.
    """

    script: str
    language: str
    args: tuple[str, ...] = ()
    digest: str = ""
    anchor: str = ""
    shown_at: str = ""
    offered: bool = False
    explained: bool = False
    adopted: bool = False
    changed: str = ""
    inputs: tuple[Input, ...] = ()
    more_inputs: int = 0
    notes: tuple[str, ...] = ()
    mark: str = ""
    fault: str = ""
    missing: bool = False


def script_text(path: Path) -> str | None:
    """Return the text of a script as a page shows it; ``None`` where it is gone, too long or no text."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_OFFERED + 1)
    except OSError:
        return None
    if len(content) > MAX_OFFERED or b"\0" in content:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").rstrip("\n")
