"""The window where there is no screen for it: a sentence says so."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from app.cli.exits import UsageError
from app.cli.window import require_screen
from tests.support.program import Program

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.mark.skipif(sys.platform != "linux", reason="others have a screen or none")
@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "DISPLAY and WAYLAND_DISPLAY are not set"),
        ({"DISPLAY": ":9077"}, "nothing answers at DISPLAY=:9077"),
        ({"DISPLAY": "no display"}, "nothing answers at DISPLAY=no display"),
        ({"WAYLAND_DISPLAY": "wayland-77"}, "nothing answers at WAYLAND_DISPLAY=wayland-77"),
        ({"DISPLAY": ":9077", "QT_QPA_PLATFORM": "xcb"}, "nothing answers at DISPLAY=:9077"),
    ],
    ids=["none", "X", "nonsense", "Wayland", "X, as told"],
)
def test_without_a_screen_that_answers_a_sentence_says_so(
    told: dict[str, str], why: str, program: Program
) -> None:
    none = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"), "")
    ended = program.run("--source", "performer", env=none | told)
    ended.check_refused("There is no screen to open a window on", why, "lift --help")


@pytest.mark.skipif(sys.platform != "linux", reason="others have a screen or none")
def test_a_compositor_that_answers_is_a_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":9077")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-77")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    with pytest.raises(UsageError, match=":9077 or WAYLAND_DISPLAY=wayland-77"):
        require_screen()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-77"))
        server.listen()
        require_screen()
