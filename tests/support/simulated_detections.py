"""2D detections made from motion capture, with the faults of a real detector and known swaps."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT_COUNT, MIRROR, SIDES

Array = NDArray[np.float64]
SIDED = [joint for joint, side in enumerate(SIDES) if side != "middle"]
_MIDDLE = [joint for joint, side in enumerate(SIDES) if side == "middle"]
_PACK_JOINTS = [
    "Hip", "RHip", "RKnee", "RFoot", "LHip", "LKnee", "LFoot", "Spine", "Thorax", "Nose", "LEar",
    "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
]  # fmt: skip
_NOISE = np.ones(JOINT_COUNT)
_NOISE[[3, 6]], _NOISE[[12, 13, 15, 16]] = 1.3, 1.5


@dataclass
class Detections:
    """N frames of one clip."""

    xy: Array
    conf: Array
    time_s: Array
    swapped: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    """Frames in which the sides lie apart, somebody is seen, and the swap is not half way."""


def load_pack(path: Path) -> list[tuple[float, Array]]:
    """Return (rate, (T, 17, 3) metres, y up) for every clip of a motion pack."""
    specification = importlib.util.spec_from_file_location(
        "mocap_pack", path.with_name("mocap_pack.py")
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    header, clips = module.load(path, _PACK_JOINTS)
    return [(header["fps"], motion.astype(float)) for _, motion in clips]


def simulate(
    rng: np.random.Generator, rate: float, motion: Array, *, swaps: bool = True
) -> Detections:
    """Detect a stretch of 4 to 12 s of ``motion`` at 6 to 60 frames/s from a random camera."""
    frames_s = float(rng.choice([6, 15, 30, 60]))
    duration = min(rng.uniform(4, 12), (len(motion) - 2) / rate)
    count = int(duration * frames_s)
    time_s = np.arange(count) / frames_s
    if rng.random() < 0.3:
        time_s = np.sort(time_s + rng.uniform(0, 0.6, count) / frames_s)
    start = rng.uniform(0, (len(motion) - 2) / rate - duration)
    place = np.clip((start + time_s) * rate, 0, len(motion) - 1.001)
    whole = place.astype(int)
    share = (place - whole)[:, None, None]
    xy, depth = _project(rng, (1 - share) * motion[whole] + share * motion[whole + 1])
    size = 4 * np.sqrt(np.square(xy - xy.mean(1, keepdims=True)).sum(-1).mean())
    apart = np.linalg.norm(xy - xy[:, MIRROR], axis=-1)
    conf = np.clip(1 - 0.02 * np.abs(rng.normal(size=apart.shape)), 0, 1)
    result = Detections(
        xy, conf, time_s, np.zeros(count, bool), apart[:, SIDED].mean(1) > 0.04 * size
    )
    hidden = (depth > depth[:, MIRROR] + 0.12) & (apart < 0.12 * size)
    hidden[:, _MIDDLE] = False
    _add_noise(rng, result, size, frames_s, hidden)
    if swaps:
        _add_swaps(rng, result, size, frames_s)
    _add_absence(rng, result, frames_s)
    return result


def _project(rng: np.random.Generator, motion: Array) -> tuple[Array, Array]:
    target = motion[:, 0].mean(0)
    yaw, distance = rng.uniform(0, 2 * np.pi), rng.uniform(2, 6.5)
    eye = target + distance * np.array([np.cos(yaw), 0, np.sin(yaw)])
    eye[1] = rng.uniform(0.2, 2.4)
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, [0, 1, 0])
    right /= np.linalg.norm(right)
    seen = (motion - eye) @ np.stack([right, np.cross(ahead, right), ahead]).T
    depth = np.maximum(seen[..., 2], 0.3)
    return 1000 * seen[..., :2] / depth[..., None], depth


def _add_noise(
    rng: np.random.Generator,
    to: Detections,
    size: float,
    frames_s: float,
    hidden: NDArray[np.bool_],
) -> None:
    slow = 0.85 ** (30 / frames_s)
    noise = 0.4 * rng.normal(size=to.xy.shape) + 0.6 * rng.normal(size=to.xy.shape[1:])
    noise += 0.7 * _smooth(rng, to.xy.shape, slow)
    to.xy += size * rng.uniform(0.004, 0.018) * _NOISE[:, None] * noise
    outliers = rng.random(to.conf.shape) < 0.01
    to.xy[outliers] += 0.06 * size * rng.normal(size=(outliers.sum(), 2))
    to.xy += 0.03 * size * hidden[..., None] * _smooth(rng, to.xy.shape, slow)
    unsure = np.clip(0.35 + 0.25 * _smooth(rng, to.conf.shape, slow), 0.02, 0.95)
    to.conf[hidden] = unsure[hidden]
    if rng.random() < 0.3:  # the legs are below a desk
        legs = [2, 3, 5, 6]
        to.conf[:, legs] = rng.uniform(0.001, 0.05, (len(to.conf), 4))
        to.xy[:, legs] += 0.1 * size * _smooth(rng, (len(to.xy), 4, 2), slow)


def _add_swaps(rng: np.random.Generator, to: Detections, size: float, frames_s: float) -> None:
    count = len(to.xy)
    for _ in range(rng.poisson(to.time_s[-1] / 3)):
        start = rng.integers(1, count)
        length = min(rng.geometric(1 / (0.15 * frames_s + 1)), int(1.5 * frames_s) + 1)
        to.swapped[start : start + length] ^= True
    if rng.random() < 0.25:
        to.swapped[: rng.integers(1, int(0.2 * frames_s) + 2)] = True
    for array in (to.xy, to.conf):
        array[to.swapped] = array[to.swapped][:, MIRROR]
    to.xy[to.swapped] += 0.01 * size * rng.normal(size=to.xy[to.swapped].shape)
    for change in np.flatnonzero(np.diff(to.swapped)) + 1:
        kind = rng.random()
        if kind < 0.3:  # smoothing leaves a frame half way
            share = rng.uniform(0.2, 0.8)
            to.xy[change] = share * to.xy[change] + (1 - share) * to.xy[change - 1]
            to.clear[change] = False
        elif kind < 0.5:  # the person is lost and found again
            _lose(to, change, rng.integers(1, 6))


def _add_absence(rng: np.random.Generator, to: Detections, frames_s: float) -> None:
    if rng.random() < 0.4:
        _lose(to, rng.integers(0, len(to.xy)), rng.integers(1, int(1.5 * frames_s) + 2))


def _lose(to: Detections, start: int, length: int) -> None:
    lost = slice(start, start + length)
    to.xy[lost], to.conf[lost], to.clear[lost] = np.nan, 0.0, False


def _smooth(rng: np.random.Generator, shape: tuple[int, ...], memory: float) -> Array:
    """Noise of unit variance along axis 0 that forgets by ``memory`` a frame."""
    noise = rng.normal(size=shape)
    for index in range(1, len(noise)):
        noise[index] = memory * noise[index - 1] + np.sqrt(1 - memory**2) * noise[index]
    return noise
