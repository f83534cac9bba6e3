"""What the study says of a room that is known: by exact poses, and by poses known to be wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from app.lab.evaluation.material import CameraSetup, Footage, Material
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.placement_study import CHOICES, Placing, placement_study, placing, told_of
from app.motion.data import MotionData
from app.synthetic.performer.rotations import about_x
from models.lifter import Lifted
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.evaluation import walking_footage
from tests.support.performed import Performed, performed, without

SEED = 3
EVERYTHING = list(range(JOINT_COUNT))


@pytest.fixture(scope="module")
def scene() -> Performed:
    return performed(SEED, seconds=10)


@pytest.fixture(scope="module")
def footage(scene: Performed) -> Footage:
    return Footage(
        group="walk",
        size=scene.data.size,
        time_s=scene.data.time_s,
        xy=scene.data.xy,
        conf=scene.data.conf,
        true=scene.camera.to_camera(scene.world),
        up=scene.up,
        camera_setup=CameraSetup(scene.fov_deg, scene.camera.view.eye[1]),
    )


def shifted(footage: Footage, by: np.ndarray) -> Footage:
    return replace(footage, true=footage.true + by)


def judged(footage: Footage, data: MotionData) -> Placing:
    return placing(*told_of(footage, data))


def test_exact_poses_are_placed_well(footage: Footage, scene: Performed) -> None:
    found = judged(footage, scene.data)
    assert max(found.along_mm, found.across_mm, found.height_mm, found.alone_mm) < 40
    assert found.tilt_deg < 2
    assert found.slide_mm < 0.2


def test_a_pelvis_said_to_be_elsewhere_is_that_far_off(footage: Footage, scene: Performed) -> None:
    """As if the placing were wrong by so much: along the line of sight, or across it."""
    exact = judged(footage, scene.data)
    assert footage.up is not None
    middle = footage.true[:, 0].mean(axis=0)
    far = middle / np.linalg.norm(middle)
    aside = np.cross(footage.up, far)
    behind = judged(shifted(footage, 0.4 * far), scene.data)
    assert behind.along_mm == pytest.approx(400, abs=45)
    assert behind.alone_mm == pytest.approx(400, abs=45)
    assert behind.across_mm < 0.5 * behind.along_mm
    beside = judged(shifted(footage, 0.4 * aside), scene.data)
    assert beside.across_mm == pytest.approx(400, abs=45)
    assert beside.along_mm < 0.5 * beside.across_mm
    assert behind.slide_mm == exact.slide_mm


def test_up_and_height_are_the_cameras(footage: Footage, scene: Performed) -> None:
    exact, camera_setup = judged(footage, scene.data), footage.camera_setup
    assert camera_setup is not None
    assert footage.up is not None
    tilted = replace(footage, up=about_x(math.radians(10)) @ footage.up)
    assert judged(tilted, scene.data).tilt_deg == pytest.approx(10, abs=exact.tilt_deg + 0.1)
    raised = replace(
        footage, camera_setup=replace(camera_setup, height_m=camera_setup.height_m + 0.3)
    )
    assert judged(raised, scene.data).height_mm == pytest.approx(300, abs=exact.height_mm + 1)


def test_only_feet_that_truly_stand_can_slide(footage: Footage, scene: Performed) -> None:
    """Poses that tremble by 2 cm: feet of single frames do, those of the room do not."""
    noise = np.random.default_rng(0).normal(0, 0.02, scene.data.xyz.shape)
    noise[:, 0] = 0
    trembling = judged(footage, replace(scene.data, xyz=scene.data.xyz + np.float32(noise)))
    assert trembling.alone_slide_mm > 20
    assert trembling.slide_mm < 0.1 * trembling.alone_slide_mm
    assert trembling.alone_mm > 1.1 * trembling.along_mm, "single frames tremble"
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    jumping = footage.true.copy()
    jumping[::2, ankles] += 0.01
    assert math.isnan(judged(replace(footage, true=jumping), scene.data).slide_mm)


def test_size_and_lens_are_told(footage: Footage, scene: Performed) -> None:
    small = replace(scene.data, xyz=scene.data.xyz * np.float32(0.8))
    _, told = told_of(footage, small)
    np.testing.assert_allclose(told.xyz, scene.data.xyz, atol=1e-4)
    assert told.provenance.fov_deg == scene.fov_deg
    assert placing(footage, small).along_mm > 300 > 40 > judged(footage, small).along_mm


def test_who_is_not_seen_has_no_place(footage: Footage, scene: Performed) -> None:
    nobody = judged(footage, without(scene.data, slice(None), EVERYTHING))
    assert all(math.isnan(getattr(nobody, name)) for name in Placing.__dataclass_fields__)
    late = judged(footage, without(scene.data, slice(0, 60), EVERYTHING))
    assert late.along_mm < 60


@dataclass(frozen=True)
class _Info:
    name: str = "exact"


@dataclass(frozen=True)
class _Exact:
    """A lifter that knows the truth, in half the size."""

    footage: Footage
    info: _Info = _Info()
    use_depth: bool = True

    def lift(self, *_given: object, **_named: object) -> Lifted:
        true = (self.footage.true - self.footage.true[:, :1]) / 2
        nothing = np.zeros(true.shape[:2], np.bool_)
        return Lifted(true.astype(np.float32), nothing, nothing.copy(), nothing[:, 0])


def test_a_row_for_every_choice_the_mean_of_all_takes(footage: Footage) -> None:
    ours = Ours("w", _Exact(footage))  # type: ignore[arg-type]
    elsewhere = shifted(footage, np.array([0.0, 0.0, 0.6]))
    rows = placement_study(Material("walk", (footage, elsewhere)), [ours])
    assert [(row.on, row.method, row.told) for row in rows] == [
        ("walk", "w", told) for told, _ in CHOICES
    ]
    told, untold = (row.placing for row in rows)
    assert told.along_mm == pytest.approx(300, abs=40), "of 0 and 600"
    assert untold.along_mm > 1000, "half the size is half as far away"


def test_without_a_known_camera_nothing_is_said(footage: Footage) -> None:
    ours = Ours("w", _Exact(footage))  # type: ignore[arg-type]
    assert placement_study(Material("walk", (walking_footage(30),)), [ours]) == []
