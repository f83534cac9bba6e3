"""Others in the picture: outlined, pointed at, clicked, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.packets import Frame, PeopleInView
from app.ui.presenters import people_hints as words
from app.ui.presenters.people_hints import PeopleHints, box_at
from app.ui.presenters.picture import place
from app.ui.presenters.view_state import ViewState
from app.ui.views.picture import PictureView
from tests.support.keypoints import keypoints

OTHER = (400.0, 100.0, 500.0, 400.0)


@pytest.fixture
def view(qtbot: QtBot) -> PictureView:
    """A picture of 640 x 480 in a pane of 640 x 480."""
    found = PictureView()
    qtbot.addWidget(found)
    found.resize(640, 480)
    found.show()
    return found


def view_state(*others: tuple[float, float, float, float]) -> ViewState:
    frame = Frame(0, 0.0, np.full((480, 640, 3), 90, np.uint8), 0.0)
    seen = replace(keypoints(), people_in_view=PeopleInView(others))
    return ViewState(frame=frame, keypoints=seen, seen=np.ones(17, np.bool_), size=(640, 480))


def difference(one: QImage, other: QImage, x: int, y: int) -> int:
    a, b = one.pixelColor(x, y), other.pixelColor(x, y)
    return abs(a.red() - b.red()) + abs(a.green() - b.green()) + abs(a.blue() - b.blue())


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("fill", [False, True])
def test_a_click_is_told_in_pixels_of_the_picture(
    view: PictureView, qtbot: QtBot, *, mirror: bool, fill: bool
) -> None:
    view.resize(900, 480)
    view.set_mirror(mirror)
    view.set_fill(fill)
    view.show_view_state(view_state(OTHER))
    placed = place((640, 480), (900, 480), fill=fill, mirror=mirror)
    x, y = placed.to_pane(np.array([[450.0, 250.0]]), (640, 480))[0]
    with qtbot.waitSignal(view.person_chosen) as told:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert told.args == pytest.approx([450.0, 250.0], abs=1.5)


def test_a_click_beside_the_picture_is_none(view: PictureView, qtbot: QtBot) -> None:
    view.resize(1200, 480)
    view.show_view_state(view_state(OTHER))
    with qtbot.assertNotEmitted(view.person_chosen, wait=50):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 240))


@pytest.mark.parametrize(("mirror", "edge"), [(False, 400), (True, 240)])
def test_others_are_outlined_where_they_are(view: PictureView, *, mirror: bool, edge: int) -> None:
    view.set_mirror(mirror)
    view.show_view_state(view_state())
    without = view.grab().toImage()
    view.show_view_state(view_state(OTHER))
    drawn = view.grab().toImage()
    assert max(difference(drawn, without, x, 250) for x in range(edge - 2, edge + 3)) > 100
    assert difference(drawn, without, edge + (-50 if mirror else 50), 250) == 0


def test_pointing_at_somebody_shows_that_they_can_be_clicked(
    view: PictureView, qtbot: QtBot
) -> None:
    QTest.qWaitForWindowExposed(view)
    view.show_view_state(view_state(OTHER))
    for x, tip, shape in (
        (450, "Click to follow this person", Qt.CursorShape.PointingHandCursor),
        (150, "", Qt.CursorShape.ArrowCursor),
    ):
        QTest.mouseMove(view, QPoint(x, 250))
        qtbot.waitUntil(lambda shape=shape: view.cursor().shape() is shape)
        assert view.toolTip() == tip


def test_of_boxes_that_overlap_the_nearer_middle_is_meant() -> None:
    boxes = ((0.0, 0.0, 100.0, 100.0), (60.0, 0.0, 160.0, 100.0))
    assert box_at(boxes, 70, 50) == boxes[0]
    assert box_at(boxes, 90, 50) == boxes[1]
    assert box_at(boxes, 200, 50) is None


def test_that_one_can_choose_is_said_once() -> None:
    hints, two = PeopleHints(), PeopleInView((OTHER,))
    assert hints.step(PeopleInView(), 0.0) == ""
    assert hints.step(two, 1.0) == words.CLICK
    assert hints.step(two, 1.0 + words.HINT_S + 1) == words.CLICK
    assert hints.step(two, 1.0 + words.HINT_S + 2) == ""


def test_who_has_clicked_is_told_nothing() -> None:
    hints = PeopleHints()
    assert hints.step(PeopleInView((OTHER,), followed=1), 1.0) == ""


def test_a_hidden_person_is_mentioned_when_it_lasts() -> None:
    hints, hidden = PeopleHints(), PeopleInView((OTHER,), hidden=True)
    assert hints.step(hidden, 5.0) == ""
    assert hints.step(hidden, 5.1 + words.LASTS_S) == words.HIDDEN
    assert hints.step(PeopleInView((OTHER,)), 6.5) != words.HIDDEN
    assert hints.step(hidden, 7.0) == ""


def test_that_another_was_taken_is_said() -> None:
    hints, taken = PeopleHints(), PeopleInView((OTHER,), followed=1, chosen=False)
    assert hints.step(taken, 5.0) == words.REPLACED
    assert hints.step(taken, 5.0 + words.HINT_S + 1) != words.REPLACED
