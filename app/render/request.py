"""What the window sends to the skeleton scene; small, frozen, and cheap to pickle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from app.render.colours import SceneTheme


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One pose, standing in the world."""

    joints: NDArray[np.float32]
    """(17, 3) metres in world axes (y up, the floor at 0); not-drawn joints may be anything."""
    drawn: NDArray[np.bool_]
    """(17,) a bone appears when both its joints do."""
    opacity: NDArray[np.float32]
    """(17,) 0 to 1; less than 1 fades toward the background."""


@dataclass(frozen=True, slots=True)
class SkeletonRequest:
    """One picture of the 3D view."""

    view: View
    theme: SceneTheme
    body: Body | None = None
    """``None`` shows the empty floor."""
