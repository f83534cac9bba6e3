"""Motion capture as training material: clips of the 17 joints in metres, +Y up.

A motion pack (``.mcp``) is ``b"MCP1"``, the length of a JSON header as a little-endian uint32, the
header, and an xz stream of the low then the high bytes of zigzag-coded int16 differences; the
header names joints, rate, differencing order, reference joints, clips, source and licence.
"""

from __future__ import annotations

import json
import lzma
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import MixposeError
from models.skeleton import JOINT, JOINT_COUNT

_PACK_NAMES = {
    "right_hip": "RHip",
    "right_knee": "RKnee",
    "right_ankle": "RFoot",
    "left_hip": "LHip",
    "left_knee": "LKnee",
    "left_ankle": "LFoot",
    "nose": "Nose",
    "left_shoulder": "LShoulder",
    "left_elbow": "LElbow",
    "left_wrist": "LWrist",
    "right_shoulder": "RShoulder",
    "right_elbow": "RElbow",
    "right_wrist": "RWrist",
}
_EARS = ("LEar", "REar")


@dataclass(frozen=True)
class Clip:
    """One take: ``xyz`` is (frames, 17, 3) float32 metres, +Y up, at ``rate`` frames a second."""

    name: str
    split: str
    rate: float
    xyz: NDArray[np.float32]


@dataclass(frozen=True)
class Pack:
    """The clips of one file, with where they come from and what their licence asks."""

    name: str
    source: str
    licence: str
    clips: tuple[Clip, ...]


def derive_midpoints(xyz: Tensor) -> Tensor:
    """Set pelvis, thorax and spine of (..., 17, D) as midpoints, as the detector's are."""
    hips = (xyz[..., JOINT["left_hip"], :] + xyz[..., JOINT["right_hip"], :]) / 2
    shoulders = (xyz[..., JOINT["left_shoulder"], :] + xyz[..., JOINT["right_shoulder"], :]) / 2
    result = xyz.clone()
    result[..., JOINT["pelvis"], :] = hips
    result[..., JOINT["thorax"], :] = shoulders
    result[..., JOINT["spine"], :] = (hips + shoulders) / 2
    return result


def read_pack(path: Path) -> Pack:
    """Read a motion pack.

    Raises:
        MixposeError: the file is absent or is not a motion pack.
    """
    try:
        data = path.read_bytes()
        if data[:4] != b"MCP1":
            raise ValueError("it does not begin with MCP1")
        (length,) = struct.unpack("<I", data[4:8])
        header = json.loads(data[8 : 8 + length])
        raw = np.frombuffer(lzma.decompress(data[8 + length :]), np.uint8)
        clips = tuple(_clips(header, raw))
    except (OSError, ValueError, KeyError, lzma.LZMAError, struct.error) as error:
        raise MixposeError(f"Cannot read the motion pack {path}: {error}.") from error
    return Pack(path.stem, header["source"], header["licence"], clips)


def _clips(header: dict[str, Any], raw: NDArray[np.uint8]) -> list[Clip]:
    half = len(raw) // 2
    zigzag = raw[:half].astype(np.uint16) | (raw[half:].astype(np.uint16) << 8)
    values = (zigzag >> 1).astype(np.int16) ^ -(zigzag & 1).astype(np.int16)
    clips, start = [], 0
    for entry in header["clips"]:
        count = entry["n"] * len(header["joints"]) * 3
        xyz = _integrate(values[start : start + count], entry["n"], header)
        start += count
        clips.append(Clip(entry["name"], entry["split"], float(header["fps"]), xyz))
    return clips


def _integrate(
    values: NDArray[np.int16], frames: int, header: dict[str, Any]
) -> NDArray[np.float32]:
    names: list[str] = header["joints"]
    flat = values.reshape(len(names) * 3, frames).T
    for _ in range(header["order"]):
        flat = np.cumsum(flat, axis=0, dtype=np.int16)
    millimetres = flat.reshape(frames, len(names), 3).astype(np.int32)
    for joint, reference in enumerate(header["ref"]):
        if reference >= 0:
            millimetres[:, joint] += millimetres[:, reference]
    packed = millimetres.astype(np.float32) / 1000
    xyz = np.zeros((frames, JOINT_COUNT, 3), np.float32)
    for ours, theirs in _PACK_NAMES.items():
        xyz[:, JOINT[ours]] = packed[:, names.index(theirs)]
    # The packs' "Head" is the top of the head; ours is the midpoint of the ears.
    xyz[:, JOINT["head"]] = packed[:, [names.index(ear) for ear in _EARS]].mean(axis=1)
    return derive_midpoints(torch.from_numpy(xyz)).numpy()


class MotionBank:
    """All frames of many clips in one tensor, from which windows are cut at any rate."""

    def __init__(self, packs: Sequence[Pack], shares: Sequence[float], split: str) -> None:
        """``shares`` says how much of what is drawn comes from each pack; within a pack, longer
        clips are drawn more often."""
        clips, weights = [], []
        for pack, share in zip(packs, shares, strict=True):
            chosen = [clip for clip in pack.clips if clip.split == split and len(clip.xyz) > 1]
            seconds = sum(len(clip.xyz) / clip.rate for clip in chosen)
            clips += chosen
            weights += [share * len(clip.xyz) / clip.rate / seconds for clip in chosen]
        if not clips:
            raise MixposeError(f"The motion given holds no clip of the split {split!r}.")
        self.xyz = torch.from_numpy(np.concatenate([clip.xyz for clip in clips]))
        lengths = torch.tensor([len(clip.xyz) for clip in clips])
        self._lengths = lengths
        self._starts = lengths.cumsum(0) - lengths
        self._rates = torch.tensor([clip.rate for clip in clips])
        self._weights = torch.tensor(weights, dtype=torch.float64)

    def windows(self, count: int, frames: int, rate: float, generator: torch.Generator) -> Tensor:
        """Cut ``count`` random windows: (count, frames, 17, 3), played at 0.6 to 1.6 times speed.

        Windows that run over the end of their clip hold its last frame.
        """
        clip = torch.multinomial(self._weights, count, replacement=True, generator=generator)
        speed = 0.6 + 1.0 * torch.rand(count, generator=generator)
        step = self._rates[clip] / rate * speed
        last = (self._lengths[clip] - 1).float()
        room = (last - step * (frames - 1)).clamp_min(0)
        begin = torch.rand(count, generator=generator) * room
        position = begin[:, None] + step[:, None] * torch.arange(frames)
        position = position.clamp_max(last[:, None])
        lower = position.floor().long().clamp_max(self._lengths[clip][:, None] - 2)
        fraction = (position - lower)[..., None, None]
        flat = lower + self._starts[clip][:, None]
        return self.xyz[flat] * (1 - fraction) + self.xyz[flat + 1] * fraction
