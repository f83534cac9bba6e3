"""Errors of ranges of motion, and of differences of the two sides, as in a report.

The values in :mod:`app.motion.measures.ranges` are from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.lab.evaluation.foot_study import feet_found
from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Ours
from app.motion.angles import ANGLE, ANGLES, continued, joint_angles
from app.motion.measures.ranges import movement, ranges

Array = NDArray[np.float64]

_OFTEN: Final = 90.0
"""Percent of takes with smaller errors."""
_FEWEST: Final = 8
"""Minimum number of frames in which an angle is known, and of takes in which it is."""
_UP: Final = (0.0, 1.0, 0.0)


@dataclass(frozen=True)
class RangeErrors:
    """Errors of one movement by one method on one material, in degrees."""

    on: str
    method: str
    name: str
    angle: float
    """Mean absolute error of the angle."""
    width: float
    """Nine in ten ranges have smaller errors."""
    difference: float
    """The same for differences of left and right; NaN for angles without sides."""
    takes: int


def range_study(material: Material, ours: Sequence[Ours]) -> list[RangeErrors]:
    """Evaluate each lifter that estimates the vertical, on takes with known feet and vertical."""
    known = [each for each in material.footage if each.feet is not None and each.up is not None]
    rows: list[RangeErrors] = []
    for method in ours:
        if method.lifter.use_depth and known:
            pairs = [_angles(method, each) for each in known]
            rows += compared(material.title, method.name, pairs)
    return rows


def _angles(method: Ours, footage: Footage) -> tuple[Array, Array]:
    """Return (N, A) estimated and true angles, NaN where either is not known."""
    poses, missing, feet = feet_found(method, footage)
    level = method.lifted(footage).level
    assert footage.up is not None
    assert footage.feet is not None
    found = _upright(poses, missing, feet, footage.up if level is None else level.up)
    true = _upright(footage.true, ~np.isfinite(footage.true).all(axis=-1), footage.feet, footage.up)
    unknown = np.isnan(found + true)
    return tuple(  # type: ignore[return-value]
        continued(np.where(unknown, np.nan, each), footage.time_s) for each in (found, true)
    )


def _upright(
    poses: NDArray[np.floating],
    missing: NDArray[np.bool_],
    feet: NDArray[np.floating],
    up: NDArray[np.floating],
) -> Array:
    turn = Rotation.align_vectors([_UP], [up])[0].as_matrix().T
    return joint_angles(poses.astype(np.float64) @ turn, missing, feet.astype(np.float64) @ turn)


def compared(on: str, method: str, pairs: Sequence[tuple[Array, Array]]) -> list[RangeErrors]:
    """Return a row for each movement known in enough takes.

    Args:
        on: the material.
        method: name of the lifter.
        pairs: for each take the estimated and the true angles, (N, A) degrees in the order of
            ``app.motion.angles.ANGLES``, NaN where either is not known.
    """
    off: dict[str, list[float]] = {movement(angle.name): [] for angle in ANGLES}
    widths: dict[str, list[float]] = {name: [] for name in off}
    differences: dict[str, list[float]] = {name: [] for name in off}
    for found, true in pairs:
        wrong = _range_errors(found, true)
        for angle, error in wrong.items():
            apart = np.abs((found - true)[:, ANGLE[angle]] + 180.0) % 360.0 - 180.0
            off[movement(angle)].append(float(np.nanmean(np.abs(apart))))
            widths[movement(angle)].append(abs(error))
            other = angle.replace("left_", "right_")
            if other != angle and other in wrong:
                differences[movement(angle)].append(abs(error - wrong[other]))
    return [
        RangeErrors(
            on,
            method,
            name,
            angle=float(np.mean(off[name])),
            width=_often(widths[name]),
            difference=_often(differences[name]),
            takes=len(widths[name]),
        )
        for name in off
        if len(off[name]) >= _FEWEST
    ]


def _range_errors(found: Array, true: Array) -> dict[str, float]:
    """Return by how much the range of each angle is too wide."""
    enough = np.isfinite(found).sum(axis=0) >= _FEWEST
    lifted, actual = (ranges(np.where(enough, each, np.nan)) for each in (found, true))
    return {name: each.width - actual[name].width for name, each in lifted.items()}


def _often(errors: Sequence[float]) -> float:
    return float(np.percentile(errors, _OFTEN)) if len(errors) >= _FEWEST else float("nan")
