"""From real clips to 3D, with the real detector and the shipped weights."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.detection.detector import Detector
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.reading import detect_clip
from app.motion.angles import ANGLE
from app.motion.data import MotionData
from app.motion.processing import process
from app.motion.processing_options import Processing
from app.sources import open_source
from models.lifter import Lifter
from models.skeleton import JOINT, confidence_from_landmarks, joints_from_landmarks

LEGS = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
ARMS = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "elbow")]


@pytest.fixture(scope="module")
def lifter() -> Iterator[Lifter]:
    return Lifter(device="cpu")


def detected(path: Path, seconds: float) -> DetectedClip:
    with open_source(str(path)) as source, Detector() as detector:
        return detect_clip(source, detector, seconds=seconds)


def lifted(path: Path, lifter: Lifter, seconds: float = 4.0) -> MotionData:
    return lift_clip(detected(path, seconds), lifter)


@pytest.mark.slow
def test_legs_out_of_the_picture_stay_empty(shared: Path, lifter: Lifter) -> None:
    motion = lifted(shared / "videos" / "intel_asl_book.mkv", lifter)
    assert motion.tracked.mean() > 0.95
    assert motion.missing[:, LEGS].mean() > 0.99
    assert motion.missing[:, ARMS].mean() < 0.1
    assert np.isfinite(motion.xyz[:, ARMS]).all()


@pytest.mark.slow
def test_whole_body_is_upright_with_steady_bones(shared: Path, lifter: Lifter) -> None:
    motion = lifted(shared / "videos" / "tfjs_pose_1.mp4", lifter)
    seen = ~motion.missing.any(axis=1)
    assert seen.mean() > 0.5
    xyz = motion.xyz[seen]
    assert (xyz[:, JOINT["head"], 1] < xyz[:, JOINT["pelvis"], 1]).mean() > 0.95
    # The right foot rests on the left thigh, a pose too rare in the training for that leg's bones.
    for start, end in (
        ("left_hip", "left_knee"),
        ("left_knee", "left_ankle"),
        ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"),
    ):
        length = np.linalg.norm(xyz[:, JOINT[start]] - xyz[:, JOINT[end]], axis=1)
        assert 0.2 < np.median(length) < 0.5
        assert length.std() < 0.12 * length.mean()


@pytest.mark.slow
def test_feet_of_who_squats_lie_flat_on_the_floor(shared: Path, lifter: Lifter) -> None:
    motion = lifted(shared / "videos" / "ucsd_portrait_squat.mp4", lifter)
    placed = process(motion, Processing(room=True, angles=True))
    feet, _ = placed.output_feet()
    assert np.isfinite(feet).all(axis=(0, 2))[[0, 2]].all(), "the left foot is told throughout"
    assert np.isfinite(feet[..., 0]).mean() > 0.7
    assert placed.contacts is not None
    stands = placed.contacts[:, [0, 1, 0, 1]] & np.isfinite(feet[..., 0])
    assert np.abs(feet[stands][:, 1]).max() < 0.03
    assert placed.angles is not None
    ankle = placed.angles[:, ANGLE["left_ankle_dorsiflexion"]]
    knee = placed.angles[:, ANGLE["left_knee_flexion"]]
    assert np.corrcoef(ankle, knee)[0, 1] > 0.5, "who squats bends the ankles with the knees"


@pytest.mark.slow
def test_rising_from_a_chair_raises_the_head(shared: Path, lifter: Lifter) -> None:
    motion = lifted(shared / "videos" / "bodypose3d_cam0.mp4", lifter, seconds=10)
    assert motion.tracked.mean() > 0.9
    knees = [JOINT["left_knee"], JOINT["right_knee"]]
    drop = motion.xyz[:, knees, 1].mean(axis=1)
    assert drop.max() - drop.min() > 0.15  # thighs from level to hanging


@pytest.mark.slow
def test_accuracy_against_the_multi_view_reference(
    shared: Path, lifter: Lifter, tmp_path: Path
) -> None:
    folder = shared / "realeval"
    for camera in ("cam01", "cam02", "cam03", "cam04"):
        found = np.load(folder / "p2s_cgwoman" / f"mediapipe_full_{camera}.npz")
        landmarks, rate = found["lm"].astype(np.float32), float(found["fps"])
        poses = lifter.lift(
            joints_from_landmarks(landmarks[..., :2]),
            confidence_from_landmarks(landmarks[..., 3]),
            tuple(int(side) for side in found["size"]),  # type: ignore[arg-type]
            np.arange(len(landmarks)) / rate,
        )
        np.save(tmp_path / f"p2s_cgwoman_{camera}.npy", poses.xyz[::2])
    score = [sys.executable, str(folder / "score.py"), str(tmp_path), "--stride", "2"]
    printed = subprocess.run(score, capture_output=True, text=True, check=True).stdout
    mean = {
        key: float(value) for key, value in re.findall(r"(\w+) ([\d.]+)", printed.splitlines()[-1])
    }
    assert mean["N_MPJPE"] <= 85, printed
    assert mean["P_MPJPE"] <= 48, printed
