"""What is done to the poses, chosen in the export dialog; and the live view's own smoothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QCheckBox, QWidget

from app.motion.placement.lens import Lens
from app.motion.wanted import Processing
from app.recording.reader import Recording
from app.ui import preferences
from app.ui.main import Session
from app.ui.preferences import Preferences
from app.ui.presenters.exporting import Target
from app.ui.presenters.live import LiveStage
from app.ui.presenters.processing import HEADINGS, SMOOTHING, scales, wanted
from app.ui.views.dialogs import ExportDialog
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import INFO, poses, record
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
    assert not form.bone_m.isEnabled()
    form.bone.setCurrentIndex(1)
    assert form.bone_m.isEnabled()
    room: tuple[QWidget, ...] = (form.fov_deg, form.camera_height_m, form.heading)
    assert not any(each.isEnabled() for each in room)
    form.room.click()
    assert all(each.isEnabled() for each in room)
    assert form.fov_deg.text() == f"Usual, {Lens.of((640, 480), None).fov_deg:.0f}°"
    assert form.camera_height_m.text() == "Automatic"
    assert form.values()["fov_deg"] == form.values()["camera_height_m"] == 0.0
    dialog.reject()


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


def test_the_live_view_is_smoothed_unless_the_settings_say_no(
    open_window: OpenWindow, camera: MjpegServer
) -> None:
    session = open_window(camera.url)
    stage = session.presenter.stage
    assert isinstance(stage, LiveStage)
    assert session.preferences.smooth_live
    assert stage.run._controls.smooth
    tick = session.window.settings.findChild(QCheckBox, "smooth_live")
    assert tick is not None
    tick.click()
    assert not session.preferences.smooth_live
    assert not stage.run._controls.smooth
