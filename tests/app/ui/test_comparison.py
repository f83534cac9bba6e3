"""Two takes side by side through the real window: in step, aligned, plotted over each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.ui.main import Session
from app.ui.presenters.orbit import CoupledOrbit, OrbitPresenter
from app.ui.presenters.playback import PlaybackPresenter
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, close, until

FIRST, SECOND = 91, 41
"""Frames: three seconds at 30 frames/s, and four at 10."""
SECOND_RATE = 10.0


def record_slowly(folder: Path) -> Path:
    """A recording of another rate."""
    writer = RecordingWriter.create(
        folder, "slow", source=CAMERA, size=SIZE, keep_video=False, settings={}
    )
    for index in range(SECOND):
        writer.append(packet(index, time_s=index / SECOND_RATE), None, dropped=0)
    return writer.close()


@pytest.fixture
def session(
    request: pytest.FixtureRequest, open_window: OpenWindow, tmp_path: Path
) -> Iterator[Session]:
    """A window that shows a recording, standing still, and beside it another."""
    first = record(tmp_path / "recordings", FIRST)
    second = record_slowly(tmp_path / "recordings")
    for path, frames in ((first, FIRST), (second, SECOND)):
        Recording.open(path).save_poses(poses(frames), INFO)
    opened = open_window(str(first), plot_open=True, in_3d=hasattr(request, "param"))
    until(lambda: opened.presenter.playback, "the recording")
    one(opened).clock.pause()
    one(opened).go(0.0)
    compare(opened, second)
    return opened


def compare(session: Session, path: Path) -> None:
    """As the menu does it."""
    window = session.window
    until(lambda: any(str(path) == each for _, each in window._recordings), "the menu's list")
    window.compare.aboutToShow.emit()
    entry = next(a for a in window.compare.actions() if a.text().startswith(path.stem))
    entry.trigger()
    until(lambda: session.presenter.comparison.playback, "the second take")
    until(lambda: window.comparing.view_state, "its first look")


def one(session: Session) -> PlaybackPresenter:
    assert session.presenter.playback is not None
    return session.presenter.playback


def two(session: Session) -> PlaybackPresenter:
    assert session.presenter.comparison.playback is not None
    return session.presenter.comparison.playback


def frames(session: Session) -> tuple[int | None, int | None]:
    """The numbers of the frames that are shown, after a tick."""
    session.window.tick()
    looks = session.window.view_state, session.window.comparing.view_state
    shown = [
        view_state.keypoints.index if view_state and view_state.keypoints else None
        for view_state in looks
    ]
    return shown[0], shown[1]


def test_both_are_at_the_same_moment_whatever_moves_them(session: Session) -> None:
    window, timeline = session.window, session.window.timeline
    one(session).go(1.0)
    assert frames(session) == (30, 10)
    QTest.keyClick(window, Qt.Key.Key_Right)
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert frames(session) == (32, 10), "its own frame of that time, not its next"
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert frames(session) == (33, 11)
    place = QPoint(round(timeline.scrubber.place_of(0.5)), timeline.scrubber.height() // 2)
    QTest.mouseClick(timeline.scrubber, Qt.MouseButton.LeftButton, pos=place)
    first, second = frames(session)
    assert first is not None
    assert second is not None
    assert first / 30 == pytest.approx(2.0, abs=0.05), "the line is as long as the longer"
    assert second == math.floor(first / 30 * SECOND_RATE + 1e-6)
    timeline.speed_chosen.emit(0.1)
    QTest.keyClick(window, Qt.Key.Key_Space)
    for _ in range(10):
        QTest.qWait(20)
        now = window.view_state.position.time_s
        assert window.comparing.view_state.position.time_s == now, "one moment in every tick"
        assert window.comparing.view_state.keypoints.index == math.floor(now * SECOND_RATE)
    assert 2.0 < now < 4.0
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert not one(session).clock.playing


def test_a_moment_chosen_on_its_own_line_falls_together_with_the_one_shown(
    session: Session,
) -> None:
    bar = session.window.comparing.bar
    one(session).go(1.0)
    place = QPoint(round(bar.scrubber.place_of(0.75)), bar.scrubber.height() // 2)
    QTest.mouseClick(bar.scrubber, Qt.MouseButton.LeftButton, pos=place)
    first, second = frames(session)
    assert first == 30
    assert second in (29, 30)
    assert bar.offset.value() == pytest.approx(second / SECOND_RATE - 1.0, abs=1e-3)
    bar.on.click()
    assert frames(session) == (30, second + 1)
    bar.back.click()
    assert frames(session) == (30, second)
    bar.offset.setValue(-0.5)
    assert frames(session) == (30, 5)
    assert session.window.view_state.position.timeline_s == (0.0, pytest.approx(4.5))


def test_events_fall_together(session: Session) -> None:
    bar, comparison = session.window.comparing.bar, session.presenter.comparison
    one(session).clip.events.add(2.0, "Take-off")
    two(session).clip.events.add(0.7, "Landing")
    two(session).clip.events.add(3.1, "Take-off")
    for current in (one(session), two(session)):
        current.read_events()
    bar.menu.aboutToShow.emit()
    by_words = {action.text(): action for action in bar.menu.actions()}
    by_words["Take-off, in both"].trigger()
    assert frames(session) == (60, 31)
    assert comparison.offset_s == pytest.approx(1.1)
    one(session).go(1.0)
    by_words["Landing (00:00.7) with the moment shown"].trigger()
    assert frames(session) == (30, 7)
    by_words["Both beginnings"].trigger()
    assert comparison.offset_s == 0.0


def test_what_one_has_not_is_absent_there(session: Session) -> None:
    window, comparison = session.window, session.presenter.comparison
    comparison.set_offset(1.5)  # the second begins before the first ...
    one(session).clock.move(-1.0)
    assert frames(session) == (None, 5)
    assert window.view_state.pose is None
    assert window.view_state.hint == "take begins in 1.0 s"
    assert window.timeline._time.text().startswith("−00:01.0 / ")
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert one(session).clock.read() == pytest.approx(-1 + 1 / 30)
    comparison.set_offset(-2.0)  # ... or after it, and ends later
    one(session).go(1.0)
    assert frames(session) == (30, None)
    assert window.comparing.view_state.pose is None
    assert window.comparing.view_state.hint == "slow begins in 1.0 s"
    one(session).clock.move(5.0)
    assert frames(session) == (None, 30)
    assert window.view_state.hint == "take ended 2.0 s ago"
    QTest.keyClick(window, Qt.Key.Key_O)
    assert one(session).selection.end_s == pytest.approx(3.0), "nothing is beyond its end"


def test_the_plot_shows_the_angles_of_both(session: Session) -> None:
    plot = session.window.plot
    session.presenter.comparison.set_offset(1.0)
    one(session).go(1.0)
    until(lambda: plot.names[1].isVisible(), "the legend")
    assert [name.name for name in plot.names] == ["take", "slow"]
    until(lambda: (now := plot._graph._drawn) and now.second.time_s[0] == -1.0, "both lines")
    drawn = plot._graph._drawn
    second = two(session)
    trace = plot.presenter._second_trace
    degrees = trace._angles_of(slice(0, SECOND))[:, drawn_columns(plot)]
    np.testing.assert_array_equal(
        drawn.second.degrees[~np.isnan(drawn.second.degrees)], degrees[~np.isnan(degrees)]
    )
    np.testing.assert_array_equal(drawn.second.now, degrees[second.index])
    for value, now in zip(plot.second_values, drawn.second.now, strict=False):
        assert value.text.endswith("–" if math.isnan(now) else f"{round(now)}°".replace("-", "−"))
    solid, dashed = plot._graph._curves[0], plot._graph._second_curves[0]
    assert not solid.opts["pen"].dashPattern()
    assert dashed.opts["pen"].dashPattern()
    until(lambda: plot.second_summary.text(), "what it did as a whole")
    one(session).clock.move(-0.5)
    until(lambda: plot.values[0].text.endswith("–"), "no angle where there is no frame")


def drawn_columns(plot: object) -> list[int]:
    from app.motion.angles import ANGLE

    return [ANGLE[name] for name in plot.presenter.names]


@pytest.mark.slow
@pytest.mark.parametrize("session", ["in 3D"], indirect=True)
def test_closing_it_leaves_the_first_as_it_was(session: Session) -> None:
    window, current = session.window, one(session)
    current.go(1.0)
    until(lambda: window.comparing.second and window.comparing.second[1].shown_pose >= 0, "its 3D")
    until(lambda: window.comparing.second[1]._pictures._renderer, "what draws it")
    pid = window.comparing.second[1]._pictures._renderer.pid
    widths = window.panes.saved_widths
    assert current.clock.timeline_s == (0.0, 4.0)
    window.comparing.bar.closed.emit()
    until(lambda: window.comparing.second is None, "the views to go")
    assert session.presenter.playback is current
    assert frames(session) == (30, None)
    assert current.clock.timeline_s == (0.0, 3.0)
    assert window.view_state.position.share == pytest.approx(1 / 3)
    assert not window.comparing.bar.isVisible()
    until(lambda: window.panes.widths == widths, "the widths")
    assert window.panes.saved_widths == window.panes.widths
    until(lambda: not window.plot.names[0].isVisible(), "the legend to go")
    until(lambda: pid is None or not psutil.pid_exists(pid), "what drew it to end", 10)


def test_another_source_or_the_end_of_the_window_ends_it(session: Session) -> None:
    path = two(session).clip.path
    session.presenter.open_recording(path)
    until(lambda: session.presenter.playback and one(session).clip.path == path, "another take")
    assert session.presenter.comparison.playback is None
    compare(session, path)  # with itself, at another moment
    session.presenter.comparison.set_offset(1.0)
    one(session).go(1.0)
    assert frames(session) == (10, 20)
    close(session)
    assert session.presenter.comparison.playback is None


def test_turning_one_turns_both_and_choices_hold_for_both(session: Session) -> None:
    window = session.window
    picture, skeleton = window.comparing.second
    QTest.keyClick(window, Qt.Key.Key_F)  # whoever is followed is in the middle of their own view
    assert not window.orbit.follow
    before = window.orbit.camera
    QTest.mousePress(skeleton, Qt.MouseButton.LeftButton, pos=QPoint(20, 60))
    QTest.mouseMove(skeleton, QPoint(90, 80))
    QTest.mouseRelease(skeleton, Qt.MouseButton.LeftButton, pos=QPoint(90, 80))
    assert window.orbit.camera != before
    assert skeleton._orbit.view == window.orbit.view
    QTest.keyClick(window, Qt.Key.Key_M)
    assert picture.mirror.isChecked() == window.picture.mirror.isChecked()
    assert picture.badge.isVisible() == window.picture.badge.isVisible()


@pytest.mark.timing
def test_a_small_window_shows_one_picture_and_says_so(session: Session) -> None:
    window = session.window
    picture, skeleton = window.comparing.second
    window.resize(1024, 640)
    until(lambda: picture.isVisible(), "both pictures")
    window.resize(800, 600)
    until(lambda: not picture.isVisible(), "one picture")
    window.tick()
    assert "larger" in skeleton.hint.text, "why, whatever else there is to say"
    assert skeleton.width() > 100


def test_what_is_shown_beside_can_be_renamed(session: Session) -> None:
    window, path = session.window, two(session).clip.path
    window.show_library()
    library = window.library.presenter
    until(lambda: len(library.rows) == 2, "the list")
    library.rename(path, "other")
    until(lambda: path.with_name("other.mixpose").exists(), "the other name")
    assert session.presenter.comparison.playback is None
    assert one(session).label == "take", "the first goes on"


def test_nothing_to_compare_with_a_camera(open_window: OpenWindow, tmp_path: Path) -> None:
    path = record(tmp_path / "recordings", 5)
    session = open_window()
    window = session.window
    until(lambda: window._recordings, "the list")
    window.compare.aboutToShow.emit()
    assert not any(action.isEnabled() for action in window.compare.actions() if action.text())
    session.presenter.comparison.open(str(path))
    assert session.presenter.marking.hint()
    QTest.qWait(100)
    assert session.presenter.comparison.playback is None


def test_the_second_camera_follows_its_own_person() -> None:
    first = OrbitPresenter()
    second = CoupledOrbit(first)
    first.set_follow(True)
    for person, orbit in ((0.0, first), (1.5, second)):
        orbit.track_person(np.array([person, 0.9, 0.0]), 0.1)
    assert second.view.target[0] - first.view.target[0] == pytest.approx(1.5)
    second.zoom(2)
    assert np.linalg.norm(np.subtract(second.view.eye, second.view.target)) == pytest.approx(
        first.camera.distance
    )
    first.set_follow(False)
    assert second.view == first.view
