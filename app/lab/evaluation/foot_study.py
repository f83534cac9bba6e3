"""Errors of heels and toes: direction of the feet, and ankle angles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import DETECTOR_NAME, Ours
from app.motion.angles import ANGLE, joint_angles
from models.feet import DetectedPoses, find_feet
from models.level import CAMERA_LEVEL

_ANKLES: Final = [ANGLE[f"{side}_ankle_dorsiflexion"] for side in ("left", "right")]


@dataclass(frozen=True)
class FootErrors:
    """Errors of one method on one material, for feet inside the picture."""

    on: str
    method: str
    told: float
    """Fraction of them that are estimated."""
    direction_deg: float
    """Median angle between the true and the estimated direction from heel to toe."""
    ankle_deg: float
    """Mean absolute error of dorsiflexion."""
    ankle_median_deg: float
    feet: int
    """Number of feet inside the picture, over all frames."""


def foot_study(material: Material, ours: Sequence[Ours]) -> list[FootErrors]:
    """Evaluate each lifter, and MediaPipe's world landmarks, on footage with known feet."""
    known = [each for each in material.footage if each.foot_evidence is not None]
    if not known:
        return []
    answers = {
        method.name: [feet_found(method, each) for each in known]
        for method in ours
        if method.lifter.use_depth
    }
    answers[DETECTOR_NAME] = [_said(each) for each in known]
    return [_row(material.title, name, known, found) for name, found in answers.items()]


_Answer = tuple[NDArray[np.floating], NDArray[np.bool_], NDArray[np.floating]]
"""(N, 17, 3) poses, (N, 17) whether joints are missing, (N, 4, 3) heels and toes."""


def feet_found(method: Ours, footage: Footage) -> _Answer:
    """Return the feet estimated from footage with ``foot_evidence``."""
    lifted, world, evidence = method.lifted(footage), footage.world_joints, footage.foot_evidence
    assert world is not None
    assert evidence is not None
    found = find_feet(
        DetectedPoses(footage.xy, footage.conf, world, evidence).repaired(lifted.swapped),
        *(lifted.xyz, lifted.missing, footage.time_s, footage.size),
        up=None if lifted.level is None else lifted.level.up,
    )
    own = np.isfinite(found.conf)[..., None]  # interpolated feet are not evidence of the detector
    return lifted.xyz, lifted.missing, np.where(own, found.xyz, np.nan)


def _said(footage: Footage) -> _Answer:
    world, evidence = footage.world_joints, footage.foot_evidence
    assert world is not None
    assert evidence is not None
    return world, ~np.isfinite(world).all(axis=-1), evidence[..., 3:]


def _row(
    title: str, name: str, footage: Sequence[Footage], answers: Sequence[_Answer]
) -> FootErrors:
    off, ankles, inside = [], [], []
    for each, (poses, missing, feet) in zip(footage, answers, strict=True):
        assert each.feet is not None
        off.append(_between(_ahead(feet), _ahead(each.feet)))
        true = _dorsiflexion(each.true, ~np.isfinite(each.true).all(axis=-1), each.feet)
        ankles.append(np.abs(_dorsiflexion(poses, missing, feet) - true))
        inside.append(np.isfinite(_ahead(each.feet)).all(axis=-1))
    counted = np.concatenate(inside)
    directions, degrees = np.concatenate(off)[counted], np.concatenate(ankles)[counted]
    return FootErrors(
        title,
        name,
        told=float(np.isfinite(directions).mean()),
        direction_deg=float(np.nanmedian(directions)),
        ankle_deg=float(np.nanmean(degrees)),
        ankle_median_deg=float(np.nanmedian(degrees)),
        feet=int(counted.sum()),
    )


def _ahead(feet: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return (N, 2, 3) unit vectors from heel to toe, for (N, 4, 3)."""
    ahead = feet[:, 2:] - feet[:, :2]
    return np.asarray(ahead / np.linalg.norm(ahead, axis=-1, keepdims=True))


def _between(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.floating]:
    cosine = np.clip((one * other).sum(axis=-1), -1.0, 1.0)
    return np.asarray(np.degrees(np.arccos(cosine)))


def _dorsiflexion(
    poses: NDArray[np.floating], missing: NDArray[np.bool_], feet: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Return (N, 2) degrees, independent of the vertical."""
    turn = CAMERA_LEVEL.T
    return joint_angles(poses @ turn, missing, feet @ turn)[:, _ANKLES]
