"""Who is recorded by a source that knows its lens: the recording knows it, too."""

from __future__ import annotations

import pytest

from app.recording.reader import Recording
from app.synthetic.performer.source import PerformerSource
from app.ui.presenters.recording import RecordState
from tests.support.windows import OpenWindow, until


@pytest.mark.slow
def test_the_performers_lens_is_in_the_recording(open_window: OpenWindow) -> None:
    session = open_window("performer")
    recorder = session.presenter.recorder
    until(lambda: session.window.skeleton.shown_pose >= 0, "the first pose")
    session.window.toolbar.record.click()
    until(lambda: recorder.state is RecordState.RECORDING, "the recording to begin")
    until(lambda: recorder.status(None).elapsed_s > 0.2, "some frames")
    session.window.toolbar.record.click()
    until(lambda: session.presenter.last_recording, "the recording to be saved")
    session.presenter.jobs.running[-1].cancel()  # its lifting
    path = session.presenter.last_recording
    assert path is not None
    with PerformerSource() as source:
        assert Recording.open(path).meta.source.fov_deg == source.fov_deg
        assert source.fov_deg is not None
