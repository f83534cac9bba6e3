"""A recording into which no picture came: nothing stays of it, and the window says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.recording.listing import list_recordings
from app.ui.presenters.recording import RecordState
from tests.support.mjpeg import MjpegServer
from tests.support.windows import OpenWindow, until


@pytest.mark.parametrize("keep_video", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_recording_a_lost_camera_leaves_nothing_and_says_so(
    open_window: OpenWindow, camera: MjpegServer, tmp_path: Path, keep_video: bool
) -> None:
    session = open_window(camera.url, countdown_s=0, keep_video=keep_video)
    window, recorder = session.window, session.presenter.recorder
    until(lambda: window.view_state.keypoints is not None, "the first keypoints")
    camera.die()
    until(lambda: window.view_state.greyed, "the loss")
    window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.RECORDING, "the recording to begin")
    until(lambda: window.toolbar.record.words.startswith("Stop recording"), "the button to say so")
    assert len(list_recordings(tmp_path / "recordings")) == 1
    window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.OFF, "the recording to end")
    until(lambda: "nothing was recorded" in window.strip.text, "that to be said")
    assert list((tmp_path / "recordings").iterdir()) == []
    assert session.presenter.last_recording is None
