"""Observations on disk: one ``.npz`` of plain arrays, whole at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from app.files import write_atomically
from app.study.observe import Observation
from models.errors import MixposeError

_NAMES = tuple(field.name for field in fields(Observation))
_TUPLES = ("size", "eye", "target")


def save(path: Path, observations: Sequence[Observation]) -> None:
    """Write N takes of one length, replacing what is there only when all is written.

    Every field of :class:`~.observe.Observation` becomes an array of that name with N first.
    Raises OSError.
    """
    arrays: dict[str, Any] = {
        name: np.array([getattr(one, name) for one in observations]) for name in _NAMES
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with write_atomically(path, overwrite=True) as file:
        np.savez_compressed(file, **arrays)


def load(path: Path) -> list[Observation]:
    """What :func:`save` wrote.

    Raises:
        MixposeError: the file is absent or holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _NAMES}
    except (OSError, ValueError, KeyError) as error:
        raise MixposeError(f"Cannot read the observations in {path}: {error}.") from error
    return [
        Observation(**{name: _field(name, arrays[name][row]) for name in _NAMES})
        for row in range(len(arrays["index"]))
    ]


def _field(name: str, value: Any) -> Any:
    if name in _TUPLES:
        return tuple(value.tolist())
    return value.item() if value.ndim == 0 else value
