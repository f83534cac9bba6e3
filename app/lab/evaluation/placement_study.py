"""Errors of placement in the room: position of the pelvis, the vertical, sliding feet.

Measured on footage whose camera is known, so that nothing is fitted before the comparison.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.processing_study import as_motion
from app.motion.bones import bone_lengths
from app.motion.data import ANKLES, MotionData
from app.motion.placement.lens import Lens
from app.motion.placement.placing import place
from app.motion.placement.scene import Scene
from models.scores import mean_of_known
from models.skeleton import PELVIS

Array = NDArray[np.float64]

STILL_M: Final = 1e-4
"""A foot whose true motion per frame is less is standing."""
CHOICES: Final = (("lens and size", True), ("nothing", False))
"""The given properties of camera and person, as named in the report."""


@dataclass(frozen=True)
class Placing:
    """Errors of placement; means over takes."""

    along_mm: float
    """Error of the pelvis along the line of sight, root mean square over frames."""
    across_mm: float
    """The same across it."""
    alone_mm: float
    """The same along it, if every frame is placed independently."""
    height_mm: float
    """Error of the pelvis' height above the floor, root mean square."""
    tilt_deg: float
    """Angle between the estimated and the true up direction."""
    slide_mm: float
    """Mean movement per frame of feet that truly stand."""
    alone_slide_mm: float
    """The same if every frame is placed independently."""


@dataclass(frozen=True)
class Placed:
    """One lifter on one material."""

    on: str
    method: str
    told: str
    placing: Placing


def placement_study(material: Material, ours: Sequence[Ours]) -> list[Placed]:
    """Return a row for every lifter and each of :data:`CHOICES`; the camera must be known."""
    rows = []
    for method in ours:
        lifted = [(each, as_motion(method, each)) for each in material.footage if each.camera_setup]
        for told, knows in CHOICES:
            takes = [placing(*(told_of(*each) if knows else each)) for each in lifted]
            if takes:
                rows.append(Placed(material.title, method.name, told, _mean(takes)))
    return rows


def told_of(footage: Footage, data: MotionData) -> tuple[Footage, MotionData]:
    """Return ``data`` with the person's true size and the true lens."""
    assert footage.camera_setup is not None
    everything = np.ones(footage.true.shape[:2], bool)
    true, found = bone_lengths(footage.true, everything), bone_lengths(data.xyz, data.seen)
    both = np.isfinite(true) & np.isfinite(found)
    factor = true[both].sum() / found[both].sum() if both.any() else 1.0
    provenance = replace(data.provenance, fov_deg=footage.camera_setup.fov_deg)
    return footage, replace(data, xyz=data.xyz * np.float32(factor), provenance=provenance)


def placing(footage: Footage, data: MotionData) -> Placing:
    """Place ``data``, which was lifted from ``footage``, and compare it with the truth.

    NaN for what is undefined in all frames.  Only frames that are placed count.
    """
    camera_setup, up = footage.camera_setup, footage.up
    assert camera_setup is not None
    assert up is not None
    placed = place(data)
    assert placed.root is not None
    alone = Scene.of(data, Lens.of(data.size, None, data.provenance.fov_deg)).body
    single = np.where(alone.known[:, None], alone.place, np.nan)
    true = footage.true.astype(np.float64)
    along, across = _along_and_across(_from_the_lens(placed) - true[:, PELVIS], true[:, PELVIS])
    along_alone, _ = _along_and_across(single - true[:, PELVIS], true[:, PELVIS])
    height = true[:, PELVIS] @ up + camera_setup.height_m
    feet = np.where(data.missing[:, ANKLES, None], np.nan, data.xyz[:, ANKLES])
    still = np.linalg.norm(np.diff(true[:, ANKLES], axis=0), axis=-1) < STILL_M
    return Placing(
        along_mm=1000 * _rms(along),
        across_mm=1000 * _rms(across),
        alone_mm=1000 * _rms(along_alone),
        height_mm=1000 * _rms(placed.root[:, 1] - height),
        tilt_deg=_tilt(placed, up),
        slide_mm=1000 * _slide(placed.output()[0][:, ANKLES], still),
        alone_slide_mm=1000 * _slide(single[:, None] + feet, still),
    )


def _from_the_lens(placed: MotionData) -> Array:
    """Return the pelvis, (N, 3) metres from the lens, camera axes; NaN where it is not placed."""
    camera = (placed.provenance.placement or {}).get("camera")
    if placed.root is None or not isinstance(camera, dict):
        return np.full((len(placed.time_s), 3), np.nan)
    return np.asarray((placed.root - np.array(camera["position_m"])) @ placed.axes)


def _along_and_across(off: Array, true: Array) -> tuple[Array, Array]:
    """Return the (N,) components of ``off`` along the line of sight to ``true``, and across."""
    ray = true / np.linalg.norm(true, axis=1, keepdims=True)
    along = np.asarray((off * ray).sum(axis=1))
    return along, np.asarray(np.linalg.norm(off - along[:, None] * ray, axis=1))


def _tilt(placed: MotionData, up: NDArray[np.floating]) -> float:
    if placed.root is None or not np.isfinite(placed.root).any():
        return math.nan
    return math.degrees(math.acos(min(1.0, float(placed.axes[1] @ up))))


def _slide(feet: Array, still: NDArray[np.bool_]) -> float:
    """Return the mean movement of (N, 2, 3) feet in (N - 1, 2) intervals in which they stand."""
    return mean_of_known(np.linalg.norm(np.diff(feet, axis=0), axis=-1)[still])


def _rms(values: Array) -> float:
    return math.sqrt(mean_of_known(values**2))


def _mean(takes: Sequence[Placing]) -> Placing:
    names = Placing.__dataclass_fields__
    return Placing(**{name: mean_of_known([getattr(t, name) for t in takes]) for name in names})
