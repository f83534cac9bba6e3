from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.render.camera import (
    FRONT,
    MAX_DISTANCE_M,
    MIN_DISTANCE_M,
    PRESETS,
    SIDE,
    TOP,
    OrbitCamera,
    View,
)

SIZE = (800, 600)
angles = st.floats(-3.0, 3.0)
pixels = st.floats(-200.0, 200.0)
cameras = st.builds(
    OrbitCamera,
    azimuth=angles,
    elevation=st.floats(-0.5, math.pi / 2),
    distance=st.floats(0.5, 20.0),
    target=st.tuples(angles, angles, angles),
)


def test_target_is_in_the_middle_of_every_preset() -> None:
    for camera in PRESETS.values():
        pixel, depth = camera.view().project(np.array(camera.target), SIZE)
        assert pixel == pytest.approx([400, 300])
        assert depth == pytest.approx(camera.distance)


def test_front_shows_the_persons_left_on_the_right_and_up_above() -> None:
    middle = np.array(FRONT.target)
    left, above = (FRONT.view().project(middle + step, SIZE)[0] for step in np.eye(3)[:2] * 0.3)
    assert left[0] > 410
    assert above[1] < 290


def test_side_and_top_look_along_the_right_axes() -> None:
    # From the person's left, their front (z) is on the left; from above, it is at the bottom.
    from_left = SIDE.view().project(np.add(SIDE.target, (0, 0, 0.3)), SIZE)[0]
    from_above = TOP.view().project(np.add(TOP.target, (0, 0, 0.3)), SIZE)[0]
    assert from_left[0] < 390
    assert from_above[1] > 310


def test_eye_of_the_standing_presets_is_at_chest_height() -> None:
    for name in ("front", "side", "three-quarter"):
        assert 1.1 < PRESETS[name].view().eye[1] < 1.4


def test_lens_is_sixty_degrees_high() -> None:
    view = View((0, 0, 0), (0, 0, -1))
    edge, _ = view.project(np.array([0, math.tan(math.radians(30)), -1]), SIZE)
    assert edge == pytest.approx([400, 0])


def test_view_from_the_webcam_shows_what_the_webcam_saw() -> None:
    points = np.array([[0.3, -0.2, 2.0], [-0.5, 0.4, 3.0]])
    view = View((0, 0, 0), (0, 0, -1), fov_deg=50)
    pixels_seen, depth = view.project(points * (1, -1, -1), SIZE)
    focal = view.focal(SIZE[1])
    np.testing.assert_allclose(pixels_seen, focal * points[:, :2] / points[:, 2:] + (400, 300))
    np.testing.assert_allclose(depth, points[:, 2])


def test_points_behind_the_eye_have_no_pixel() -> None:
    pixel, depth = FRONT.view().project(np.array([0.0, 1.0, 50.0]), SIZE)
    assert np.isnan(pixel).all()
    assert depth < 0


@given(cameras)
def test_axes_are_a_rotation_at_any_angle_straight_down_included(camera: OrbitCamera) -> None:
    axes = camera.view().rotation()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1)


@given(cameras, pixels, pixels)
def test_panning_keeps_the_target_under_the_pointer(
    camera: OrbitCamera, dx: float, dy: float
) -> None:
    moved = camera.panned(dx, dy, SIZE[1])
    pixel, _ = moved.view().project(np.array(camera.target), SIZE)
    np.testing.assert_allclose(pixel, (400 + dx, 300 + dy), atol=1e-6)


@given(cameras, pixels, pixels)
def test_orbiting_keeps_distance_and_target_and_never_turns_over(
    camera: OrbitCamera, dx: float, dy: float
) -> None:
    moved = camera.orbited(dx, dy, SIZE[1])
    view = moved.view()
    assert math.dist(view.eye, view.target) == pytest.approx(camera.distance)
    assert moved.target == camera.target
    assert view.up[1] > -1e-9


def test_dragging_to_the_right_turns_the_scene_to_the_right() -> None:
    front = np.add(FRONT.target, (0, 0, 0.3))
    pixel, _ = FRONT.orbited(50, 0, SIZE[1]).view().project(front, SIZE)
    assert pixel[0] > 410


def test_zoom_has_limits_both_ways_and_undoes_itself() -> None:
    assert FRONT.zoomed(1).distance < FRONT.distance
    assert FRONT.zoomed(3).zoomed(-3).distance == pytest.approx(FRONT.distance)
    assert FRONT.zoomed(1000).distance == MIN_DISTANCE_M
    assert FRONT.zoomed(-1000).distance == MAX_DISTANCE_M


def test_a_view_without_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="one point"):
        View((1, 1, 1), (1, 1, 1)).rotation()
