"""The packets that travel between the stages: picture, 2D keypoints, and lifted pose.

All are frozen; receivers must treat the arrays as read-only.  ``time_s`` is in seconds from the
source's first frame, by the capture clock or the file's own timestamps.  The ``*_at`` timestamps
are ``time.perf_counter()`` seconds, from which latencies are computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.feet import unseen_feet
from models.level import CAMERA_LEVEL, Level
from models.skeleton import FOOT_JOINT_COUNT, world_joints


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture as the source delivered it, upright and never mirrored."""

    index: int
    """0, 1, 2 … over the frames the reader delivered; frames lost before that leave no gap."""
    time_s: float
    """Strictly increasing."""
    image: NDArray[np.uint8]
    """(height, width, 3) RGB, C-contiguous."""
    captured_at: float

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class PeopleInView:
    """The tracked person's identity, and the other people in the picture."""

    others: tuple[tuple[float, float, float, float], ...] = ()
    """Left, top, right and bottom in pixels of each person who is not tracked."""
    hidden: bool = False
    """The tracked person is not visible, while another person is."""
    followed: int = 0
    """Number of the tracked person in this run; increases when another person is tracked."""
    chosen: bool = True
    """False if this person is tracked because the previous one was lost."""


ALONE: Final = PeopleInView()
OTHER_PERSON: Final = "Another person"
"""Label of the event at which tracking changes to another person."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonDetection:
    """The detection of one of several people in one frame."""

    number: int
    """Number of the continuous track; counts up."""
    xy: NDArray[np.float32]
    """(17, 2) joints in pixels."""
    conf: NDArray[np.float32]
    """(17,) confidence in [0, 1]."""
    world: NDArray[np.float32]
    """(17, 3) MediaPipe's world landmarks as joints, metres from the pelvis."""
    feet: NDArray[np.float32]
    """(4, 6) the detector's output for heels and toes, see :func:`models.feet.foot_evidence`."""
    clothes: NDArray[np.float64]
    """(2, 3) CIELAB colours of trunk and thighs; NaN where they are hidden or out
    of the picture."""
    checks: tuple[int, int] = (0, 0)
    """How often it was confirmed, and denied, to be a person since the previous detection."""


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints2D:
    """The detector's output for one frame."""

    index: int
    time_s: float
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    tracked: bool
    """Whether a person was detected; if not, coordinates are NaN and confidences 0."""
    landmarks: NDArray[np.float32]
    """(33, 5): x, y in pixels, z in pixels relative to the hips, visibility, presence."""
    world: NDArray[np.float32]
    """(33, 3): MediaPipe's world landmarks, metres, hips at the origin, camera axes."""
    xy: NDArray[np.float32]
    """(17, 2) joints in pixels."""
    conf: NDArray[np.float32]
    """(17,) confidence in [0, 1]."""
    captured_at: float
    detected_at: float
    people_in_view: PeopleInView = ALONE
    feet: NDArray[np.float32] = field(default_factory=unseen_feet)
    """(4, 6) the detector's output for heels and toes, see :func:`models.feet.foot_evidence`."""
    everybody: tuple[PersonDetection, ...] = ()
    """All people in the frame, if all are tracked; the other fields are of no person then."""

    @property
    def world_joints(self) -> NDArray[np.float32]:
        """(17, 3) world landmarks as joints, metres from the pelvis; NaN without a person."""
        return world_joints(self.world).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pose3D:
    """The lifted pose of one source frame."""

    index: int
    time_s: float
    xyz: NDArray[np.float32]
    """(17, 3) metres; x right, y down, z away from the camera; pelvis at the origin; finite."""
    filled: NDArray[np.bool_]
    """(17,) joints not seen in this frame but interpolated from frames nearby."""
    missing: NDArray[np.bool_]
    """(17,) joints neither seen nor interpolated: not to be drawn or exported."""
    captured_at: float
    detected_at: float
    lifted_at: float
    level: Level | None = None
    """The camera's orientation relative to gravity, as far as it is known by then."""
    feet: NDArray[np.float32] | None = None
    """(4, 3) heels and toes as :data:`models.skeleton.FOOT_JOINT_NAMES`, as ``xyz``; NaN where they
    are not reliable.  None if feet were not estimated."""
    feet_conf: NDArray[np.float32] | None = None
    """(4,) the detector's confidence in each, NaN where the foot is interpolated or carried
    forward; given with ``feet``."""
    feet_opacity: NDArray[np.float32] | None = None
    """(4,) opacity of each when drawn, see :attr:`models.feet.Feet.opacity`; None: all opaque."""

    @property
    def upright(self) -> NDArray[np.float32]:
        """(17, 3) the pose in view axes: x right, y up, z toward the camera, levelled if the
        camera's tilt is known."""
        return self._upright(self.xyz)

    @property
    def upright_feet(self) -> NDArray[np.float32]:
        """(4, 3) heels and toes likewise; NaN where they are not known."""
        return self._upright(
            np.full((FOOT_JOINT_COUNT, 3), np.nan) if self.feet is None else self.feet
        )

    def _upright(self, points: NDArray[np.floating]) -> NDArray[np.float32]:
        axes = CAMERA_LEVEL if self.level is None else self.level.view_axes
        return np.asarray(points @ axes.T, np.float32)
