"""The window as a script starts it: ``ready`` on stderr, and a clean end."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time

import pytest

from tests.support.program import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def wait_for_ready(process: subprocess.Popen[str], timeout_s: float = 120.0) -> None:
    """Read stderr, unbuffered, until the line ``ready``."""
    assert process.stderr is not None
    text, deadline = "", time.monotonic() + timeout_s
    while "ready\n" not in text:
        ready, _, _ = select.select([process.stderr], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"not ready within {timeout_s:g} s: {text!r}"
        data = os.read(process.stderr.fileno(), 4096)
        assert data, f"it ended: {text!r}"
        text += data.decode()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_and_a_clean_end(number: signal.Signals, program: Program) -> None:
    with program.start("--source", "performer", env={"QT_QPA_PLATFORM": "offscreen"}) as process:
        try:
            wait_for_ready(process)
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in err
