"""Numbers where people look: at the joints, over the selection, and a plot that can be zoomed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.recording.reader import Recording
from app.render.camera import FRONT
from app.render.colours import DARK_SCENE
from app.render.request import Body, SkeletonRequest
from app.ui.angle_groups import GROUPS, JOINTS
from app.ui.main import Session
from app.ui.presenters.joint_numbers import JointNumber, joint_numbers, without_overlap
from app.ui.presenters.plotting import RECORDED_S
from app.ui.presenters.summary import summarise
from models.skeleton import JOINT
from tests.app.ui.test_plot import bending, opened  # noqa: F401  (a fixture)
from tests.support.poses_by_angle import body
from tests.support.windows import OpenWindow, until


def asked(**angles: float) -> SkeletonRequest:
    joints = body(**angles).astype(np.float32) + (0, 1, 0)
    return SkeletonRequest(
        FRONT.view(), DARK_SCENE, Body(joints, np.ones(17, bool), np.ones(17, np.float32))
    )


def test_every_number_stands_beside_its_joint() -> None:
    request = asked(left_knee_flexion=70, right_knee_flexion=12, left_elbow_flexion=95)
    assert request.body is not None
    found = joint_numbers(request, (800, 600), JOINTS)
    places, _ = request.view.project(request.body.joints, (800, 600))
    by_place = {each.place: each for each in found}
    knee = by_place[tuple(places[JOINT["left_knee"]].tolist())]
    assert (knee.text, knee.rightward) == ("70°", True), "their left is on the right"
    other = by_place[tuple(places[JOINT["right_knee"]].tolist())]
    assert (other.text, other.rightward) == ("12°", False)
    assert by_place[tuple(places[JOINT["left_elbow"]].tolist())].text == "95°"
    assert set(JOINTS) <= set(GROUPS)


def test_no_number_where_nothing_is_known() -> None:
    request = asked(left_knee_flexion=70, right_knee_flexion=12)
    assert request.body is not None
    request.body.drawn[JOINT["left_ankle"]] = False
    assert [each.text for each in joint_numbers(request, (800, 600), {"knee_flexion"})] == ["12°"]
    assert joint_numbers(request, (800, 600), ()) == []


def test_numbers_of_joints_behind_each_other_stand_below_one_another() -> None:
    line = 20.0
    found = [
        JointNumber("142°", (100.0, 50.0), rightward=False),
        JointNumber("141°", (104.0, 58.0), rightward=False),
        JointNumber("21°", (101.0, 60.0), rightward=False),
        JointNumber("22°", (101.0, 52.0), rightward=True),
        JointNumber("9°", (400.0, 55.0), rightward=False),
    ]
    placed = {each.text: each.place for each in without_overlap(found, line)}
    assert placed["142°"] == (100.0, 50.0)
    assert placed["141°"] == (104.0, 70.0)
    assert placed["21°"] == (101.0, 90.0)
    assert (placed["22°"], placed["9°"]) == ((101.0, 52.0), (400.0, 55.0)), "nothing is near them"


def test_a_key_writes_them_and_the_menu_chooses(
    open_window: OpenWindow,
    bending: Path,  # noqa: F811
) -> None:
    session, current = opened(open_window, bending)
    window = session.window
    current.clock.move(4.0)
    until(lambda: window.skeleton.shown_pose == 120, "the pose")
    plain = window.skeleton.grab().toImage()
    QTest.keyClick(window, Qt.Key.Key_N)
    until(lambda: window.skeleton.grab().toImage() != plain, "numbers")
    assert session.preferences.numbers
    assert window.menu_actions["numbers"].isChecked()
    ticked = {each.text() for each in window.numbers.actions() if each.isChecked()}
    assert ticked == {"Knees", "Elbows"}
    next(each for each in window.numbers.actions() if each.text() == "Elbows").trigger()
    assert session.preferences.numbers_of == "knee_flexion"
    next(each for each in window.numbers.actions() if each.text() == "Knees").trigger()
    assert not session.preferences.numbers, "none is left"
    until(lambda: window.skeleton.grab().toImage() == plain, "no numbers")


def test_what_is_selected_is_measured(
    open_window: OpenWindow,
    bending: Path,  # noqa: F811
) -> None:
    session, current = opened(open_window, bending, plot_open=True)
    plot = session.window.plot
    until(lambda: "Whole recording" in plot.summary.text(), "the whole")
    # 40 ± 35°, 1.2 % of whose course lies within a hundredth of either end, one wave in 2.1 s.
    assert "left 5 to 75° (70°), right 5 to 75° (70°)" in plot.summary.text()
    assert "repetitions" in plot.summary.text()
    current.go(0.0)
    session.presenter.marking.select_from_here()
    current.go(1.0)
    session.presenter.marking.select_to_here()
    until(lambda: "Selected part" in plot.summary.text(), "the part")
    until(lambda: plot._graph is not None and plot._graph._part.isVisible(), "the shade")
    assert plot._graph is not None
    assert plot._graph._part.getRegion() == pytest.approx((0.0, 1.0), abs=0.02)
    # In its first second the left knee goes from 40 to 75 and back to 45.
    assert "left 4" in plot.summary.text()
    session.presenter.marking.select_all()
    until(lambda: "Whole recording" in plot.summary.text(), "the whole again")
    until(lambda: plot._graph is not None and not plot._graph._part.isVisible(), "no shade")


def test_the_wheel_zooms_a_recordings_plot(
    open_window: OpenWindow,
    bending: Path,  # noqa: F811
) -> None:
    session, _ = opened(open_window, bending, plot_open=True)
    graph = session.window.plot._graph
    assert graph is not None

    def shown_s() -> float:
        (low, high), _ = graph._plot.viewRange()
        return float(high - low)

    until(lambda: shown_s() > 15, "the page")
    wheel(graph.widget.viewport(), 5)
    until(lambda: shown_s() == pytest.approx(RECORDED_S * 0.8**5, rel=0.1), "closer")
    wheel(graph.widget.viewport(), -20)
    until(lambda: shown_s() == pytest.approx(899 / 30, rel=0.1), "all of it")


def wheel(widget, notches: int) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


@pytest.mark.slow
def test_a_live_run_is_summed_up(open_window: OpenWindow) -> None:
    session: Session = open_window("performer", plot_open=True)
    plot = session.window.plot
    until(lambda: "Last 10 s: left" in plot.summary.text(), "the ranges")


def test_words_of_a_summary() -> None:
    time_s = np.arange(300) / 30
    there_and_back = 5 + 80 * np.sin(np.pi * time_s / 2.5) ** 4
    unknown = np.full(300, np.nan)
    both = summarise("All", {"left_knee_flexion": there_and_back}, time_s)
    assert both.words == "All: left 5 to 85° (80°), 4 repetitions"
    one = {"left_knee_flexion": there_and_back, "right_knee_flexion": unknown}
    assert summarise("All", one, time_s).words == ("All: left 5 to 85° (80°), 4 repetitions")
    still = {"left_knee_flexion": there_and_back, "right_knee_flexion": 0 * time_s - 3}
    assert summarise("All", still, time_s).words == (
        "All: left 5 to 85° (80°), right −3 to −3° (0°), left 4 repetitions"
    )
    assert "not seen" in summarise("All", {"left_knee_flexion": unknown}, time_s).words


def test_an_empty_plot_says_why(open_window: OpenWindow, bending: Path) -> None:  # noqa: F811
    recording = Recording.open(bending)
    poses = recording.poses
    assert poses is not None
    for side in ("left", "right"):
        poses.missing[:, JOINT[f"{side}_ankle"]] = True
    recording.save_poses(poses, poses.info)
    session, _ = opened(open_window, bending, plot_open=True)
    plot = session.window.plot
    until(lambda: "legs are not seen" in plot.hint.text, "why")
    plot.presenter.choose("elbow_flexion")
    until(lambda: not plot.hint.text, "elbows")


def test_the_window_starts_without_scipy() -> None:
    """Which stumbles over a PyTorch that another thread is just importing."""
    code = "import sys, app.ui.main; print('scipy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
