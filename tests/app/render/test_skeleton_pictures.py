"""What the child process really paints, checked pixel by pixel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from app.render.camera import FRONT, SIDE
from app.render.client import Renderer
from app.render.colours import DARK_SCENE, LEFT, LIGHT_SCENE, RIGHT, rgb
from app.render.request import SkeletonRequest
from models.skeleton import JOINT
from tests.app.render.conftest import request_for

SIZE = (480, 360)
WAIT_S = 120.0
LEGS = tuple(JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "ankle"))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    renderer = Renderer("skeleton", SIZE)
    renderer.start()
    yield renderer
    renderer.close()


def picture(renderer: Renderer, request: SkeletonRequest) -> np.ndarray:
    renderer.resize(*SIZE)
    drawn = renderer.wait(renderer.request(request), WAIT_S)
    assert drawn is not None, renderer.failed
    return drawn.image


def likeness(image: np.ndarray, colour: str) -> np.ndarray:
    """(h, w) cosine between each pixel's distance from grey and the colour's."""
    wanted = np.array(rgb(colour), dtype=float)
    wanted -= wanted.mean()
    found = image - image.mean(axis=-1, keepdims=True, dtype=float)
    length = np.linalg.norm(found, axis=-1)
    return np.where(length > 30, found @ wanted / np.linalg.norm(wanted) / (length + 1e-9), 0.0)


def test_left_is_blue_on_the_right_side_of_the_front_view(
    renderer: Renderer, standing: np.ndarray
) -> None:
    image = picture(renderer, request_for(standing))
    blue, orange = likeness(image, LEFT) > 0.95, likeness(image, RIGHT) > 0.95
    middle = SIZE[0] // 2
    assert blue[:, middle + 3 :].sum() > 500
    assert orange[:, : middle - 3].sum() > 500
    assert blue[:, : middle - 12].sum() == 0
    assert orange[:, middle + 12 :].sum() == 0


def test_joints_are_where_the_shared_camera_projects_them(
    renderer: Renderer, standing: np.ndarray
) -> None:
    for camera in (FRONT, FRONT.orbited(40, 30, 360).zoomed(2).panned(25, -10, 360)):
        view = camera.view()
        for name in ("left_wrist", "right_ankle", "left_shoulder"):
            hidden = tuple(np.flatnonzero(np.arange(17) != JOINT[name]))
            shown = picture(renderer, request_for(standing, hidden=hidden, view=view))
            strong = likeness(shown, LEFT if name.startswith("left") else RIGHT) > 0.9
            rows, columns = np.nonzero(strong)
            assert rows.size > 8, name
            middle = np.array([columns.mean(), rows.mean()]) + 0.5
            expected, _ = view.project(standing[JOINT[name]], SIZE)
            np.testing.assert_allclose(middle, expected, atol=0.6)


def test_unseen_joints_are_not_drawn(renderer: Renderer, standing: np.ndarray) -> None:
    view = FRONT.view()
    knees, _ = view.project(standing[JOINT["left_knee"]], SIZE)
    below = slice(int(knees[1]) - 15, None)
    whole = picture(renderer, request_for(standing))
    upper = picture(renderer, request_for(standing, hidden=LEGS))
    assert (likeness(whole, LEFT)[below] > 0.95).sum() > 100
    assert (likeness(upper, LEFT)[below] > 0.9).sum() == 0
    assert (likeness(upper, RIGHT)[below] > 0.9).sum() == 0
    nothing = picture(renderer, request_for(standing, hidden=tuple(range(17))))
    np.testing.assert_array_equal(nothing, picture(renderer, request_for(None)))


def test_a_hidden_joint_takes_its_bones_along(renderer: Renderer, standing: np.ndarray) -> None:
    whole = likeness(picture(renderer, request_for(standing)), LEFT) > 0.8
    hidden = (JOINT["left_elbow"],)
    part = likeness(picture(renderer, request_for(standing, hidden=hidden)), LEFT) > 0.8
    assert part.sum() < whole.sum() - 200
    assert (part & ~whole).sum() < 10, "something is drawn where nothing was"


def test_hidden_joints_may_hold_nan(renderer: Renderer, standing: np.ndarray) -> None:
    expected = picture(renderer, request_for(standing, hidden=LEGS))
    standing[list(LEGS)] = np.nan
    np.testing.assert_array_equal(picture(renderer, request_for(standing, hidden=LEGS)), expected)


def test_low_confidence_fades_toward_the_background(
    renderer: Renderer, standing: np.ndarray
) -> None:
    x, y = (int(v) for v in FRONT.view().project(standing[JOINT["left_elbow"]], SIZE)[0])
    ground = np.array(rgb(DARK_SCENE.background), dtype=float)
    strengths = [
        np.linalg.norm(picture(renderer, request_for(standing, opacity=share))[y, x] - ground)
        for share in (1.0, 0.6, 0.2)
    ]
    assert strengths[0] > 1.4 * strengths[1] > 2.5 * strengths[2] > 0


def test_themes_set_the_background(renderer: Renderer, standing: np.ndarray) -> None:
    for theme in (DARK_SCENE, LIGHT_SCENE):
        image = picture(renderer, request_for(standing, theme=theme))
        assert tuple(int(v) for v in image[2, 2]) == rgb(theme.background)


def test_floor_shows_a_grid_that_fades_and_a_shadow_below_the_person(
    renderer: Renderer, standing: np.ndarray
) -> None:
    empty = picture(renderer, request_for(None, theme=LIGHT_SCENE))
    ground = np.array(rgb(LIGHT_SCENE.background))
    lines = np.abs(empty.astype(int) - ground).max(axis=-1)
    assert lines[: SIZE[1] // 3].max() == 0, "there is no floor in the sky"
    near, far = lines[-60:].max(), lines[SIZE[1] // 2 + 8 : SIZE[1] // 2 + 14].max()
    assert near > 15 > far
    person = picture(renderer, request_for(standing, theme=LIGHT_SCENE))
    spot, _ = FRONT.view().project(np.array([0.0, 0.0, 0.0]), SIZE)
    x, y = int(spot[0]) - 12, int(spot[1])
    assert person[y, x].mean() < empty[y, x].mean() - 20


def test_edges_are_antialiased(renderer: Renderer, standing: np.ndarray) -> None:
    standing[:, 0] += 0.2 * standing[:, 1]
    image = picture(renderer, request_for(standing)).astype(int)
    blue = image[..., 2] - image[..., 0]
    y = int(FRONT.view().project(standing[JOINT["left_knee"]], SIZE)[0][1]) + 25
    rows = blue[y : y + 20]
    soft = (rows > 8) & (rows < 0.6 * rows.max())
    assert soft.sum(axis=1).mean() > 0.9, "every row should have soft pixels at the edges"


def test_same_request_gives_the_same_picture(renderer: Renderer, standing: np.ndarray) -> None:
    first = picture(renderer, request_for(standing))
    picture(renderer, request_for(standing, view=SIDE.view()))
    np.testing.assert_array_equal(picture(renderer, request_for(standing)), first)


def test_a_person_beside_or_behind_the_eye_is_no_error(
    renderer: Renderer, standing: np.ndarray
) -> None:
    inside = FRONT.zoomed(100).aimed_at(standing[JOINT["thorax"]].tolist())
    picture(renderer, request_for(standing, view=inside.view()))
    beside = picture(renderer, request_for(standing + np.float32([50, 0, 0])))
    assert (likeness(beside, LEFT) > 0.9).sum() == 0


def test_size_changes_and_comes_back(renderer: Renderer, standing: np.ndarray) -> None:
    before = picture(renderer, request_for(standing))
    for size in ((1001, 333), (40, 30)):
        renderer.resize(*size)
        drawn = renderer.wait(renderer.request(request_for(standing)), WAIT_S)
        assert drawn is not None
        assert drawn.image.shape == (size[1], size[0], 3)
        assert (likeness(drawn.image, LEFT) > 0.9).any()
    np.testing.assert_array_equal(picture(renderer, request_for(standing)), before)


LOADED = """
import sys
from app.render.gl_window import _import_open3d
assert _import_open3d().visualization.Visualizer
print(sorted({"dash", "plotly", "werkzeug"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_what_draws_in_browsers_is_not_loaded() -> None:
    code = [sys.executable, "-c", LOADED]
    ended = subprocess.run(code, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
