"""Motion capture as training data: clips of the 17 joints in metres, +Y up."""

from models.training.motion.clips import Clip, Pack, derive_midpoints
from models.training.motion.packs import read_pack
from models.training.motion.reading import read_motion

__all__ = ["Clip", "Pack", "derive_midpoints", "read_motion", "read_pack"]
