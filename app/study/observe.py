"""Draws takes and lets the detector look at them; one process, no windows on the screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection.detector import Detector
from app.detection.models import FOR_FILMS, Size
from app.packets import Frame
from app.performer.puppet import Take, heading
from app.performer.scene import PerformerScene
from app.performer.stage import Performance, Pinhole
from app.performer.variation import variation
from app.study import views
from app.study.motion import Repertoire, cut
from models.skeleton import joints_from_landmarks

RATE: Final = 30.0
"""Frames a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One take of T frames, as the detector saw it and as it was."""

    xy: NDArray[np.float32]
    """(T, 17, 2) pixels; NaN where nobody was found."""
    conf: NDArray[np.float32]
    """(T, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(T, 17, 3) the detector's own 3D, metres, camera axes, hips at the origin; NaN as ``xy``."""
    tracked: NDArray[np.bool_]
    """(T,) whether a person was found."""
    truth: NDArray[np.float32]
    """(T, 17, 3) the drawn joints, metres from the lens, camera axes."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    focal: float
    """In pixels; the principal point is the picture's middle."""
    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    """The lens and what it looks at, metres, world axes, the floor at y = 0."""
    framing: str
    """``whole``, ``cut`` or ``any``; see :data:`~.views.Framing`."""
    clip: str
    split: str
    seed: int
    """Of the body and the look; see :func:`~app.performer.variation.variation`."""
    index: int
    """Which take of the run it is."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A take ready to be drawn."""

    take: Take
    camera: Pinhole
    framing: str
    clip: str
    split: str
    seed: int


def stage(
    source: Repertoire,
    frames: int,
    seed: int,
    index: int,
    framing: views.Framing | None = None,
    *,
    bent: bool = True,
) -> Staged:
    """Take ``index`` of the run of ``seed``; the same whichever takes are made besides it."""
    random = np.random.default_rng([seed, index])
    clip, xyz = cut(source, frames, RATE, random, bent=bent)
    body_seed = int(random.integers(1, 2**31))
    choice = views.choose(random, framing)
    turn = choice.azimuth + choice.yaw - heading(xyz)
    take = Take(variation(body_seed).proportions, xyz, RATE, turn)
    joints = np.array([take.at(frame / RATE).joints for frame in range(frames)])
    camera = views.place(choice, joints, random)
    return Staged(take, camera, choice.framing, clip.name, clip.split, body_seed)


def observe(
    source: Repertoire,
    count: int,
    seconds: float,
    seed: int,
    *,
    first: int = 0,
    framing: views.Framing | None = None,
    size: Size = FOR_FILMS,
    bent: bool = True,
) -> Iterator[Observation]:
    """Takes ``first`` to ``count`` - 1 of a run, one after the other.

    Args:
        source: the motion.
        count: how many takes the whole run has.
        seconds: length of each take.
        seed: of everything random.
        first: take to begin with, when a run is continued.
        framing: of every take; drawn for each unless told.
        size: of the detector's model.
        bent: whether some takes are made to sit, squat, reach and turn their limbs.

    Raises:
        RenderError: nothing can be drawn here.
        DetectorError: MediaPipe cannot start or failed.
    """
    # Mesa reads it when the first window opens: more threads cost more for the same picture.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    frames = max(1, round(seconds * RATE))
    with Detector(size, several=False) as detector:
        for index in range(first, count):
            staged = stage(source, frames, seed, index, framing, bent=bent)
            yield _observed(staged, frames, index, detector)


def _observed(staged: Staged, frames: int, index: int, detector: Detector) -> Observation:
    camera, width, height = staged.camera, *staged.camera.size
    scene = PerformerScene(Performance(variation(staged.seed), camera.view, staged.take))
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    seen, truth = [], []
    try:
        for frame in range(frames):
            time_s = frame / RATE
            scene.draw(time_s, picture)
            # The clock starts again with every take, on which the detector forgets the last one.
            seen.append(detector.detect(Frame(frame, time_s, picture, 0.0)))
            truth.append(camera.to_camera(staged.take.at(time_s).joints))
    finally:
        scene.close()
    return Observation(
        xy=np.stack([one.xy for one in seen]),
        conf=np.stack([one.conf for one in seen]),
        world=np.stack([joints_from_landmarks(one.world) for one in seen]).astype(np.float32),
        tracked=np.array([one.tracked for one in seen]),
        truth=np.stack(truth).astype(np.float32),
        size=camera.size,
        focal=camera.focal,
        eye=camera.view.eye,
        target=camera.view.target,
        framing=staged.framing,
        clip=staged.clip,
        split=staged.split,
        seed=staged.seed,
        index=index,
    )
