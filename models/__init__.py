"""The lifter: skeleton, MixSTE network, weights, and sequence-to-sequence use.

Depends on torch, numpy and safetensors only, and is independent of cameras, windows and the user's
files.  ``app`` imports ``models``, never the other way round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

WEIGHTS_DIR: Final = Path(__file__).resolve().parent.parent / "weights"
"""Folder of the shipped networks, ours and the detector's: next to this package, in a checkout as
in an installation.  Defined here so that no heavy import is needed to know it."""
LARGEST_DELAY: Final = 10
"""Largest number of frames between the newest frame and the one whose pose is shown live."""
ASSUMED_FOCAL: Final = 0.85
"""Focal length over the longer side of the picture if it is not known otherwise: a field of view of
61 degrees, between laptop cameras (about 65 to 75) and phone videos (about 55 to 65)."""
