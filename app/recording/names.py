"""The names of a recording's folder and of its main file."""

from __future__ import annotations

from typing import Final

SUFFIX: Final = ".mixpose"
KEYPOINTS_FILE: Final = "keypoints.bin"
