"""The interface of a consumer that gets every live pose."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.packets import Pose3D


class PoseSink(Protocol):
    """Takes poses in the lift thread."""

    def put(self, pose: Pose3D, conf: NDArray[np.float32]) -> None:
        """Take a pose and the (17,) detector's confidence in its joints, left and right repaired.

        Must neither wait nor raise: the next pose is computed after it has returned.
        """
        ...
