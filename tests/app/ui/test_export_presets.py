"""Export with one click, and what the formats leave open, in the real window."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import bvhio
import pytest
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QScreen
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog, QPushButton, QScrollArea

from app.export import registry
from app.export.file_options import FileOptions
from app.export.presets import PRESETS
from app.export.registry import FORMATS
from app.motion.processing_options import Processing
from app.recording.reader import Recording
from app.ui.main import Session
from app.ui.preferences import Preferences, PreferencesFile
from app.ui.presenters.exporting import Target
from app.ui.presenters.processing import file_options, for_preset, wanted
from app.ui.views.dialogs import ExportDialog
from app.ui.views.report_dialog import ReportDialog
from tests.support.disks import read_only, small_disk
from tests.support.recordings import INFO, poses, record
from tests.support.windows import OpenWindow, until


@pytest.fixture
def session(open_window: OpenWindow) -> Session:
    return open_window(theme="light")


@pytest.fixture
def take(tmp_path: Path) -> Path:
    recording = Recording.open(record(tmp_path, 60))
    recording.save_poses(poses(60), INFO)
    return recording.path


def dialog_of(session: Session, path: Path) -> ExportDialog:
    dialog = ExportDialog(session.window.exporter, Target("take", path), session.window)
    dialog.export_wanted.connect(session.window.exporter.export)
    dialog.open()
    return dialog


def exported(session: Session, file: Path) -> dict[str, Any]:
    """What the sidecar says, once the file is there."""
    until(lambda: f"Saved {file.name}" in session.window.strip.text, "the export")
    said: dict[str, Any] = json.loads(file.with_name(f"{file.name}.json").read_text("utf-8"))
    return said


def test_presets_do_what_they_say() -> None:
    told = Preferences(fov_deg=70.0, camera_height_m=1.2, heading="90", rigid_bones=True)
    animate = for_preset(told, "animate")
    assert wanted(animate) == Processing(
        smooth_hz=6.0, room=True, fov_deg=70.0, camera_height_m=1.2
    )
    assert file_options(animate, "bvh", dark=True) == FileOptions(fps=30.0)
    assert wanted(for_preset(Preferences(), "measure")) == Processing(room=True, angles=True)
    assert wanted(for_preset(Preferences(), "analyse")) == Processing(room=True)
    assert wanted(for_preset(told, "show")) == Processing()
    assert file_options(for_preset(told, "show"), "mp4", dark=False).light
    for preset in PRESETS.values():
        assert set(preset.formats) <= set(FORMATS)
        lines = preset.formats.values()
        assert all("y up" in line or "3D view" in line or "degrees" in line for line in lines)


@pytest.mark.slow
def test_opensim_is_among_what_analyses_where_it_is_installed(
    session: Session, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opensim", reason="pip install '.[opensim]'")
    session.window.exporter.preferences.analyse_kind = "opensim"
    dialog = dialog_of(session, take)
    formats = dialog.presets.formats["analyse"]
    assert [formats.itemData(i) for i in range(formats.count())] == ["c3d", "trc", "mot", "opensim"]
    assert formats.currentText() == "IK.MOT"
    assert "pip install" not in dialog.presets.notes["analyse"].text()
    dialog.presets.buttons["analyse"].click()
    said = exported(session, take.with_name("take.ik.mot"))
    assert said["position"]["reference"] == "room"
    assert take.with_name("take.osim").exists()

    monkeypatch.setitem(sys.modules, "opensim", None)
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name == "opensim" else name)
    without = dialog_of(session, take).presets
    formats = without.formats["analyse"]
    assert [formats.itemData(i) for i in range(formats.count())] == ["c3d", "trc", "mot"]
    assert formats.currentData() == "c3d"
    assert (
        "With pip install '.[opensim]' also model and its motion by OpenSim"
        in without.notes["analyse"].text()
    )
    assert "pip install" not in without.notes["animate"].text()


def test_one_click_animates(session: Session, take: Path) -> None:
    dialog = dialog_of(session, take)
    assert dialog.presets.isVisible()
    assert not dialog.go.isVisible()
    dialog.presets.fps.setCurrentIndex(dialog.presets.fps.findData(25.0))
    dialog.presets.skeleton.setCurrentIndex(dialog.presets.skeleton.findData("mixamo"))
    dialog.presets.buttons["animate"].click()
    assert not dialog.isVisible()
    said = exported(session, take.parent / "take.bvh")
    assert said["position"]["reference"] == "room"
    assert said["smoothing"]["parameters"]["cutoff_hz"] == 6
    file = bvhio.readAsBvh(str(take.parent / "take.bvh"))
    assert file.FrameTime == pytest.approx(1 / 25, abs=1e-6)
    assert file.Root.Name == "mixamorig:Hips"
    assert session.preferences.animate_fps == 25
    again = dialog_of(session, take)
    assert again.presets.skeleton.currentData() == "mixamo"
    again.reject()


def test_one_click_measures(session: Session, take: Path) -> None:
    dialog_of(session, take).presets.buttons["measure"].click()
    said = exported(session, take.parent / "take.csv")
    assert said["position"]["reference"] == "room"
    with (take.parent / "take.csv").open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    assert "left_knee_flexion_deg" in names
    assert "left_foot_contact" in names


def test_one_click_reports(session: Session, take: Path) -> None:
    dialog_of(session, take).presets.buttons["report"].click()
    said = exported(session, take.parent / "take.html")
    assert said["position"]["reference"] == "room"
    assert said["smoothing"]["parameters"]["cutoff_hz"] == 6
    assert "<svg" in (take.parent / "take.html").read_text("utf-8")


def report_dialog(session: Session) -> ReportDialog:
    session.window.menu_actions["report"].trigger()
    dialog: ReportDialog = session.window.findChildren(ReportDialog)[-1]
    dialog.setOption(ReportDialog.Option.DontUseNativeDialog)
    return dialog


def accept(dialog: ReportDialog) -> None:
    """As its button Save does."""
    dialog.accept()


@pytest.fixture
def shown(session: Session, take: Path) -> Session:
    session.presenter.choose(str(take))
    until(lambda: session.presenter.playback, "the recording")
    return session


def test_without_anything_to_report_on_that_is_said(session: Session) -> None:
    session.window.menu_actions["report"].trigger()
    until(lambda: "Record something first" in session.window.strip.text, "what to do")
    assert not session.window.findChildren(ReportDialog)


@pytest.mark.slow
def test_the_menu_reports_on_what_is_shown(shown: Session, take: Path) -> None:
    dialog = report_dialog(shown)
    assert dialog.selectedFiles() == [str(take.parent / "take.html")]
    assert [each.rpartition("*")[2] for each in dialog.nameFilters()] == [".html)", ".pdf)"]
    accept(dialog)
    said = exported(shown, take.parent / "take.html")
    assert said["smoothing"]["parameters"]["cutoff_hz"] == 6


@pytest.mark.slow
def test_the_menu_reports_on_sheets_of_paper_and_remembers_that(shown: Session, take: Path) -> None:
    dialog = report_dialog(shown)
    dialog.selectNameFilter(dialog.nameFilters()[1])
    dialog.filterSelected.emit(dialog.nameFilters()[1])
    assert dialog.selectedFiles() == [str(take.parent / "take.pdf")]
    accept(dialog)
    said = exported(shown, take.parent / "take.pdf")
    assert said["position"]["reference"] == "room"
    assert "Show in folder" in [
        each.text() for each in shown.window.strip.findChildren(QPushButton)
    ]
    document = QPdfDocument(None)
    document.load(str(take.parent / "take.pdf"))
    text = "".join(document.getAllText(n).text() for n in range(document.pageCount()))
    assert document.pageCount() >= 2
    assert "Range of motion" in text
    assert f"1 of {document.pageCount()}" in text
    assert "Kamera „Süd“" in text
    assert shown.preferences.report_kind == "pdf"
    again = report_dialog(shown)
    assert again.selectedFiles() == [str(take.parent / "take-2.pdf")]
    again.reject()


@pytest.mark.parametrize(
    ("typed", "kind", "written"),
    [
        ("x.pdf", "report", "x.pdf"),
        ("x.html", "pdf", "x.html"),
        ("x", "pdf", "x.pdf"),
        ("walk.2", "pdf", "walk.2.pdf"),
    ],
)
def test_the_ending_decides_and_else_the_filter(
    session: Session, tmp_path: Path, typed: str, kind: str, written: str
) -> None:
    chosen: list[tuple[Path, str]] = []
    dialog = ReportDialog(session.window, tmp_path / f"take{FORMATS[kind].suffix}", kind)
    dialog.setOption(ReportDialog.Option.DontUseNativeDialog)
    dialog.chosen.connect(lambda *each: chosen.append(each))
    dialog.open()
    dialog.selectFile(typed)
    accept(dialog)
    assert chosen == [(tmp_path / written, "pdf" if written.endswith(".pdf") else "report")]


@pytest.mark.slow
def test_where_a_report_cannot_be_written_that_is_said_and_nothing_stays(
    shown: Session, take: Path, tmp_path: Path
) -> None:
    with read_only(tmp_path / "locked") as locked:
        dialog = report_dialog(shown)
        dialog.chosen.emit(locked / "x.pdf", "pdf")
        dialog.reject()
        until(lambda: "cannot be written" in shown.window.strip.text, "the reason")
        assert list(locked.iterdir()) == []
    with small_disk(tmp_path / "small", 8 * 1024) as disk:
        dialog = report_dialog(shown)
        dialog.chosen.emit(disk / "x.pdf", "pdf")
        dialog.reject()
        until(lambda: "the disk is full" in shown.window.strip.text, "the reason")
        assert list(disk.iterdir()) == []


def test_one_click_reports_on_sheets_of_paper(session: Session, take: Path) -> None:
    dialog = dialog_of(session, take)
    formats = dialog.presets.formats["report"]
    formats.setCurrentIndex(formats.findData("pdf"))
    assert formats.currentText() == "PDF"
    dialog.presets.buttons["report"].click()
    exported(session, take.parent / "take.pdf")
    assert (take.parent / "take.pdf").read_bytes().startswith(b"%PDF-")
    assert session.preferences.report_kind == "pdf"


def test_one_click_analyses_in_the_format_that_is_chosen(session: Session, take: Path) -> None:
    dialog = dialog_of(session, take)
    formats = dialog.presets.formats["analyse"]
    here = ["IK.MOT"] if FORMATS["opensim"].installed else []
    assert [formats.itemText(i) for i in range(formats.count())] == ["C3D", "TRC", "MOT", *here]
    assert "millimetres" in dialog.presets.notes["analyse"].text()
    formats.setCurrentIndex(1)
    assert "OpenSim" in dialog.presets.notes["analyse"].text()
    dialog.presets.buttons["analyse"].click()
    assert exported(session, take.parent / "take.trc")["position"]["reference"] == "room"
    assert session.preferences.analyse_kind == "trc"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for Blender")
def test_where_blender_is_can_be_shown_and_is_remembered(
    session: Session, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(take.parent))
    program = take.parent / "another" / "blender-4.2"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    dialog = dialog_of(session, take)
    dialog._show_more(True)
    assert dialog.blender.isHidden()
    dialog.kind.setCurrentIndex(list(FORMATS).index("fbx"))
    assert "choose its program" in dialog._note.text()
    assert "--" not in dialog._note.text(), "a window has no options"
    assert not dialog.go.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(program), ""))
    dialog.blender.click()
    assert (dialog.go.isEnabled(), dialog.blender.isHidden()) == (True, True)
    assert file_options(session.preferences, "fbx", dark=True).blender == str(program)
    dialog.go.click()
    until(lambda: f"{program} wrote no" in session.window.strip.text, "that it was asked")
    program.unlink()
    assert f"no program {program}" in session.window.exporter.lacking("fbx")
    assert session.window.exporter.lacks_blender("fbx")


@pytest.mark.slow
def test_a_film_is_as_light_as_the_window(session: Session, take: Path) -> None:
    import cv2

    dialog_of(session, take).presets.buttons["show"].click()
    exported(session, take.parent / "take.mp4")
    film = cv2.VideoCapture(str(take.parent / "take.mp4"))
    there, picture = film.read()
    film.release()
    assert there
    assert picture[8:40, -40:-8].mean() > 180, "the corner of the 3D view"


def test_two_tables_of_a_take_are_told_apart(session: Session, take: Path) -> None:
    (take.parent / "take.csv").touch()
    session.preferences.export_more = True
    dialog = dialog_of(session, take)
    assert dialog.path.name == "take-2.csv"
    dialog.kind.setCurrentIndex(dialog.kind.findData("csv-long"))
    assert dialog.path.name == "take-long.csv"
    (take.parent / "take-long.csv").touch()
    dialog.kind.setCurrentIndex(dialog.kind.findData("csv"))
    dialog.kind.setCurrentIndex(dialog.kind.findData("csv-long"))
    assert dialog.path.name == "take-long-2.csv"
    dialog.reject()


def test_more_offers_what_the_format_leaves_open(session: Session, take: Path) -> None:
    dialog = dialog_of(session, take)
    dialog.more.click()
    assert not dialog.presets.isVisible()
    form = dialog.options
    for kind, exporter in FORMATS.items():
        dialog.kind.setCurrentIndex(dialog.kind.findData(kind))
        assert form.export_fps.isVisible() == exporter.rate
        assert form.export_skeleton.isVisible() == form.export_rest.isVisible()
        assert form.export_skeleton.isVisible() == exporter.skeleton
    dialog.kind.setCurrentIndex(dialog.kind.findData("bvh"))
    form.export_fps.setCurrentIndex(form.export_fps.findData(24.0))
    form.export_skeleton.setCurrentIndex(form.export_skeleton.findData("unreal"))
    form.export_rest.setCurrentIndex(form.export_rest.findData("t"))
    dialog.go.click()
    said = exported(session, take.parent / "take.bvh")
    assert said["frame_time_s"] == pytest.approx(1 / 24)
    assert said["joints"][0]["name"] == "pelvis"
    assert said["rest"].startswith("T-pose")
    again = dialog_of(session, take)
    assert again.go.isVisible(), "what was used last is what is shown"
    again.more.click()
    assert again.presets.isVisible()
    again.reject()


def test_the_dialog_fits_a_small_screen(session: Session, take: Path) -> None:
    dialog = dialog_of(session, take)
    assert dialog.width() <= 800
    assert dialog.height() <= 560
    dialog.more.click()
    dialog.kind.setCurrentIndex(dialog.kind.findData("bvh"))
    dialog.processing.room.setChecked(True)
    assert dialog.width() <= 800
    assert dialog.height() <= 560, "600 less the frame"
    dialog.reject()


def test_nonsense_in_the_settings_file_falls_back(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    file.write_text(
        "[General]\nexport_fps=-3\nexport_skeleton=biped\nexport_rest=x\nanimate_kind=csv\n"
        "animate_fps=31\nanimate_skeleton=\nanalyse_kind=mp4\nreport_kind=csv\n"
    )
    found, usual = PreferencesFile(file).load(), Preferences()
    for name in ("export_fps", "export_skeleton", "export_rest", "animate_kind", "animate_fps"):
        assert getattr(found, name) == getattr(usual, name)
    assert (found.animate_skeleton, found.analyse_kind) == ("motionbuilder", "c3d")
    assert found.report_kind == "report"


def test_the_dialog_is_on_a_small_screen_with_all_its_buttons(
    session: Session, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1366 x 768 at 200 %: what there is no room for is scrolled to."""
    room = QRect(0, 0, 683, 384)
    monkeypatch.setattr(QScreen, "availableSize", lambda _: room.size())
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _: room)
    dialog = dialog_of(session, take)
    for more in (False, True):
        dialog._show_more(more)
        QTest.qWait(50)
        assert room.contains(dialog.frameGeometry())
        (area,) = dialog.findChildren(QScrollArea)
        for button in (dialog.more, *([dialog.go] if more else [])):
            assert dialog.rect().contains(button.mapTo(dialog, button.rect().bottomRight()))
        bars = area.verticalScrollBar(), area.horizontalScrollBar()
        assert [bar.maximum() > 0 for bar in bars] == [True, False]
    monkeypatch.undo()
    dialog._show_more(False)
    QTest.qWait(50)
    assert area.verticalScrollBar().maximum() == 0
