"""The performer's acts as motion with exact poses: no picture, no detector, no network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.motion.data import MotionData
from app.synthetic.performer.camera import Pinhole, place_camera
from app.synthetic.performer.motion import Motion
from app.synthetic.performer.variation import variation
from models.skeleton import JOINT_COUNT, PELVIS
from tests.support.motion import ORIGIN
from tests.support.recordings import MadeUpPoses

SIZE = (640, 480)


@dataclass(frozen=True, eq=False)
class Performed:
    """N frames of the performer."""

    data: MotionData
    camera: Pinhole
    world: NDArray[np.float64]
    """(N, 17, 3) metres, y up, the floor at 0."""

    @property
    def fov_deg(self) -> float:
        """Along the picture's longer side."""
        return float(2 * np.degrees(np.arctan(max(self.camera.size) / 2 / self.camera.focal)))

    @property
    def up(self) -> NDArray[np.float64]:
        """(3,) in camera axes."""
        return self.camera.view.rotation()[:, 1]

    def placed_pelvis(self, placed: MotionData) -> NDArray[np.float64]:
        """(N, 3) where ``placed`` says that the pelvis is, metres from the lens, camera axes."""
        assert placed.root is not None
        assert placed.provenance.placement is not None
        camera = placed.provenance.placement["camera"]
        assert isinstance(camera, dict)
        return (placed.root - np.array(camera["position_m"])) @ placed.axes

    @property
    def true_pelvis(self) -> NDArray[np.float64]:
        """(N, 3) metres from the lens, camera axes."""
        return self.camera.to_camera(self.world[:, PELVIS])


def performed(
    seed: int = 0,
    *,
    begin_s: float = 0.0,
    seconds: float = 8.0,
    rate: float = 30.0,
    time_s: NDArray[np.float64] | None = None,
    camera: Pinhole | None = None,
    pose_noise_m: float = 0.0,
    moved: NDArray[np.float64] | None = None,
) -> Performed:
    """Some seconds of the acts of ``seed``, seen by its own camera or another; ``moved`` (N, 3)
    metres from where they are acted."""
    chosen = variation(seed)
    motion = Motion(chosen)
    camera = camera or place_camera(chosen, motion, SIZE)
    times = np.arange(round(seconds * rate)) / rate if time_s is None else time_s
    world = np.stack([motion.at(begin_s + float(time)).joints for time in times])
    if moved is not None:
        world = world + moved[:, None]
    seen = camera.to_camera(world)
    noise = np.random.default_rng(seed).normal(0.0, pose_noise_m, seen.shape)
    pose = seen - seen[:, PELVIS, None] + noise - noise[:, PELVIS, None]
    count, everything = len(times), np.zeros((len(times), JOINT_COUNT), bool)
    data = MotionData.from_lifted(
        time_s=times,
        tracked=np.ones(count, bool),
        conf=np.ones((count, JOINT_COUNT), np.float32),
        xy=camera.project(seen).astype(np.float32),
        size=camera.size,
        lifted=MadeUpPoses(
            pose.astype(np.float32), everything, everything.copy(), np.zeros(count, bool)
        ),
        provenance=ORIGIN,
    )
    return Performed(data, camera, world)


def without(data: MotionData, rows: slice, joints: list[int]) -> MotionData:
    """The same motion with some joints unseen, and their pixels nonsense, in some frames."""
    xy, conf, missing = data.xy.copy(), data.conf.copy(), data.missing.copy()
    for joint in joints:
        xy[rows, joint], conf[rows, joint], missing[rows, joint] = -50.0, 0.0, True
    return replace(data, xy=xy, conf=conf, missing=missing)
