"""The detector's output in the frames of a recording, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class KeypointArrays:
    """The detector's output in N recorded frames."""

    index: NDArray[np.int64]
    """(N,) the source's frame numbers; a gap is a damaged row that was left out."""
    time_s: NDArray[np.float64]
    """(N,) seconds since the source's first frame, strictly increasing."""
    captured_unix_s: NDArray[np.float64]
    """(N,) the computer's clock when the frame was captured, seconds since 1970 (UTC)."""
    dropped: NDArray[np.int64]
    """(N,) total number of frames that the source lost before this one."""
    video_frame: NDArray[np.int64]
    """(N,) the picture's number in the video, -1 where it was not kept."""
    tracked: NDArray[np.bool_]
    """(N,) whether a person was detected."""
    landmarks: NDArray[np.float32]
    """(N, 33, 5) x, y and z in pixels, visibility, presence."""
    world: NDArray[np.float32]
    """(N, 33, 3) MediaPipe's world landmarks in metres."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where there are none."""
    conf: NDArray[np.float32]
    """(N, 17) confidence in [0, 1]."""
    person: NDArray[np.int64]
    """(N,) the person of each frame: changes whenever another person is followed."""
    sides_known: NDArray[np.bool_]
    """(N,) whether the user confirmed left and right, which the lifter then does not repair."""
