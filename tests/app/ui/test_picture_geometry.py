from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.packets import Keypoints2D
from app.render.figure import FOOT_BONES
from app.ui.presenters.picture import figure, place, with_feet
from models.skeleton import BONES, FOOT_JOINT_NAMES, JOINT


def test_fit_shows_the_whole_picture_in_the_middle() -> None:
    found = place((640, 480), (1000, 480), fill=False, mirror=False)
    assert (found.left, found.top, found.width, found.height) == (180, 0, 640, 480)


def test_fill_covers_the_pane_and_keeps_the_shape() -> None:
    found = place((640, 480), (1000, 480), fill=True, mirror=False)
    assert found.width == 1000
    assert found.width / found.height == pytest.approx(640 / 480)
    assert found.top == pytest.approx(-135)


def test_mirroring_moves_points_and_leaves_the_data_alone() -> None:
    xy = np.array([[0.0, 10.0], [640.0, 20.0]], dtype=np.float32)
    before = xy.copy()
    straight = place((640, 480), (640, 480), fill=False, mirror=False).to_pane(xy, (640, 480))
    mirrored = place((640, 480), (640, 480), fill=False, mirror=True).to_pane(xy, (640, 480))
    assert_allclose(straight, xy)
    assert_allclose(mirrored, [[640, 10], [0, 20]])
    assert_allclose(xy, before)


def test_bones_need_both_ends_and_have_the_persons_sides() -> None:
    points = np.arange(42, dtype=float).reshape(21, 2)
    drawn = np.ones(21, dtype=bool)
    drawn[JOINT["left_elbow"]] = False
    points[JOINT["right_knee"]] = np.nan
    strokes, dots = figure(points, drawn, np.ones(21))
    assert len(dots) == 19
    bones = len(BONES) + len(FOOT_BONES)
    assert len(strokes) == bones - 4  # each of the two joints carries two bones
    assert {stroke.side for stroke in strokes} == {"left", "right", "middle"}
    shoulder = tuple(points[JOINT["left_shoulder"]])
    assert [stroke.side for stroke in strokes if stroke.end == shoulder] == ["left"]


def test_a_bone_is_as_faint_as_its_fainter_end() -> None:
    opacity = np.ones(21)
    opacity[JOINT["left_wrist"]] = 0.4
    strokes, _ = figure(np.ones((21, 2)), np.ones(21, dtype=bool), opacity)
    assert sorted({stroke.opacity for stroke in strokes}) == [0.4, 1.0]


def test_heels_and_toes_are_drawn_where_their_ankles_are() -> None:
    feet = np.zeros((4, 6), np.float32)
    feet[:, :2] = [[110, 300], [90, 300], [112, 310], [88, 310]]
    feet[:, 2] = (0.9, 0.9, 0.2, 0.9)  # the left toe is a guess
    keypoints = Keypoints2D(
        *(0, 0.0, (640, 480), True, np.zeros((33, 5), np.float32), np.zeros((33, 3), np.float32)),
        *(np.full((17, 2), 100, np.float32), np.ones(17, np.float32), 0.0, 0.0),
        feet=feet,
    )
    seen = np.ones(17, bool)
    xy, drawn, conf = with_feet(keypoints, seen)
    assert_allclose(xy[17:], feet[:, :2])
    assert drawn[17:].tolist() == [True, True, False, True]
    strokes, _ = figure(xy, drawn, conf)
    ends = {stroke.end for stroke in strokes}
    heel, toe = (FOOT_JOINT_NAMES.index(f"right_{part}") for part in ("heel", "toe"))
    assert {tuple(feet[heel, :2].tolist()), tuple(feet[toe, :2].tolist())} <= ends
    assert {stroke.side for stroke in strokes if stroke.end == (88, 310)} == {"right"}
    seen[JOINT["right_ankle"]] = False
    assert with_feet(keypoints, seen)[1][17:].tolist() == [True, False, False, False]


def test_somebody_whose_feet_are_not_known_is_drawn_without() -> None:
    strokes, dots = figure(np.ones((17, 2)), np.ones(17, dtype=bool), np.ones(17))
    assert len(strokes) == len(BONES)
    assert len(dots) == 17
