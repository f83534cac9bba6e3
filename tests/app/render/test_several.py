"""Several people in one picture: told apart by everybody, and the nearer one in front."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from app.render.camera import FRONT
from app.render.colours import DARK_SCENE, PEOPLE, SIDE_COLOURS, of_person, of_sides, rgb
from app.render.painted import PaintedScene
from app.render.request import Body, SkeletonRequest
from app.render.skeleton_scene import SkeletonScene
from models.skeleton import JOINT

SIZE = (400, 300)
# As people without one kind of cones see linear RGB (Machado, Oliveira and Fernandes 2009).
SIGHT = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.01182, 0.04294, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.3039]]
    ),
}  # fmt: skip


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    share = np.array(rgb(colour)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    seen = np.clip(sight @ linear, 0, 1)
    back = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return cv2.cvtColor(back.astype(np.float32)[None, None], cv2.COLOR_RGB2LAB)[0, 0]


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_are_told_apart_whoever_looks(sight: str) -> None:
    for one, other in combinations(PEOPLE, 2):
        assert np.linalg.norm(lab(one, SIGHT[sight]) - lab(other, SIGHT[sight])) > 15
    for colour in PEOPLE:
        sides = [lab(each, SIGHT[sight]) for each in of_sides(colour).values()]
        assert sides[0][0] > sides[2][0] + 5 > sides[1][0] + 10, "left is lighter, right darker"


def test_beyond_the_last_colours_begin_again_and_one_person_has_none() -> None:
    assert of_person(1) == of_person(1 + len(PEOPLE)) != of_person(2)
    assert of_sides(None) == SIDE_COLOURS


def bodies(standing: np.ndarray) -> tuple[Body, Body]:
    """One in front of the other, as seen from the front."""
    drawn, firm = np.ones(17, bool), np.ones(17, np.float32)
    behind = standing - np.float32([0, 0, 1.5])
    return (
        Body(behind, drawn, firm, colour=of_person(1), number=1),
        Body(standing, drawn, firm, colour=of_person(2), number=2),
    )


@pytest.mark.parametrize("first", [0, 1])
def test_the_nearer_one_hides_the_other(standing: np.ndarray, first: int) -> None:
    view = FRONT.view()
    pair = bodies(standing)
    request = SkeletonRequest(view, DARK_SCENE, pair[first], (pair[1 - first],))
    assert [each.number for each in request.bodies] == [1, 2]
    picture = PaintedScene().draw(request, SIZE)
    check(picture, standing)


def test_in_opengl_too(standing: np.ndarray) -> None:
    view = FRONT.view()
    pair = bodies(standing)
    scene = SkeletonScene()
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    try:
        scene.draw(SkeletonRequest(view, DARK_SCENE, pair[1], (pair[0],)), picture)
        check(picture, standing)
        scene.draw(SkeletonRequest(view, DARK_SCENE, None, (pair[0],)), picture)
    finally:
        scene.close()
    ((x, y),) = view.project(pair[0].joints[[JOINT["spine"]]], SIZE)[0]
    assert likest(picture[round(y), round(x)]) == 1, "somebody is drawn without one selected"


def check(picture: np.ndarray, standing: np.ndarray) -> None:
    ((x, y),) = FRONT.view().project(standing[[JOINT["spine"]]], SIZE)[0]
    assert likest(picture[round(y), round(x)]) == 2


def likest(pixel: np.ndarray) -> int:
    """Whose colour a pixel has, by its hue."""
    hues = [
        int(cv2.cvtColor(np.uint8([[colour]]), cv2.COLOR_RGB2HSV)[0, 0, 0])
        for colour in (pixel, rgb(of_person(1)), rgb(of_person(2)))
    ]
    return 1 + int(abs(hues[0] - hues[2]) < abs(hues[0] - hues[1]))
