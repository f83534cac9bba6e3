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
    """Something to evaluate on is absent, damaged, or not what it should be."""


@dataclass(frozen=True, eq=False)
class CameraSetup:
    """How the camera stood, and what lens it had."""

    fov_deg: float
    """Angle that the longer side of the picture spans."""
    height_m: float
    """Of the lens above the floor."""


@dataclass(frozen=True, eq=False)
class Footage:
    """One person seen by one camera without a cut: N frames."""

    group: str
    """The video, person or action it belongs to.  Groups count the same, whatever their length."""
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    time_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where there is none."""
    conf: NDArray[np.float32]
    """(N, 17) in [0, 1]."""
    true: NDArray[np.floating]
    """(N, 17, 3) metres, camera axes; NaN frames are not scored, nor are NaN joints ever."""
    world: NDArray[np.floating] | None = None
    """(N, 17, 3) the detector's own 3D, metres, camera axes, NaN where it found nobody; None where
    the 2D comes from a detector without one."""
    up: NDArray[np.floating] | None = None
    """(3,) the unit vector against gravity in camera axes, where it is known."""
    camera_setup: CameraSetup | None = None
    """The camera, where it is known, and with it ``up``; ``true`` is from its lens then."""
    foot_evidence: NDArray[np.floating] | None = None
    """(N, 4, 6) what the detector found of heels and toes, as ``models.feet`` has it; None where
    their truth is not known."""
    feet: NDArray[np.floating] | None = None
    """(N, 4, 3) where heels and toes truly are, as ``true``; NaN where they are not scored."""
    kind: str = ""
    """Another group it belongs to, which is listed as well and does not count."""

    @classmethod
    def detected(
        cls,
        group: str,
        size: tuple[int, int],
        track: Track,
        true: NDArray[np.floating] | None = None,
        **known: Any,
    ) -> Footage:
        """What the detector saw, of which the truth, (N, 17, 3), and other fields may be known."""
        if true is None:
            true = np.full(track.world.shape, np.nan)
        return cls(
            *(group, size, track.time_s, track.xy, track.conf, true), world=track.world, **known
        )

    @property
    def world_joints(self) -> NDArray[np.floating] | None:
        """(N, 17, 3) the detector's own 3D, metres from its pelvis."""
        return None if self.world is None else about_pelvis(self.world)

    def cut(self, frames: slice) -> Footage:
        """Some of its frames."""
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
        """Its beginning."""
        return self.cut(slice(int(np.searchsorted(self.time_s, self.time_s[0] + seconds))))

    def without(self, joints: Sequence[int]) -> Footage:
        """The same with ``joints`` out of the detector's sight: no place, no confidence."""
        hidden = list(joints)
        xy, conf = self.xy.copy(), self.conf.copy()
        xy[:, hidden], conf[:, hidden] = np.nan, 0.0
        world = None if self.world is None else self.world.copy()
        if world is not None:
            world[:, hidden] = np.nan
        return replace(self, xy=xy, conf=conf, world=world)


@dataclass(frozen=True, eq=False)
class Material:
    """Footage that makes up one part of the table, and how its protocol scores it."""

    title: str
    footage: tuple[Footage, ...]
    joints: tuple[int, ...] = ALL_JOINTS
    pck_joints: tuple[int, ...] | None = None
    root: tuple[int, ...] = (PELVIS,)
    has_rate: bool = True
    """False where nobody knows the frame rate: velocity and jitter mean nothing then."""
    published: bool = False
    """Whether published weights are to be fed as their authors did it."""
    by_group: bool = False
    """Whether the report lists the groups as well."""
    remark: str = ""
    """A sentence without which its figures would mislead."""


def certainty(xy: NDArray[np.floating]) -> NDArray[np.float32]:
    """Confidence where a dataset has none: (N, J, 2) -> (N, J), 1 where a joint has a place."""
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
