"""Passes on how builds go: to the browsers, and to whoever shows it in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from exptdir.preview.browsers import Browsers
from exptdir.preview.messages import Built, Failed, PagesShown, Progress, Ready, Warned
from exptdir.preview.state import State, text


class Report(Protocol):
    """Who shows it in the terminal."""

    def note(self, text: str) -> None:
        """Show a sentence."""

    def printed(self, line: str) -> None:
        """Show, or leave out, what the builder prints."""

    def begun(self, changed: tuple[str, ...]) -> None:
        """Say that a build begins."""

    def progress(self, text: str, share: float) -> None:
        """Say what it is at, and how far (negative where that is not known)."""

    def built(self, seconds: float, warnings: tuple[Warned, ...], new: tuple[Warned, ...]) -> None:
        """Say that it is done, and what is wrong: in all, and since the last one."""

    def failed(self, failure: Failed) -> None:
        """Say that it failed."""


class Tellers:
    """Keeps the state, and tells of it: see :class:`exptdir.preview.supervise.Audience`.

    Parameters
    ----------
    state
        What is known.
    browsers
        Who is told.
    report
        Who is told in the terminal.
    follow
        Called with the files and directories outside the record that are to be watched.
    """

    def __init__(
        self, state: State, browsers: Browsers, report: Report, follow: Callable[[Iterable[str]], None]
    ) -> None:
        self._state = state
        self._browsers = browsers
        self._report = report
        self._follow = follow

    def begun(self, changed: tuple[str, ...]) -> None:
        """Take note of a build that begins."""
        self._state.build += 1
        self._state.building = True
        self._report.begun(changed)
        self._browsers.tell(self._state.message())

    def heard(self, message: Ready | Progress | PagesShown) -> None:
        """Pass on what the builder says."""
        if isinstance(message, Ready):
            self._state.home, self._state.editor = message.home, message.editor
            self._follow(message.outside)
        elif isinstance(message, Progress):
            self._report.progress(message.text, message.share)
            self._browsers.wake()
        else:
            self._update(message.pages, message.files)

    def built(self, message: Built, *, anew: bool) -> None:
        """Pass on that a build is done."""
        state = self._state
        known = frozenset(state.warnings)
        new = tuple(one for one in message.warnings if one not in known)
        state.warnings, state.seconds, state.failure = message.warnings, message.seconds, None
        state.building, state.ready = False, True
        outside = (one for one in message.modules if not one.startswith(f"{state.source}/"))
        self._follow((*message.outside, *outside))
        self._report.built(message.seconds, message.warnings, new)
        self._browsers.tell(state.message())
        if anew:
            self._browsers.tell({"type": "reload"})
        else:
            self._update(message.pages, message.files)

    def failed(self, message: Failed) -> None:
        """Pass on that it failed."""
        self._state.building, self._state.failure = False, replace(message, modules=(), wrote=())
        self._report.failed(message)
        self._browsers.tell(self._state.message())

    def _update(self, pages: tuple[str, ...], files: tuple[str, ...]) -> None:
        self._browsers.wake()
        if pages or files:
            sources = self._state.sources(pages)
            shown = {"pages": [text(one) for one in pages], "files": [text(one) for one in files]}
            self._browsers.tell({"type": "update", **shown, "sources": sources})
