from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from app.ui.presenters.picture import figure, place
from models.skeleton import BONES, JOINT


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
    points = np.arange(34, dtype=float).reshape(17, 2)
    drawn = np.ones(17, dtype=bool)
    drawn[JOINT["left_elbow"]] = False
    points[JOINT["right_knee"]] = np.nan
    strokes, dots = figure(points, drawn, np.ones(17))
    assert len(dots) == 15
    assert len(strokes) == len(BONES) - 4  # each of the two joints carries two bones
    assert {stroke.side for stroke in strokes} == {"left", "right", "middle"}
    shoulder = tuple(points[JOINT["left_shoulder"]])
    assert [stroke.side for stroke in strokes if stroke.end == shoulder] == ["left"]


def test_a_bone_is_as_faint_as_its_fainter_end() -> None:
    opacity = np.ones(17)
    opacity[JOINT["left_wrist"]] = 0.4
    strokes, _ = figure(np.ones((17, 2)), np.ones(17, dtype=bool), opacity)
    assert sorted({stroke.opacity for stroke in strokes}) == [0.4, 1.0]
