"""The window as a script starts it: ``ready`` on stderr, and a clean end."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.program import Program, wait_for_ready

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


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
