"""Errors of gait parameters: captured walkers, with simulated detections.

Their true gait is computed from the motion capture, by the ankles' turning points relative to the
pelvis; that of the poses as for a report (``app.motion.measures.gait``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from app.lab.evaluation.material import CameraSetup, EvaluationError, Footage
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.placement_study import told_of
from app.lab.evaluation.processing_study import as_motion
from app.motion.data import ANKLES
from app.motion.measures.gait import Gait, find_gait
from app.motion.processing import process
from app.motion.processing_options import Processing
from models.skeleton import PELVIS
from models.training import detector_model
from models.training.motion import Clip, Pack, read_motion

Array = NDArray[np.float64]

_SIZE: Final = (1920, 1080)
_FOV_DEG: Final = 61.0
_SLOPE: Final = math.tan(math.radians(_FOV_DEG / 2))
"""Tangent of half the field of view along the picture's longer side."""
_RATE: Final = 30.0
_LEAST_S, _MOST_S = 3.0, 8.0
_SPEED_M_S: Final = (0.7, 2.2)
"""Slower people stand about, faster ones run."""
_MOST_TURN: Final = 0.6
"""Largest change of direction in radians of a straight walk."""
_SWING_M: Final = 0.15
_FLOOR: Final = [0, 2]
"""The horizontal axes."""


@dataclass(frozen=True)
class GaitErrors:
    """Mean absolute errors over walks."""

    method: str
    walks: int
    found: int
    """Number of walks with two consecutive strides."""
    cadence_pct: float
    stride_pct: float
    stride_cm: float
    width_cm: float


@dataclass(frozen=True)
class Walk:
    """A straight walk in front of a camera that has it in view completely."""

    true: Array
    """(N, 17, 3) metres, +Y up, at 30 frames/s."""
    footage: Footage
    """With simulated detections."""


@dataclass(frozen=True)
class TrueGait:
    """True gait parameters, means over all strides."""

    stride_s: float
    stride_m: float
    width_m: float


def gait_study(folder: Path, ours: Sequence[Ours], most: int | None = None) -> list[GaitErrors]:
    """Return the errors of each lifter on at ``most`` so many walks of a folder of motion.

    Raises:
        EvaluationError: there is no walk in that motion.
        MixposeError: it cannot be read.
    """
    walks = captured_walks(read_motion(folder))[:most]
    if not walks:
        raise EvaluationError(f"Nobody walks for {_LEAST_S:g} s on end in the motion in {folder}.")
    return [_errors(method, walks) for method in ours]


def captured_walks(packs: Sequence[Pack]) -> list[Walk]:
    """Yield the walks in all motion, each with another camera at the side, 0.8 to 2.2 m high."""
    rng = np.random.default_rng(0)
    walks = [walk for pack in packs for clip in pack.clips for walk in _walks_in(clip)]
    return [_filmed(walk, rng, seed) for seed, walk in enumerate(walks)]


def true_gait(true: Array) -> TrueGait:
    """Compute gait from motion capture, (N, 17, 3) metres, +Y up, at 30 frames/s."""
    pelvis = true[:, PELVIS]
    ahead = (pelvis[-1] - pelvis[0]) * (1, 0, 1)
    ahead /= np.linalg.norm(ahead)
    aside = np.array([-ahead[2], 0.0, ahead[0]])
    ankles = true[:, ANKLES] - pelvis[:, None]
    seconds, metres, widths = [], [], []
    for along in (ankles @ ahead).T:
        rows, _ = find_peaks(
            gaussian_filter1d(along, 1.0), distance=0.6 * _RATE, prominence=_SWING_M
        )
        for first, second in pairwise(rows.tolist()):
            seconds.append((second - first) / _RATE)
            metres.append(float(np.linalg.norm((pelvis[second] - pelvis[first])[_FLOOR])))
            widths.append(abs(float((ankles[second, 0] - ankles[second, 1]) @ aside)))
    return TrueGait(*(float(np.mean(each)) for each in (seconds, metres, widths)))


def _errors(method: Ours, walks: Sequence[Walk]) -> GaitErrors:
    off = []
    for walk in walks:
        _, motion = told_of(walk.footage, as_motion(method, walk.footage))
        gait = find_gait(process(motion, Processing(room=True, smooth_hz=6.0)))
        if gait is not None:
            off.append(_compared(gait, true_gait(walk.true)))
    means = np.abs(off).mean(axis=0).tolist() if off else 4 * [math.nan]
    return GaitErrors(method.name, len(walks), len(off), *means)


def _compared(gait: Gait, true: TrueGait) -> tuple[float, float, float, float]:
    length = float(np.mean([stride.length_m for stride in gait.strides]))
    width = float(np.mean([stride.width_m for stride in gait.strides]))
    return (
        100 * (gait.cadence * true.stride_s / 120.0 - 1.0),
        100 * (length / true.stride_m - 1.0),
        100 * (length - true.stride_m),
        100 * (width - true.width_m),
    )


def _walks_in(clip: Clip) -> Iterator[Array]:
    xyz, rate = clip.xyz.astype(np.float64), clip.rate
    if len(xyz) < _LEAST_S * rate:
        return
    way = gaussian_filter1d(xyz[:, PELVIS][:, _FLOOR], 0.2 * rate, axis=0)
    velocity = np.gradient(way, axis=0) * rate
    speed = np.linalg.norm(velocity, axis=1)
    heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0]))
    slow, fast = _SPEED_M_S
    walking = np.concatenate([[0], ((speed > slow) & (speed < fast)).astype(int), [0]])
    for start, stop in np.flatnonzero(np.diff(walking)).reshape(-1, 2):
        end = min(stop, start + int(_MOST_S * rate))
        if end - start < _LEAST_S * rate or np.ptp(heading[start:end]) > _MOST_TURN:
            continue
        place = np.arange(start, end - 1, rate / _RATE)
        lower = place.astype(int)
        share = (place - lower)[:, None, None]
        yield (1 - share) * xyz[lower] + share * xyz[lower + 1]


def _filmed(true: Array, rng: np.random.Generator, seed: int) -> Walk:
    pelvis = true[:, PELVIS]
    floor = true[:, ANKLES, 1].min() - 0.08
    middle = (pelvis.min(axis=0) + pelvis.max(axis=0)) / 2
    ahead = (pelvis[-1] - pelvis[0]) * (1, 0, 1)
    length = np.linalg.norm(ahead)
    ahead = ahead / length
    aside = rng.choice([-1, 1]) * np.array([-ahead[2], 0, ahead[0]])
    angle = np.radians(rng.uniform(-50, 50))
    away = max(3.0, 0.62 * length / _SLOPE + 0.8)
    eye = middle + away * (np.cos(angle) * aside + np.sin(angle) * ahead)
    eye[1] = floor + rng.uniform(0.8, 2.2)
    look = np.array([middle[0], floor + 0.9, middle[2]]) - eye
    look /= np.linalg.norm(look)
    right = np.cross(look, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(look, right), look])
    setup = CameraSetup(fov_deg=_FOV_DEG, height_m=float(eye[1] - floor))
    return Walk(true, _seen((true - eye) @ axes.T, axes[:, 1], setup, seed))


def _seen(true: Array, up: Array, setup: CameraSetup, seed: int) -> Footage:
    """Return simulated detections of (N, 17, 3) metres in camera axes."""
    camera = torch.tensor(true, dtype=torch.float32)[None]
    image = camera[..., :2] / camera[..., 2:]
    frame = torch.tensor([[_SLOPE, _SLOPE * _SIZE[1] / _SIZE[0]]], dtype=torch.float32)
    view = detector_model.look(camera, image, frame, torch.tensor([2]))
    answer = detector_model.fitted().answer(view, image, torch.Generator().manual_seed(seed))
    xy = answer.image[0].numpy() * (_SIZE[0] / 2 / _SLOPE) + np.array(_SIZE) / 2
    return Footage(
        group="captured walk",
        size=_SIZE,
        time_s=np.arange(len(true)) / _RATE,
        xy=xy.astype(np.float32),
        conf=answer.conf[0].numpy(),
        true=true,
        world=answer.world[0].numpy(),
        up=up,
        camera_setup=setup,
    )
