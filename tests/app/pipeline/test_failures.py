"""What goes wrong ends the run with a message, and nobody is left waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.detection.detector import Detector
from app.errors import DetectorError, MixposeError, SourceError, WeightsError
from app.packets import Frame, Keypoints2D
from app.pipeline import LiveRun, State
from models.lifter import Lifter
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until

Make = Callable[..., LiveRun]


def failure(run: LiveRun) -> MixposeError:
    run.start()
    until(lambda: run.state is State.FAILED, "the failure")
    error = run.latest().error
    assert error is not None
    assert run.stop(), "threads were left after a failure"
    assert run.state is State.FAILED, "stopping hid the failure"
    return error


def raising(error: BaseException) -> Callable[[], ScriptedSource]:
    def open_source() -> ScriptedSource:
        raise error

    return open_source


def test_a_source_that_cannot_be_opened(live_run: Make) -> None:
    busy = SourceError("The camera is used by another program. Close that program.")
    assert failure(live_run(raising(busy))) is busy


def test_an_unexpected_error_is_worded_and_its_traceback_logged(
    live_run: Make, caplog: pytest.LogCaptureFixture
) -> None:
    error = failure(live_run(raising(KeyError("secret"))))
    assert type(error) is MixposeError
    assert "Something went wrong inside" in str(error)
    assert "secret" not in str(error)
    assert any(record.exc_info for record in caplog.records)


def test_a_missing_detector_bundle(
    live_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.detection.models.WEIGHTS_DIR", tmp_path)
    source = ScriptedSource(rate=30, live=True)
    run = live_run(lambda: source)
    assert isinstance(failure(run), DetectorError)
    assert source.closed


def test_unknown_weights(live_run: Make) -> None:
    source = ScriptedSource(rate=30, live=True)
    error = failure(live_run(lambda: source, lambda: Lifter("no-such-weights", "cpu")))
    assert isinstance(error, WeightsError)
    assert source.closed


def test_a_file_that_breaks_off(live_run: Make) -> None:
    broken = SourceError("The file is damaged.")
    source = ScriptedSource(10, then=broken)
    assert failure(live_run(lambda: source)) is broken
    assert source.delivered == list(range(10))
    assert source.closed


def test_a_camera_that_breaks_before_its_first_frame(live_run: Make) -> None:
    gone = SourceError("The camera was unplugged.")
    assert failure(live_run(lambda: ScriptedSource(0, live=True, then=gone))) is gone


def test_a_camera_that_never_sends_a_picture(
    live_run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pipeline.source_reader.FIRST_FRAME_S", 0.6)
    source = ScriptedSource(0, live=True, then=TimeoutError())
    error = failure(live_run(lambda: source))
    assert isinstance(error, SourceError)
    assert "sends no picture" in str(error)


def test_an_error_while_detecting(live_run: Make, caplog: pytest.LogCaptureFixture) -> None:
    class Breaking(Detector):
        def detect(self, frame: Frame) -> Keypoints2D:
            if frame.index >= 5:
                raise ZeroDivisionError
            return super().detect(frame)

    source = ScriptedSource(rate=60, live=True)
    error = failure(live_run(lambda: source, detector_factory=Breaking))
    assert "capture" in str(error)
    assert source.closed


def stops_in_time(run: LiveRun) -> None:
    began = time.monotonic()
    assert run.stop()
    assert time.monotonic() - began < 3.0
    assert run.state is State.STOPPED


def test_stop_before_start_and_twice(live_run: Make) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True))
    stops_in_time(run)
    stops_in_time(run)


def test_stop_at_once_after_start(live_run: Make) -> None:
    source = ScriptedSource(rate=30, live=True)
    run = live_run(lambda: source)
    run.start()
    stops_in_time(run)


@pytest.mark.parametrize("live", [True, False])
def test_stop_while_running_closes_the_source(live_run: Make, live: bool) -> None:
    source = ScriptedSource(rate=30, live=live)
    run = live_run(lambda: source)
    run.start()
    until(lambda: run.latest().pose is not None, "a pose")
    stops_in_time(run)
    assert source.closed


def test_stop_after_the_end(live_run: Make) -> None:
    ended = live_run(lambda: ScriptedSource(3, rate=30))
    ended.start()
    until(lambda: ended.state is State.ENDED, "the end")
    stops_in_time(ended)


def test_stop_while_lost(live_run: Make) -> None:
    sources = iter([ScriptedSource(5, rate=30, live=True, then=SourceError("unplugged"))])

    def open_source() -> ScriptedSource:
        try:
            return next(sources)
        except StopIteration:
            raise SourceError("still unplugged") from None

    run = live_run(open_source)
    run.start()
    until(lambda: run.state is State.LOST, "the loss")
    stops_in_time(run)


@pytest.mark.timing
def test_stop_while_a_camera_hangs_in_opening(live_run: Make) -> None:
    source = ScriptedSource(rate=30, live=True)
    hang, opening = threading.Event(), threading.Event()

    def open_source() -> ScriptedSource:
        opening.set()
        hang.wait(30)
        return source

    run = live_run(open_source)
    run.start()
    until(lambda: run.state is State.STARTING and opening.is_set(), "the opening")
    began = time.monotonic()
    assert not run.stop(1.0), "the hanging thread cannot have ended"
    assert time.monotonic() - began < 1.5
    assert run.state is State.STOPPED
    hang.set()
    until(lambda: source.closed, "the late source to be closed")
    assert run.stop()


@pytest.mark.timing
def test_stop_without_waiting_ends_by_itself(live_run: Make) -> None:
    source = ScriptedSource(rate=30, live=True)
    run = live_run(lambda: source)
    run.start()
    until(lambda: run.latest().frame is not None, "a picture")
    began = time.monotonic()
    run.stop(0)
    assert time.monotonic() - began < 0.1
    until(lambda: source.closed, "the source to be closed")


def test_a_failure_is_logged_once(live_run: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        failure(live_run(raising(SourceError("No such camera."))))
    assert [record.getMessage() for record in caplog.records] == [
        "live run failed: No such camera."
    ]
