"""Cameras around people, against geometry that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.synthetic.clothed.boxes import Box
from app.synthetic.clothed.cameras import Camera, place_camera

STANDING = np.array(
    [[[0.0, 1.7, 0.1], [0.3, 1.0, 0.0], [-0.3, 1.0, 0.0], [0.1, 0.05, 0.1], [-0.1, 0.05, 0.1]]]
)
"""(1, 5, 3) a head, two hands and two feet, facing +z."""
GREY = np.zeros((2, 2, 3), np.uint8)


@pytest.fixture(scope="module")
def placed() -> list[tuple[Camera, str]]:
    return [place_camera(STANDING, 0.0, np.random.default_rng(seed)) for seed in range(250)]


def _pixels(camera: Camera) -> np.ndarray:
    return camera.project(camera.to_camera(STANDING[0]))


def test_a_camera_before_the_person() -> None:
    turn = np.diag([-1.0, -1.0, 1.0])  # looks along +z, x to its right is -x of the world
    camera = Camera((640, 480), 500.0, turn, np.array([0.0, 1.0, -2.0]))
    np.testing.assert_allclose(camera.to_camera(np.array([0.0, 2.0, 0.0])), [0, -1, 2])
    np.testing.assert_allclose(camera.up, [0, -1, 0])
    seen = camera.project(camera.to_camera(np.array([-0.4, 1.0, 0.0])))
    np.testing.assert_allclose(seen, [320 + 500 * 0.2, 240])


@pytest.mark.slow
def test_the_renderer_sees_what_the_camera_projects(placed: list[tuple[Camera, str]]) -> None:
    for camera, _ in placed[:50]:
        left, top, right, bottom = 10, 20, 210, 120
        clip = (
            np.append(STANDING[0], np.ones((5, 1)), axis=1)
            @ camera.projection(left, top, right, bottom).T
        )
        device = clip[:, :2] / clip[:, 3:]
        across = left + (device[:, 0] + 1) / 2 * (right - left)
        down = top + (1 - device[:, 1]) / 2 * (bottom - top)
        np.testing.assert_allclose(np.stack([across, down], axis=1), _pixels(camera), atol=1e-6)


def test_whole_bodies_are_inside(placed: list[tuple[Camera, str]]) -> None:
    shares = [framing for _, framing in placed]
    assert shares.count("whole") / 250 == pytest.approx(0.6, abs=0.08)
    assert shares.count("cut") / 250 == pytest.approx(0.25, abs=0.07)
    for camera, framing in placed:
        pixels = _pixels(camera)
        if framing == "whole":
            assert (pixels > 0).all()
            assert (pixels < camera.size).all()
        if framing == "cut":
            assert pixels[:, 1].max() > camera.size[1], "cut by the lower edge"
            assert pixels[:, 1].min() > 0


def test_up_is_tilted_as_far_as_wanted(placed: list[tuple[Camera, str]]) -> None:
    tilts = []
    for camera, _ in placed:
        assert np.linalg.det(camera.rotation) == pytest.approx(1)
        above = camera.to_camera(np.array([0.0, 1.0, 0.0])) - camera.to_camera(np.zeros(3))
        np.testing.assert_allclose(camera.up, above, atol=1e-9)
        tilts.append(abs(math.degrees(math.atan2(camera.up[0], -camera.up[1]))))
    assert 0.72 < np.mean(np.array(tilts) < 9) < 0.9
    assert max(tilts) > 150


def test_people_are_seen_from_all_sides_and_heights(placed: list[tuple[Camera, str]]) -> None:
    aside = np.array([math.atan2(c.eye[0], c.eye[2]) for c, _ in placed])
    front, behind = np.abs(aside) < math.pi / 3, np.abs(aside) > 2 * math.pi / 3
    assert front.mean() == pytest.approx(0.4, abs=0.08)
    assert behind.mean() == pytest.approx(0.4, abs=0.08)
    middle = (STANDING[0].min(0) + STANDING[0].max(0)) / 2
    back = np.array([(c.eye - middle) / np.linalg.norm(c.eye - middle) for c, _ in placed])
    down = np.degrees(np.arcsin(back[:, 1]))
    assert np.percentile(down, [5, 95]) == pytest.approx([-25, 45], abs=8)


def test_what_a_box_hides() -> None:
    box = Box(np.array([0.0, 0.5, 1.0]), np.array([0.5, 0.5, 0.1]), 0.0, GREY, 1.0)
    eye = np.array([0.0, 0.5, 3.0])
    behind, above, beside, before = (0, 0.5, 0), (0, 1.6, 0), (2, 0.5, 0), (0, 0.5, 2)
    points = np.array([behind, above, beside, before], dtype=float)
    assert box.hides(eye, points).tolist() == [True, False, False, False]
    turned = box._replace(yaw=math.pi / 2)
    assert turned.hides(eye, np.array([[0.4, 0.5, 0.0]])).tolist() == [False]
    corners = turned.triangles()[:, :3]
    np.testing.assert_allclose(np.ptp(corners, axis=0), [0.2, 1.0, 1.0], atol=1e-6)
