"""Recordings and lifted poses of made-up people, with every field filled at random."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.packets import Frame, Keypoints2D
from app.recording.meta import SourceInfo
from app.recording.writer import RecordingWriter
from models.level import Level
from models.skeleton import JOINT_COUNT, LANDMARK_COUNT
from tests.support.waiting import remains

SIZE = (320, 240)
CAMERA = SourceInfo(label="Kamera „Süd“ 📷", live=True, rate=30.0)
INFO = {"name": "test-weights", "sha256": "ab" * 32, "height_m": None, "window": 81}


@dataclass(frozen=True)
class MadeUpPoses:
    """What the lifter would return."""

    xyz: NDArray[np.float32]
    filled: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    swapped: NDArray[np.bool_]
    level: Level | None = None


def packet(index: int, *, time_s: float | None = None, size: tuple[int, int] = SIZE) -> Keypoints2D:
    """Frame ``index`` of a person; always the same for the same index; every seventh untracked."""
    rng = np.random.default_rng(index)
    tracked = index % 7 != 3
    landmarks = rng.uniform(0, size[0], (LANDMARK_COUNT, 5)).astype(np.float32)
    world = rng.normal(size=(LANDMARK_COUNT, 3)).astype(np.float32)
    xy = rng.uniform(0, size[0], (JOINT_COUNT, 2)).astype(np.float32)
    conf = rng.uniform(0, 1, JOINT_COUNT).astype(np.float32)
    if not tracked:
        for array in (landmarks, world, xy):
            array[:] = np.nan
        conf[:] = 0
    return Keypoints2D(
        index=index,
        time_s=index / 30 if time_s is None else time_s,
        size=size,
        tracked=tracked,
        landmarks=landmarks,
        world=world,
        xy=xy,
        conf=conf,
        captured_at=0.0,
        detected_at=0.0,
    )


def picture(index: int, size: tuple[int, int] = SIZE) -> Frame:
    """A picture that tells its number: a smooth ramp whose brightness steps with ``index``."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 200, width, dtype=np.uint8)
    image[..., 1] = (index * 8) % 256
    image[..., 2] = np.linspace(0, 200, height, dtype=np.uint8)[:, None]
    return Frame(index=index, time_s=index / 30, image=image, captured_at=0.0)


def record(
    folder: Path, frames: int, *, name: str = "take", keep_video: bool = False, first: int = 0
) -> Path:
    """A closed recording of ``frames`` frames."""
    writer = RecordingWriter.create(
        folder, name, source=CAMERA, size=SIZE, keep_video=keep_video, settings={"delay": 2}
    )
    for index in range(first, first + frames):
        writer.append(packet(index), picture(index) if keep_video else None, dropped=index // 10)
    path = writer.close()
    assert writer.error is None
    return path


def takes_no_more(writer: RecordingWriter) -> None:
    """What is appended to a recording that has ended goes nowhere."""
    for thread in writer._threads:
        thread.join(2.0)  # what was taken before the end is still on its way to the disk
    before, bytes_before = writer.frames, writer._file.size
    for number in range(5):
        writer.append(packet(0, time_s=1000.0 + number))
    remains(  # rows are written every 0.2 s
        lambda: (writer.frames, writer._file.size) == (before, bytes_before),
        "nothing is added",
        0.5,
    )


def poses(frames: int, seed: int = 0) -> MadeUpPoses:
    """Poses with about a fifth of the joints filled or missing."""
    rng = np.random.default_rng(seed)
    state = rng.uniform(size=(frames, JOINT_COUNT))
    return MadeUpPoses(
        xyz=rng.normal(scale=0.6, size=(frames, JOINT_COUNT, 3)).astype(np.float32),
        filled=state < 0.1,
        missing=state > 0.9,
        swapped=rng.uniform(size=frames) < 0.2,
    )
