"""The lifter: skeleton, MixSTE network, weights, and sequence-to-sequence use.

Depends on torch, numpy and safetensors only; nothing here knows about cameras, windows or files of
the user's.  ``app`` imports ``models``, never the other way round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

WEIGHTS_DIR: Final = Path(__file__).resolve().parent.parent / "weights"
"""Where the shipped networks lie, ours and the detector's: beside this package, in a checkout and
where the program is installed.  Here, so that nothing heavy has to be imported to know it."""
LARGEST_DELAY: Final = 10
"""How many frames a live pose may lie behind the newest one."""
ASSUMED_FOCAL: Final = 0.85
"""Focal length over the longer side of the picture when nothing better is known: 61 degrees,
between a laptop's camera (about 65 to 75) and a phone's video (about 55 to 65)."""
