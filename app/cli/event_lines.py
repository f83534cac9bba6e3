"""Events marked by lines on standard input: Enter in a terminal, or the lines of a script."""

from __future__ import annotations

import os
import queue
import select
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Final, TextIO

from app.recording.events import Mark

_LOOK_S: Final = 0.2
"""Interval in seconds at which the thread checks whether to end."""
_LONGEST: Final = 4096
"""Bytes of a line that are read; the rest is not part of its label."""
_UNTOLD: Final = 100
"""Maximum number of events read ahead: ``yes |`` must not fill the disk."""


class EventLines:
    """Marks an event for each line on standard input, whose text is the label.

    A separate thread reads, so that an event gets the time at which its line arrived.  Only a
    terminal, a pipe or a socket is read: lines of a file have no time, and belong to the
    loop (``while read ...; done < FILE``) that started the program.
    """

    def __init__(self) -> None:
        self._input = _standard_input()
        self._made: queue.Queue[Mark | None] = queue.Queue(_UNTOLD)
        self._closing = threading.Event()

    @property
    def typed(self) -> bool:
        """Whether the lines are typed in a terminal."""
        return self._input is not None and self._input.isatty()

    @property
    def explained(self) -> str:
        """Instructions to mark events; empty where they cannot be marked."""
        if self._input is None:
            return ""
        if self.typed:
            return "Press Enter to mark an event; what you type before it is its label."
        return "Each line on standard input marks an event; what stands in it is its label."

    def start(self, mark: Callable[[str], Mark | None]) -> None:
        """Begin to read; ``mark`` is called in the reading thread."""
        # A daemon: on Windows a blocking read cannot be interrupted.
        if self._input is not None:
            threading.Thread(
                target=self._run, args=(self._input, mark), name="event-lines", daemon=True
            ).start()

    def made(self) -> Iterator[Mark | None]:
        """The events since the last call; None for a line while nothing was recorded."""
        for _ in range(self._made.qsize()):  # not until it is empty: ``yes |`` fills it for ever
            yield self._made.get()

    def close(self) -> None:
        """Stop reading; does not wait for the thread."""
        self._closing.set()

    def _run(self, source: FileIO, mark: Callable[[str], Mark | None]) -> None:
        if sys.platform != "win32":
            # Reading a terminal from the background stops the whole process, unless the thread that
            # reads has the signal blocked: then the read fails (POSIX, General Terminal Interface,
            # 11.1.4).
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTIN})
        encoding = getattr(sys.stdin, "encoding", None) or "utf-8"
        for line in self._lines(source):
            made = mark(line.decode(encoding, "replace"))
            while not self._closing.is_set():
                try:
                    self._made.put(made, timeout=_LOOK_S)
                except queue.Full:
                    continue
                break

    def _lines(self, source: FileIO) -> Iterator[bytes]:
        begun = b""
        while not self._closing.is_set():
            data = self._read(source)
            if data == b"":
                break
            *whole, begun = (begun + (data or b"")).split(b"\n")
            yield from whole
            begun = begun[:_LONGEST]
        if begun and not self._closing.is_set():
            yield begun

    def _read(self, source: FileIO) -> bytes | None:
        """Return the new bytes; None if there are none yet, b"" at the end of the input."""
        if sys.platform != "win32" and not select.select([source], [], [], _LOOK_S)[0]:
            return None
        if self._closing.is_set():
            return b""
        try:
            data: bytes | None = source.read(_LONGEST)
        except OSError:
            data = b""
        if data == b"" and source.isatty():  # in the background, or Ctrl-D: both can be temporary
            self._closing.wait(_LOOK_S)
            return None
        return data


def described(mark: Mark, at_s: float) -> str:
    """Return ``Event 2 at 12.3 s``, with its label if it has one."""
    usual = f"Event {mark.number}"
    label = "" if mark.label == usual else f": {mark.label}"
    return f"{usual} at {at_s:.1f} s{label}"


def _standard_input() -> FileIO | None:
    """Return standard input if it is a terminal, a pipe or a socket."""
    given: TextIO | None = sys.stdin
    if given is None:  # closed; its descriptor may be another file's by now
        return None
    try:
        # Unbuffered: Python needs a buffer's lock at its end, which a blocking read holds.
        found = open(given.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
        mode = os.fstat(found.fileno()).st_mode
    except (OSError, ValueError):
        return None
    live = found.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    return found if live else None
