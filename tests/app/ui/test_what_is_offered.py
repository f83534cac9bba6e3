"""Nothing is offered that cannot be done, and nothing said of what is gone."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.errors import SourceError
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.synthetic.performer.source import PerformerSource
from app.ui import notices
from app.ui.notices import Action, Message
from app.ui.tasks import Job
from tests.support.recordings import CAMERA, INFO, SIZE, packet, poses, record
from tests.support.windows import OpenWindow, close, until


def offered(notice: notices.Notice | None) -> set[Action]:
    return set() if notice is None else {button.action for button in notice.buttons}


def test_a_card_without_the_performer_does_not_explain_it() -> None:
    card = notices.without(notices.NO_CAMERA, Action.PERFORMER)
    assert offered(card) == offered(notices.NO_CAMERA) - {Action.PERFORMER}
    assert "performer" not in card.body
    assert card.body


def test_a_performer_that_cannot_be_drawn_is_not_offered_again(
    open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: PerformerSource) -> None:
        raise SourceError("The performer cannot be drawn. OpenGL is missing.")

    monkeypatch.setattr(PerformerSource, "read", fails)
    session = open_window("performer")
    window = session.window
    until(
        lambda: window.view_state.notice and window.view_state.notice.icon == "warning", "the card"
    )
    assert Action.PERFORMER not in offered(window.view_state.notice)
    assert Action.OPEN_FILE in offered(window.view_state.notice)
    session.presenter.cannot_open("/films/broken.mp4", "It is broken. Choose another.")
    QTest.qWait(50)
    assert Action.PERFORMER not in offered(window.view_state.notice)


def test_what_cannot_be_opened_is_not_exported(open_window: OpenWindow, tmp_path: Path) -> None:
    last = record(tmp_path / "recordings", 31)
    film = tmp_path / "broken.mp4"
    film.write_bytes(b"no film")
    session = open_window()
    window = session.window
    session.presenter.last_recording = last
    until(lambda: window.toolbar.export.isEnabled(), "the last recording to be offered")
    session.presenter.choose(str(film))
    until(lambda: session.presenter.failed_source, "the card")
    until(lambda: not window.toolbar.export.isEnabled(), "the button to be off")
    assert "broken.mp4 cannot be opened" in window.toolbar.export.toolTip()
    session.presenter.open_recording(last)
    until(lambda: window.toolbar.export.isEnabled(), "the button to be on again")


def test_where_nobody_was_found_there_is_nothing_to_export(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    writer = RecordingWriter.create(tmp_path / "recordings", "room", source=CAMERA, size=SIZE)
    for index in range(10):
        writer.append(replace(packet(3), index=index, time_s=index / 30))
    session = open_window(str(writer.close()))
    until(lambda: session.presenter.playback, "the recording")
    export = session.window.toolbar.export
    until(lambda: "Nobody was found in room" in export.toolTip(), "why not")
    assert not export.isEnabled()


def test_news_go_with_what_they_are_about(open_window: OpenWindow, tmp_path: Path) -> None:
    path = record(tmp_path / "recordings", 31)
    Recording.open(path).save_poses(poses(31), INFO)
    session = open_window(str(path))
    presenter = session.presenter
    until(lambda: presenter.playback, "the recording")
    QTest.keyClick(session.window, Qt.Key.Key_E)
    until(lambda: presenter.marking.marks, "an event")
    presenter.marking.remove(presenter.marking.marks[0][0].number)
    until(lambda: presenter.message, "the way back")
    presenter.close_source()
    assert presenter.message is None, "an event of what is no longer shown"
    presenter.announce(Message("Recording take is ready", about=path))
    session.window.show_library()
    library = session.window.library.presenter
    until(lambda: library.rows, "the list")
    library.rename(path, "other")
    until(lambda: presenter.message is None, "the news of the old name to go")


@pytest.mark.timing
@pytest.mark.parametrize("reads_only", [True, False])
def test_closing_waits_for_nobody_who_has_nothing_to_save(
    open_window: OpenWindow, reads_only: bool
) -> None:
    session, hangs = open_window(), threading.Event()
    job = Job("Hanging", lambda _: hangs.wait(10), quiet=True, reads_only=reads_only)
    session.presenter.jobs.start(job)
    QTest.qWait(50)
    began = time.monotonic()
    close(session)
    took_s = time.monotonic() - began
    hangs.set()
    assert took_s < (0.6 if reads_only else 1.2)
