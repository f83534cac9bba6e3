"""Motion packs (``.mcp``): many clips of joint positions in one small file.

A pack is ``b"MCP1"``, the length of a JSON header as a little-endian uint32, the header, and an xz
stream of the low then the high bytes of zigzag-coded int16 differences; the header names joints,
rate, differencing order, reference joints, clips, source and licence.
"""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import MixposeError
from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion.clips import Clip, Pack, derive_midpoints

_PACK_NAMES: Final = {
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
_EARS: Final = ("LEar", "REar")


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
    xyz = derive_midpoints(torch.from_numpy(xyz)).numpy()
    if _nose_is_behind(xyz):
        _raise_head(xyz, packed[:, names.index("Head")])
    return xyz


def _nose_is_behind(xyz: NDArray[np.float32]) -> bool:
    trunk = xyz[:, JOINT["thorax"]] - xyz[:, JOINT["pelvis"]]
    forwards = np.cross(xyz[:, JOINT["left_hip"]] - xyz[:, JOINT["right_hip"]], trunk)
    nose = xyz[:, JOINT["nose"]] - xyz[:, JOINT["head"]]
    return bool((nose * forwards).sum(axis=-1).mean() < 0)


def _raise_head(xyz: NDArray[np.float32], top: NDArray[np.float32]) -> None:
    """Correct heads that are rotated face down, as in all clips of the pack ``reactidle24``.

    There, noses are 5 to 8 cm behind the ears and the top of the head 12 cm in front of them: the
    raw file's face bone points from between the ears to the nose, but was interpreted as pointing
    from the base of the skull upwards.  In the bone's axes (up, forwards) the pack has the ears at
    (0.055, 0.010) m, the nose at (0.045, 0.100) and the top at (0.175, 0.020), exactly; so the
    bone's start and direction, which are the head and the direction to the nose, can be recovered.
    """
    crown = top - xyz[:, JOINT["head"]]  # 0.12 up + 0.01 forwards
    nose = xyz[:, JOINT["nose"]] - xyz[:, JOINT["head"]]  # -0.01 up + 0.09 forwards
    bone = (0.09 * crown - 0.01 * nose) / 0.0109
    across = (0.01 * crown + 0.12 * nose) / 0.0109
    xyz[:, JOINT["head"]] -= 0.055 * bone + 0.010 * across
    xyz[:, JOINT["nose"]] = xyz[:, JOINT["head"]] + 0.09 * bone
