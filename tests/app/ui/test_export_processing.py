"""What is done to the poses, chosen in the export dialog; and the live view's own smoothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QWidget

from app.motion.placement.lens import Lens
from app.motion.processing_options import Processing
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.ui import preferences
from app.ui.main import Session
from app.ui.preferences import Preferences
from app.ui.presenters.exporting import Target
from app.ui.presenters.live import LivePresenter
from app.ui.presenters.processing import HEADINGS, SMOOTHING, scales, wanted
from app.ui.views.dialogs import ExportDialog
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, until

CHOSEN = {
    "smooth_hz": 6.0,
    "rigid_bones": True,
    "bone": "shin",
    "bone_m": 0.43,
    "room": True,
    "fov_deg": 70.0,
    "camera_height_m": 1.2,
    "heading": "-90",
    "angles": True,
}
DONE = Processing(6.0, True, ("shin", 0.43), True, 70.0, 1.2, -90.0, True)


def test_nothing_chosen_is_raw() -> None:
    assert wanted(Preferences()) == Processing()
    nowhere = Preferences(fov_deg=70.0, camera_height_m=1.0, heading="90")
    assert wanted(nowhere) == Processing(), "not without a room"
    facing = wanted(Preferences(room=True, heading="0"))
    assert facing == Processing(room=True, heading_deg=0.0), "0 is a direction, too"
    assert wanted(Preferences(**CHOSEN)) == DONE  # type: ignore[arg-type]


def test_every_heading_that_is_remembered_is_offered() -> None:
    assert tuple(value for _, value in HEADINGS) == preferences.HEADINGS


def test_the_scale_is_said_as_it_is_in_the_settings() -> None:
    assert scales(Preferences())[0] == ("Of an average person", "")
    assert scales(Preferences(height_m=1.8))[0] == ("Body height, 1.80 m", "")
    assert ("Upper arm measured", "upper-arm") in scales(Preferences())


@pytest.fixture
def session(open_window: OpenWindow) -> Session:
    return open_window()


def dialog_of(session: Session, path: Path) -> ExportDialog:
    session.preferences.export_more = True
    dialog = ExportDialog(session.window.exporter, Target("take", path), session.window)
    dialog.open()
    return dialog


def choose(dialog: ExportDialog) -> None:
    form = dialog.processing
    form.smooth_hz.setCurrentIndex(form.smooth_hz.findData(6.0))
    form.bone.setCurrentIndex(form.bone.findData("shin"))
    form.bone_m.setValue(0.43)
    form.fov_deg.setValue(70)
    form.camera_height_m.setValue(1.2)
    form.heading.setCurrentIndex(form.heading.findData("-90"))
    for tick in (form.rigid_bones, form.room, form.angles):
        tick.click()


def test_what_is_chosen_is_remembered_when_it_is_exported(session: Session, tmp_path: Path) -> None:
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    assert wanted(session.preferences) == Processing(), "raw by default"
    choose(dialog)
    dialog.reject()
    assert wanted(session.preferences) == Processing(), "cancelled"
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    assert dialog.processing.values()["smooth_hz"] == 0.0
    choose(dialog)
    session.window.exporter.export = lambda *_what: None  # type: ignore[method-assign, assignment]
    dialog.go.click()
    assert wanted(session.preferences) == DONE
    again = dialog_of(session, tmp_path / "take.mixpose")
    assert again.processing.values() == CHOSEN
    again.reject()


def test_what_makes_no_difference_cannot_be_chosen(session: Session, tmp_path: Path) -> None:
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    form = dialog.processing
    assert not form.bone_m.isVisible()
    form.bone.setCurrentIndex(1)
    assert form.bone_m.isVisible()
    room: tuple[QWidget, ...] = (form.fov_deg, form.camera_height_m, form.heading)
    assert not any(each.isVisible() for each in room)
    before = dialog.height()
    form.room.click()
    assert all(each.isVisible() for each in room)
    assert dialog.height() > before, "room for the new lines"
    column = dialog.layout()
    assert column is not None
    assert dialog.width() >= column.totalMinimumSize().width(), "nothing is cut off"
    assert form.fov_deg.text() == f"Usual, {Lens.of((640, 480), None, None).fov_deg:.0f}°"
    assert form.camera_height_m.text() == "Automatic"
    assert form.values()["fov_deg"] == form.values()["camera_height_m"] == 0.0
    dialog.reject()


def test_a_click_into_a_number_selects_it_so_that_typing_replaces_it(
    session: Session, tmp_path: Path
) -> None:
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    dialog.processing.room.click()
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog)
    until(dialog.isActiveWindow, "the dialog to have the keyboard")
    number = dialog.processing.fov_deg
    assert number.text().startswith("Usual")
    line = number.lineEdit()
    assert line is not None
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(20, line.height() // 2))
    QTest.qWait(20)
    QTest.keyClicks(number, "70")
    assert number.text() == "70°"
    assert dialog.processing.values()["fov_deg"] == 70.0
    dialog.reject()


def test_angles_are_offered_where_there_is_room_for_them(session: Session, tmp_path: Path) -> None:
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    offered = set()
    for index in range(dialog.kind.count()):
        dialog.kind.setCurrentIndex(index)
        if dialog.processing.angles.isEnabled():
            offered.add(dialog.kind.currentData())
    assert offered == {"csv", "csv-long", "json", "npz", "parquet"}
    dialog.reject()


def test_the_name_follows_the_format(session: Session, tmp_path: Path) -> None:
    (tmp_path / "19.48.18.csv").touch()
    (tmp_path / "typed.18.json").touch()
    dialog = dialog_of(session, tmp_path / "19.48.18.mixpose")
    assert dialog.path.name == "19.48.18-2.csv"
    dialog.kind.setCurrentIndex(dialog.kind.findData("bvh"))
    assert dialog.path.name == "19.48.18.bvh", "this one is free"
    dialog.file.setText("typed.18")
    dialog.kind.setCurrentIndex(dialog.kind.findData("json"))
    assert dialog.path.name == "typed.18.json", "as typed, dots and all"
    assert "will be replaced" in dialog._note.text()
    dialog.reject()


def test_the_format_is_remembered_and_one_that_is_gone_is_a_table(
    session: Session, tmp_path: Path
) -> None:
    session.window.exporter.export = lambda *_what: None  # type: ignore[method-assign, assignment]
    dialog = dialog_of(session, tmp_path / "take.mixpose")
    dialog.kind.setCurrentIndex(dialog.kind.findData("bvh"))
    dialog.go.click()
    again = dialog_of(session, tmp_path / "take.mixpose")
    assert again.kind.currentData() == "bvh"
    assert again.path.suffix == ".bvh"
    again.reject()
    session.preferences.export_kind = "abacus"
    last = dialog_of(session, tmp_path / "take.mixpose")
    assert last.kind.currentData() == "csv"
    last.reject()


def test_the_file_is_as_the_dialog_says(session: Session, tmp_path: Path) -> None:
    recording = Recording.open(record(tmp_path, 60))
    recording.save_poses(poses(60), INFO)
    dialog = dialog_of(session, recording.path)
    form = dialog.processing
    form.smooth_hz.setCurrentIndex(2)
    form.rigid_bones.click()
    dialog.export_wanted.connect(session.window.exporter.export)
    path = dialog.path
    dialog.go.click()
    until(lambda: "Saved" in session.window.strip.text, "the export")
    said = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert said["smoothing"]["method"] == "butterworth + rigid bones"
    assert said["smoothing"]["parameters"]["cutoff_hz"] == SMOOTHING[2][1] == 6.0


def test_what_could_not_be_done_is_said(session: Session, tmp_path: Path) -> None:
    writer = RecordingWriter.create(tmp_path, "slow", source=CAMERA, size=SIZE, settings={})
    for index in range(20):
        writer.append(packet(index, time_s=index / 5), None)
    recording = Recording.open(writer.close())
    recording.save_poses(poses(20), INFO)
    dialog = dialog_of(session, recording.path)
    dialog.processing.smooth_hz.setCurrentIndex(2)
    dialog.export_wanted.connect(session.window.exporter.export)
    dialog.go.click()
    until(lambda: "Saved" in session.window.strip.text, "the export")
    assert "Nothing was smoothed" in session.window.strip.text


def test_the_live_view_is_smoothed_unless_the_settings_say_no(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    current = session.presenter.current
    assert isinstance(current, LivePresenter)
    assert session.preferences.smooth_live
    assert current.run._controls.smooth
    tick = session.window.settings.findChild(QCheckBox, "smooth_live")
    assert tick is not None
    tick.click()
    assert not session.preferences.smooth_live
    assert not current.run._controls.smooth
