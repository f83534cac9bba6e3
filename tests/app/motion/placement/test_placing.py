"""Somebody in a room, whose every joint is known, is found where they are."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from app.export.sidecar import description
from app.motion.placement.lens import Lens
from app.motion.placement.placing import in_room_of, place
from app.motion.placement.scene import Scene
from app.motion.placement.upright import upright
from app.synthetic.performer.camera import aim_camera
from app.synthetic.performer.rotations import about_x
from models.level import CAMERA_LEVEL
from models.skeleton import JOINT, JOINT_COUNT
from tests.support.performed import Performed, performed, without

ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]
LEGS = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]


@pytest.fixture(scope="module")
def walk() -> Performed:
    """The demo waves and walks a circle."""
    return performed(0, seconds=14)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.nanmean(np.sum(np.square(values), axis=-1))))


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_exact_poses_are_placed_within_centimetres(seed: int) -> None:
    scene = performed(seed, seconds=14)
    placed = place(scene.data, fov_deg=scene.fov_deg)
    assert _rms(scene.placed_pelvis(placed) - scene.true_pelvis) < 0.05
    assert math.degrees(math.acos(float(placed.axes[1] @ scene.up))) < 2
    about = placed.provenance.placement
    assert about is not None
    assert about["camera"]["position_m"][1] == pytest.approx(scene.camera.view.eye[1], abs=0.12)


def test_the_way_over_the_floor_is_that_of_the_walk(walk: Performed) -> None:
    placed = place(walk.data, fov_deg=walk.fov_deg)
    assert placed.root is not None
    way, true = placed.root[:, [0, 2]], walk.world[:, 0][:, [0, 2]]
    assert np.ptp(true, axis=0).min() > 0.8  # there is a walk
    # The demo's camera looks along the world's -z, so the room's axes are the world's.
    assert _rms((way - way.mean(axis=0)) - (true - true.mean(axis=0))) < 0.04
    assert placed.root[0, [0, 2]] == pytest.approx(0, abs=1e-6)


def test_noisy_poses_are_placed_too() -> None:
    scene = performed(3, begin_s=10, seconds=14, pose_noise_m=0.03)
    placed = place(scene.data, fov_deg=scene.fov_deg)
    assert _rms(scene.placed_pelvis(placed) - scene.true_pelvis) < 0.06


def test_the_floor_is_at_zero_and_feet_that_stand_stand_still(walk: Performed) -> None:
    noisy = performed(0, seconds=14, pose_noise_m=0.01)
    placed = place(noisy.data, fov_deg=noisy.fov_deg)
    feet = placed.placed()[:, ANKLES]
    assert np.percentile(feet[..., 1], 5) == pytest.approx(0.08, abs=0.02)
    still = np.linalg.norm(np.diff(noisy.world[:, ANKLES], axis=0), axis=-1) < 1e-5
    before = np.linalg.norm(np.diff(noisy.data.xyz[:, ANKLES], axis=0), axis=-1)[still].mean()
    after = np.linalg.norm(np.diff(feet, axis=0), axis=-1)[still].mean()
    assert still.mean() > 0.5
    assert before > 0.01
    assert after < 0.001


def test_contacts_are_counted(walk: Performed) -> None:
    about = place(walk.data, fov_deg=walk.fov_deg).provenance.placement
    assert about is not None
    steps = np.diff(walk.world[:, ANKLES], axis=0)
    true = (np.linalg.norm(steps, axis=-1) < 0.15 / 30).mean(axis=0)
    found = [about["contacts"][side] for side in ("left", "right")]
    assert found == pytest.approx(true, abs=0.08)


def test_contacts_are_when_feet_are_still(walk: Performed) -> None:
    placed = place(walk.data, fov_deg=walk.fov_deg)
    assert placed.contacts is not None
    assert walk.data.contacts is None
    speed = np.linalg.norm(np.gradient(walk.world[:, ANKLES], 1 / 30, axis=0), axis=-1)
    for foot in range(2):
        stands = placed.contacts[:, foot]
        assert stands[speed[:, foot] < 0.02].mean() > 0.95, "left is left"
        assert stands[speed[:, foot] > 0.5].mean() < 0.1, "its ends are blurred a little"


def test_nothing_but_legs_is_changed_from_the_pelvis(walk: Performed) -> None:
    placed = place(walk.data, fov_deg=walk.fov_deg)
    others = [joint for joint in range(JOINT_COUNT) if joint not in LEGS]
    assert placed.xyz[:, others] == pytest.approx(walk.data.xyz[:, others], abs=1e-6)
    assert placed.conf is walk.data.conf


def test_a_heading_turns_the_person_and_the_way(walk: Performed) -> None:
    plain = place(walk.data, fov_deg=walk.fov_deg)
    for heading_deg in (0.0, 90.0, -135.0):
        turned = place(walk.data, fov_deg=walk.fov_deg, heading_deg=heading_deg)
        joints = turned.placed()[:30]
        left = (joints[:, JOINT["left_hip"]] - joints[:, JOINT["right_hip"]]).mean(axis=0)
        # Who faces +z has the left side at +x; positive headings turn to the left, toward +x.
        facing = math.degrees(math.atan2(-left[2], left[0]))
        assert math.remainder(facing - heading_deg, 360) == pytest.approx(0, abs=10)
        assert turned.root is not None
        assert plain.root is not None
        assert turned.root[:, 1] == pytest.approx(plain.root[:, 1], abs=1e-9)
        assert np.linalg.det(turned.axes) == pytest.approx(1)
        lengths = (np.linalg.norm(each.root[:, [0, 2]], axis=1) for each in (plain, turned))
        assert next(lengths) == pytest.approx(next(lengths), abs=1e-6)


def test_a_wider_lens_means_a_nearer_person(walk: Performed) -> None:
    near, far = (place(walk.data, fov_deg=fov) for fov in (90, 45))
    distances = [np.median(walk.placed_pelvis(each)[:, 2]) for each in (near, far)]
    ratio = math.tan(math.radians(45)) / math.tan(math.radians(22.5))
    assert distances[1] / distances[0] == pytest.approx(ratio, rel=0.1)


def test_the_lens_is_said_to_be_assumed_unless_it_was_given(walk: Performed) -> None:
    for fov_deg, origin in ((None, "assumed"), (70.0, "given")):
        about = place(walk.data, fov_deg=fov_deg).provenance.placement
        assert about is not None
        assert about["lens"]["from"] == origin
        assert about["floor"] == {"from": "standing feet"}
        assert json.loads(json.dumps(about, allow_nan=False)) == about


def test_feet_keep_the_depth_of_a_body_that_seems_to_breathe() -> None:
    scene = performed(0, seconds=10)
    swell = 1 + 0.05 * np.sin(2 * np.pi * scene.data.time_s / 5)
    data = replace(scene.data, xyz=(scene.data.xyz * swell[:, None, None]).astype(np.float32))
    seen = Scene.of(data, Lens.of(data.size, scene.fov_deg, None))
    alone, placed = seen.body.place, scene.placed_pelvis(place(data, fov_deg=scene.fov_deg))
    by_body, by_feet = ((each - scene.true_pelvis)[:, 2].std() for each in (alone, placed))
    assert by_body > 0.1
    assert by_feet < 0.4 * by_body


def test_feet_near_and_far_correct_the_tilt_of_who_leans() -> None:
    stops = np.repeat(np.linspace(-2.0, 1.0, 6), 30)
    times = np.arange(180) / 30 + np.repeat(np.arange(6), 30)
    moved = np.stack([0 * stops, 0 * stops, stops], axis=1)
    scene = performed(0, time_s=times * 0.01, moved=moved)  # so slowly that it stands
    data = replace(
        scene.data,
        time_s=times,
        xyz=scene.data.xyz @ about_x(math.radians(4)).T.astype(np.float32),
    )
    placed = place(data, fov_deg=scene.fov_deg)
    by_body = upright(data.xyz.astype(float), np.ones(data.conf.shape, bool)).up
    off = [math.degrees(math.acos(float(up @ scene.up))) for up in (by_body, placed.axes[1])]
    assert off[0] > 2
    assert off[1] < 0.5 * off[0]


def test_the_lens_of_the_source_is_used(walk: Performed) -> None:
    noted = replace(walk.data.provenance, fov_deg=walk.fov_deg)
    told = place(walk.data, fov_deg=walk.fov_deg)
    found = place(replace(walk.data, provenance=noted))
    assert found.provenance.placement is not None
    assert found.provenance.placement["lens"]["from"] == "source"
    assert found.root == pytest.approx(told.root)


def test_a_known_camera_height_corrects_the_tilt(walk: Performed) -> None:
    leaning = walk.data.xyz @ about_x(math.radians(4)).T.astype(np.float32)
    data = replace(walk.data, xyz=leaning)
    free, told = (place(data, fov_deg=walk.fov_deg, camera_height_m=h) for h in (None, 1.25))
    off = [math.degrees(math.acos(float(each.axes[1] @ walk.up))) for each in (free, told)]
    assert off[0] > 2
    assert off[1] < 1
    about = told.provenance.placement
    assert about is not None
    assert about["camera"]["position_m"][1] == pytest.approx(1.25, abs=0.02)
    assert about["told"]["camera_height_m"] == 1.25


def test_a_wrong_camera_height_does_not_lift_the_feet_off_the_floor(walk: Performed) -> None:
    placed = place(walk.data, fov_deg=walk.fov_deg, camera_height_m=2.5)
    assert np.percentile(placed.placed()[:, ANKLES, 1], 5) == pytest.approx(0.08, abs=0.02)


def test_without_feet_the_camera_height_is_the_floor() -> None:
    scene = performed(0, seconds=4)
    half = without(scene.data, slice(None), LEGS)
    placed = place(half, fov_deg=scene.fov_deg, camera_height_m=1.25)
    assert placed.root is not None
    assert placed.provenance.placement is not None
    assert placed.provenance.placement["floor"] == {"from": "given"}
    assert placed.provenance.placement["camera"]["position_m"][1] == 1.25


@pytest.mark.parametrize("height", [0.0, -1.0, 50.0, math.nan])
def test_a_camera_that_cannot_be_so_high_is_refused(walk: Performed, height: float) -> None:
    with pytest.raises(ValueError, match="above the floor"):
        place(walk.data, camera_height_m=height)


def test_half_a_body_is_placed_and_its_floor_is_a_guess() -> None:
    scene = performed(0, seconds=6)
    half = without(scene.data, slice(None), LEGS)
    placed = place(half, fov_deg=scene.fov_deg)
    about = placed.provenance.placement
    assert about is not None
    assert about["floor"] == {"from": "body height"}
    assert about["camera"]["from"] == "trunk"
    assert about["contacts"] == {"left": 0.0, "right": 0.0}
    assert _rms(scene.placed_pelvis(placed) - scene.true_pelvis) < 0.05
    assert placed.root is not None
    assert np.median(placed.root[:, 1]) == pytest.approx(0.9, abs=0.02)


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    scene = performed(0, begin_s=8, seconds=6)
    everything = list(range(JOINT_COUNT))
    gaps = without(scene.data, slice(30, 42), everything)
    gaps = without(gaps, slice(90, 120), everything)
    placed = place(gaps, fov_deg=scene.fov_deg)
    assert placed.root is not None
    unknown = np.isnan(placed.root[:, 0])
    assert unknown.tolist() == [90 <= row < 120 for row in range(180)]
    off = scene.placed_pelvis(placed) - scene.true_pelvis
    assert _rms(off[30:42]) < 0.1
    assert np.isfinite(placed.xyz[~placed.missing]).all()


def test_nobody_is_nowhere() -> None:
    scene = performed(0, seconds=1)
    placed = place(without(scene.data, slice(None), list(range(JOINT_COUNT))))
    assert placed.root is not None
    assert np.isnan(placed.root).all()
    assert placed.contacts is not None
    assert placed.contacts.shape == (30, 2)
    assert not placed.contacts.any()
    assert placed.axes == pytest.approx(CAMERA_LEVEL)


def test_one_frame_is_placed() -> None:
    scene = performed(0, time_s=np.array([0.0]))
    placed = place(scene.data, fov_deg=scene.fov_deg)
    assert _rms(scene.placed_pelvis(placed) - scene.true_pelvis) < 0.05


def test_uneven_times_with_a_hole() -> None:
    steps = np.random.default_rng(5).uniform(0.02, 0.06, 200)
    steps[100] = 3.0
    scene = performed(0, time_s=np.cumsum(steps) - steps[0])
    placed = place(scene.data, fov_deg=scene.fov_deg)
    assert _rms(scene.placed_pelvis(placed) - scene.true_pelvis) < 0.06


def test_one_bad_wrist_and_a_stranger_for_some_frames(walk: Performed) -> None:
    xy = walk.data.xy.copy()
    xy[:, JOINT["left_wrist"]] += [80, -60]
    xy[200:203] += [250, 0]
    placed = place(replace(walk.data, xy=xy), fov_deg=walk.fov_deg)
    assert _rms(walk.placed_pelvis(placed) - walk.true_pelvis) < 0.06


def test_a_camera_that_looks_down_steeply_sees_the_same_room() -> None:
    steep = aim_camera((0.4, 2.3, 2.6), (0.0, 0.6, 0.0), 75.0, (640, 480))
    scene = performed(0, seconds=14, camera=steep)
    placed = place(scene.data, fov_deg=scene.fov_deg)
    assert math.degrees(math.acos(float(placed.axes[1] @ scene.up))) < 2
    assert placed.root is not None
    assert placed.root[:, 1] == pytest.approx(scene.world[:, 0, 1], abs=0.05)


def test_the_sidecar_says_what_the_axes_are(walk: Performed) -> None:
    plain = description(place(walk.data), table_name="walk.csv")
    turned = description(place(walk.data, heading_deg=90), table_name="walk.csv")
    unplaced = description(walk.data, table_name="walk.csv")["axes"]
    assert unplaced["up"] == "the image's"
    assert plain["axes"] == {**unplaced, "up": "against gravity"}
    assert turned["axes"] == {
        "x": "to the left of who faces along z",
        "y": "up",
        "z": "where a heading of 0 degrees faces",
        "handedness": "right",
        "up": "against gravity",
    }
    for said in (plain, turned):
        assert isinstance(said["position"], dict)
        assert said["position"]["reference"] == "room"
        assert said["position"]["root"] == "pelvis"


def test_two_people_before_one_camera_stand_in_one_room(walk: Performed) -> None:
    step = np.array([0.9, 0.0, -0.5])
    moved = np.broadcast_to(step, (len(walk.world), 3))
    other = performed(0, seconds=14, camera=walk.camera, moved=moved)
    here = place(walk.data, fov_deg=walk.fov_deg)
    there = place(other.data, fov_deg=walk.fov_deg)
    together = in_room_of(here, there)
    assert here.root is not None
    assert there.root is not None
    assert together.root is not None
    assert np.abs(np.nanmean(there.root - here.root, axis=0)).max() < 0.1, "each in their own"
    away = np.nanmean(together.root - here.root, axis=0)
    assert np.hypot(away[0], away[2]) == pytest.approx(np.linalg.norm(step), abs=0.1)
    assert together.provenance.placement is not None
    assert here.provenance.placement is not None
    cameras = [each.provenance.placement["camera"] for each in (here, together)]
    assert cameras[0]["position_m"][::2] == cameras[1]["position_m"][::2]
    assert in_room_of(walk.data, there) is there
