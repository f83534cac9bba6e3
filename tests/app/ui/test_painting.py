"""An error while something is painted is an error, and not the end of the program."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PyQt6.QtGui import QPainter
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.ui
from app.ui.views.toolbar import RecordButton

PAINTERS = {"QPainter", "QStylePainter"}


def test_a_widget_that_could_not_be_painted_is_painted_the_next_time(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = RecordButton()
    qtbot.addWidget(button)
    button.show()
    QTest.qWaitForWindowExposed(button)
    right = button.grab().toImage()
    with qtbot.captureExceptions() as errors:
        monkeypatch.setattr("app.ui.views.toolbar.QRectF", None)
        button.repaint()
    assert errors, "nothing went wrong"
    active = [kept for _, error, _ in errors for kept in _painters_of(error) if kept.isActive()]
    assert not active, "the window's picture would go while it is painted on"
    monkeypatch.undo()
    button.repaint()
    assert button.grab().toImage() == right


def _painters_of(error: BaseException) -> list[QPainter]:
    """Those that the frames of a traceback keep."""
    found, trace = [], error.__traceback__
    while trace is not None:
        found += [each for each in trace.tb_frame.f_locals.values() if isinstance(each, QPainter)]
        trace = trace.tb_next
    return found


@pytest.mark.parametrize(
    "path", sorted(Path(app.ui.__file__).parent.rglob("*.py")), ids=lambda path: path.stem
)
def test_every_painter_ends_by_itself(path: Path) -> None:
    calls = [each for each in ast.walk(ast.parse(path.read_text())) if isinstance(each, ast.Call)]
    named = {id(each): each for each in calls if isinstance(each.func, ast.Name)}
    made = {key for key, each in named.items() if each.func.id in PAINTERS}
    safe = {
        id(given) for each in named.values() if each.func.id == "painting" for given in each.args
    }
    assert made <= safe, f"{path.name}: begin painting with app.ui.painting.painting"
