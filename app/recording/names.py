"""What a recording's folder, and the file by which it is known, are called."""

from __future__ import annotations

from typing import Final

SUFFIX: Final = ".mixpose"
KEYPOINTS_FILE: Final = "keypoints.bin"
