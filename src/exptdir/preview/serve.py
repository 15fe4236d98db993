"""The preview as a whole: the server, the watcher, the builder and the browsers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from exptdir.preview.browsers import Broadcaster, Browsers, PreviewReport, PreviewState
from exptdir.preview.changes import Changes, Git, survey
from exptdir.preview.http import Guard, application, exists
from exptdir.preview.supervise import Builder, RestartRules, Supervisor
from exptdir.preview.watch import WatchedPlaces, Watcher

if TYPE_CHECKING:
    import uvicorn

#: Seconds that connections have to end.
_PATIENCE = 0.4
#: Windows has no SIGHUP.
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class ServeOptions:
    """What is to be served, and how."""

    #: The directory of the documents, absolute and without links.
    source: Path
    #: The directory of the preview; pages are written to ``html/`` below it.
    output: Path
    #: The command of the builder.
    command: tuple[str, ...]
    conf: str = ""
    #: Directories of the source whose changes mean nothing, besides the output.
    private: tuple[str, ...] = ()
    #: Whether what is below the source directory is watched, not only what is in it.
    deep: bool = True


def serve(wanted: ServeOptions, listening: socket.socket, guard: Guard, report: PreviewReport) -> None:
    """Serve until a signal asks to end: SIGINT, SIGTERM or SIGHUP. The socket, which is bound, is closed then."""
    asyncio.run(_Preview(wanted, guard, report).run(listening))


class _Preview:
    """The parts, and how they hang together."""

    def __init__(self, wanted: ServeOptions, guard: Guard, report: PreviewReport) -> None:
        self._wanted = wanted
        self._report = report
        html = wanted.output / "html"
        self.state = PreviewState(wanted.source, html)
        self.browsers = Browsers(self.state.message, lambda page: exists(self.state, page))
        own = (str(wanted.output), *wanted.private)
        self.places = WatchedPlaces(wanted.source, own, deep=wanted.deep)
        self.changes = Changes(self.places)
        self.app = application(self.state, self.browsers, guard)
        tellers = Broadcaster(self.state, self.browsers, report, self._follow, self.places.ignore)
        self.supervisor = Supervisor(
            Builder(wanted.command, report.printed),
            self.changes,
            tellers,
            lambda: self.browsers.viewed,
            RestartRules(wanted.conf),
            Git(wanted.source),
        )
        self._tasks: set[asyncio.Future[None]] = set()

    async def run(self, listening: socket.socket) -> None:
        """Serve until a signal comes."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            try:
                loop.add_signal_handler(number, stop.set)
            except NotImplementedError:
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set) and None)

        def noted(found: Iterable[tuple[int, str]]) -> None:
            self.changes.note(found, building=self.supervisor.building)
            self.supervisor.wake()

        async def watch_again() -> None:
            # What is no longer watched is, and what has changed meanwhile is looked for.
            await in_thread(lambda: self.watcher.update(anew=True))
            self.changes.look_again([self.places.root])
            self.supervisor.wake()

        async def learn() -> None:
            self.changes.learn(await in_thread(lambda: survey(self.places, [self.places.root])))

        async def work() -> None:
            # The watch comes first: what changes from now on is not missed.
            await in_thread(self.watcher.update)
            await asyncio.gather(self.supervisor.run(), learn())

        self.watcher = Watcher(
            self.places,
            lambda found: _in_loop(loop, noted, found),
            lambda: _in_loop(loop, lambda: self._later(watch_again())),
            lambda text: _in_loop(loop, self._report.note, text),
        )
        server = _uvicorn(self.app)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        working = asyncio.create_task(work())
        stopping = asyncio.create_task(stop.wait())
        try:
            with keys(loop, {b"r": self.supervisor.build_anew}):
                done, _ = await asyncio.wait({serving, working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            self.watcher.stop()
            server.should_exit = True
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            # Clients that do not end their side are not waited for.
            await asyncio.gather(self.supervisor.end(), asyncio.wait({serving}, timeout=_PATIENCE))
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            listening.close()
        for task in done - {stopping}:
            task.result()

    def _follow(self, outside: Iterable[str]) -> None:
        """Watch what lies outside the record and is shown in it."""
        now = frozenset(map(os.path.abspath, outside))
        if now != self.places.outside:
            self.places.outside = now
            self._later(in_thread(self.watcher.update))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextmanager
def keys(loop: asyncio.AbstractEventLoop, actions: Mapping[bytes, Callable[[], None]]) -> Iterator[None]:
    """Have keys of the terminal do something, where there is one."""
    try:
        import termios
        import tty

        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        # One that does not control this process, as under setsid, does not tell either who is in front.
        os.tcgetpgrp(terminal)
    except Exception:
        # No terminal, or Windows, which has no such module. The error of termios is not even an OSError.
        yield
        return

    def is_ours() -> bool:
        # Who runs in the background is stopped when he asks the terminal for anything.
        return os.tcgetpgrp(terminal) == os.getpgrp()

    def read() -> None:
        if is_ours():
            actions.get(os.read(terminal, 1), lambda: None)()

    if is_ours():
        tty.setcbreak(terminal)
    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        if is_ours():
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


async def in_thread(work: Callable[[], _Result]) -> _Result:
    """Do some work in a thread that nobody waits for at the end of the process, unlike those of asyncio."""
    done: concurrent.futures.Future[_Result] = concurrent.futures.Future()
    # Nobody can give it up once it has begun.
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    Thread(target=run, name="exptdir-preview", daemon=True).start()
    return await asyncio.wrap_future(done)


def _in_loop(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *arguments: Any) -> None:
    with suppress(RuntimeError):
        # The loop may have ended.
        loop.call_soon_threadsafe(function, *arguments)


def _uvicorn(app: Any) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """One that leaves signals to us: there is more to end than it knows."""

        def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
            return nullcontext()

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        log_level=logging.ERROR,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=1 << 16,
    )
    return Server(config)
