"""Real people who stand straight at known moments: estimated flexion of knees and hips."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.detection.models import Size
from app.lab.evaluation.material import EvaluationError
from app.lab.evaluation.methods import DETECTOR_NAME, Ours, Poses
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.reading import detect_clip
from app.sources import open_source
from models.skeleton import JOINT

Moments = Mapping[str, Sequence[tuple[float, float]]]
"""Intervals in seconds in which a person stands straight, by the clip's name."""

MOMENTS: Final = "upright.py"
"""The file next to the clips that defines them, as a dictionary called ``MOMENTS``."""
_AFTER_S: Final = 0.5
_SIDES: Final = ("left", "right")


@dataclass(frozen=True)
class Standing:
    """One moment by one method: degrees, medians over the frames with legs."""

    clip: str
    when: str
    method: str
    knee: float
    """Between thigh and shank, mean of both sides."""
    hip: float
    """Between the trunk and the middle of the thighs."""
    legs: float
    """Fraction of the frames with both legs."""


def standing_study(
    folder: Path,
    ours: Sequence[Ours],
    size: Size,
    note: Callable[[str], None],
    *,
    whole: bool = True,
) -> list[Standing]:
    """Lift the clips for which ``folder`` has moments, as ``lift`` does.

    Args:
        folder: contains ``upright.py``, and the clips, unless they are in ``videos`` next to it.
        ours: the lifters; MediaPipe's world landmarks are added.
        size: of the detector's model.
        note: called with a line for each clip.
        whole: lift whole clips, or only to shortly after the last moment.

    Raises:
        EvaluationError: moments or clips are absent or damaged.
        SourceError, DetectorError: a clip cannot be read, or shows no person.
    """
    rows = []
    for name, moments in read_moments(folder / MOMENTS).items():
        path = _clip(folder, name)
        note(f"People who stand straight: {path.name} through the detector ...")
        seconds = None if whole else max(end for _, end in moments) + _AFTER_S
        with open_source(str(path)) as source, Detector(size) as detector:
            clip = detect_clip(source, detector, seconds=seconds)
        for method, poses in _lifted(clip, ours):
            rows += [_judged(name, moment, method, clip.time_s, poses) for moment in moments]
    return rows


def read_moments(path: Path) -> Moments:
    """Read the moments; the rest of the file is ignored.

    Raises:
        EvaluationError: the file is absent, or contains no moments.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        (found,) = (
            node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MOMENTS"
        )
        moments = ast.literal_eval(found)
        return {
            str(name): [(float(begin), float(end)) for begin, end in each]
            for name, each in moments.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, SyntaxError) as error:
        raise EvaluationError(
            f"{path} does not say when people stand straight: {error}. "
            'Give it a line such as MOMENTS = {"clip": [(5.0, 6.3)]}, in seconds.'
        ) from error


def flexions(poses: Poses) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return flexion of knees and hips in degrees, (N,) each, of (N, 17, 3) joints with NaN."""
    hips, knees, ankles = (
        [poses[:, JOINT[f"{side}_{name}"]] for side in _SIDES] for name in ("hip", "knee", "ankle")
    )
    knee = [_bend(k - h, a - k) for h, k, a in zip(hips, knees, ankles, strict=True)]
    trunk = poses[:, JOINT["pelvis"]] - poses[:, JOINT["thorax"]]
    return np.mean(knee, axis=0), _bend(trunk, np.mean(knees, axis=0) - np.mean(hips, axis=0))


def _bend(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.floating]:
    sine = np.linalg.norm(np.cross(first, second), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (first * second).sum(axis=-1))))


def _clip(folder: Path, name: str) -> Path:
    places = (folder, folder.parent / "videos")
    files = [path for place in places for path in sorted(place.glob("*")) if path.stem == name]
    if not files:
        raise EvaluationError(f"There is no clip {name} in {' or '.join(map(str, places))}.")
    return files[0]


def _lifted(clip: DetectedClip, ours: Sequence[Ours]) -> list[tuple[str, Poses]]:
    lifted: list[tuple[str, Poses]] = []
    for method in ours:
        data = lift_clip(clip, method.lifter)
        poses = np.where(data.missing[..., None], np.nan, data.xyz.astype(np.float64))
        lifted.append((method.name, poses))
    return [*lifted, (DETECTOR_NAME, clip.track.world.astype(np.float64))]


def _judged(
    clip: str,
    moment: tuple[float, float],
    method: str,
    time_s: NDArray[np.floating],
    poses: Poses,
) -> Standing:
    begin, end = moment
    knees, hips = flexions(poses[(time_s >= begin) & (time_s <= end)])
    known = np.isfinite(knees)
    knee, hip = (_median(each[known]) for each in (knees, hips))
    legs = float(known.mean()) if len(known) else 0.0
    return Standing(clip, f"{begin:g} to {end:g} s", method, knee, hip, legs)


def _median(values: NDArray[np.floating]) -> float:
    return float(np.median(values)) if len(values) else math.nan
