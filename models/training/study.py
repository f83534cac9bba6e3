"""What the detector said of drawn people, as files of plain arrays (``python -m app.study``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from models.errors import MixposeError
from models.skeleton import confidence_from_landmarks, joints_from_landmarks, world_joints
from models.visibility import calibrated

RATE: Final = 30.0
"""Frames a second that the network sees."""
_VISIBILITY: Final = 3
"""Column of ``landmarks``, after x, y and z."""


@dataclass(frozen=True)
class Study:
    """N takes of T frames; a take seen by three detectors is three."""

    detector: tuple[str, ...]
    """The size of each, of ``detector_model.SIZES``."""
    xy: NDArray[np.float32]
    """(N, T, 17, 2) pixels, NaN where nobody was found."""
    conf: NDArray[np.float32]
    """(N, T, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(N, T, 17, 3) the detector's own 3D, metres from the pelvis."""
    tracked: NDArray[np.bool_]
    """(N, T)"""
    truth: NDArray[np.float32]
    """(N, T, 17, 3) metres from the lens, camera axes."""
    size: NDArray[np.float32]
    """(N, 2) width and height of the picture in pixels."""
    focal: NDArray[np.float32]
    """(N,) in pixels."""
    up: NDArray[np.float32]
    """(N, 3) the unit vector against gravity in camera axes."""
    rate: NDArray[np.float32]
    """(N,) frames a second."""
    kind: tuple[str, ...]
    """Of the posture."""

    @classmethod
    def read(cls, path: Path) -> Study:
        """Read a file.

        Raises:
            MixposeError: it is absent or no study.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                landmarks, world = file["landmarks"], file["world"]
                detector = tuple(file["detector"].tolist())
                visibility = np.stack(
                    [
                        calibrated(said, size)
                        for said, size in zip(landmarks[..., _VISIBILITY], detector, strict=True)
                    ]
                )
                rest = {
                    name: file[name].astype(np.float32)
                    for name in ("truth", "size", "focal", "up", "rate")
                }
                return cls(
                    detector=detector,
                    xy=joints_from_landmarks(landmarks[..., :2]).astype(np.float32),
                    conf=confidence_from_landmarks(visibility).astype(np.float32),
                    world=world_joints(world).astype(np.float32),
                    tracked=file["tracked"].astype(bool),
                    kind=tuple(file["kind"].tolist()),
                    **rest,
                )
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise MixposeError(
                f"{path} is no study: {error}. Make one with python -m app.study."
            ) from error


def study_files(paths: Sequence[Path]) -> list[Path]:
    """The files among ``paths``, and all studies in those that are folders."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.npz")) if path.is_dir() else [path]
    return files
