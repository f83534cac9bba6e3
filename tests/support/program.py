"""The program as a user starts it: ``run_app.py`` in a process of its own, or its ``main`` here."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import in_process

RUN_APP = Path(__file__).resolve().parents[2] / "run_app.py"
LIFT = ("lift", "--detector", "lite")
RECORD = ("record", "--detector", "lite")
"""For tests to which it does not matter how well a person is seen: the quickest model."""


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    def check_refused(self, *words: str) -> None:
        """It must have ended with 2 and one line on stderr that has all ``words`` in it."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.count("\n") == 1, self
        assert self.err.startswith("mixpose: "), self
        for word in words:
            assert word in self.err, self


@dataclass(frozen=True)
class Program:
    """Starts the program with a home of its own, so that no test touches the user's log."""

    home: Path
    command: tuple[str, ...] = (sys.executable, str(RUN_APP))
    folder: Path = RUN_APP.parent
    """Where it is started."""

    @property
    def log_text(self) -> str:
        return "".join(path.read_text() for path in self.home.rglob("mixpose.log"))

    def start(self, *arguments: object, code: str | None = None, **options: Any) -> Popen:
        """Start it with pipes; ``code`` is run in its place."""
        begin = self.command if code is None else (sys.executable, "-c", code)
        defaults = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": self.folder,
            "text": True,
        }
        environment = self._environment() | options.pop("env", {})
        command = [*begin, *map(str, arguments)]
        return subprocess.Popen(command, env=environment, **(defaults | options))

    def run(self, *arguments: object, timeout_s: float = 120, **options: Any) -> Ended:
        """Run it in a process of its own to its end."""
        with self.start(*arguments, **options) as process:
            try:
                out, err = process.communicate(timeout=timeout_s)
            finally:
                process.kill()
        return Ended(process.returncode, out or "", err or "")

    def call(self, *arguments: object, folder: Path | None = None, **more: str) -> Ended:
        """Run the same ``main`` in this process to its end, see ``in_process``.

        Args:
            arguments: as one types them.
            folder: where; as the program is started if it is not given.
            more: variables of the environment.
        """
        environment = self._environment() | more
        return Ended(*in_process.call([*map(str, arguments)], environment, folder or self.folder))

    def _environment(self) -> dict[str, str]:
        outside = {name: value for name, value in os.environ.items() if not _personal(name)}
        return outside | {"HOME": str(self.home)}


Popen = subprocess.Popen


def wait_for_ready(process: Popen, timeout_s: float = 120.0) -> None:
    """Read a window's stderr, unbuffered, until the line ``ready``.  POSIX only."""
    assert process.stderr is not None
    text, deadline = "", time.monotonic() + timeout_s
    while "ready\n" not in text:
        ready, _, _ = select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"not ready within {timeout_s:g} s: {text!r}"
        data = os.read(process.stderr.fileno(), 4096)
        assert data, f"it ended: {text!r}"
        text += data.decode()


def _personal(name: str) -> bool:
    return name.startswith(("XDG_", "QT_")) or name in ("DISPLAY", "WAYLAND_DISPLAY")
