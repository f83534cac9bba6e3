from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from app.detection.detector import Detector
from app.detection.models import Size
from app.errors import DetectorError, SourceError
from app.lifting import reading
from app.lifting.progress import Progress, Stage
from app.lifting.reading import detect_clip
from app.packets import Frame, Keypoints2D
from tests.support.keypoints import keypoints
from tests.support.scripted import ScriptedSource
from tests.support.waiting import remains


class TimedDetector(Detector):
    """Takes ``seconds`` a frame and finds the same person in each; fails at frame ``fails_at``."""

    size: Size = "lite"

    def __init__(self, seconds: float = 0.0, fails_at: int | None = None) -> None:
        self.seconds = seconds
        self.fails_at = fails_at
        self.seen: list[int] = []

    def detect(self, frame: Frame) -> Keypoints2D:
        time.sleep(self.seconds)
        if frame.index == self.fails_at:
            raise DetectorError("failed on purpose")
        self.seen.append(frame.index)
        return keypoints(frame.index, size=frame.size)

    def close(self) -> None:
        pass


class SlowSource(ScriptedSource):
    """Takes 10 ms to decode a frame."""

    def read(self, timeout_s: float = 2.0) -> Frame | None:
        time.sleep(0.01)
        return super().read(timeout_s)


@pytest.fixture(scope="module")
def detector() -> Iterator[Detector]:
    with Detector() as opened:
        yield opened


def test_every_frame_once_and_in_order(detector: Detector) -> None:
    found = detect_clip(ScriptedSource(20), detector)
    np.testing.assert_allclose(found.time_s, np.arange(20) / 30)
    assert found.track.xy.shape == (20, 17, 2)
    assert found.track.conf.shape == (20, 17)
    assert found.complete
    assert not found.track.tracked.any(), "a grey picture shows nobody"
    assert np.isnan(found.track.xy).all()
    assert found.started_at is None, "a file's date is not today"


def test_decoding_and_detecting_overlap() -> None:
    source = SlowSource(50)
    decoded_meanwhile = []

    class Watching(TimedDetector):
        def detect(self, frame: Frame) -> Keypoints2D:
            before = len(source.delivered)
            found = super().detect(frame)
            decoded_meanwhile.append(len(source.delivered) - before)
            return found

    detect_clip(source, Watching(0.02))
    assert sum(decoded_meanwhile) > 25


def test_the_reader_stays_a_few_frames_ahead_and_no_more() -> None:
    source, detector = ScriptedSource(), TimedDetector(0.01)
    ahead = []

    def look(progress: Progress) -> None:
        ahead.append(len(source.delivered) - progress.frames)

    detect_clip(source, detector, stop=lambda: len(detector.seen) >= 30, progress=look)
    assert max(ahead) <= reading._AHEAD + 2
    assert sorted(ahead)[len(ahead) // 2] >= 1, "it should be ahead"


def test_stopping_keeps_what_was_done() -> None:
    source, detector = ScriptedSource(), TimedDetector()
    found = detect_clip(source, detector, stop=lambda: len(detector.seen) >= 7)
    assert len(found.time_s) == 7
    assert not found.complete
    assert not source.closed, "the source is its owner's to close"


def test_stopping_before_the_first_frame_gives_an_empty_clip() -> None:
    found = detect_clip(ScriptedSource(), TimedDetector(), stop=lambda: True)
    assert found.track.xy.shape == (0, 17, 2)
    assert not found.complete


@pytest.mark.timing
def test_stopping_does_not_wait_for_a_silent_camera() -> None:
    source = ScriptedSource(3, live=True, then=TimeoutError())
    detector = TimedDetector()
    begin = time.perf_counter()
    found = detect_clip(source, detector, stop=lambda: len(detector.seen) == 3)
    assert len(found.time_s) == 3
    assert time.perf_counter() - begin < 1.0


def test_damage_after_some_frames_is_a_warning() -> None:
    found = detect_clip(ScriptedSource(5, then=SourceError("It broke.")), TimedDetector())
    assert len(found.time_s) == 5
    assert found.warnings == ("It broke.",)
    assert found.complete


@pytest.mark.parametrize("then", [SourceError("It broke."), None])
def test_a_source_without_a_frame_is_an_error(then: Exception | None) -> None:
    with pytest.raises(SourceError, match=r"It broke\.|no frames"):
        detect_clip(ScriptedSource(0, then=then), TimedDetector())


def test_an_unforeseen_error_of_the_reader_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        detect_clip(ScriptedSource(3, then=ZeroDivisionError()), TimedDetector())


def test_a_failing_detector_ends_the_reading_too() -> None:
    source = ScriptedSource()
    with pytest.raises(DetectorError):
        detect_clip(source, TimedDetector(fails_at=4))
    delivered = len(source.delivered)
    remains(lambda: len(source.delivered) == delivered, "nothing more is read", 0.05)


def test_a_live_source_gone_silent_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SILENT_S", 0.3)
    source = ScriptedSource(4, live=True, rate=200.0, then=TimeoutError())
    found = detect_clip(source, TimedDetector())
    assert len(found.time_s) == 4
    assert "sent nothing" in found.warnings[0]
    assert found.started_at is not None
    assert found.started_at.tzinfo is not None


def test_seconds_end_at_a_time_and_not_at_a_count() -> None:
    found = detect_clip(ScriptedSource(), TimedDetector(), seconds=0.5)
    assert found.time_s[-1] < 0.5
    assert len(found.time_s) == 15
    assert found.complete


def test_progress_counts_to_what_is_expected() -> None:
    seen: list[Progress] = []
    detect_clip(ScriptedSource(6), TimedDetector(), progress=seen.append)
    assert [each.frames for each in seen] == [1, 2, 3, 4, 5, 6]
    assert {(each.stage, each.total) for each in seen} == {(Stage.DETECTING, 6)}
    detect_clip(
        ScriptedSource(60, rate=1000.0), TimedDetector(), seconds=0.02, progress=seen.append
    )
    assert seen[-1].total == seen[-1].frames == 20


def test_a_raising_progress_ends_everything() -> None:
    def cancel(progress: Progress) -> None:
        if progress.frames == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect_clip(ScriptedSource(), TimedDetector(), progress=cancel)


def test_stopping_wakes_a_source_that_is_stuck() -> None:
    class Stuck(ScriptedSource):
        """Does not care for how long it may wait, as a device may."""

        def read(self, timeout_s: float = 2.0) -> Frame | None:
            return super().read(60.0)

    source, detector = Stuck(3, live=True, then=TimeoutError()), TimedDetector()
    begin = time.perf_counter()
    found = detect_clip(source, detector, stop=lambda: len(detector.seen) == 3)
    assert len(found.time_s) == 3
    assert source.closed
    assert time.perf_counter() - begin < 10.0


def test_a_performer_that_is_not_drawn_is_an_error() -> None:
    with pytest.raises(SourceError, match="Scripted stopped: not drawn"):
        detect_clip(ScriptedSource(0, then=TimeoutError("not drawn")), TimedDetector())
