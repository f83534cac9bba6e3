"""MP4 from the window: a name that is not the video's own, and the pictures of the video."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtTest import QTest

from app.ui.views.dialogs import ExportDialog
from tests.support.clips import write_clip
from tests.support.films import read_film
from tests.support.windows import OpenWindow, until


@pytest.mark.slow
def test_the_film_of_a_video(
    open_window: OpenWindow, tmp_path: Path, person_jpegs: list[bytes]
) -> None:
    pictures = [
        cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for data in person_jpegs[:10]
    ]
    clip = write_clip(tmp_path / "dance.mp4", pictures)
    before = clip.read_bytes()
    session = open_window(str(clip))
    window = session.window
    until(lambda: window.exporter.target, "something to export")
    window.exporting.ask()
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    dialog.kind.setCurrentIndex(dialog.kind.findData("mp4"))
    assert dialog.path == tmp_path / "dance-2.mp4"
    dialog.file.setText("dance.mp4")
    assert not dialog.go.isEnabled()
    dialog.file.setText("dance film.mp4")
    assert dialog.go.isEnabled()
    dialog.go.click()
    until(lambda: session.presenter.message, "the message")
    assert session.presenter.message is not None
    assert "Saved dance film.mp4" in session.presenter.message.text
    film = read_film(tmp_path / "dance film.mp4")
    assert len(film.pictures) == 10
    corner = pictures[9][: pictures[9].shape[0] // 8]
    shown = film.pictures[9][: film.size[1] // 8, : film.size[1] * 4 // 3]
    np.testing.assert_allclose(shown.mean((0, 1)), corner.mean((0, 1)), atol=4)

    assert window.exporter.target is not None
    window.exporter.export(window.exporter.target, clip, "mp4")
    until(lambda: "the video itself" in session.presenter.message.text, "the refusal")
    QTest.qWait(10)
    assert clip.read_bytes() == before
