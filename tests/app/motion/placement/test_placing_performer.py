"""The real detector and the shipped network look at the performer; the truth is known exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from app.clip import detect_clip, lift_clip
from app.detector import Detector
from app.motion.data import MotionData
from app.motion.placement import place
from app.motion.placement.lens import Lens
from app.motion.placement.scene import Scene
from app.performer.motion import Motion
from app.performer.source import PerformerSource
from app.performer.stage import Pinhole
from app.performer.variation import variation
from models.lifter import Lifter
from models.skeleton import BONES, JOINT

pytestmark = pytest.mark.slow
ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]
SEED, SECONDS = 11, 12.0


@dataclass(frozen=True)
class Seen:
    """What the detector and the network made of the performer."""

    data: MotionData
    camera: Pinhole
    world: np.ndarray

    @property
    def pelvis(self) -> np.ndarray:
        return self.camera.to_camera(self.world[:, 0])


@pytest.fixture(scope="module")
def seen() -> Seen:
    # The performer says what its lens is, as a telephone does.
    with PerformerSource(seed=SEED, duration_s=SECONDS) as source, Detector() as detector:
        clip = detect_clip(source, detector)
        camera = source.camera
    motion = Motion(variation(SEED))
    world = np.stack([motion.at(float(time)).joints for time in clip.time_s])
    lifter = Lifter()
    plain = lift_clip(clip, lifter).xyz
    # The person's height is known: the size of everything is not what is measured here.
    parents, children = np.array(BONES).T
    sizes = [
        np.linalg.norm(each[:, children] - each[:, parents], axis=-1).sum(axis=1)
        for each in (world, plain)
    ]
    lifter.height_m = lifter.info.height_m * float(np.median(sizes[0]) / np.median(sizes[1]))
    return Seen(lift_clip(clip, lifter), camera, world)


def _pelvis(placed: MotionData) -> np.ndarray:
    assert placed.root is not None
    assert placed.provenance.placement is not None
    return (placed.root - placed.provenance.placement["camera"]["position_m"]) @ placed.axes  # type: ignore[index]


def _along_and_across(off: np.ndarray, pelvis: np.ndarray) -> tuple[float, float]:
    ray = pelvis / np.linalg.norm(pelvis, axis=1, keepdims=True)
    along = (off * ray).sum(axis=1)
    across = np.linalg.norm(off - along[:, None] * ray, axis=1)
    return float(np.sqrt(np.mean(along**2))), float(np.sqrt(np.mean(across**2)))


def test_the_pelvis_is_found_and_better_than_by_single_frames(seen: Seen) -> None:
    placed = place(seen.data)
    along, across = _along_and_across(_pelvis(placed) - seen.pelvis, seen.pelvis)
    alone = Scene.of(seen.data, Lens.of(seen.data.size, None, seen.camera.fov_deg)).body.place
    along_alone, _ = _along_and_across(alone - seen.pelvis, seen.pelvis)
    print(f"along {along:.3f} m (single frames {along_alone:.3f}), across {across:.3f} m")
    assert along < 0.05
    assert along < 0.8 * along_alone
    assert across < 0.03


def test_up_and_the_floor_are_found(seen: Seen) -> None:
    placed = place(seen.data)
    up = seen.camera.view.rotation()[:, 1]
    tilt = math.degrees(math.acos(min(1.0, float(placed.axes[1] @ up))))
    assert placed.root is not None
    height = float(np.sqrt(np.mean((placed.root[:, 1] - seen.world[:, 0, 1]) ** 2)))
    print(f"tilt off by {tilt:.1f} degrees, pelvis' height by {height:.3f} m")
    assert tilt < 4
    assert height < 0.03


def test_standing_feet_do_not_slide(seen: Seen) -> None:
    placed = place(seen.data)
    still = np.linalg.norm(np.diff(seen.world[:, ANKLES], axis=0), axis=-1) < 1e-4
    alone = Scene.of(seen.data, Lens.of(seen.data.size, None, seen.camera.fov_deg)).body.place
    slides = [
        1000 * np.linalg.norm(np.diff(feet, axis=0), axis=-1)[still].mean()
        for feet in (alone[:, None] + seen.data.xyz[:, ANKLES], placed.placed()[:, ANKLES])
    ]
    print(f"feet slide {slides[1]:.2f} mm a frame, {slides[0]:.2f} by single frames")
    assert slides[0] > 3
    assert slides[1] < 0.1 * slides[0]
