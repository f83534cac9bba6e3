"""Small files laid out as published datasets are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.skeleton import (
    JOINT,
    LANDMARK_COUNT,
    LANDMARK_SOURCES,
    confidence_from_landmarks,
    joints_from_landmarks,
    world_joints,
)
from tests.support.evaluation import FOCAL, SIZE, project, walking_past

Tree = dict[str, Any]
H36M_SYMMETRY = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
COCO_SYMMETRY = [[1, 3, 5, 7, 9, 11, 13, 15], [2, 4, 6, 8, 10, 12, 14, 16]]


def write_human36m(folder: Path, change: Callable[[Tree, Tree], None] | None = None) -> Tree:
    """Two actions of both test subjects; returns 3D and 2D as written."""
    rng = np.random.default_rng(0)
    actions = ("Walking", "Walking 1", "Photo")
    true: Tree = {
        subject: {
            action: rng.uniform(-1, 1, (6 + index, 32, 3)).astype(np.float32)
            for index, action in enumerate(actions)
        }
        for subject in ("S9", "S11")
    }
    detected: Tree = {
        subject: {
            action: [  # videos go on after the motion capture
                rng.uniform(0, 1000, (len(world) + 3, 17, 2)).astype(np.float32) for _ in range(4)
            ]
            for action, world in actions.items()
        }
        for subject, actions in true.items()
    }
    if change is not None:
        change(true, detected)
    metadata = {"num_joints": 17, "keypoints_symmetry": H36M_SYMMETRY}
    np.savez_compressed(folder / "data_3d_h36m.npz", positions_3d=true)
    np.savez_compressed(folder / "data_2d_h36m_gt.npz", positions_2d=detected, metadata=metadata)
    return {"3d": true, "2d": detected}


def write_humaneva(folder: Path, keypoints: str) -> Tree:
    """Train and validation parts, 2D in COCO's order; returns both as written."""
    rng = np.random.default_rng(1)
    actions = {"Walking 1 chunk0": 9, "Jog 1 chunk1": 5, "Gestures 1 chunk0": 6, "Box 1 chunk0": 4}
    subjects = [f"{part}/S{number}" for part in ("Train", "Validate") for number in (1, 2, 3)]
    true = {
        subject: {name: rng.normal(size=(n, 15, 3)).astype("f4") for name, n in actions.items()}
        for subject in subjects
    }
    detected = {
        subject: {
            name: [rng.uniform(0, 640, (n, 17, 2)).astype("f4") for _ in range(3)]
            for name, n in actions.items()
        }
        for subject in subjects
    }
    metadata = {"layout_name": "coco", "num_joints": 17, "keypoints_symmetry": COCO_SYMMETRY}
    np.savez_compressed(folder / "data_3d_humaneva15.npz", positions_3d=true)
    path = folder / f"data_2d_humaneva15_{keypoints}.npz"
    np.savez_compressed(path, positions_2d=detected, metadata=metadata)
    return {"3d": true, "2d": detected}


def write_set(folder: Path, frames: int = 8, rate: float = 60.0) -> np.ndarray:
    """A set of two cameras, ``a`` and ``b``; returns the 3D in their common axes."""
    rng = np.random.default_rng(0)
    turn = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])
    world = rng.normal(size=(frames, 17, 3))
    folder.mkdir()
    cameras = {name: {"R": turn.tolist(), "t": [0.1, 0.2, 3.0]} for name in ("b", "a")}
    (folder / "calib.json").write_text(json.dumps(cameras))
    np.savez(folder / "gt_mptri.npz", X=world.astype(np.float32))
    for name in cameras:
        np.savez(
            folder / f"mediapipe_full_{name}.npz",
            lm=rng.uniform(0, 1, (frames, 33, 5)).astype(np.float32),
            world=rng.normal(size=(frames, 33, 4)).astype(np.float32),
            size=np.array([1088, 1920]),
            fps=np.float64(rate),
        )
    return world @ turn.T + [0.1, 0.2, 3.0]


@dataclass(frozen=True, eq=False)
class ObservedTake:
    """A take of T frames as ``python -m app.lab.study`` writes it, a row of each array."""

    landmarks: NDArray[np.float32]
    """(T, 33, 5)"""
    world: NDArray[np.float32]
    """(T, 33, 3)"""
    tracked: NDArray[np.bool_]
    truth: NDArray[np.float32]
    """(T, 17, 3)"""
    feet: NDArray[np.float32]
    """(T, 4, 3)"""
    up: NDArray[np.float32]
    """(3,)"""
    size: tuple[int, int] = SIZE
    focal: float = FOCAL
    rate: float = 30.0
    detector: str = "full"
    kind: str = "gait"
    framing: str = "whole"
    people: str = "clothed"
    clip: str = "walk"
    split: str = "val"
    seed: int = 0
    index: int = 0

    @property
    def xy(self) -> NDArray[np.float32]:
        """(T, 17, 2) pixels."""
        return joints_from_landmarks(self.landmarks[..., :2]).astype(np.float32)

    @property
    def conf(self) -> NDArray[np.float32]:
        """(T, 17)"""
        return confidence_from_landmarks(self.landmarks[..., 3]).astype(np.float32)

    @property
    def world_joints(self) -> NDArray[np.float32]:
        """(T, 17, 3) metres from the pelvis."""
        return world_joints(self.world).astype(np.float32)


def observation(index: int = 0, **changes: Any) -> ObservedTake:
    """Ten frames of somebody who walks towards a level camera, perfectly seen, ``index`` pixels
    off; with other fields as told."""
    true = walking_past(10)
    landmarks = np.ones((10, LANDMARK_COUNT, 5), np.float32)
    landmarks[..., :2] = landmarks_of(project(true)) + index
    seen = ObservedTake(
        landmarks=landmarks,
        world=landmarks_of(true - true[:, :1]),
        tracked=np.ones(10, bool),
        truth=true.astype(np.float32),
        feet=true[:, [6, 3, 6, 3]].astype(np.float32),
        up=np.array([0, -1, 0], np.float32),
        seed=index,
        index=index,
    )
    return replace(seen, **changes)


def landmarks_of(joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """(..., 17, D) joints as 33 landmarks: those that none of the joints is, are the nose."""
    landmarks = np.repeat(joints[..., JOINT["nose"], None, :], LANDMARK_COUNT, axis=-2)
    for joint, sources in enumerate(LANDMARK_SOURCES):
        if len(sources) == 1 or joint == JOINT["head"]:
            landmarks[..., list(sources), :] = joints[..., joint, None, :]
    return landmarks.astype(np.float32)


def write_study(path: Path, takes: Sequence[ObservedTake]) -> Path:
    """Write what ``python -m app.lab.study`` would."""
    names = [field.name for field in fields(ObservedTake)]
    arrays: Tree = {name: np.array([getattr(take, name) for take in takes]) for name in names}
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays)
    return path
