"""What importing the pipeline must not bring along."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Block())
import app.pipeline
"""


def test_no_qt_and_nothing_slow() -> None:
    blocked = {"PyQt6", "torch", "mediapipe", "open3d", "app.ui"}
    program = PROGRAM.format(blocked=blocked) + (
        "\nassert not [each for each in sys.modules if each.startswith('app.ui')]\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
