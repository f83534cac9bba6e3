"""What the user has chosen stays, whatever the window was still looking for at that moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ui.main import Session
from app.ui.notices import Action
from app.ui.presenters import background
from tests.support.mjpeg import MjpegServer
from tests.support.windows import OpenWindow, until


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Drivers of cameras that answer only when this is set, as some do after seconds."""
    answer, ask = threading.Event(), background.cameras

    def cameras() -> tuple[str, ...]:
        assert answer.wait(60)
        return ask()

    monkeypatch.setattr(background, "cameras", cameras)
    yield answer
    answer.set()


def answered(session: Session, drivers: threading.Event) -> None:
    """Let the drivers answer, and the window hear it."""
    drivers.set()
    until(lambda: not any("cameras" in job.title for job in session.presenter.jobs.running), "it")


def test_a_file_opened_before_the_cameras_are_known_is_not_replaced(
    open_window: OpenWindow, drivers: threading.Event, tmp_path: Path
) -> None:
    session = open_window()
    presenter = session.presenter
    presenter.begin(None)
    presenter.choose(str(tmp_path / "no such film.mp4"))
    until(lambda: presenter.failed_source, "the card")
    answered(session, drivers)
    assert presenter.failed_source == "no such film.mp4"
    assert presenter.current is None, "no camera, and no performer"


def test_another_source_chosen_after_trying_again_is_not_replaced(
    open_window: OpenWindow, camera: MjpegServer, drivers: threading.Event, tmp_path: Path
) -> None:
    session = open_window(str(tmp_path / "no such film.mp4"))
    presenter = session.presenter
    until(lambda: presenter.failed_source, "the card")
    presenter.perform(Action.RETRY)
    presenter.choose(camera.url)
    until(lambda: session.window.view_state.frame is not None, "the first picture")
    shown = presenter.current
    answered(session, drivers)
    assert not any("no such film" in job.title for job in presenter.jobs.running)
    assert presenter.current is shown


def test_a_window_that_closes_opens_no_camera_any_more(
    open_window: OpenWindow, drivers: threading.Event
) -> None:
    session = open_window()
    session.presenter.begin(None)
    session.window.close()
    answered(session, drivers)
    until(lambda: session.closed, "the window to close", 5)
    assert session.presenter.current is None
