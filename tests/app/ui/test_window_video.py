"""A video file in the window: played, moved through, and exported whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest

from app.detection.models import about
from app.pipeline import State
from app.ui.main import Session
from app.ui.presenters.live import LiveStage
from tests.support.clips import write_clip
from tests.support.windows import OpenWindow, until


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, person_jpegs: list[bytes]) -> Path:
    """Two seconds of the performer."""
    pictures = [
        cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
        for data in person_jpegs[:60]
    ]
    return write_clip(tmp_path_factory.mktemp("film") / "dance.mp4", pictures)


@pytest.fixture
def session(open_window: OpenWindow, film: Path) -> Iterator[Session]:
    session = open_window(str(film))
    until(lambda: session.window.timeline.isVisible(), "the timeline")
    until(lambda: session.window.look.keypoints is not None, "the person to be found")
    return session


def stage(session: Session) -> LiveStage:
    assert isinstance(session.presenter.stage, LiveStage)
    return session.presenter.stage


def test_space_pauses_and_arrows_step(session: Session) -> None:
    window = session.window
    QTest.mouseClick(
        window.timeline.scrubber,
        Qt.MouseButton.LeftButton,
        pos=QPointF(window.timeline.scrubber.width() / 3, 8).toPoint(),
    )
    QTest.keyClick(window, Qt.Key.Key_Right)
    until(lambda: stage(session).state is State.PAUSED, "the pause")
    QTest.qWait(500)
    assert window.look.frame is not None
    before = window.look.frame.time_s
    QTest.keyClick(window, Qt.Key.Key_Right)
    until(lambda: window.look.frame.time_s > before, "the next frame")
    assert window.look.frame.time_s == pytest.approx(before + 1 / 30, abs=0.005)
    QTest.keyClick(window, Qt.Key.Key_Left)
    until(lambda: window.look.frame.time_s == pytest.approx(before, abs=0.005), "one frame back")
    assert not window.toolbar.record.isEnabled()
    QTest.keyClick(window, Qt.Key.Key_Space)
    until(lambda: stage(session).state is State.RUNNING, "playing again")


def test_the_whole_film_is_exported_however_little_was_watched(
    session: Session, tmp_path: Path
) -> None:
    target = session.window.exporter.target
    assert target is not None
    assert target.name == "dance.mp4"
    table = tmp_path / "dance.csv"
    job = session.window.exporter.export(target, table, "csv")
    assert session.presenter.would_lose
    until(lambda: not job.running, "the export")
    until(lambda: session.presenter.news, "the news")
    with table.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 60
    said = json.loads(table.with_name("dance.csv.json").read_text("utf-8"))
    assert said["detector"] == about("heavy"), "whatever the live view makes do with"


def test_a_cancelled_export_leaves_nothing(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    target = session.window.exporter.target
    assert target is not None
    job = session.window.exporter.export(target, folder / "dance.csv", "csv")
    until(lambda: job.progress, "the export to have begun")
    job.cancel()
    until(lambda: session.presenter.news, "the news")
    assert session.presenter.news is not None
    assert "cancelled" in session.presenter.news.text
    assert not list(folder.iterdir())
