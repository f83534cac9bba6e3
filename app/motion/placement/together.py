"""Several people of one video on one floor, placed relative to each other.

Each is placed alone by :func:`app.motion.placement.placing.place`, at the distance of a person of
the usual height.  The camera is at one height, so it should be equally high above the floor of
each. Where it is not, a person is smaller or larger than the others, or the camera's tilt is wrong,
whose effect grows with the difference of their depths.  The part that is likely due to body size is
corrected by scaling the figure and its distance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import MotionData
from app.motion.ground import PELVIS_M
from models.skeleton import PELVIS

_MAX_HEIGHT_RATIO: Final = 1.7
"""Largest plausible ratio of the camera's heights above the floors of two people: a child of a
metre next to adults.  Beyond, a person stands on something, or was placed wrongly."""
_STATURE_SD: Final = 0.06
"""Relative standard deviation of adults' stature."""
_TILT_SD: Final = math.radians(3.0)
"""Standard deviation of the estimated tilt of the camera."""
_LOW_M: Final = 0.5
"""The height of a camera below this gives no information about the size of people."""
_LEAST_KNOWN: Final = 0.5
"""Least fraction of a person's frames in view in which the position must be known."""
_SPACING_M: Final = 1.0
"""Distance between people whose positions are not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Positions of all in N frames, y up, the floor at 0, their centre at x = z = 0."""

    joints: tuple[NDArray[np.float32], ...]
    """For each person (N, 17, 3) metres; arbitrary where they are missing."""
    feet: tuple[NDArray[np.float32], ...]
    """For each person (N, 4, 3) heels and toes; NaN where they are not known."""
    trusted: bool
    """Whether positions are estimated; otherwise people stand side by side, in picture order."""


def together(motions: Sequence[MotionData]) -> Together:
    """Place the people of one video.

    Args:
        motions: of at least one person, root-relative, with the 2D keypoints they were lifted from;
            all of the same N frames.
    """
    # Imported here: SciPy fails if another thread is importing PyTorch, as when the window starts.
    from app.motion.placement.placing import place

    placed = [place(each) for each in motions]
    views = [_View.of(each) for each in placed]
    known = [each for each in views if each is not None]
    sizes, trusted = _likely_scales(known), len(known) == len(placed) and _heights_agree(known)
    roots = [_interpolated_root(each) for each in placed]
    if trusted:
        for root, view, size in zip(roots, views, sizes, strict=True):
            assert view is not None
            root[:, [0, 2]] = size * (root[:, [0, 2]] - view.camera[[0, 2]])
            root[:, 1] *= size
    else:
        sizes = np.ones(len(placed))
        for root, slot in zip(roots, _picture_order(motions), strict=True):
            root[:, 0], root[:, 2] = slot * _SPACING_M, 0.0
    middle = np.mean([np.median(root, axis=0) for root in roots], axis=0) * (1.0, 0.0, 1.0)
    joints, feet = [], []
    for each, root, size in zip(placed, roots, sizes, strict=True):
        there = (root - middle)[:, None]
        joints.append((size * each.relative() + there).astype(np.float32))
        feet.append((size * each.relative_feet() + there).astype(np.float32))
    return Together(tuple(joints), tuple(feet), trusted)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The camera's position relative to one person."""

    camera: NDArray[np.float64]
    """(3,) position in the room of this person."""
    away_m: float
    """Median distance of the person from it, along the floor."""
    feet_seen: bool

    @classmethod
    def of(cls, placed: MotionData) -> _View | None:
        """Return the view; None where the position is not known most of the time."""
        about = placed.provenance.placement or {}
        camera, floor, root = about.get("camera"), about.get("floor"), placed.root
        if not isinstance(camera, dict) or not isinstance(floor, dict) or root is None:
            return None
        known = np.isfinite(root[:, 0])
        if not placed.tracked.any() or known[placed.tracked].mean() < _LEAST_KNOWN:
            return None
        place = np.array(camera["position_m"], np.float64)
        away = np.linalg.norm((root[known] - place)[:, [0, 2]], axis=1)
        feet_seen = floor["from"] in ("standing feet", "lowest feet")
        return cls(place, float(np.median(away)), feet_seen)


def _comparable(views: Sequence[_View]) -> list[int]:
    """Return the indices of the people whose size can be compared."""
    judged = [index for index, each in enumerate(views) if each.feet_seen]
    lowest = min((float(views[index].camera[1]) for index in judged), default=0.0)
    return judged if len(judged) > 1 and lowest >= _LOW_M else []


def _heights_agree(views: Sequence[_View]) -> bool:
    """Whether the camera heights of all agree, as far as people are of similar size."""
    heights = np.array([views[index].camera[1] for index in _comparable(views)])
    return not len(heights) or float(heights.max() / heights.min()) <= _MAX_HEIGHT_RATIO


def _likely_scales(views: Sequence[_View]) -> NDArray[np.float64]:
    """Return the most likely scale of each person relative to the usual height."""
    sizes, judged = np.ones(len(views)), _comparable(views)
    if not judged:
        return sizes
    heights = np.array([views[index].camera[1] for index in judged])
    usual = np.exp(np.log(heights).mean())
    away = np.array([views[index].away_m for index in judged])
    by_tilt = _TILT_SD * (away - away.mean()) / usual
    likely = _STATURE_SD**2 / (_STATURE_SD**2 + by_tilt**2)
    sizes[judged] = (usual / heights) ** likely
    return sizes


def _picture_order(motions: Sequence[MotionData]) -> NDArray[np.float64]:
    """Return the rank of each person from left to right in the picture: 0, 1, 2 ..."""
    across = [
        float(np.median(each.xy[each.tracked, PELVIS, 0])) if each.tracked.any() else 0.0
        for each in motions
    ]
    return np.argsort(np.argsort(across)).astype(np.float64)


def _interpolated_root(placed: MotionData) -> NDArray[np.float64]:
    """Return (N, 3) positions of the pelvis, interpolated where they are not known."""
    root = np.full((len(placed.time_s), 3), np.nan) if placed.root is None else placed.root.copy()
    known = np.isfinite(root[:, 0])
    if not known.any():
        return np.tile((0.0, PELVIS_M, 0.0), (len(root), 1))
    for axis in range(3):
        root[:, axis] = np.interp(placed.time_s, placed.time_s[known], root[known, axis])
    return root
