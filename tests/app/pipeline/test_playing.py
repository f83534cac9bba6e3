"""A real video file played at its own pace: standing still must not make it skip frames after."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from app.detection.detector import Detector
from app.packets import Frame, Keypoints2D
from app.pipeline import LiveRun
from app.sources import open_source
from tests.support.mjpeg import numbered_picture, read_number
from tests.support.waiting import until

Make = Callable[..., LiveRun]
RATE = 8.0  # so slow that a machine with other work keeps up
FRAMES = 24
DUE_MEANWHILE = 4
"""Frames that are due while the detector loads; later a busy machine may leave one out."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "numbers.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (320, 240))
    for number in range(FRAMES):
        writer.write(numbered_picture(number, (320, 240))[..., ::-1].copy())
    writer.release()
    return path


class NotingDetector(Detector):
    """Notes the number in each picture; takes a while to load, as on a cold start."""

    def __init__(self, numbers: list[int], loading_s: float) -> None:
        time.sleep(loading_s)
        super().__init__()
        self._numbers = numbers

    def detect(self, frame: Frame) -> Keypoints2D:
        self._numbers.append(read_number(frame.image))
        return super().detect(frame)


def test_nothing_is_skipped_while_the_detector_loads(live_run: Make, film: Path) -> None:
    numbers: list[int] = []
    run = live_run(
        lambda: open_source(str(film), paced=True),
        detector_factory=lambda: NotingDetector(numbers, 0.4),
    )
    run.start()
    until(lambda: len(numbers) >= DUE_MEANWHILE, "what was due meanwhile")
    assert numbers[:DUE_MEANWHILE] == list(range(DUE_MEANWHILE))


@pytest.mark.timing
def test_it_plays_at_its_own_pace(live_run: Make, film: Path) -> None:
    numbers: list[int] = []
    run = live_run(
        lambda: open_source(str(film), paced=True),
        detector_factory=lambda: NotingDetector(numbers, 0.0),
    )
    run.start()
    until(lambda: len(numbers) == 2, "the second frame")
    began = time.monotonic()
    until(lambda: len(numbers) == 10, "eight frames more")
    assert time.monotonic() - began == pytest.approx(8 / RATE, abs=0.4)
