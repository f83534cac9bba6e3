from __future__ import annotations

import numpy as np
import pytest

from app.render.camera import THREE_QUARTER
from app.ui.presenters.orbit import OrbitPresenter


def test_dragging_turns_and_reset_brings_back() -> None:
    orbit = OrbitPresenter()
    orbit.drag(120, 40, 600, pan=False)
    assert orbit.camera.azimuth != THREE_QUARTER.azimuth
    assert orbit.camera.target == THREE_QUARTER.target
    orbit.reset()
    assert orbit.camera == THREE_QUARTER


def test_panning_moves_the_target_and_zooming_comes_closer() -> None:
    orbit = OrbitPresenter()
    orbit.drag(50, 0, 600, pan=True)
    assert orbit.camera.target != THREE_QUARTER.target
    orbit.zoom(3)
    assert orbit.camera.distance < THREE_QUARTER.distance


def test_following_keeps_the_person_in_the_middle() -> None:
    orbit = OrbitPresenter()
    walker = np.array([1.0, 0.9, -0.5])
    orbit.track_person(walker, 1.0)
    assert orbit.camera.target == THREE_QUARTER.target
    orbit.follow = True
    for _ in range(40):
        orbit.track_person(walker, 0.05)
    x, y, z = orbit.camera.target
    assert (x, z) == (pytest.approx(1.0, abs=0.01), pytest.approx(-0.5, abs=0.01))
    assert y == THREE_QUARTER.target[1]


def test_a_preset_while_following_keeps_looking_at_the_person() -> None:
    orbit = OrbitPresenter()
    orbit.follow = True
    for _ in range(40):
        orbit.track_person(np.array([1.0, 0.9, 0.0]), 0.1)
    orbit.preset("top")
    assert orbit.camera.target[0] == pytest.approx(1.0, abs=0.01)


def test_the_camera_is_remembered() -> None:
    orbit, other = OrbitPresenter(), OrbitPresenter()
    orbit.drag(33, -20, 500, pan=False)
    orbit.zoom(2)
    other.restore(orbit.state())
    assert other.state() == pytest.approx(orbit.state())


@pytest.mark.parametrize("rubbish", [(), (1.0,), (1, 2, float("nan"), 0, 0, 0)])
def test_rubbish_leaves_the_first_view(rubbish: tuple[float, ...]) -> None:
    orbit = OrbitPresenter()
    orbit.restore(rubbish)
    assert orbit.camera == THREE_QUARTER


def test_a_view_lost_in_the_distance_is_brought_back() -> None:
    orbit = OrbitPresenter()
    orbit.restore((0.0, 9.0, 1e9, 1e9, 0.0, 0.0))
    assert orbit.camera.distance <= 30
    assert max(abs(value) for value in orbit.camera.target) <= 5
    assert np.isfinite(orbit.view.rotation()).all()


def test_it_steps_back_for_several_people_and_comes_back() -> None:
    orbit = OrbitPresenter()
    orbit.make_room(2.0)
    far = orbit.camera.distance
    assert far > 2 * THREE_QUARTER.distance
    sides = np.array([[2.0, 1.0, 0.0], [-2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
    pixels, _ = orbit.view.project(sides, (600, 600))
    assert ((pixels > 0) & (pixels < 600)).all()
    orbit.make_room(3.0)
    assert orbit.camera.distance == far, "once"
    orbit.preset("front")
    assert orbit.camera.distance == far
    assert orbit.state()[2] == THREE_QUARTER.distance
    orbit.forget()
    assert orbit.camera.distance == THREE_QUARTER.distance
    orbit.make_room(2.0)
    orbit.zoom(1)
    mine = orbit.camera.distance
    orbit.forget()
    assert orbit.camera.distance == mine, "as it was chosen"
