"""A video file in the window: lifted in the background, and then all that a recording can do."""

from __future__ import annotations

import csv
import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.detection.models import about
from app.export.file_options import FileOptions
from app.lifting import work as lifting_work
from app.motion.selection import Selection
from app.system import paths
from app.ui.main import Session
from app.ui.preferences import Preferences
from app.ui.presenters import background
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.view_state import SPEEDS
from tests.support.clips import performer_pictures, write_clip
from tests.support.engines import Inline
from tests.support.films import keep_lifted
from tests.support.processes import spawned
from tests.support.recordings import record
from tests.support.windows import OpenWindow, close, until

FRAMES = 40
_BITS, _CELL = 6, 32


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, person_jpegs: list[bytes]) -> Path:
    """The performer; each picture says its number in black and white cells."""
    pictures = []
    for number, data in enumerate(person_jpegs[:FRAMES]):
        picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for bit in range(_BITS):
            picture[:_CELL, bit * _CELL : (bit + 1) * _CELL] = 255 * (number >> bit & 1)
        pictures.append(picture)
    return write_clip(tmp_path_factory.mktemp("film") / "dance.mp4", pictures)


@pytest.fixture(scope="module")
def longer(film: Path, person_jpegs: list[bytes]) -> Path:
    """Six seconds, of which there is time to see some before all of it is lifted."""
    pictures = [
        cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for data in (person_jpegs * 2)[:180]
    ]
    return write_clip(film.with_name("longer.mp4"), pictures)


def number_in(picture: NDArray[np.uint8]) -> int:
    """What a picture of the film says."""
    cells = picture[: _CELL - 8, : _BITS * _CELL].mean(axis=(0, 2)).reshape(_BITS, _CELL)
    return sum(1 << bit for bit in range(_BITS) if cells[bit, 8:-8].mean() > 127)


@pytest.fixture(scope="module")
def lifted(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of the film once it has been lifted."""
    folder = tmp_path_factory.mktemp("kept")
    keep_lifted(film, folder)
    return folder


@pytest.fixture
def session(open_window: OpenWindow, film: Path, lifted: Path) -> Iterator[Session]:
    """A window with the film, which was lifted before."""
    shutil.copytree(lifted, paths.video_cache_dir())
    session = open_window(str(film))
    until(lambda: session.window.timeline.isVisible(), "the timeline")
    until(lambda: not current(session).clip.lifting, "what was kept")
    current(session).clock.pause()
    return session


def current(session: Session) -> PlaybackPresenter:
    assert session.presenter.playback is not None
    return session.presenter.playback


@pytest.mark.slow
def test_it_is_lifted_in_the_background_and_kept_for_the_next_time(
    open_window: OpenWindow, longer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_window(str(longer))
    window = session.window
    until(lambda: session.presenter.playback, "the film to open")
    until(lambda: window.view_state.frame is not None, "the first picture")
    until(lambda: window.view_state.position.ready is not None, "the bar on the timeline")
    assert "computing 3D" in window.status.words
    assert "are being computed" in window.view_state.hint
    shares = []
    seen_before_the_end = False
    while not current(session).clip.found().complete:
        QTest.qWait(10)
        shares.append(window.view_state.position.ready or 0.0)
        seen_before_the_end |= window.view_state.pose is not None and shares[-1] < 1
    until(lambda: window.view_state.position.ready is None, "the bar to go")
    assert shares == sorted(shares), "it fills up"
    assert seen_before_the_end, "what was ready was shown"
    assert len(current(session).time_s) == 180
    until(lambda: list(paths.video_cache_dir().glob("*.npz")), "what is kept")
    poses = current(session).poses
    until(lambda: not current(session).clip.lifting, "the end of the work")
    close(session)

    def nobody(_options: object) -> None:
        raise AssertionError("it is not looked at again")

    monkeypatch.setattr(lifting_work, "make_engine", nobody)
    again = open_window(str(longer))
    until(lambda: again.presenter.playback, "the film to open again")
    until(lambda: current(again).lifted, "the poses")
    np.testing.assert_array_equal(current(again).poses.xyz, poses.xyz)


@pytest.mark.slow
def test_what_is_to_be_lifted_says_so_while_the_network_is_loaded(
    open_window: OpenWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = write_clip(tmp_path / "brief.mp4", performer_pictures(12))
    loaded, load = threading.Event(), background._load_network

    def slowly() -> None:
        assert loaded.wait(60)
        load()

    monkeypatch.setattr(background, "_load_network", slowly)
    monkeypatch.setattr(lifting_work, "make_engine", lambda _options: Inline())
    session = open_window(str(film))
    until(lambda: session.presenter.playback, "the film to open")
    QTest.qWait(500)
    said, played_s = session.window.status.words, current(session).clock.last_s
    loaded.set()
    assert "computing 3D" in said
    assert played_s < 0.2, "playing waits for the poses instead of ending without them"
    until(lambda: current(session).clip.found().complete, "the poses")


@pytest.mark.slow
def test_that_it_is_lifted_again_after_a_correction_is_said(session: Session) -> None:
    clip, status = current(session).clip, session.window.status
    until(lambda: not clip.lifting and "computing" not in status.words, "what was kept")
    with clip.about_to_be_lifted():
        until(lambda: "computing 3D" in status.words, "the words")
    until(lambda: "computing" not in status.words, "the end of it")


def test_a_video_named_relatively_is_exported_to_its_own_folder(
    open_window: OpenWindow, film: Path, lifted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(lifted, paths.video_cache_dir())
    monkeypatch.chdir(film.parent)
    session = open_window(film.name)
    until(lambda: session.presenter.playback, "the film")
    target = session.window.exporter.target
    assert target is not None
    assert session.window.exporter.suggestion(target, "csv").parent == film.parent


@pytest.mark.slow
def test_picture_and_pose_are_of_one_frame_wherever_one_scrubs(session: Session) -> None:
    window, playing = session.window, current(session)
    scrubber = window.timeline.scrubber
    poses = playing.poses
    assert poses is not None
    rng = np.random.default_rng(1)
    seen = set()

    def right() -> bool:
        """Never, not even on the way, is one of them of another frame."""
        view_state = window.view_state
        if view_state.frame is None or view_state.keypoints is None or view_state.pose is None:
            return False
        index = view_state.keypoints.index
        assert number_in(view_state.frame.image) == index == view_state.pose.index
        np.testing.assert_array_equal(view_state.pose.xyz, poses.xyz[index])
        return index == playing.index

    for share in [*rng.uniform(0, 1, 12), 0.0, 1.0]:
        place = QPoint(round(scrubber.place_of(float(share))), scrubber.height() // 2)
        QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=place)
        until(right, f"picture and pose at {share:.2f}")
        seen.add(playing.index)
    assert len(seen) > 8
    assert {0, FRAMES - 1} <= seen
    QTest.keyClick(window, Qt.Key.Key_Home)
    window.timeline.speed_chosen.emit(4.0)
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: right() and not playing.clock.playing, "the end, at four times the speed")


def test_steps_speed_plot_and_events(session: Session, open_window: OpenWindow) -> None:
    window, playing = session.window, current(session)
    assert (SPEEDS[0], SPEEDS[-1]) == (0.1, 4.0)
    playing.seek(0.5)
    before = playing.index
    QTest.keyClick(window, Qt.Key.Key_Right)
    until(
        lambda: window.view_state.pose and window.view_state.pose.index == before + 1,
        "one frame on",
    )
    QTest.keyClick(window, Qt.Key.Key_Left)
    until(
        lambda: window.view_state.pose and window.view_state.pose.index == before, "one frame back"
    )
    assert not window.toolbar.record.isEnabled()
    window.timeline.speed_chosen.emit(0.1)
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: playing.index > before, "the next frame, slowly")
    assert window.view_state.position.speed == 0.1
    QTest.keyClick(window, Qt.Key.Key_Space)
    QTest.keyClick(window, Qt.Key.Key_A)
    until(lambda: window.plot.isVisible(), "the plot")
    last_s = (FRAMES - 1) / 30
    plot = window.plot.presenter
    until(
        lambda: plot._trace.curves(window.view_state, (0,)).span_s[1] > last_s - 0.05, "all of it"
    )
    marked_s = playing.shown_s
    QTest.keyClick(window, Qt.Key.Key_E)
    until(lambda: window.view_state.position.ticks, "the event")
    path = playing.clip.path
    close(session)
    again = open_window(str(path))
    until(lambda: again.presenter.playback, "the film to open again")
    ((mark, moment_s),) = again.presenter.marking.marks
    assert mark.label == "Event 1"
    assert moment_s == pytest.approx(marked_s, abs=1e-6)


@pytest.mark.slow
def test_a_part_is_exported_without_lifting_again(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object) -> None:
        raise AssertionError("it is not lifted again")

    monkeypatch.setattr(lifting_work, "make_engine", nobody)
    monkeypatch.setattr(lifting_work, "make_lifter", nobody)
    playing = current(session)
    for index, key in ((10, Qt.Key.Key_I), (29, Qt.Key.Key_O)):
        playing.go(float(playing.time_s[index]))
        QTest.keyClick(session.window, key)
    target = session.window.exporter.target
    assert target is not None
    assert target.name == "dance.mp4"
    assert target.part_in_words
    table = tmp_path / "dance.csv"
    job = session.window.exporter.export(target, table, "csv")
    assert session.presenter.unsaved_job
    until(lambda: not job.running and session.presenter.message, "the export")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(10, 30))
    said = json.loads(table.with_name("dance.csv.json").read_text("utf-8"))
    assert said["detector"] == about("heavy"), "whatever the live view makes do with"


@pytest.mark.slow
def test_a_video_is_compared_with_itself_and_with_a_recording(
    session: Session, film: Path, tmp_path: Path
) -> None:
    comparison, window = session.presenter.comparison, session.window
    comparison.open(str(film))
    until(lambda: comparison.playback and comparison.playback.lifted, "the film beside itself")
    until(lambda: not comparison.playback.clip.lifting, "what was kept")
    comparison.set_offset(0.5)
    current(session).go(0.5)

    def right() -> bool:
        first, second = window.view_state, window.comparing.view_state
        if first.frame is None or second is None or second.frame is None:
            return False
        shown = (number_in(first.frame.image), number_in(second.frame.image))
        assert (first.pose.index, second.pose.index) == shown, "each with its own picture"
        return shown == (15, 30)

    until(right, "half a second between them")
    path = record(tmp_path / "recordings", FRAMES)
    comparison.open(str(path))
    until(lambda: comparison.playback and comparison.playback.clip.path == path, "the recording")
    until(lambda: comparison.playback.lifted, "its poses")
    until(lambda: window.comparing.view_state.pose, "a pose of each")
    assert window.view_state.pose.index == window.comparing.view_state.pose.index == 15


@pytest.mark.slow
def test_a_cancelled_export_leaves_nothing(
    open_window: OpenWindow, film: Path, tmp_path: Path
) -> None:
    session = open_window(str(film))
    until(lambda: session.window.exporter.target, "something to export")
    folder = tmp_path / "out"
    folder.mkdir()
    target = session.window.exporter.target
    assert target is not None
    job = session.window.exporter.export(target, folder / "dance.csv", "csv")
    QTest.qWait(500)
    job.cancel()
    until(lambda: session.presenter.message, "the message")
    assert session.presenter.message is not None
    assert "cancelled" in session.presenter.message.text
    assert not list(folder.iterdir())


class Shares:
    """A job's interface to the window that keeps all it is told."""

    cancelled = False

    def __init__(self) -> None:
        self.told: list[float] = []

    def report(self, share: float) -> None:
        self.told.append(share)


@pytest.mark.slow
def test_the_progress_of_an_export_never_goes_back(film: Path, folders: None) -> None:
    told = Shares()
    clip = background.open_video(film)
    file = paths.video_cache_dir().with_name("dance.mp4")
    chosen = Preferences(detector="lite")
    background.export_video(clip, file, "mp4", FileOptions(), chosen, told, Selection())
    clip.close()
    assert len(told.told) > FRAMES
    assert told.told == sorted(told.told)
    assert told.told[-1] == 1.0


@pytest.mark.slow
def test_another_source_ends_the_lifting(open_window: OpenWindow, film: Path) -> None:
    session = open_window(str(film))
    until(lambda: session.presenter.playback, "the film to open")
    video_clip = current(session).clip
    until(lambda: video_clip.lifting, "the lifting to begin")
    session.presenter.close_source()
    until(lambda: not video_clip.lifting, "the end of it", 20)
    assert not list(paths.video_cache_dir().glob("*.npz"))


@pytest.mark.slow
def test_closing_while_it_is_lifted_is_quick_and_leaves_no_process(
    open_window: OpenWindow, longer: Path
) -> None:
    session = open_window(str(longer))
    until(lambda: session.presenter.playback, "the film to open")
    until(lambda: current(session).clip.share > 0, "the lifting to begin")
    began = time.monotonic()
    close(session)
    assert time.monotonic() - began < 3.5
    # A process that loads its model says goodbye when that is done.
    until(lambda: not spawned(), "the processes to end", 10)
