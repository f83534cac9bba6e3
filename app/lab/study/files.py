"""Observations on disk: ``.npz`` files of plain arrays, whole at any time.

A run is a folder of them, each of some takes: interrupted, it loses those of one file at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from app.lab.study.observe import Observation
from app.system.files import write_atomically
from models.errors import MixposeError

_NAMES = tuple(field.name for field in fields(Observation))
_FLOATS = ("focal", "up", "rate")


def save(path: Path, observations: Sequence[Observation]) -> None:
    """Write N observations of one length, replacing what is there only when all is written.

    Every field of :class:`~.observation.Observation` becomes an array of that name with N first.
    Raises OSError.
    """
    arrays: dict[str, Any] = {
        name: np.array([getattr(one, name) for one in observations]) for name in _NAMES
    }
    arrays |= {name: arrays[name].astype(np.float32) for name in _FLOATS}
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path, overwrite=True) as file:
        np.savez_compressed(file, **arrays)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file that :func:`save` wrote.

    Raises:
        MixposeError: nothing is there, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in _NAMES}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise MixposeError(f"Cannot read the observations in {path}: {error}.") from error


def pieces(folder: Path) -> list[Path]:
    """The files of a run, in the order of their takes."""
    return sorted(folder.glob("takes-*.npz"))


def piece(folder: Path, first: int) -> Path:
    """The file of the takes from ``first`` on."""
    return folder / f"takes-{first:06d}.npz"
