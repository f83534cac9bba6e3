"""Keep the output of native libraries off the terminal when used as a library.

``import mixpose`` must print nothing unrequested, but MediaPipe prints a page whenever it starts,
which no setting prevents.  The program's own processes divert all of stderr to their log
(``app.system.logs``); there this makes no difference.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from contextlib import AbstractContextManager, suppress
from typing import Final

from app.detection.shared_block import SharedBlock

_log = logging.getLogger("app.printed")
_STDERR: Final = 2
_READ: Final = 65536
_DRAINED_S: Final = 2.0
_PLACE: Final = rb"\[\w+\.(?:cc|cpp|h):\d+\] "
_NATIVE: Final = re.compile(
    rb"(?:(?:INFO|WARNING): )*" + _PLACE + rb"|INFO: Created TensorFlow"
    rb"|WARNING: (?:Logging before |All log messages before )"
    rb"|[IW]\d{4} [\d:.]+ +\d+ [\w./]+:\d+\] "
)
"""Start of a native line that is not an error; errors stay visible.  Threads write the label, the
text and the end of a line separately, so that their lines may interleave."""
_HEAD: Final = re.compile(rb"(?:INFO|WARNING): |" + _PLACE)
_BEGINS: Final = (b"INFO: ", b"WARNING: ", b"I0", b"I1", b"W0", b"W1", b"[")
_MARK: Final = b"\0mixpose\0"
"""Marks the end of what was printed before; never part of any output."""


class _Sieve:
    """Replaces stderr by a pipe from which everything but native lines is passed on."""

    def __init__(self) -> None:
        self._terminal = os.dup(_STDERR)
        self._read_end, write_end = os.pipe()
        os.dup2(write_end, _STDERR)
        os.close(write_end)
        self._pipe = os.fstat(_STDERR)
        self._drained = threading.Event()
        self._ends_owed = 0
        """Line ends still to come on their own, of lines that another thread has interrupted."""
        threading.Thread(target=self._run, name="native lines", daemon=True).start()

    def end(self) -> None:
        """Restore stderr after everything printed so far has been passed on.

        Does nothing if other code, such as a notebook, has redirected stderr meanwhile.
        """
        try:
            if not os.path.samestat(os.fstat(_STDERR), self._pipe):
                return
        except OSError:  # it was closed
            return
        os.write(_STDERR, _MARK)
        self._drained.wait(_DRAINED_S)
        os.dup2(self._terminal, _STDERR)

    def _run(self) -> None:
        """Read until no writer is left: a process started meanwhile may still write."""
        rest = b""
        while data := os.read(self._read_end, _READ):
            *before, last = (rest + data).split(_MARK)
            for part in before:
                self._pass_on(part, whole=True)
                self._drained.set()
            rest = self._pass_on(last, whole=False)
        self._pass_on(rest, whole=True)
        os.close(self._read_end)
        os.close(self._terminal)

    def _pass_on(self, data: bytes, *, whole: bool) -> bytes:
        """Filter the lines of ``data``; return an incomplete last one that may become native."""
        *lines, last = data.splitlines(keepends=True) or [b""]
        if whole or last.endswith(b"\n") or not _may_become_native(last):
            lines, last = [*lines, last], b""
        kept = []
        for line in lines:
            if _NATIVE.match(line):
                self._ends_owed = max(self._ends_owed + _ends_owed(line), 0)
                _log.info("%s", line.decode(errors="backslashreplace").rstrip())
            elif self._ends_owed and not line.strip():
                self._ends_owed -= 1
            else:
                kept.append(line)
        if others := b"".join(kept):
            _write_all(self._terminal, others)
        return last


class _State:
    """State of this process, shared by all blocks."""

    sieve: _Sieve | None = None


def off_the_terminal() -> AbstractContextManager[None]:
    """Log what native libraries print on stderr during the block, except errors.

    All other output passes unchanged.  Blocks may overlap in several threads.  Does nothing where
    stderr is closed.
    """
    return _BLOCK.entered()


def _begin() -> None:
    if sys.stderr is not None:
        with suppress(OSError):  # no stderr, or no handle left
            _State.sieve = _Sieve()


def _end() -> None:
    if _State.sieve is not None:
        _State.sieve.end()
        _State.sieve = None


_BLOCK: Final = SharedBlock(_begin, _end)


def _ends_owed(line: bytes) -> int:
    """The number of separate line ends that will follow for the labels and texts in this line."""
    texts = [each.startswith(b"[") for each in _HEAD.findall(line)]
    begun = max(sum(texts), len(texts) - sum(texts), 1)
    return int(begun) - 1 - line.startswith(b"[")  # its label was in an earlier line


def _may_become_native(line: bytes) -> bool:
    """Whether this incomplete line may become a native one."""
    return bool(line) and any(line.startswith(each[: len(line)]) for each in _BEGINS)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(handle, data) :]
        except OSError:  # the terminal is gone
            return
