"""Evaluation material: 2D detections of people, with their true 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import MixposeError
from app.lifting.clip import Track
from models.scores import ALL_JOINTS
from models.skeleton import JOINT, PELVIS, about_pelvis


class EvaluationError(MixposeError):
    """Evaluation data is absent, damaged, or of a wrong kind."""


@dataclass(frozen=True, eq=False)
class CameraSetup:
    """Orientation, lens and height of the camera."""

    fov_deg: float
    """Field of view along the longer side of the picture."""
    height_m: float
    """Height of the lens above the floor."""


@dataclass(frozen=True, eq=False)
class Footage:
    """One person seen by one camera without a cut: N frames."""

    group: str
    """The video, person or action it belongs to.  Groups have equal weights."""
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    time_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where missing."""
    conf: NDArray[np.float32]
    """(N, 17) in [0, 1]."""
    true: NDArray[np.floating]
    """(N, 17, 3) metres, camera axes; NaN frames are not scored, nor are NaN joints ever."""
    world: NDArray[np.floating] | None = None
    """(N, 17, 3) MediaPipe's world landmarks, metres, camera axes, NaN where there is no person;
    None if the 2D is from another detector."""
    up: NDArray[np.floating] | None = None
    """(3,) the unit vector against gravity in camera axes, if known."""
    camera_setup: CameraSetup | None = None
    """The camera, if known (then ``up`` is known too, and ``true`` is relative to its lens)."""
    foot_evidence: NDArray[np.floating] | None = None
    """(N, 4, 6) detections of heels and toes, see ``models.feet``; None if their truth is not
    known."""
    feet: NDArray[np.floating] | None = None
    """(N, 4, 3) true heels and toes, as ``true``; NaN where they are not scored."""
    kind: str = ""
    """Another group it belongs to, which is listed in addition and does not count."""

    @classmethod
    def detected(
        cls,
        group: str,
        size: tuple[int, int],
        track: Track,
        true: NDArray[np.floating] | None = None,
        **known: Any,
    ) -> Footage:
        """Return footage of detections, whose truth, (N, 17, 3), and other fields may be known."""
        if true is None:
            true = np.full(track.world.shape, np.nan)
        return cls(
            *(group, size, track.time_s, track.xy, track.conf, true), world=track.world, **known
        )

    @property
    def world_joints(self) -> NDArray[np.floating] | None:
        """Return MediaPipe's world landmarks, (N, 17, 3) metres from the pelvis."""
        return None if self.world is None else about_pelvis(self.world)

    def cut(self, frames: slice) -> Footage:
        """Return some of its frames."""
        more: dict[str, Any] = {
            name: None if (own := getattr(self, name)) is None else own[frames]
            for name in ("world", "foot_evidence", "feet")
        }
        return replace(
            self,
            time_s=self.time_s[frames],
            xy=self.xy[frames],
            conf=self.conf[frames],
            true=self.true[frames],
            **more,
        )

    def first(self, seconds: float) -> Footage:
        """Return its beginning."""
        return self.cut(slice(int(np.searchsorted(self.time_s, self.time_s[0] + seconds))))

    def without(self, joints: Sequence[int]) -> Footage:
        """Return the same with ``joints`` undetected: no position, no confidence."""
        hidden = list(joints)
        xy, conf = self.xy.copy(), self.conf.copy()
        xy[:, hidden], conf[:, hidden] = np.nan, 0.0
        world = None if self.world is None else self.world.copy()
        if world is not None:
            world[:, hidden] = np.nan
        return replace(self, xy=xy, conf=conf, world=world)


@dataclass(frozen=True, eq=False)
class Material:
    """Footage of one part of the table, and how its protocol scores it."""

    title: str
    footage: tuple[Footage, ...]
    joints: tuple[int, ...] = ALL_JOINTS
    pck_joints: tuple[int, ...] | None = None
    root: tuple[int, ...] = (PELVIS,)
    has_rate: bool = True
    """False if the frame rate is unknown: velocity and jitter are then meaningless."""
    published: bool = False
    """Whether published weights get their input as in their authors' tests."""
    by_group: bool = False
    """Whether the report lists the groups as well."""
    remark: str = ""
    """A sentence without which the figures would be misleading."""


def certainty(xy: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return (N, J) confidences for a dataset without them: 1 where a joint of (N, J, 2) exists."""
    return np.asarray(np.isfinite(xy).all(axis=-1), np.float32)


_SIDES: Final = ("left", "right")
LEGS: Final = tuple(JOINT[f"{side}_{joint}"] for side in _SIDES for joint in ("knee", "ankle"))
RIGHT_ARM: Final = tuple(JOINT[f"right_{joint}"] for joint in ("elbow", "wrist"))
UPPER_BODY: Final = tuple(
    JOINT[name]
    for name in (
        *("spine", "thorax", "nose", "head"),
        *(f"{side}_{joint}" for side in _SIDES for joint in ("shoulder", "elbow", "wrist")),
    )
)
