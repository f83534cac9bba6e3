"""Which rooms may know of which: proved by importing them with the others' packages blocked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

_BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")
sys.meta_path.insert(0, Block())
import importlib, pkgutil
def everything(name):
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith(".macos"):  # needs a Mac's own modules
            importlib.import_module(found.name)
for name in {packages!r}:
    everything(name)
"""

OUTSIDE_MODELS = ["PyQt6", "mediapipe", "cv2", "open3d", "app", "cv2_enumerate_cameras"]


@pytest.mark.parametrize(
    ("packages", "blocked"),
    [
        (["models"], OUTSIDE_MODELS),
        (["app.pipeline", "app.sources", "app.detector", "app.recording"], ["PyQt6"]),
        (["app.export", "app.clip", "app.performer", "app.render.client"], ["PyQt6"]),
        (["app.motion"], ["PyQt6", "mediapipe", "cv2", "open3d", "torch"]),
        (["app.live_out"], ["PyQt6", "torch", "pythonosc", "pylsl"]),
        (["app.evaluation"], ["PyQt6", "h5py"]),
        (["app.ui.presenters"], ["open3d", "mediapipe", "torch"]),
    ],
)
def test_room_imports_without(packages: list[str], blocked: list[str]) -> None:
    script = _BLOCK.format(packages=packages, blocked=set(blocked))
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_block_itself_blocks() -> None:
    script = _BLOCK.format(packages=["app.ui.views"], blocked={"PyQt6"})
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert "PyQt6 is blocked" in run.stderr
