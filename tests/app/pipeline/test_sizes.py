"""The size of the detector's model in a live run: told, or found out by measuring."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.detection.detector import Detector
from app.detection.models import Size
from app.packets import Frame, Keypoints2D
from app.pipeline import LiveRun
from app.pipeline.capture import DetectorChoice
from app.recording.meta import SourceInfo
from app.recording.writer import RecordingWriter
from tests.support.keypoints import keypoints
from tests.support.scripted import ScriptedSource
from tests.support.waiting import until

Make = Callable[..., LiveRun]
PICTURE = np.zeros((4, 4, 3), np.uint8)


def after(
    took_s: float,
    *,
    seconds: float = 4.0,
    interval_s: float = 1 / 30,
    cores: int = 8,
    tracked: bool = True,
    lost: int = 0,
) -> Size:
    """What is decided once so many seconds were seen; ``lost`` pictures between any two."""
    pace = DetectorChoice(cores)
    for index in range(int(seconds / interval_s / (lost + 1))):
        frame = Frame(index, index * interval_s * (lost + 1), PICTURE, 0.0)
        pace.add(frame, keypoints(index, tracked=tracked), took_s, dropped=index * lost)
    return pace.size


@pytest.mark.parametrize(
    ("took_s", "size"),
    [(0.005, "heavy"), (0.0066, "heavy"), (0.008, "full"), (0.017, "full"), (0.029, "full"),
     (0.031, "lite"), (0.06, "lite")],
)  # fmt: skip
def test_as_much_as_the_time_between_two_pictures_allows(took_s: float, size: Size) -> None:
    assert after(took_s) == size


def test_a_source_whose_pictures_are_lost_sends_more_than_arrive() -> None:
    assert after(0.06, lost=1) == "lite"
    assert after(0.03, lost=1, interval_s=1 / 15) == "full"


def test_few_cores_have_other_work() -> None:
    assert after(0.005, cores=2) == "full"


def test_it_takes_a_while_to_be_sure() -> None:
    assert after(0.06, seconds=1.0) == "full"


def test_an_empty_picture_is_quick_and_says_nothing() -> None:
    assert after(0.005, tracked=False) == "full"


def test_a_pause_and_a_way_back_change_nothing() -> None:
    pace = DetectorChoice(8)
    times = [*np.arange(40) / 30, *(60 + np.arange(20) / 30), *(1 + np.arange(60) / 30)]
    for index, time_s in enumerate(times):
        pace.add(Frame(index, float(time_s), PICTURE, 0.0), keypoints(index), 0.02, dropped=0)
    assert pace.size == "full"


def test_it_is_decided_once() -> None:
    pace = DetectorChoice(8)
    for index in range(400):
        took_s = 0.06 if index < 200 else 0.005
        pace.add(Frame(index, index / 30, PICTURE, 0.0), keypoints(index), took_s, dropped=0)
    assert pace.size == "lite"


class Slow(Detector):
    """As on a machine that takes 50 ms a picture, in which it always finds somebody."""

    def detect(self, frame: Frame) -> Keypoints2D:
        time.sleep(0.05 if self.size == "full" else 0.0)
        found = keypoints(frame.index, size=frame.size, detected_at=time.perf_counter())
        return replace(found, time_s=frame.time_s)


@pytest.mark.timing
def test_a_slow_machine_takes_the_smaller_one_where_it_may(live_run: Make) -> None:
    sources = [ScriptedSource(rate=30, live=True) for _ in range(2)]
    suits, told = (
        live_run(lambda source=source: source, detector_factory=Slow, detector_size=size)
        for source, size in zip(sources, (None, "full"), strict=True)
    )
    suits.start()
    told.start()
    until(lambda: suits.latest().stats.detector_size == "lite", "the smaller one", 15)
    assert told.latest().stats.detector_size == "full"
    told.set_detector_size("lite")
    until(lambda: told.latest().stats.detector_size == "lite", "the one wished for")


def test_a_recording_is_made_with_one_size(live_run: Make, tmp_path: Path) -> None:
    run = live_run(lambda: ScriptedSource(rate=30, live=True), detector_size="full")
    run.start()
    until(lambda: run.latest().stats.detector_size == "full", "the detector")
    about = SourceInfo("scripted", True, 30.0)
    run.start_recording(RecordingWriter.create(tmp_path, "take", source=about, size=(320, 240)))
    run.set_detector_size("lite")
    frame = run.latest().frame
    assert frame is not None
    until(lambda: (now := run.latest().frame) and now.index > frame.index + 10, "more frames")
    assert run.latest().stats.detector_size == "full"
    writer = run.stop_recording()
    assert writer is not None
    writer.close()
    until(lambda: run.latest().stats.detector_size == "lite", "the one wished for")
