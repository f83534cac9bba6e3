"""Recording loses nothing: what the source delivered is what the recording holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.errors import RecordingError, SourceError
from app.pipeline import LiveRun, State
from app.recording.meta import SourceInfo
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from tests.support.scripted import ScriptedSource
from tests.support.waiting import remains, until

Make = Callable[..., LiveRun]
INFO = SourceInfo(label="Scripted", live=True, rate=30.0)


@pytest.fixture
def writer(tmp_path: Path) -> RecordingWriter:
    return new_writer(tmp_path, "take")


def new_writer(folder: Path, name: str, *, keep_video: bool = False) -> RecordingWriter:
    return RecordingWriter.create(folder, name, source=INFO, size=(320, 240), keep_video=keep_video)


def detecting(run: LiveRun) -> bool:
    return run.latest().keypoints is not None


def test_every_frame_of_a_file_is_a_row(live_run: Make, writer: RecordingWriter) -> None:
    # As fast as frames can be detected: the lifter is left behind, the recording must not be.
    source = ScriptedSource(40)
    run = live_run(lambda: source)
    run.start_recording(writer)
    run.start()
    until(lambda: run.state is State.ENDED, "the end", 60)
    assert run.stop_recording() is writer
    recorded = Recording.open(writer.close())
    np.testing.assert_array_equal(recorded.keypoints.index, np.arange(40))
    np.testing.assert_allclose(recorded.keypoints.time_s, np.arange(40) / 30)
    assert recorded.recovered is None


@pytest.mark.slow
def test_rows_begin_and_end_where_recording_did(live_run: Make, tmp_path: Path) -> None:
    source = ScriptedSource(rate=60, live=True)
    source.dropped = 4
    run = live_run(lambda: source)
    run.start()
    until(lambda: detecting(run), "keypoints")
    for take in ("one", "two"):
        writer = new_writer(tmp_path, take)
        run.start_recording(writer)
        until(lambda taken=writer: taken.frames > 8, "some rows")
        assert run.stop_recording() is writer
        frames = writer.frames
        remains(lambda taken=writer, all_=frames: taken.frames == all_, "no frame comes", 0.1)
        rows = Recording.open(writer.close()).keypoints
        assert len(rows.index) == frames
        assert (np.diff(rows.index) == 1).all()
        assert (rows.dropped == 4).all()
    assert run.stop_recording() is None


def test_the_picture_goes_along_when_video_is_kept(live_run: Make, tmp_path: Path) -> None:
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[:, 160:] = (200, 30, 30)
    writer = new_writer(tmp_path, "take", keep_video=True)
    run = live_run(lambda: ScriptedSource(10, rate=30, picture=picture))
    run.start_recording(writer)
    run.start()
    until(lambda: run.state is State.ENDED, "the end")
    run.stop()
    kept = Recording.open(writer.path).picture(5)
    assert kept is not None
    assert np.abs(kept.astype(int) - picture).mean() < 5


@pytest.mark.parametrize("how", ["stop", "failure"])
def test_the_end_of_the_run_finishes_the_recording(
    live_run: Make, writer: RecordingWriter, how: str
) -> None:
    source = ScriptedSource(20 if how == "failure" else None, rate=60, then=SourceError("broken"))
    run = live_run(lambda: source)
    run.start_recording(writer)
    run.start()
    until(lambda: writer.frames >= 12, "some rows")
    if how == "failure":
        until(lambda: run.state is State.FAILED, "the failure")
    assert run.stop()
    assert run.stop_recording() is None
    recorded = Recording.open(writer.path)
    assert recorded.recovered is None, "the recording was not closed"
    assert len(recorded.keypoints.index) == len(source.delivered)


def test_only_one_at_a_time_and_none_after_the_end(
    live_run: Make, writer: RecordingWriter, tmp_path: Path
) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True))
    run.start()
    run.start_recording(writer)
    second = new_writer(tmp_path, "second")
    with pytest.raises(RecordingError, match="under way"):
        run.start_recording(second)
    run.stop()
    with pytest.raises(RecordingError, match="Press Start"):
        run.start_recording(second)
    second.close()


@pytest.mark.slow
def test_a_recording_that_fails_does_not_end_the_run(
    live_run: Make, writer: RecordingWriter
) -> None:
    run = live_run(lambda: ScriptedSource(rate=60, live=True))
    run.start()
    run.start_recording(writer)
    until(lambda: writer.frames > 5, "some rows")
    shutil.rmtree(writer.path)
    until(lambda: run.latest().notice is not None, "the notice")
    assert isinstance(run.latest().notice, RecordingError)
    frame = run.latest().frame
    assert frame is not None
    until(lambda: run.latest().frame.index > frame.index + 10, "frames after that")
    assert run.state is State.RUNNING
    assert run.stop_recording() is writer
    writer.close()


def test_a_file_being_recorded_does_not_loop(live_run: Make, writer: RecordingWriter) -> None:
    source = ScriptedSource(12, rate=60)
    run = live_run(lambda: source, loop=True)
    run.start_recording(writer)
    run.start()
    until(lambda: run.state is State.ENDED, "the end")
    run.stop()
    assert len(Recording.open(writer.path).keypoints.index) == 12
