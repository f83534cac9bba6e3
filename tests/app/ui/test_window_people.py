"""Several people of a video in the window: drawn, selected, hidden, exported and corrected."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.detection.person_tracker import Choice
from app.lifting import work as lifting_work
from app.lifting.kept import Kept
from app.lifting.options import LiftOptions
from app.lifting.video import VideoClip, lift_video
from app.recording.corrections import Delete, Move
from app.system import paths
from app.ui.main import Session
from app.ui.presenters import people as words
from app.ui.presenters.background import PeopleScope
from app.ui.presenters.exporting import Target
from app.ui.presenters.people import ShownPeople, ShownPerson
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.views.dialogs import ExportDialog
from models.skeleton import JOINT, PELVIS
from tests.support.clips import write_clip
from tests.support.several_people import BEHIND, NEAR, RATE, crossing
from tests.support.windows import OpenWindow, close, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
APART_S = 0.8
"""When both are in full view."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two who walk past each other."""
    folder = tmp_path_factory.mktemp("crossing")
    return write_clip(folder / "two.mp4", crossing().pictures, round(RATE))


@pytest.fixture(scope="module")
def lifted(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of it once it has been lifted."""
    folder = tmp_path_factory.mktemp("kept")
    video_clip = VideoClip.open(film, folder / "notes")
    lift_video(video_clip, LiftOptions(device="auto"), Kept(folder / "cache"))
    video_clip.close()
    return folder / "cache"


@pytest.fixture
def session(
    open_window: OpenWindow, film: Path, lifted: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """A window with the video, which was lifted before; nobody detects anything in it."""

    def nobody(_options: object) -> None:
        raise AssertionError("it is not looked at again")

    monkeypatch.setattr(lifting_work, "make_engine", nobody)
    shutil.copytree(lifted, paths.video_cache_dir())
    session = open_window(str(film), in_3d=True)
    until(lambda: session.presenter.playback, "the film to open")
    until(lambda: current(session).people, "the people")
    go(session, APART_S)
    return session


def current(session: Session) -> PlaybackPresenter:
    assert session.presenter.playback is not None
    return session.presenter.playback


def take_of(session: Session) -> VideoClip:
    clip = current(session).clip
    assert isinstance(clip, VideoClip)
    return clip


def go(session: Session, time_s: float) -> None:
    current(session).go(time_s)

    def there() -> bool:
        keypoints = session.window.view_state.keypoints
        return keypoints is not None and abs(keypoints.time_s - time_s) <= 0.5 / RATE + 1e-3

    until(there, f"{time_s} s")


def people(session: Session) -> dict[int, ShownPerson]:
    """Whoever is drawn, by which of those acted they truly are."""
    view_state = session.window.view_state
    assert view_state.keypoints is not None
    index = round(view_state.keypoints.time_s * RATE)
    return {int(crossing().errors(each.xy, index).argmin()): each for each in view_state.people}


def place_in_pane(session: Session, xy: np.ndarray) -> QPoint:
    pane, size = session.window.picture, current(session).clip.size
    x, y = pane._placement(size).to_pane(np.asarray(xy)[None], size)[0].round().astype(int).tolist()
    return QPoint(x, y)


def test_each_is_drawn_where_they_are_in_a_colour_of_their_own(session: Session) -> None:
    there = people(session)
    near, behind = there[NEAR], there[BEHIND]
    assert {near.number, behind.number} == {1, 2}
    assert near.colour != behind.colour
    assert near.selected, "who was followed before: the larger one"
    for person, each in there.items():
        errors = crossing().errors(each.xy, round(APART_S * RATE))
        assert errors[person] < 8
    across, _, depth = (behind.joints[PELVIS] - near.joints[PELVIS]).tolist()
    # By the roles: 2.7 - 1.9 t m apart, and the one a metre behind the other.
    assert across == pytest.approx(2.7 - 1.9 * APART_S, abs=0.35)
    assert -1.9 < depth < -0.4
    until(lambda: session.window.skeleton._pictures.request, "the picture in 3D")
    request = session.window.skeleton._pictures.request
    assert {each.number for each in request.bodies} == {1, 2}
    assert [each.number for each in request.bodies][-1] == near.number, "in front of the other"
    assert session.window.people.isVisible()
    assert session.window.people.note.text() == "", "their places are known"
    shown = ShownPeople()
    assert shown.hint(4.0) == "", "of one person nothing is said"
    shown.update(take_of(session).found())
    assert shown.hint(5.0) == shown.hint(12.9) == words.CLICK
    assert shown.hint(13.1) == ""
    found = take_of(session).found()
    shown.update(replace(found, room=replace(found.room, trusted=False)))
    assert shown.roster(5).note == words.SIDE_BY_SIDE


def test_who_is_hidden_by_another_or_gone_is_not_drawn(session: Session) -> None:
    seen = take_of(session).found().people[people(session)[BEHIND].number - 1]
    gone = np.flatnonzero(seen.poses.missing.all(axis=1))
    hidden = np.flatnonzero(~seen.clip.track.tracked)
    assert len(hidden) >= 2, "while one hides the other"
    go(session, float(hidden[len(hidden) // 2]) / RATE)
    drawn = {each.number: each for each in session.window.view_state.people}
    if hidden[len(hidden) // 2] in gone:
        assert seen.number not in drawn
    else:  # bridged for at most half a second: in 3D alone
        assert drawn[seen.number].box is None


def test_a_click_selects_and_nothing_is_detected_again(session: Session) -> None:
    window, before = session.window, current(session).poses
    QTest.keyClick(window, Qt.Key.Key_A)
    until(lambda: window.plot.isVisible(), "the plot")
    other = people(session)[BEHIND]
    where = place_in_pane(session, other.xy[PELVIS])
    QTest.mouseClick(window.picture, Qt.MouseButton.LeftButton, pos=where)
    until(lambda: current(session).poses is not before, "the other's poses")
    until(lambda: people(session)[BEHIND].selected, "the other selected")
    until(lambda: window.plot.presenter._trace.poses is current(session).poses, "their plot")
    keypoints = window.view_state.keypoints
    assert keypoints is not None
    errors = crossing().errors(keypoints.xy, round(keypoints.time_s * RATE))
    assert errors.argmin() == BEHIND
    assert window.people.discs[other.number - 1].isChecked()
    assert not take_of(session).choices
    QTest.mouseClick(window.people.discs[2 - other.number], Qt.MouseButton.LeftButton)
    until(lambda: current(session).poses is before, "the first again")


def test_who_was_clicked_while_it_was_lifted_is_selected_then(
    film: Path, lifted: Path, tmp_path: Path
) -> None:
    video_clip = VideoClip.open(film, tmp_path)
    x, y = crossing().joints[BEHIND, 12, PELVIS].tolist()
    video_clip.wished = Choice(x, y, 12 / RATE)
    lift_video(video_clip, LiftOptions(device="auto"), Kept(lifted))
    video_clip.close()
    assert crossing().errors(video_clip.found().track.xy[12], 12).argmin() == BEHIND


def offered(session: Session) -> list[str]:
    """Whose poses can be exported, in words."""
    target = session.window.exporter.target
    assert target is not None
    return [words for words, _ in target.people]


def test_each_is_hidden_and_shown(session: Session) -> None:
    window, other = session.window, people(session)[BEHIND]
    eye = window.people.eyes[other.number - 1]
    assert offered(session)[1] == "All people, a file each"
    QTest.mouseClick(eye, Qt.MouseButton.LeftButton)
    until(lambda: set(people(session)) == {NEAR}, "only the first")
    assert offered(session)[1] == "All people, hidden ones too, a file each"
    until(lambda: not window.skeleton._others, "nobody else in 3D")
    assert not eye.isChecked()
    QTest.mouseClick(eye, Qt.MouseButton.LeftButton)
    until(lambda: set(people(session)) == {NEAR, BEHIND}, "both")
    where = place_in_pane(session, people(session)[NEAR].xy[PELVIS])
    QTest.mouseClick(window.picture, Qt.MouseButton.RightButton, pos=where)
    until(lambda: set(people(session)) == {BEHIND}, "only the other")
    assert window.skeleton._body is None
    QTest.mouseClick(window.people.discs[2 - other.number], Qt.MouseButton.LeftButton)
    until(lambda: set(people(session)) == {NEAR, BEHIND}, "who is selected is shown")


def dialog_of(session: Session) -> ExportDialog:
    target = session.window.exporter.target
    assert target is not None
    return session.window.exporting.ask_about(target)


def exported(session: Session, dialog: ExportDialog, folder: Path, kind: str) -> list[Path]:
    dialog._path = folder / "two.csv"
    dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
    dialog.file.setText(f"two.{kind.partition('-')[0]}")
    dialog._show_more(True)
    assert dialog.go.isEnabled()
    session.presenter.clear_message()
    dialog.go.click()
    until(lambda: session.presenter.message, "the export")
    return sorted(folder.iterdir())


def test_the_selected_or_all_are_exported(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    dialog = dialog_of(session)
    assert dialog.scope.currentData() is PeopleScope.SELECTED
    files = exported(session, dialog, folder, "csv")
    assert [each.name for each in files] == ["two.csv", "two.csv.json"]
    sidecar = json.loads((folder / "two.csv.json").read_text("utf-8"))
    assert (sidecar["person"]["number"], sidecar["person"]["of"]) == (take_of(session).selected, 2)
    dialog = dialog_of(session)
    dialog.scope.setCurrentIndex(1)
    files = exported(session, dialog, folder, "csv")
    assert [each.name for each in files][2:] == [
        f"two.{number}.csv{end}" for number in (1, 2) for end in ("", ".json")
    ] or {"two.1.csv", "two.2.csv"} <= {each.name for each in files}
    mine = folder / f"two.{take_of(session).selected}.csv"
    assert mine.read_bytes() == (folder / "two.csv").read_bytes()
    dialog = dialog_of(session)
    dialog.scope.setCurrentIndex(2)
    assert not dialog.presets.isVisible(), "no preset makes one table"
    assert dialog.kind.currentData() == "csv-long"
    dialog.kind.setCurrentIndex(dialog.kind.findData("trc"))
    assert not dialog.go.isEnabled()
    out = tmp_path / "table"
    out.mkdir()
    exported(session, dialog, out, "csv-long")
    with next(out.glob("*.csv")).open(newline="") as file:
        assert {row["person"] for row in csv.DictReader(file)} == {"1", "2"}


def select_part(session: Session, start_s: float, end_s: float) -> None:
    go(session, start_s)
    session.presenter.marking.select_from_here()
    go(session, end_s)
    session.presenter.marking.select_to_here()


def settled(session: Session) -> None:
    until(lambda: not session.presenter.jobs.running, "the jobs to end")
    until(lambda: not take_of(session).lifting, "the lifting to end")


def test_corrections_are_of_the_person_and_last(
    session: Session, film: Path, open_window: OpenWindow, tmp_path: Path
) -> None:
    window, video_clip = session.window, take_of(session)
    number = people(session)[BEHIND].number
    window.people.discs[number - 1].click()
    until(lambda: video_clip.selected == number, "the other selected")
    go(session, APART_S)
    until(lambda: people(session)[BEHIND].selected, "them shown")
    before = {each.number: each.poses for each in video_clip.members}
    found = video_clip.clip.people[number - 1].track.xy.copy()
    elbow = people(session)[BEHIND].xy[JOINT["left_elbow"]]
    start, end = place_in_pane(session, elbow), place_in_pane(session, elbow + (14, -6))
    QTest.mousePress(window.picture, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(window.picture, end)
    QTest.mouseRelease(window.picture, Qt.MouseButton.LeftButton, pos=end)
    until(lambda: video_clip.corrections.done, "the correction")
    (made,) = video_clip.corrections.done
    assert isinstance(made, Move)
    settled(session)
    after = {each.number: each.poses for each in video_clip.members}
    assert after[3 - number] is before[3 - number], "nobody else is lifted again"
    row = round(APART_S * RATE)
    assert np.abs(after[number].xyz[row] - before[number].xyz[row]).max() > 0.005
    np.testing.assert_array_equal(video_clip.clip.people[number - 1].track.xy, found)

    select_part(session, 2.2, 2.4)
    QTest.keyClick(window, Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    until(lambda: len(video_clip.corrections.done) == 2, "the deletion")
    settled(session)
    assert isinstance(video_clip.corrections.done[1], Delete)
    poses = next(each.poses for each in video_clip.members if each.number == number)
    assert poses.missing[33:36].all(), "not even bridged"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: len(video_clip.corrections.done) == 1, "undone")
    settled(session)
    current(session).select(Target("", film).part)

    target = window.exporter.target
    assert target is not None
    job = window.exporter.export(target, tmp_path / "corrected.csv", "csv")
    until(lambda: not job.running and session.presenter.message, "the export")
    sidecar = json.loads((tmp_path / "corrected.csv.json").read_text("utf-8"))
    assert [each["kind"] for each in sidecar["corrections"]] == ["move"]
    close(session)
    assert list(paths.video_notes_dir().glob("*/corrections.json"))

    again = open_window(str(film))
    until(lambda: again.presenter.playback and current(again).people, "the film again")
    assert take_of(again).corrections.done == (made,)
    kept = {each.number: each.poses for each in take_of(again).members}
    np.testing.assert_array_equal(kept[number].xyz, after[number].xyz)
    twin = tmp_path / "other" / film.name
    twin.parent.mkdir()
    twin.write_bytes(film.read_bytes() + b"\0")
    other = VideoClip.open(twin, paths.video_notes_dir())
    assert not other.corrections.done, "another file of the same name"
    other.close()
