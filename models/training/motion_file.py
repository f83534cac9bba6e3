"""Motion in one compressed file of plain numbers, for transfer to a machine without a network."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import MixposeError
from models.skeleton import JOINT, JOINT_COUNT
from models.training.motion import Clip, Pack, derive_midpoints

LARGEST_PACK: Final = 60_000_000
_PACK_FORMAT: Final = "mixpose-motion-1"
_DERIVED: Final = ("pelvis", "spine", "thorax")
_STORED: Final = tuple(index for name, index in JOINT.items() if name not in _DERIVED)


def write_motion(path: Path, packs: Sequence[Pack], highest_rate: float) -> int:
    """Write clips as int16 differences to one .npz, subsampled to at most ``highest_rate``.

    A clip's unit is its largest coordinate over 32767: below a tenth of a millimetre in a room of
    three metres.  The midpoints are not stored; they are computed from the other joints.

    Returns:
        The file's size in bytes.

    Raises:
        MixposeError: it would be larger than ``LARGEST_PACK``; the file is removed.
    """
    entries, parts = [], []
    for pack in packs:
        clips = [_thinned(clip, highest_rate) for clip in pack.clips]
        units = [max(float(np.abs(clip.xyz).max()), 1e-3) / 32767 for clip in clips]
        parts += [_differences(clip.xyz, unit) for clip, unit in zip(clips, units, strict=True)]
        described = [
            {"name": c.name, "split": c.split, "rate": c.rate, "frames": len(c.xyz), "unit": unit}
            for c, unit in zip(clips, units, strict=True)
        ]
        origin = {"name": pack.name, "source": pack.source, "licence": pack.licence}
        entries.append({**origin, "clips": described})
    header = json.dumps({"format": _PACK_FORMAT, "packs": entries})
    with path.open("wb") as file:
        np.savez_compressed(file, header=np.array(header), differences=np.concatenate(parts))
    size = path.stat().st_size
    if size > LARGEST_PACK:
        path.unlink()
        raise MixposeError(
            f"The motion takes {size / 1e6:.0f} MB, more than {LARGEST_PACK / 1e6:.0f}. Thin it "
            "out with a lower --highest-rate, or leave some of it out."
        )
    return size


def read_motion_file(path: Path) -> list[Pack]:
    """Read what ``write_motion`` wrote.

    Raises:
        MixposeError: the file is absent, damaged, or is no motion file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(str(file["header"]))
            differences = file["differences"]
        if header["format"] != _PACK_FORMAT or differences.dtype != np.int16:
            raise ValueError("it is of another format")
        return _packs(header, differences)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise MixposeError(f"Cannot read the motion file {path}: {error}.") from error


def _packs(header: dict[str, Any], differences: NDArray[np.int16]) -> list[Pack]:
    packs, start = [], 0
    for entry in header["packs"]:
        clips = []
        for described in entry["clips"]:
            end = start + described["frames"]
            if end > len(differences):
                raise ValueError("it ends too early")
            xyz = _coordinates(differences[start:end], described["unit"])
            clips.append(Clip(described["name"], described["split"], described["rate"], xyz))
            start = end
        packs.append(Pack(entry["name"], entry["source"], entry["licence"], tuple(clips)))
    return packs


def _thinned(clip: Clip, highest_rate: float) -> Clip:
    every = max(1, math.ceil(clip.rate / highest_rate - 1e-6))
    return replace(clip, rate=clip.rate / every, xyz=clip.xyz[::every])


def _differences(xyz: NDArray[np.float32], unit: float) -> NDArray[np.int16]:
    """Return (frames, 14, 3) differences of successive frames, which compress to half the size.

    An int16 difference may overflow; the cumulative sum overflows back by as much.
    """
    whole = np.rint(xyz[:, list(_STORED)] / unit).astype(np.int16)
    return np.asarray(np.diff(whole, axis=0, prepend=np.zeros_like(whole[:1])))


def _coordinates(differences: NDArray[np.int16], unit: float) -> NDArray[np.float32]:
    whole = np.cumsum(differences, axis=0, dtype=np.int16)
    xyz = np.zeros((len(whole), JOINT_COUNT, 3), np.float32)
    xyz[:, list(_STORED)] = whole.astype(np.float32) * np.float32(unit)
    return derive_midpoints(torch.from_numpy(xyz)).numpy()
