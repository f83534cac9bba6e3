"""The plot of joint angles in the real window."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.motion.angles import ANGLE, joint_angles
from app.recording.reader import Recording
from app.render.colours import LEFT, RIGHT
from app.ui.main import Session
from app.ui.presenters.playback import PlaybackPresenter
from tests.support.mjpeg import MjpegServer
from tests.support.poses_by_angle import body
from tests.support.recordings import INFO, MadeUpPoses, record
from tests.support.shared_folder import made_once
from tests.support.windows import OpenWindow, close, until

FRAMES = 900


@pytest.fixture
def bending(tmp_path: Path) -> Path:
    """Half a minute of somebody whose knees bend in turn."""
    path = tmp_path / "recordings" / "take.mixpose"
    path.mkdir(parents=True)
    for name, content in made_once("bending", _bending).items():
        (path / name).write_bytes(content)
    return path


def _bending() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = _record_bending(Path(folder))
        return {each.name: each.read_bytes() for each in path.iterdir()}


def _record_bending(folder: Path) -> Path:
    path = record(folder, FRAMES)
    bends, frames = np.unique(
        np.round(40 + 35 * np.sin(np.arange(FRAMES) / 10)), return_inverse=True
    )
    poses = [body(left_knee_flexion=bend, right_knee_flexion=80 - bend) for bend in bends]
    xyz = (np.stack(poses)[frames] * (1, -1, -1)).astype(np.float32)
    nothing = np.zeros(xyz.shape[:2], bool)
    lifted = MadeUpPoses(xyz, nothing, nothing.copy(), np.zeros(FRAMES, bool))
    Recording.open(path).save_poses(lifted, INFO)
    return path


def opened(
    open_window: OpenWindow, path: Path, **given: object
) -> tuple[Session, PlaybackPresenter]:
    session = open_window(str(path), **given)
    until(lambda: isinstance(session.presenter.current, PlaybackPresenter), "the recording to open")
    current = session.presenter.current
    assert isinstance(current, PlaybackPresenter)
    current.clock.pause()
    return session, current


def skip_lifting(session: Session) -> None:
    for job in session.presenter.jobs.running:
        job.cancel()


def drawn(session: Session, curve: int) -> tuple[np.ndarray, np.ndarray]:
    graph = session.window.plot._graph
    assert graph is not None
    time_s, degrees = graph._curves[curve].getData()
    return time_s, degrees


def test_a_key_shows_and_hides_it_and_it_is_remembered(
    open_window: OpenWindow, bending: Path
) -> None:
    session, _ = opened(open_window, bending)
    window = session.window
    assert not window.plot.isVisible()
    QTest.keyClick(window, Qt.Key.Key_A)
    until(window.plot.isVisible, "the plot")
    assert window.menu_actions["plot"].isChecked()
    assert window.skeleton.plot.isChecked()
    until(lambda: window.plot.height() >= 9 * window.fontMetrics().height(), "room for it")
    assert window.skeleton.height() > window.plot.height()
    window.panes._right.setSizes([300, 240])
    window.panes._keep_height()
    window.skeleton.plot.click()
    assert not window.plot.isVisible()
    assert not window.skeleton.plot.isChecked()
    QTest.keyClick(window, Qt.Key.Key_A)
    assert window.panes._right.sizes()[1] == pytest.approx(window.panes.plot_height, abs=3)
    close(session)
    again = open_window()
    assert again.window.plot.isVisible()
    QTest.qWait(50)
    assert again.window.plot.height() == pytest.approx(240, abs=4)


def test_curves_and_numbers_are_those_of_the_recording(
    open_window: OpenWindow, bending: Path
) -> None:
    session, current = opened(open_window, bending, plot_open=True)
    window, poses = session.window, Recording.open(bending).poses
    assert poses is not None
    true = joint_angles(poses.xyz * (1, -1, -1), poses.missing)
    current.clock.move(4.0)
    until(lambda: window.view_state.pose and window.view_state.pose.index == 120, "the frame")
    until(lambda: window.plot.values[0].text != "Left –", "the numbers")
    for curve, (side, colour) in enumerate((("left", LEFT), ("right", RIGHT))):
        degrees = true[:, ANGLE[f"{side}_knee_flexion"]]
        time_s, values = drawn(session, curve)
        np.testing.assert_allclose(time_s, np.arange(len(time_s)) / 30, atol=1e-6)
        np.testing.assert_allclose(values, degrees[: len(values)], atol=1e-6)
        assert len(values) > 600
        assert window.plot.values[curve].text == f"{side.title()} {round(degrees[120])}°"
        graph = window.plot._graph
        assert graph is not None
        assert graph._curves[curve].opts["pen"].color().name().upper() == colour.upper()
    assert graph._cursor.isVisible()
    assert graph._cursor.value() == pytest.approx(4.0)
    current.step(1)
    until(lambda: graph._cursor.value() == pytest.approx(4 + 1 / 30), "the playhead")


def test_other_angles_are_chosen_and_remembered(open_window: OpenWindow, bending: Path) -> None:
    session, _ = opened(open_window, bending, plot_open=True)
    window = session.window
    until(lambda: len(drawn(session, 0)[0]), "curves")
    choice = window.plot.group
    choice.setCurrentIndex(choice.findData("trunk_rotation"))
    choice.activated.emit(choice.currentIndex())
    assert session.preferences.plot_group == "trunk_rotation"
    until(lambda: window.plot.values[0].text == "0°", "the trunk's rotation")
    assert not window.plot.values[1].isVisible()
    np.testing.assert_allclose(drawn(session, 0)[1], 0, atol=1e-3)
    assert "shoulders turned to the left" in choice.toolTip()


def test_pressing_in_it_moves_the_playhead(open_window: OpenWindow, bending: Path) -> None:
    session, current = opened(open_window, bending, plot_open=True)
    window = session.window
    until(lambda: len(drawn(session, 0)[0]), "curves")
    graph = window.plot._graph
    assert graph is not None
    view = graph._plot.getViewBox()
    place = graph.widget.mapFromScene(view.mapViewToScene(view.viewRect().center()))
    expected = view.viewRect().center().x()
    QTest.mouseClick(
        graph.widget.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y())
    )
    until(lambda: current.clock.read() == pytest.approx(expected, abs=0.1), "the playhead to move")
    assert 5 < expected < 15


def test_themes_change_its_ground(open_window: OpenWindow, bending: Path) -> None:
    session, _ = opened(open_window, bending, plot_open=True)
    window = session.window
    until(lambda: len(drawn(session, 0)[0]), "curves")
    shades = []
    for theme in ("dark", "light"):
        session.presenter.set_preference("theme", theme)
        QTest.qWait(50)
        assert window.plot._graph is not None
        shot = window.plot._graph.widget.grab().toImage()
        shades.append(shot.pixelColor(shot.width() - 3, 3).lightnessF())
    assert shades[0] < 0.2 < 0.8 < shades[1]


@pytest.mark.slow
def test_live_the_curves_grow(open_window: OpenWindow, camera: MjpegServer) -> None:
    session = open_window(camera.url, plot_open=True)
    window = session.window
    until(lambda: len(drawn(session, 0)[0]) > 5, "curves of the live person")
    time_s, degrees = drawn(session, 0)
    assert time_s[-1] == 0
    assert (time_s <= 0).all()
    assert np.isfinite(degrees).any()
    assert window.plot.values[0].text.startswith("Left ")
    graph = window.plot._graph
    assert graph is not None
    assert not graph._cursor.isVisible()


@pytest.mark.slow
def test_before_a_recording_is_lifted_its_time_is_shown(
    open_window: OpenWindow, bending: Path
) -> None:
    poses = Recording.open(bending).poses
    assert poses is not None
    (bending / "poses.npz").unlink()
    short = record(bending.parent, 300, name="short")
    session, current = opened(open_window, bending, plot_open=True)
    skip_lifting(session)
    until(lambda: session.window.plot._graph is not None, "the plot")
    graph = session.window.plot._graph
    assert graph is not None
    for here, shown in ((4.0, (0, 20)), (16.0, (899 / 30 - 20, 899 / 30))):
        current.clock.move(here)
        until(lambda s=here: graph._cursor.value() == pytest.approx(s), "the playhead")
        assert graph._cursor.isVisible()
        assert graph._plot.viewRange()[0] == pytest.approx(shown, abs=1)
    assert not current.lifted
    assert session.window.plot.values[0].text == "Left –"
    current.clip.recording.poses = poses  # as when the lifting is done
    until(lambda: np.isfinite(drawn(session, 0)[1]).any(), "the curves")
    session.presenter.open_recording(short)
    until(lambda: session.presenter.current is not current, "the other recording")
    skip_lifting(session)
    current = session.presenter.current
    assert isinstance(current, PlaybackPresenter)
    current.clock.pause()
    current.clock.move(7.0)
    until(lambda: graph._cursor.value() == pytest.approx(7.0), "its playhead")
    assert graph._plot.viewRange()[0] == pytest.approx((0, 10), abs=0.5)
    assert not np.isfinite(drawn(session, 0)[1]).any(), "the other's curves are gone"


def test_it_costs_little(open_window: OpenWindow, bending: Path) -> None:
    session, current = opened(open_window, bending, plot_open=True)
    plot = session.window.plot
    until(lambda: len(drawn(session, 0)[0]), "curves")
    session.window._tick.stop()
    costs = []
    for frame in range(100):
        current.clock.move(frame / 10)
        view_state = current.view_state()
        began = time.thread_time()
        plot.show_view_state(view_state)
        assert plot._graph is not None
        plot._graph.widget.viewport().repaint()
        costs.append(time.thread_time() - began)
    # 1.5 ms on an idle machine of two cores.
    assert 1000 * float(np.median(costs)) < 5
