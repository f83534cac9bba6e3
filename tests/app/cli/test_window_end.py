"""The real program, told to end at whatever moment of its start, ends with 0."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.timing,
    pytest.mark.skipif(
        sys.platform == "linux" and "DISPLAY" not in os.environ, reason="there is no screen"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [2.0, 3.0, 5.0])
def test_sigterm_while_starting(tmp_path: Path, after_s: float) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    window = subprocess.Popen(
        [sys.executable, "run_app.py", "--source", "performer"],
        cwd=REPOSITORY,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after_s)
    window.send_signal(signal.SIGTERM)
    _, said = window.communicate(timeout=20)
    # Before Python listens for signals, the system's own ending is as good.
    assert window.returncode in (0, -signal.SIGTERM), said
    assert after_s < 4 or window.returncode == 0, said
    assert "Traceback" not in said
    assert "terminate called" not in said
