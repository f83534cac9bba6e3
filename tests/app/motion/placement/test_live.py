from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.motion.ground import ANKLE_M, PELVIS_M
from app.motion.placement.live import LivePlacement, misfit, position
from app.motion.placement.live_soles import Soles
from app.packets import Keypoints2D, PeopleInView, Pose3D
from app.ui.presenters.people_hints import DIFFERENT, LASTS_S, MISFIT, FitHint
from models import ASSUMED_FOCAL
from models.feet import FLAT_DEG
from models.skeleton import JOINT

ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]


def person() -> np.ndarray:
    """A rough upright person around the pelvis, camera axes (y down)."""
    xyz = np.zeros((17, 3), dtype=np.float32)
    height = {"knee": 0.45, "ankle": 0.85, "spine": -0.25, "thorax": -0.5, "nose": -0.65}
    for name, joint in JOINT.items():
        part = name.split("_")[-1]
        xyz[joint, 1] = height.get(part, {"head": -0.7, "shoulder": -0.48}.get(part, 0.0))
        xyz[joint, 0] = {"left": 0.15, "right": -0.15}.get(name.split("_")[0], 0.0)
    return xyz


def pose(xyz: np.ndarray, time_s: float, missing: list[int] | None = None) -> Pose3D:
    absent = np.zeros(17, dtype=bool)
    absent[missing or []] = True
    nothing = np.zeros(17, dtype=bool)
    return Pose3D(round(time_s * 30), time_s, xyz, nothing, absent, 0, 0, 0)


def seen_at(xyz: np.ndarray, place: tuple[float, float, float], time_s: float) -> Keypoints2D:
    """The 2D of a person standing at ``place`` (metres, camera axes)."""
    size = (640, 480)
    points = xyz + np.asarray(place)
    xy = ASSUMED_FOCAL * size[0] * points[:, :2] / points[:, 2:] + (320, 240)
    conf = np.ones(17, dtype=np.float32)
    marks, world = np.zeros((33, 5), np.float32), np.zeros((33, 3), np.float32)
    return Keypoints2D(0, time_s, size, True, marks, world, xy.astype(np.float32), conf, 0, 0)


def test_the_feet_stand_on_the_floor() -> None:
    joints = LivePlacement().place(pose(person(), 0.0), None)
    assert joints[ANKLES, 1].min() == pytest.approx(ANKLE_M)
    assert joints[JOINT["head"], 1] > joints[JOINT["pelvis"], 1]


def test_without_legs_the_pelvis_is_at_its_usual_height() -> None:
    joints = LivePlacement().place(pose(person(), 0.0, missing=ANKLES), None)
    assert joints[JOINT["pelvis"], 1] == pytest.approx(PELVIS_M)


def test_a_squat_lowers_the_pelvis_within_half_a_second() -> None:
    placement, low = LivePlacement(), person()
    low[:, 1] *= 0.6
    placement.place(pose(person(), 0.0), None)
    for frame in range(1, 16):
        joints = placement.place(pose(low, frame / 30), None)
    assert joints[ANKLES, 1].min() == pytest.approx(ANKLE_M, abs=0.05)


def test_the_place_is_found_from_size_and_position() -> None:
    xyz = person()
    found = position(xyz, seen_at(xyz, (0.4, -0.1, 3.0), 0.0), np.ones(17, dtype=bool))
    assert found is not None
    assert_allclose(found, (0.4, -0.1, 3.0), atol=1e-4)


def test_too_few_joints_give_no_place() -> None:
    xyz = person()
    few = np.zeros(17, dtype=bool)
    few[:3] = True
    assert position(xyz, seen_at(xyz, (0, 0, 3), 0.0), few) is None


def test_walking_toward_the_camera_moves_the_person_on_the_floor() -> None:
    placement, xyz = LivePlacement(), person()
    for frame in range(90):
        depth = 4.0 - frame / 90
        joints = placement.place(pose(xyz, frame / 30), seen_at(xyz, (0, 0, depth), frame / 30))
    assert joints[0, 2] == pytest.approx(0.9, abs=0.25)
    assert abs(joints[0, 0]) < 0.01


def test_another_person_stands_where_the_one_before_stood_and_walks_from_there() -> None:
    placement, body = LivePlacement(), person()
    ours, theirs = (0.2, 0.0, 3.0), (1.9, 0.0, 4.0)

    def stand(frame: int, place: tuple[float, float, float], followed: int) -> np.ndarray:
        now = frame / 30
        keypoints = replace(
            seen_at(body, place, now), people_in_view=PeopleInView(followed=followed)
        )
        return placement.place(pose(body, now), keypoints)[0, [0, 2]]

    for frame in range(60):
        before = stand(frame, ours, 0)
    for frame in range(60, 120):
        after = stand(frame, theirs, 1)
        assert_allclose(after, before, atol=0.02)
    for frame in range(120, 240):
        walked = stand(frame, (1.4, 0.0, 4.0), 1)
    assert walked[0] - before[0] == pytest.approx(-0.5, abs=0.02)


def test_a_jump_in_time_starts_afresh() -> None:
    placement, xyz = LivePlacement(), person()
    placement.place(pose(xyz, 0.0), seen_at(xyz, (0, 0, 4), 0.0))
    joints = placement.place(pose(xyz, 60.0), seen_at(xyz, (0, 0, 2), 60.0))
    assert joints[0, 2] == pytest.approx(0.0)


def lowest(places: list[tuple[float, float, float]]) -> np.ndarray:
    """How high the lower ankle of somebody stands who is at these places, 30 a second."""
    placement, xyz = LivePlacement(), person()
    heights = []
    for frame, place in enumerate(places):
        joints = placement.place(pose(xyz, frame / 30), seen_at(xyz, place, frame / 30))
        heights.append(joints[ANKLES, 1].min() - ANKLE_M)
    return np.array(heights)


def test_who_jumps_leaves_the_floor_and_lands_on_it() -> None:
    time_s = np.arange(75) / 30
    height = np.maximum(0.0, 0.35 * (1 - ((time_s - 1.3) / 0.27) ** 2))
    drawn = lowest([(0.0, -float(up), 3.5) for up in height])
    assert drawn[height == 0].max() < 0.03, "soles on the floor before and after"
    assert drawn.max() == pytest.approx(0.35, abs=0.03)
    assert (drawn > 0.02).sum() == pytest.approx((height > 0.06).sum(), abs=2)


def test_who_walks_or_climbs_does_not_hover() -> None:
    rng = np.random.default_rng(2)
    away = [(0.0, 0.4, 3.0 + frame / 30 * 1.2 + float(rng.normal(0, 0.03))) for frame in range(90)]
    assert (lowest(away) < 0.03).all()
    onto_a_step = [(0.0, -0.3 * (frame > 30), 3.5) for frame in range(120)]
    assert (lowest(onto_a_step)[70:] < 0.03).all()


def test_a_pose_of_somebody_else_does_not_fit_the_person_in_the_picture() -> None:
    xyz, everything = person(), np.ones(17, bool)
    seen = seen_at(xyz, (0.3, 0.1, 3.0), 0.0)
    assert misfit(xyz, seen, everything) == pytest.approx(0.0, abs=1e-4)
    trembling = np.random.default_rng(1).normal(0, 0.02, (17, 3)).astype(np.float32)
    assert misfit(xyz + trembling, seen, everything) < MISFIT / 2
    sitting = xyz.copy()
    sitting[ANKLES + [JOINT["left_knee"], JOINT["right_knee"]], 1] = 0.0
    lying = sitting[:, [1, 0, 2]]
    assert misfit(lying, seen, everything) > MISFIT
    hint = FitHint()
    assert hint.step(0.5, 10.0) == ""
    assert hint.step(0.5, 10.1 + LASTS_S) == DIFFERENT
    assert hint.step(0.01, 12.0) == ""
    assert hint.step(None, 13.0) == ""


def with_feet(time_s: float, *, tip_deg: float = 20.0, lifted_m: float = 0.0) -> Pose3D:
    """Feet that point to the camera, down by ``tip_deg``; the left one lifted."""
    xyz = person()
    xyz[JOINT["left_ankle"], 1] -= lifted_m
    tip = np.radians(tip_deg)
    ahead = np.array([0.0, np.sin(tip), -np.cos(tip)], np.float32)
    heels = xyz[ANKLES] + np.array([0.0, 0.06, 0.03], np.float32)
    feet = np.concatenate([heels, heels + 0.22 * ahead])
    return replace(pose(xyz, time_s), feet=feet)


def tips(feet: np.ndarray) -> np.ndarray:
    """Degrees by which the left and the right foot point down."""
    ahead = feet[2:] - feet[:2]
    return np.degrees(np.arctan2(-ahead[:, 1], np.linalg.norm(ahead[:, [0, 2]], axis=1)))


def test_soles_of_who_stands_lie_on_the_floor() -> None:
    placement, shown = LivePlacement(), with_feet(0.0)
    feet = placement.soles(shown, placement.place(shown, None)).feet
    assert_allclose(tips(feet), FLAT_DEG, atol=0.01)
    assert_allclose(feet[2:, 1], 0.0, atol=0.02)


def test_a_lifted_foot_and_one_on_its_toes_stay_as_they_are() -> None:
    placement, shown = LivePlacement(), with_feet(0.0, lifted_m=0.2)
    assert_allclose(
        tips(placement.soles(shown, placement.place(shown, None)).feet), [20.0, FLAT_DEG], atol=0.01
    )
    placement, shown = LivePlacement(), with_feet(0.0, tip_deg=55.0)
    assert_allclose(
        tips(placement.soles(shown, placement.place(shown, None)).feet), 55.0, atol=0.01
    )


def test_soles_come_down_without_a_jump() -> None:
    placement = LivePlacement()
    found = []
    for frame in range(60):
        shown = with_feet(frame / 30, tip_deg=30.0, lifted_m=0.2 if frame < 30 else 0.0)
        found.append(tips(placement.soles(shown, placement.place(shown, None)).feet)[0])
    assert_allclose(found[:30], 30.0, atol=0.01)
    assert_allclose(found[-1], FLAT_DEG, atol=0.5)
    assert np.abs(np.diff(found)).max() < 8


def test_feet_that_are_not_known_stay_so() -> None:
    placement, shown = LivePlacement(), with_feet(0.0)
    assert shown.feet is not None
    shown.feet[[0, 2]] = np.nan
    feet = placement.soles(shown, placement.place(shown, None)).feet
    assert np.isnan(feet[[0, 2]]).all()
    assert np.isfinite(feet[[1, 3]]).all()


def shown_live(poses: list[Pose3D]) -> list[Soles]:
    placement = LivePlacement()
    return [placement.soles(each, placement.place(each, None)) for each in poses]


def hidden(foot_pose: Pose3D) -> Pose3D:
    """The same, the left foot not told."""
    assert foot_pose.feet is not None
    feet = foot_pose.feet.copy()
    feet[[0, 2]] = np.nan
    return replace(foot_pose, feet=feet)


def test_a_standing_foot_is_kept_while_it_is_not_told_and_fades_at_last() -> None:
    told = [with_feet(frame / 30) for frame in range(30)]
    untold = [hidden(with_feet(frame / 30)) for frame in range(30, 130)]
    found = shown_live(told + untold)
    assert_allclose(found[100].feet, found[29].feet, atol=1e-5)
    assert found[100].opacity[0] == 1
    assert 0 < found[30 + 82].opacity[0] < 1
    assert np.isnan(found[-1].feet[[0, 2]]).all()


def test_a_foot_that_is_lifted_is_not_kept() -> None:
    told = [with_feet(frame / 30) for frame in range(30)]
    lifted = [hidden(with_feet(frame / 30, lifted_m=0.2)) for frame in range(30, 60)]
    assert np.isnan(shown_live(told + lifted)[-1].feet[[0, 2]]).all()


def test_a_foot_that_fades_before_it_is_told_no_more_stays_firm_while_it_stands() -> None:
    """As live ones do, which are held for half a second."""
    told = [with_feet(frame / 30) for frame in range(30)]
    fading = [
        replace(with_feet(frame / 30, tip_deg=40.0), feet_opacity=np.full(4, 1 - (frame - 29) / 8))
        for frame in range(30, 37)
    ]
    after = [hidden(with_feet(frame / 30)) for frame in range(37, 50)]
    found = shown_live(told + fading + after)
    assert all(each.opacity.min() == 1 for each in found)
