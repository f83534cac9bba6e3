"""Several people of one video on one floor, placed relative to each other.

Each is placed alone, as :func:`app.motion.placement.placing.place` does: as far away as somebody of
the usual height would be.  Since one camera has seen all of them, it is equally high above the
floor of each.  Where it seems not to be, somebody is smaller or larger than the others, or the
camera's tilt is wrong, which matters more the farther apart in depth they are; what is likely the
first is put right by making their figure smaller or larger, and nearer or farther.
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

_UNLIKE: Final = 1.7
"""How many times as high above one person's floor as above the others' the camera may seem: a child
of a metre beside grown-ups.  Beyond, somebody stands on something, or was placed wrongly."""
_STATURE_SD: Final = 0.06
"""Of grown-ups' statures, as a share."""
_TILT_SD: Final = math.radians(3.0)
"""Of the camera's tilt as it is found."""
_LOW_M: Final = 0.5
"""Of a camera below this, how high it is says nothing of how large people are."""
_LEAST_KNOWN: Final = 0.5
"""Of the frames in which somebody is in view, in how many their place must be known."""
_BESIDE_M: Final = 1.0
"""How far apart people are put whose places are not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Where all are in N frames, y up, the floor at 0, the middle between them at x = z = 0."""

    joints: tuple[NDArray[np.float32], ...]
    """Of each (N, 17, 3) metres; anything where they are missing."""
    feet: tuple[NDArray[np.float32], ...]
    """Of each (N, 4, 3) heels and toes; NaN where they are not known."""
    trusted: bool
    """Whether they stand where they were filmed; otherwise side by side, in the picture's order."""


def together(motions: Sequence[MotionData]) -> Together:
    """Place people of one video.

    Args:
        motions: of each, root-relative, with the 2D they were lifted from; of the same N frames,
            and of at least one person.
    """
    # Not when the window starts: SciPy stumbles over a PyTorch that another thread is importing.
    from app.motion.placement.placing import place

    placed = [place(each) for each in motions]
    views = [_View.of(each) for each in placed]
    known = [each for each in views if each is not None]
    sizes, trusted = _sizes(known), len(known) == len(placed) and _alike(known)
    roots = [_everywhere(each) for each in placed]
    if trusted:
        for root, view, size in zip(roots, views, sizes, strict=True):
            assert view is not None
            root[:, [0, 2]] = size * (root[:, [0, 2]] - view.camera[[0, 2]])
            root[:, 1] *= size
    else:
        sizes = np.ones(len(placed))
        for root, slot in zip(roots, _slots(motions), strict=True):
            root[:, 0], root[:, 2] = slot * _BESIDE_M, 0.0
    middle = np.mean([np.median(root, axis=0) for root in roots], axis=0) * (1.0, 0.0, 1.0)
    joints, feet = [], []
    for each, root, size in zip(placed, roots, sizes, strict=True):
        there = (root - middle)[:, None]
        joints.append((size * each.turned() + there).astype(np.float32))
        feet.append((size * each.turned_feet() + there).astype(np.float32))
    return Together(tuple(joints), tuple(feet), trusted)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """How the camera stands to one of them."""

    camera: NDArray[np.float64]
    """(3,) in the room of this person."""
    away_m: float
    """How far they typically are from it, along the floor."""
    feet_seen: bool

    @classmethod
    def of(cls, placed: MotionData) -> _View | None:
        """None where their place is not known for most of the time."""
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


def _judged(views: Sequence[_View]) -> list[int]:
    """Of whom it can be told how large they are."""
    judged = [index for index, each in enumerate(views) if each.feet_seen]
    lowest = min((float(views[index].camera[1]) for index in judged), default=0.0)
    return judged if len(judged) > 1 and lowest >= _LOW_M else []


def _alike(views: Sequence[_View]) -> bool:
    """Whether they agree on how high the camera is, as far as people are equally large."""
    heights = np.array([views[index].camera[1] for index in _judged(views)])
    return not len(heights) or float(heights.max() / heights.min()) <= _UNLIKE


def _sizes(views: Sequence[_View]) -> NDArray[np.float64]:
    """Of each how many times as large as was assumed they likely are."""
    sizes, judged = np.ones(len(views)), _judged(views)
    if not judged:
        return sizes
    heights = np.array([views[index].camera[1] for index in judged])
    usual = np.exp(np.log(heights).mean())
    away = np.array([views[index].away_m for index in judged])
    by_tilt = _TILT_SD * (away - away.mean()) / usual
    likely = _STATURE_SD**2 / (_STATURE_SD**2 + by_tilt**2)
    sizes[judged] = (usual / heights) ** likely
    return sizes


def _slots(motions: Sequence[MotionData]) -> NDArray[np.float64]:
    """Of each a number: 0, 1, 2 ... from the left of the picture to its right."""
    across = [
        float(np.median(each.xy[each.tracked, PELVIS, 0])) if each.tracked.any() else 0.0
        for each in motions
    ]
    return np.argsort(np.argsort(across)).astype(np.float64)


def _everywhere(placed: MotionData) -> NDArray[np.float64]:
    """(N, 3) the pelvis, where it is not known on the way between where it is."""
    root = np.full((len(placed.time_s), 3), np.nan) if placed.root is None else placed.root.copy()
    known = np.isfinite(root[:, 0])
    if not known.any():
        return np.tile((0.0, PELVIS_M, 0.0), (len(root), 1))
    for axis in range(3):
        root[:, axis] = np.interp(placed.time_s, placed.time_s[known], root[known, axis])
    return root
