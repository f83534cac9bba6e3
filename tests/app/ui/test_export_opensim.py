"""The window exports OpenSim's model and motion where the package is, and says what to do where it
is not."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.export import registry
from app.recording.reader import Recording
from app.ui.presenters.exporting import Target
from app.ui.views.dialogs import ExportDialog
from tests.support.recordings import INFO, poses, record
from tests.support.windows import OpenWindow, until


@pytest.fixture
def take(tmp_path: Path) -> Path:
    recording = Recording.open(record(tmp_path, 30))
    recording.save_poses(poses(30), INFO)
    return recording.path


def chosen(open_window: OpenWindow, take: Path) -> ExportDialog:
    window = open_window(theme="light").window
    dialog = ExportDialog(window.exporter, Target("take", take), window)
    dialog.export_wanted.connect(window.exporter.export)
    dialog.open()
    dialog.more.click()
    dialog.kind.setCurrentIndex(dialog.kind.findData("opensim"))
    return dialog


@pytest.mark.slow
def test_the_dialog_writes_model_and_motion(open_window: OpenWindow, take: Path) -> None:
    if find_spec("opensim") is None:  # not imported here: the product has it in another process
        pytest.skip("OpenSim is not installed")
    dialog = chosen(open_window, take)
    path = dialog.path
    assert path.name.endswith(".ik.mot")
    dialog.go.click()
    sidecar = path.with_name(f"{path.name}.json")
    until(sidecar.is_file, "the export")
    said = json.loads(sidecar.read_text("utf-8"))
    assert said["marker_error"]["rms"] > 0
    assert path.with_name(said["model"]["file"]).is_file()


def test_without_the_package_it_cannot_be_chosen_and_that_is_said(
    open_window: OpenWindow, take: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = registry.find_spec
    monkeypatch.setattr(
        registry, "find_spec", lambda name: None if name == "opensim" else real(name)
    )
    dialog = chosen(open_window, take)
    assert not dialog.go.isEnabled()
    assert "pip install '.[opensim]'" in dialog._note.text()
    assert dialog.width() <= 800
    dialog.reject()
