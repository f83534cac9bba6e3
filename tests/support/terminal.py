"""A terminal for a program to draw on (POSIX)."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.program import Program


class Terminal:
    """A terminal of the program's own, for its standard error and perhaps its input; Ctrl-C reaches
    its children too."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.text = ""

    def close(self) -> None:
        """Take it away, as when its window is closed; idempotent."""
        if self.ours >= 0:
            os.close(self.ours)
        self.ours = -1

    def type(self, text: str) -> None:
        """What somebody types; ``\\n`` is Enter."""
        os.write(self.ours, text.encode())

    @property
    def screen(self) -> list[str]:
        """The rows as one sees them by now, for the few things that the program makes use of."""
        rows: list[list[str]] = [[]]
        row, column, kept = 0, 0, (0, 0)
        for part in re.findall(r"\x1b\[[AKJ]|\x1b[78]|[^\x1b]", self.text):
            if part == "\x1b[A":
                row -= 1
            elif part in ("\x1b[K", "\x1b[J"):
                del rows[row][column:]
                del rows[row + 1 if part.endswith("J") else len(rows) :]
            elif part == "\x1b7":
                kept = row, column
            elif part == "\x1b8":
                row, column = kept
            elif part == "\r":
                column = 0
            elif part == "\n":
                row += 1
            else:
                rows[row] += " " * (column + 1 - len(rows[row]))
                rows[row][column] = part
                column += 1
            rows += [[] for _ in range(row + 1 - len(rows))]
        return ["".join(each).rstrip() for each in rows]

    def read_until(self, pattern: str, timeout_s: float = 60.0) -> None:
        """Read on until ``pattern`` has appeared; "" reads to the end."""
        deadline = time.monotonic() + timeout_s
        while not pattern or not re.search(pattern, self.text):
            ready, _, _ = select.select([self.ours], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"no {pattern!r} within {timeout_s:g} s in {self.text!r}"
            try:
                data = os.read(self.ours, 4096)
            except OSError:  # Linux's way of saying that the other end is closed
                data = b""
            if not data:
                assert not pattern, f"no {pattern!r} in {self.text!r}"
                return
            self.text += data.decode()


@contextmanager
def on_terminal(
    program: Program, *arguments: object, kind: str = ""
) -> Iterator[tuple[Terminal, subprocess.Popen[str]]]:
    """The program with its standard error on a terminal, and its input too if that is of a
    ``kind``, such as "xterm"."""
    terminal = Terminal()
    typed = {"stdin": terminal.theirs, "env": {"TERM": kind}} if kind else {}
    process = program.start(*arguments, stderr=terminal.theirs, start_new_session=True, **typed)
    os.close(terminal.theirs)
    try:
        yield terminal, process
    finally:
        process.kill()
        process.communicate()
        terminal.close()
