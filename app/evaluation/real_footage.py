"""Real footage with 3D from several cameras: folders of calibration, detections and joints.

A set is a folder with ``calib.json`` (for each camera R and t, world to camera), the true joints
``gt_<kind>.npz`` (``X``, (N, 17, 3) metres in the world), and for each camera
``mediapipe_full_<camera>.npz`` (``lm`` (N, 33, 5), ``world`` (N, 33, 4), ``size``, ``fps``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.evaluation.material import EvaluationError, Footage, Material
from models.scores import MOTION_RATE
from models.skeleton import JOINT, confidence_from_landmarks, joints_from_landmarks

LIMBS: Final = tuple(
    JOINT[f"{side}_{joint}"]
    for side in ("right", "left")
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)
"""What detectors and motion capture mean alike."""
_HIPS: Final = (JOINT["right_hip"], JOINT["left_hip"])
"""Their middle is the origin."""
_REMARKS: Final = {
    "mptri": "The truth was triangulated from MediaPipe's 2D, which flatters MediaPipe."
}


def real_footage(folder: Path, truth: str = "mptri") -> list[Material]:
    """Read every set in ``folder``, or ``folder`` itself; each camera counts the same.

    Poses are scored at 30 frames a second: every second one of 60.

    Raises:
        EvaluationError: there is no set, or one is damaged.
    """
    folders = (folder, *sorted(folder.glob("*/")))
    sets = [each for each in folders if (each / "calib.json").is_file()]
    if not sets:
        raise EvaluationError(f"{folder} holds no set of footage (a folder with calib.json).")
    return [_read(each, truth) for each in sets]


def _read(folder: Path, truth: str) -> Material:
    try:
        cameras = json.loads((folder / "calib.json").read_text(encoding="utf-8"))
        with np.load(folder / f"gt_{truth}.npz", allow_pickle=False) as file:
            world = file["X"].astype(np.float64)
        footage = tuple(_camera(folder, name, cameras[name], world) for name in sorted(cameras))
    except (OSError, ValueError, KeyError) as error:
        raise EvaluationError(f"The footage in {folder} cannot be read: {error}.") from error
    title = f"{folder.name}, {len(footage)} cameras"
    remark = _REMARKS.get(truth, "")
    return Material(title, footage, joints=LIMBS, root=_HIPS, by_group=True, remark=remark)


def _camera(folder: Path, name: str, camera: dict[str, Any], world: Any) -> Footage:
    with np.load(folder / f"mediapipe_full_{name}.npz", allow_pickle=False) as file:
        landmarks, own, size, rate = file["lm"], file["world"], file["size"], float(file["fps"])
    if not len(landmarks) == len(own) == len(world):
        raise EvaluationError(f"{folder.name} {name}: detections and 3D differ in length.")
    width, height = (int(length) for length in size)
    true = world @ np.array(camera["R"]).T + np.array(camera["t"])
    step = max(1, round(rate / MOTION_RATE))
    true[np.arange(len(true)) % step != 0] = np.nan
    return Footage(
        group=name,
        size=(width, height),
        time_s=np.arange(len(true)) / rate,
        xy=joints_from_landmarks(landmarks[..., :2]).astype(np.float32),
        conf=np.nan_to_num(confidence_from_landmarks(landmarks[..., 3])).astype(np.float32),
        true=true,
        world=joints_from_landmarks(own[..., :3]),
    )
