"""A clip rotated in the picture: people who lie or stand on their heads are lifted as well."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.detection.models import Size
from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Ours, Poses
from app.lifting.clip import Rows
from app.lifting.reading import no_frames
from app.packets import Frame
from app.sources import open_source

TURNS_DEG: Final = (60, 110, 150, 180)
"""Clockwise rotations."""


@dataclass(frozen=True)
class Turned:
    """One lifter at one rotation, compared with the original clip; means over frames and joints."""

    on: str
    method: str
    degrees: int
    joints_mm: float
    """Difference if the joints detected in the upright picture are rotated."""
    pictures_mm: float
    """Difference if pictures are rotated before the detection."""
    somebody: float
    """Fraction of those with a detected person."""


def turned_study(
    spec: str, seconds: float, ours: Sequence[Ours], size: Size, note: Callable[[str], None]
) -> list[Turned]:
    """Rotate the first ``seconds`` of a clip, lift it, and rotate the poses back.

    Args:
        spec: the clip, as given to ``--source``.
        seconds: duration.
        ours: the lifters.
        size: of the detector's model.
        note: called with a line for each rotation.

    Raises:
        SourceError, DetectorError: the clip cannot be read or detected.
    """
    label, frames = _frames(spec, seconds)
    note(f"Any way up: {label}, {seconds:g} s through the detector ...")
    straight = _seen(frames, 0, size)
    rows = []
    for degrees in TURNS_DEG:
        note(f"Any way up: turned by {degrees} degrees ...")
        pictures = _seen(frames, degrees, size)
        somebody = float(np.isfinite(pictures.xy).all(axis=(1, 2)).mean())
        for method in ours:
            upright = _poses(method, straight)
            joints_mm, pictures_mm = (
                _apart_mm(upright, _poses(method, footage) @ about_axis(degrees, 3))
                for footage in (in_turned_picture(straight, degrees), pictures)
            )
            rows.append(Turned(label, method.name, degrees, joints_mm, pictures_mm, somebody))
    return rows


def about_axis(degrees: float, dimensions: int) -> NDArray[np.float64]:
    """Return the clockwise rotation of the picture, x towards y, as a matrix for columns."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.eye(dimensions)
    turn[:2, :2] = [[cosine, -sine], [sine, cosine]]
    return turn


def in_turned_picture(footage: Footage, degrees: float) -> Footage:
    """Return the joints in the picture rotated about its centre."""
    middle = np.array(footage.size) / 2
    xy = (footage.xy - middle) @ about_axis(degrees, 2).T + middle
    world = None if footage.world is None else footage.world @ about_axis(degrees, 3).T
    return replace(footage, xy=xy.astype(np.float32), world=world)


def turned_picture(image: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Return the rotated picture in the centre of a black square that holds it at any angle."""
    height, width = image.shape[:2]
    side = math.ceil(math.hypot(width, height))
    # OpenCV rotates in the opposite direction, and its pixel centres are at integers.
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.uint8)


def _frames(spec: str, seconds: float) -> tuple[str, list[Frame]]:
    frames: list[Frame] = []
    with open_source(spec) as source:
        while (frame := source.read()) is not None:
            if frames and frame.time_s - frames[0].time_s >= seconds:
                break
            frames.append(frame)
        if not frames:
            raise no_frames(source.label)
        return source.label, frames


def _seen(frames: Sequence[Frame], degrees: float, size: Size) -> Footage:
    rows = Rows()
    turned = [replace(frame, image=turned_picture(frame.image, degrees)) for frame in frames]
    with Detector(size) as detector:
        for frame in turned:
            rows.append(detector.detect(frame))
    return Footage.detected(f"{degrees:g}°", turned[0].size, rows.track())


def _poses(method: Ours, footage: Footage) -> Poses:
    answer = method.answer(footage, Material("", (footage,)))
    assert answer is not None
    return answer.poses


def _apart_mm(one: Poses, other: Poses) -> float:
    both = np.isfinite(one).all(axis=(1, 2)) & np.isfinite(other).all(axis=(1, 2))
    distances = np.linalg.norm(one[both] - other[both], axis=-1)
    return float(1000 * distances.mean()) if both.any() else math.nan
