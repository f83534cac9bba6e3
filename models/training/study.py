"""Studies: the detector's output on synthetic people (``python -m app.lab.study``), in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from models.errors import MixposeError
from models.feet import DetectedPoses, foot_evidence
from models.skeleton import (
    FOOT_JOINT_COUNT,
    JOINT_COUNT,
    confidence_from_landmarks,
    joints_from_landmarks,
    world_joints,
)
from models.visibility import calibrated

RATE: Final = 30.0
"""Frames per second of the network's input."""
_VISIBILITY: Final = 3
"""Column of ``landmarks``, after x, y and z."""


@dataclass(frozen=True)
class Study:
    """N takes of T frames; a take processed by three detectors counts as three."""

    detector: tuple[str, ...]
    """The detector's size for each take, of ``detector_model.SIZES``."""
    xy: NDArray[np.float32]
    """(N, T, 17, 2) pixels, NaN where no person was found."""
    conf: NDArray[np.float32]
    """(N, T, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(N, T, 17, 3) MediaPipe's world landmarks, metres from the pelvis."""
    tracked: NDArray[np.bool_]
    """(N, T) whether the person was found."""
    foot_evidence: NDArray[np.float32]
    """(N, T, 4, 6) detections of heels and toes (``models.feet.foot_evidence``)."""
    truth: NDArray[np.float32]
    """(N, T, 17, 3) true joints, metres from the lens, camera axes."""
    feet: NDArray[np.float32]
    """(N, T, 4, 3) true heels and toes, likewise."""
    size: NDArray[np.float32]
    """(N, 2) width and height of the picture in pixels."""
    focal: NDArray[np.float32]
    """(N,) focal length in pixels."""
    up: NDArray[np.float32]
    """(N, 3) the unit vector against gravity in camera axes."""
    rate: NDArray[np.float32]
    """(N,) frames per second."""
    kind: tuple[str, ...]
    """Kind of posture (``kinds.NAMES``)."""
    people: tuple[str, ...]
    """Kind of synthetic person: ``performer`` or ``clothed``."""
    split: tuple[str, ...]
    """Split of the motion."""

    @classmethod
    def read(cls, path: Path) -> Study:
        """Read a file.

        Raises:
            MixposeError: it is absent or not a study.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                study = cls._of(file)
            study._require_whole()
        except (OSError, ValueError, TypeError, LookupError, BadZipFile) as error:
            raise MixposeError(
                f"{path} is no study: {error}. Make one with python -m app.lab.study."
            ) from error
        return study

    @classmethod
    def _of(cls, file: Mapping[str, NDArray[Any]]) -> Study:
        landmarks, detector = file["landmarks"], tuple(file["detector"].tolist())
        takes = zip(landmarks[..., _VISIBILITY], detector, strict=True)
        visibility = np.stack([calibrated(each, size) for each, size in takes])
        rest = {
            name: file[name].astype(np.float32)
            for name in ("truth", "feet", "size", "focal", "up", "rate")
        }
        return cls(
            detector=detector,
            xy=joints_from_landmarks(landmarks[..., :2]).astype(np.float32),
            conf=confidence_from_landmarks(visibility).astype(np.float32),
            world=world_joints(file["world"]).astype(np.float32),
            foot_evidence=foot_evidence(landmarks, visibility, file["world"]),
            tracked=file["tracked"].astype(bool),
            kind=tuple(file["kind"].tolist()),
            people=tuple(file["people"].tolist()),
            split=tuple(file["split"].tolist()),
            **rest,
        )

    def detected(self, row: int) -> DetectedPoses:
        """Return the detector's output in a take."""
        return DetectedPoses(self.xy[row], self.conf[row], self.world[row], self.foot_evidence[row])

    def feet_inside(self, row: int) -> NDArray[np.bool_]:
        """Return (T, 2) whether heel and toe of the left and right foot are inside the picture."""
        place = self.feet[row, ..., :2] / self.feet[row, ..., 2:] * self.focal[row]
        inside = (np.abs(place) < self.size[row] / 2).all(axis=-1)
        return np.asarray(inside[:, :2] & inside[:, 2:])

    def _require_whole(self) -> None:
        count, frames = self.tracked.shape
        shapes: dict[str, tuple[int, ...]] = {
            "xy": (count, frames, JOINT_COUNT, 2),
            "conf": (count, frames, JOINT_COUNT),
            "world": (count, frames, JOINT_COUNT, 3),
            "truth": (count, frames, JOINT_COUNT, 3),
            "feet": (count, frames, FOOT_JOINT_COUNT, 3),
            "size": (count, 2),
            "focal": (count,),
            "up": (count, 3),
            "rate": (count,),
        }
        for name, shape in shapes.items():
            if (given := getattr(self, name).shape) != shape:
                raise ValueError(f"{name} is {given}, not {shape}")
        for name in ("detector", "kind", "people", "split"):
            if (given := len(getattr(self, name))) != count:
                raise ValueError(f"{name} is of {given} takes, not {count}")


def study_files(paths: Sequence[Path]) -> list[Path]:
    """List the files among ``paths``, and all studies in those that are folders."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.npz")) if path.is_dir() else [path]
    return files
