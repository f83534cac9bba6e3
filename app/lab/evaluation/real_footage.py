"""Real footage with 3D from several cameras: folders of calibration, detections and joints.

A set is a folder with ``calib.json`` (for each camera R and t, world to camera, and K; z of the
world is up, as in Pose2Sim), the true joints ``gt_mptri.npz`` (``X``, (N, 17, 3) metres in the
world), and for each camera the detections by a size of MediaPipe's model,
``mediapipe_<size>_<camera>.npz`` (``lm`` (N, 33, 5), ``world`` (N, 33, 4), ``size``, ``fps``); if
they are missing ``<camera>.mp4`` is detected, and if K is known the person is selected by position.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.detection.models import Size
from app.detection.person_tracker import Choice
from app.errors import SourceError
from app.lab.evaluation.material import EvaluationError, Footage, Material
from app.lifting.reading import detect_clip
from app.sources import VideoFile
from models.scores import MOTION_RATE
from models.skeleton import (
    JOINT,
    JOINT_COUNT,
    PELVIS,
    confidence_from_landmarks,
    joints_from_landmarks,
)
from models.visibility import calibrated

LIMBS: Final = tuple(
    JOINT[f"{side}_{joint}"]
    for side in ("right", "left")
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)
"""Joints that detectors and motion capture define alike."""
HIPS: Final = (JOINT["right_hip"], JOINT["left_hip"])
"""Their midpoint is the origin."""
_REMARK: Final = "The truth was triangulated from MediaPipe's 2D, which flatters MediaPipe."


def real_footage(folder: Path, size: Size) -> list[Material]:
    """Read every set in ``folder``, or ``folder`` itself; cameras have equal weights.

    The detections are those of the model of that ``size``.

    Poses are scored at 30 frames per second: every second one of 60.

    Raises:
        EvaluationError: there is no set, or one is damaged.
        DetectorError: MediaPipe failed.
    """
    folders = (folder, *sorted(folder.glob("*/")))
    sets = [each for each in folders if (each / "calib.json").is_file()]
    if not sets:
        raise EvaluationError(f"{folder} holds no set of footage (a folder with calib.json).")
    return [_read(each, size) for each in sets]


def _read(folder: Path, size: Size) -> Material:
    try:
        cameras = json.loads((folder / "calib.json").read_text(encoding="utf-8"))
        with np.load(folder / "gt_mptri.npz", allow_pickle=False) as file:
            world = file["X"].astype(np.float64)
        footage = tuple(
            _camera(folder, name, cameras[name], world, size) for name in sorted(cameras)
        )
    except (OSError, ValueError, KeyError, SourceError) as error:
        raise EvaluationError(f"The footage in {folder} cannot be read: {error}.") from error
    title = f"{folder.name}, {len(footage)} cameras"
    return Material(title, footage, joints=LIMBS, root=HIPS, by_group=True, remark=_REMARK)


def _camera(
    folder: Path, name: str, camera: dict[str, Any], world: NDArray[np.float64], size: Size
) -> Footage:
    kept = folder / f"mediapipe_{size}_{name}.npz"
    true = world @ np.array(camera["R"]).T + np.array(camera["t"])
    if kept.is_file():
        seen = _kept(kept, name, size)
    else:
        whom = [_place(camera, true)] if "K" in camera else []
        seen = _looked_at(folder / f"{name}.mp4", size, whom)
    if len(seen.time_s) != len(true):
        raise EvaluationError(f"{folder.name} {name}: detections and 3D differ in length.")
    step = max(1, round(1 / (MOTION_RATE * np.median(np.diff(seen.time_s)))))
    true[np.arange(len(true)) % step != 0] = np.nan
    return replace(seen, true=true, up=np.array(camera["R"], np.float64)[:, 2])


def _kept(file: Path, name: str, size: Size) -> Footage:
    with np.load(file, allow_pickle=False) as found:
        landmarks, own, rate = found["lm"], found["world"], float(found["fps"])
        width, height = (int(length) for length in found["size"])
    visibility = calibrated(landmarks[..., 3], size)
    return Footage(
        group=name,
        size=(width, height),
        time_s=np.arange(len(landmarks)) / rate,
        xy=joints_from_landmarks(landmarks[..., :2]).astype(np.float32),
        conf=np.nan_to_num(confidence_from_landmarks(visibility)).astype(np.float32),
        true=np.full((len(landmarks), JOINT_COUNT, 3), np.nan),
        world=joints_from_landmarks(own[..., :3]),
    )


def _place(camera: dict[str, Any], true: NDArray[np.float64]) -> Choice:
    """Return the position in the first picture of the person whose joints are known."""
    x, y, depth = np.array(camera["K"]) @ true[0, PELVIS]
    return Choice(float(x / depth), float(y / depth))


def _looked_at(video: Path, size: Size, whom: Sequence[Choice]) -> Footage:
    with VideoFile(video) as source, Detector(size, choices=whom) as detector:
        clip = detect_clip(source, detector)
    return Footage.detected(video.stem, clip.size, clip.track)
