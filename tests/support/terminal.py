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
    """A terminal of the program's own, for its standard error; Ctrl-C reaches its children too."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.text = ""

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
    program: Program, *arguments: object
) -> Iterator[tuple[Terminal, subprocess.Popen[str]]]:
    terminal = Terminal()
    process = program.start(*arguments, stderr=terminal.theirs, start_new_session=True)
    os.close(terminal.theirs)
    try:
        yield terminal, process
    finally:
        process.kill()
        process.communicate()
        os.close(terminal.ours)
