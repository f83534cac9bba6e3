"""Decoding beside OpenCV, in processor time, which other programs take little of.

``python -m pytest tests/bench/test_decoding.py -m slow -s`` prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from app.sources import VideoFile

pytestmark = [pytest.mark.timing, pytest.mark.slow, pytest.mark.timeout(600)]

FRAMES = 120
GROUP = 60
ROUNDS = 3
"""The best of so many counts: the shortest time is the one that others disturbed least."""
SLACK = 1.2
"""By how much a measurement on a busy machine varies."""
JUMPS = 12


@pytest.fixture(scope="module", params=[720, 1080], ids=["720p", "1080p"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A moving pattern in H.264, one slice a frame as cameras write it."""
    height: int = request.param
    width = height * 16 // 9
    path = tmp_path_factory.mktemp("film") / f"{height}p.mp4"
    coarse = np.random.default_rng(1).integers(0, 256, (height // 20, width // 20, 3))
    ground = cv2.resize(coarse.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    options = {"preset": "veryfast", "g": str(GROUP), "x264-params": "sliced-threads=0:slices=1"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(FRAMES):
            picture = np.roll(ground, (number, 2 * number), (0, 1))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_reading_costs_no_more_than_with_opencv(film: Path) -> None:
    ours, theirs = _best(film, _read), _best(film, _read_with_opencv)
    _tell(film, "a frame read", ours / FRAMES, theirs / FRAMES)
    assert ours < theirs * SLACK


def test_seeking_costs_no_more_than_with_opencv(film: Path) -> None:
    ours, theirs = _best(film, _jump), _best(film, _jump_with_opencv)
    _tell(film, "a jump anywhere", ours / JUMPS, theirs / JUMPS)
    assert ours < theirs * SLACK * 1.25, "OpenCV does not look whether it is the right frame"


def test_dragging_forward_costs_no_more_than_reading(film: Path) -> None:
    ours, reading = _best(film, _drag), _best(film, _read)
    _tell(film, "a frame passed while dragging", ours / FRAMES, reading / FRAMES)
    assert ours < reading * SLACK


def _tell(film: Path, what: str, ours_s: float, other_s: float) -> None:
    print(f"\n{film.stem}, {what}: {1000 * ours_s:.2f} ms, beside {1000 * other_s:.2f} ms")


def _best(film: Path, work: Callable[[Path], int]) -> float:
    """The least processor time that ``work`` took, in seconds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        count = work(film)
        taken.append(time.process_time() - began)
        assert count > 0
    return min(taken)


def _read(film: Path) -> int:
    with VideoFile(film) as video:
        return sum(1 for _ in iter(video.read, None))


def _read_with_opencv(film: Path) -> int:
    capture, count = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG), 0
    while True:
        ok, picture = capture.read()
        if not ok:
            return count
        cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        count += 1


def _targets() -> list[int]:
    return np.random.default_rng(2).integers(0, FRAMES, JUMPS).tolist()


def _jump(film: Path) -> int:
    with VideoFile(film) as video:
        for number in _targets():
            video.seek(number / 30)
            frame = video.read()
            assert frame is not None
            assert abs(frame.time_s - number / 30) < 1e-3
    return JUMPS


def _jump_with_opencv(film: Path) -> int:
    capture = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG)
    for number in _targets():
        capture.set(cv2.CAP_PROP_POS_FRAMES, number)
        ok, picture = capture.read()
        assert ok
        cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    return JUMPS


def _drag(film: Path) -> int:
    with VideoFile(film) as video:
        for number in range(0, FRAMES, 4):
            video.seek(number / 30)
            assert video.read() is not None
    return FRAMES
