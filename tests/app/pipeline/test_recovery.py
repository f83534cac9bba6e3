"""A camera that goes away and comes back: a real MJPEG server on loopback, killed and restarted."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.errors import SourceError
from app.pipeline import LiveRun, State
from app.recording.meta import SourceInfo
from app.recording.reader import Recording
from app.recording.writer import RecordingWriter
from app.sources import open_source
from tests.support.mjpeg import MjpegServer
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until

Make = Callable[..., LiveRun]


def lost_and_found(
    run: LiveRun, take_away: Callable[[], None], give_back: Callable[[], None]
) -> None:
    take_away()
    until(lambda: run.state is State.LOST, "the loss")
    shot = run.latest()
    assert shot.frame is not None, "the last picture stays"
    assert shot.lost_for_s is not None
    longer_s = shot.lost_for_s + 0.9
    until(lambda: run.latest().lost_for_s >= longer_s, "the seconds to be counted")
    give_back()
    until(lambda: run.state is State.RUNNING, "the return")
    assert run.latest().lost_for_s is None
    until(lambda: run.latest().frame.index > shot.frame.index + 6, "frames")


@pytest.mark.parametrize("how", ["killed", pytest.param("silent", marks=pytest.mark.slow)])
def test_a_lost_stream_is_found_again_and_the_recording_shows_the_gap(
    live_run: Make, tmp_path: Path, how: str
) -> None:
    with MjpegServer(fps=12) as server:
        run = live_run(lambda: open_source(server.url))
        run.start()
        until(lambda: run.latest().keypoints is not None, "keypoints")
        writer = RecordingWriter.create(
            tmp_path, "take", source=SourceInfo("Stream", True, None), size=(640, 480)
        )
        run.start_recording(writer)
        until(lambda: writer.frames > 8, "some rows")
        before = writer.frames
        if how == "killed":
            lost_and_found(run, server.die, server.come_back)
        else:
            lost_and_found(run, server.stall, server.resume)
        assert writer.frames > before
        assert run.stop()
    rows = Recording.open(writer.path).keypoints
    assert (np.diff(rows.index) == 1).all()
    gaps = np.diff(rows.time_s)
    assert (gaps > 0).all()
    assert gaps.max() > 1.0, "the gap is visible"
    assert np.sort(gaps)[-2] < gaps.max() / 2, "there is one gap"
    # The time axis is that of the clock throughout.
    np.testing.assert_allclose(np.diff(rows.captured_unix_s), np.diff(rows.time_s), atol=0.002)


@pytest.mark.timing
def test_it_is_tried_about_once_a_second(live_run: Make) -> None:
    tried: list[float] = []

    def camera() -> ScriptedSource:
        tried.append(time.monotonic())
        if len(tried) > 1:
            raise SourceError("not there")
        return ScriptedSource(5, rate=30, live=True, then=SourceError("unplugged"))

    run = live_run(camera)
    run.start()
    until(lambda: len(tried) == 5, "five attempts")
    waits = np.diff(tried[1:])
    assert ((waits > 0.9) & (waits < 1.5)).all()


def test_a_camera_that_comes_back_silent_is_still_lost(
    live_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pipeline.source_reader.FIRST_FRAME_S", 0.5)
    sources = [
        ScriptedSource(5, rate=30, live=True, then=SourceError("unplugged")),
        ScriptedSource(0, live=True, then=TimeoutError()),
        ScriptedSource(rate=30, live=True),
    ]
    opened: list[ScriptedSource] = []

    def camera() -> ScriptedSource:
        opened.append(sources[len(opened)])
        return opened[-1]

    run = live_run(camera)
    run.start()
    until(lambda: len(opened) == 2, "the silent opening")
    assert run.state is State.LOST
    until(lambda: run.state is State.RUNNING, "the return")
    assert [source.closed for source in opened] == [True, True, False]


def test_drops_are_counted_over_all_openings(live_run: Make) -> None:
    sources = [
        ScriptedSource(5, rate=30, live=True, then=SourceError("unplugged")),
        ScriptedSource(rate=30, live=True),
    ]
    sources[0].dropped, sources[1].dropped = 3, 4
    left = iter(sources)
    run = live_run(lambda: next(left))
    run.start()
    until(lambda: run.latest().stats.dropped == 7, "3 and 4 drops")


@pytest.mark.timing
def test_silence_is_noticed_within_two_seconds(live_run: Make) -> None:
    source = ScriptedSource(10, rate=30, live=True, then=TimeoutError("silent"))
    run = live_run(lambda: source)
    run.start()
    until(lambda: run.state is State.LOST, "the loss")
    lost_for_s = run.latest().lost_for_s
    assert lost_for_s is not None
    assert 1.0 < lost_for_s < 2.4, "two seconds, and what a busy machine needs to say so"
