"""Captured people who walk, as the detector says a camera sees them, and their true gait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from app.motion.data import MotionData, Provenance
from app.motion.measures.gait import find_gait
from app.motion.processing import process
from app.motion.processing_options import Processing
from models.lifter import Lifter
from models.skeleton import JOINT, PELVIS
from models.training import detector_model
from models.training.motion import Clip, read_motion

Array = NDArray[np.float64]

SIZE = (1920, 1080)
_HALF = np.tan(np.radians(30.5))
"""Half of what the longer side spans, as a slope: the lens that is assumed."""
_RATE = 30.0
_LEAST_S, _MOST_S = 3.0, 8.0
_FLOOR = [0, 2]


@dataclass(frozen=True)
class Walk:
    """Somebody who walks straight on, before a camera that sees the whole of it."""

    true: Array
    """(N, 17, 3) metres, +Y up, at 30 frames/s."""
    camera: Array
    """(N, 17, 3) metres in camera axes."""
    seed: int


def captured_walks(shared: Path) -> list[Walk]:
    """Of all motion, the validation's and the training's."""
    rng = np.random.default_rng(0)
    clips = [clip for pack in read_motion(shared / "mocap") for clip in pack.clips]
    walks = [walk for clip in clips for walk in _in(clip)]
    return [_filmed(walk, rng, seed) for seed, walk in enumerate(walks)]


def errors(walk: Walk) -> tuple[float, float] | None:
    """Relative errors of cadence and of stride length; None if no gait is found."""
    gait = find_gait(_measured(walk))
    if gait is None:
        return None
    seconds, metres = _true_strides(walk.true)
    length = float(np.mean([stride.length_m for stride in gait.strides]))
    return gait.cadence * seconds / 120.0 - 1.0, length / metres - 1.0


def _in(clip: Clip) -> Iterator[Array]:
    xyz, rate = clip.xyz.astype(np.float64), clip.rate
    if len(xyz) < _LEAST_S * rate:
        return
    way = gaussian_filter1d(xyz[:, PELVIS][:, _FLOOR], 0.2 * rate, axis=0)
    velocity = np.gradient(way, axis=0) * rate
    speed = np.linalg.norm(velocity, axis=1)
    heading = np.unwrap(np.arctan2(velocity[:, 1], velocity[:, 0]))
    walking = np.concatenate([[0], ((speed > 0.7) & (speed < 2.2)).astype(int), [0]])
    for start, stop in np.flatnonzero(np.diff(walking)).reshape(-1, 2):
        end = min(stop, start + int(_MOST_S * rate))
        if end - start < _LEAST_S * rate or np.ptp(heading[start:end]) > 0.6:
            continue
        place = np.arange(start, end - 1, rate / _RATE)
        lower = place.astype(int)
        share = (place - lower)[:, None, None]
        yield (1 - share) * xyz[lower] + share * xyz[lower + 1]


def _filmed(true: Array, rng: np.random.Generator, seed: int) -> Walk:
    pelvis = true[:, PELVIS]
    floor = true[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1].min() - 0.08
    middle = (pelvis.min(axis=0) + pelvis.max(axis=0)) / 2
    ahead = (pelvis[-1] - pelvis[0]) * (1, 0, 1)
    length = np.linalg.norm(ahead)
    ahead = ahead / length
    aside = rng.choice([-1, 1]) * np.array([-ahead[2], 0, ahead[0]])
    angle = np.radians(rng.uniform(-50, 50))
    away = max(3.0, 0.62 * length / _HALF + 0.8)
    eye = middle + away * (np.cos(angle) * aside + np.sin(angle) * ahead)
    eye[1] = floor + rng.uniform(0.8, 2.2)
    look = np.array([middle[0], floor + 0.9, middle[2]]) - eye
    look /= np.linalg.norm(look)
    right = np.cross(look, (0.0, 1.0, 0.0))
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(look, right), look])
    return Walk(true, (true - eye) @ axes.T, seed)


def _measured(walk: Walk) -> MotionData:
    """Seen by the detector as its model has it, lifted, as large as it is, smoothed, placed."""
    camera = torch.tensor(walk.camera, dtype=torch.float32)[None]
    image = camera[..., :2] / camera[..., 2:]
    frame = torch.tensor([[_HALF, _HALF * SIZE[1] / SIZE[0]]], dtype=torch.float32)
    view = detector_model.look(camera, image, frame, torch.tensor([2]))
    answer = detector_model.fitted().answer(view, image, torch.Generator().manual_seed(walk.seed))
    xy = answer.image[0].numpy() * (SIZE[0] / 2 / _HALF) + np.array(SIZE) / 2
    conf = answer.conf[0].numpy()
    time_s = np.arange(len(xy)) / _RATE
    lifted = _lifter().lift(xy, conf, SIZE, time_s, world=answer.world[0].numpy())
    scale = np.float32(_size(walk.true) / _size(lifted.xyz))
    motion = MotionData.from_lifted(
        time_s=time_s,
        tracked=np.ones(len(xy), bool),
        conf=conf,
        xy=xy.astype(np.float32),
        size=SIZE,
        lifted=replace(lifted, xyz=lifted.xyz * scale),
        provenance=Provenance("drawn", None, _RATE, 0, "shipped", "", 1.7),
    )
    return process(motion, Processing(room=True, smooth_hz=6.0))


@cache
def _lifter() -> Lifter:
    return Lifter()


def _size(joints: NDArray[np.floating]) -> float:
    """Trunk and legs, metres, on average."""
    bones = [("pelvis", "thorax")]
    bones += [(f"{side}_{a}", f"{side}_{b}") for side in ("left", "right")
              for a, b in (("hip", "knee"), ("knee", "ankle"))]  # fmt: skip
    return float(
        sum(
            np.linalg.norm(joints[:, JOINT[a]] - joints[:, JOINT[b]], axis=-1).mean()
            for a, b in bones
        )
    )


def _true_strides(true: Array) -> tuple[float, float]:
    """Mean seconds and metres of a stride, from motion capture itself."""
    pelvis = true[:, PELVIS]
    ahead = (pelvis[-1] - pelvis[0]) * (1, 0, 1)
    ahead /= np.linalg.norm(ahead)
    seconds, metres = [], []
    for side in ("left", "right"):
        along = gaussian_filter1d((true[:, JOINT[f"{side}_ankle"]] - pelvis) @ ahead, 1.0)
        rows, _ = find_peaks(along, distance=0.6 * _RATE, prominence=0.15)
        for first, second in pairwise(rows.tolist()):
            seconds.append((second - first) / _RATE)
            metres.append(float(np.linalg.norm((pelvis[second] - pelvis[first])[_FLOOR])))
    return float(np.mean(seconds)), float(np.mean(metres))
