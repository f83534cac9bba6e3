"""Four hours of a person, from the detector's output onward, as fast as they can be had."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from app.detection.detector import Detector
from app.detection.models import Size
from app.packets import Frame, Keypoints2D, Pose3D
from app.pipeline import LiveRun, State
from app.pipeline.keypoint_queue import CAPACITY
from app.recording.meta import SourceInfo
from app.recording.names import KEYPOINTS_FILE
from app.recording.reader import Recording
from app.recording.rows import HEADER_BYTES, ROW
from app.recording.writer import RecordingWriter
from app.synthetic.performer.source import PerformerSource
from models.lifter import Lifter
from tests.support.waiting import until

RATE = 10
FRAMES = 4 * 3600 * RATE
QUARTER = FRAMES // 4


class Clock:
    """A source of grey pictures that says how far it is and remembers nothing.

    Hours in a minute are more than the recording must keep up with: it waits for that.
    """

    label, live, rate, size = "Four hours", True, float(RATE), (640, 480)
    duration_s = frame_count = fov_deg = None
    dropped = 0

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.delivered = 0
        self.rows: Path | None = None
        """What the recording writes to."""
        self._image = np.full((480, 640, 3), 128, np.uint8)

    def read(self, timeout_s: float = 2.0) -> Frame | None:
        if self.delivered == FRAMES:
            time.sleep(timeout_s)
            raise TimeoutError("four hours are over")
        while self.rows is not None and self.delivered % 100 == 0 and self._ahead() > 1000:
            time.sleep(0.005)
        index, self.delivered = self.delivered, self.delivered + 1
        return Frame(index, index / RATE, self._image, time.perf_counter())

    def _ahead(self) -> int:
        assert self.rows is not None
        return self.delivered - (self.rows.stat().st_size - HEADER_BYTES) // ROW.itemsize

    def seek(self, time_s: float) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class Replay:
    """Says of each frame what the real detector said of the performer."""

    size: Size = "full"

    def __init__(self, said: list[Keypoints2D]) -> None:
        self._said = said

    def detect(self, frame: Frame) -> Keypoints2D:
        # Forwards and backwards, so that nobody jumps.
        turn = frame.index % (2 * len(self._said))
        said = self._said[min(turn, 2 * len(self._said) - 1 - turn)]
        return replace(
            said,
            index=frame.index,
            time_s=frame.time_s,
            captured_at=frame.captured_at,
            detected_at=time.perf_counter(),
        )

    def close(self) -> None:
        pass


@dataclass
class Reading:
    """What could grow."""

    resident_mb: float
    files: int
    threads: int
    keypoints: int
    poses: int
    latency_ms: float


@pytest.fixture(scope="module")
def said() -> list[Keypoints2D]:
    with PerformerSource(duration_s=6.0) as source, Detector() as detector:
        packets = []
        while (frame := source.read(30.0)) is not None:
            packets.append(detector.detect(frame))
    assert sum(each.tracked for each in packets) > 150
    return packets


def reading(run: LiveRun) -> Reading:
    # Of the last two seconds: on a busy machine none may have been lifted in them.
    until(lambda: run.latest().stats.capture_to_pose_ms is not None, "a pose just lifted", 60)
    latency = run.latest().stats.capture_to_pose_ms or math.inf
    gc.collect()
    process, alive = psutil.Process(), [type(each) for each in gc.get_objects()]
    return Reading(
        resident_mb=process.memory_info().rss / 1e6,
        files=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        threads=process.num_threads(),
        keypoints=alive.count(Keypoints2D),
        poses=alive.count(Pose3D),
        latency_ms=latency,
    )


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_four_hours_leave_nothing_behind(
    live_run: Callable[..., LiveRun], said: list[Keypoints2D], tmp_path: Path
) -> None:
    source = Clock()
    run = live_run(
        lambda: source, lambda: Lifter(device="cpu"), detector_factory=lambda: Replay(said)
    )
    writer = RecordingWriter.create(
        tmp_path, "four hours", source=SourceInfo("Four hours", True, RATE), size=source.size
    )
    source.rows = writer.path / KEYPOINTS_FILE
    run.start_recording(writer)
    run.start()
    until(lambda: run.latest().pose is not None, "the first pose", 60)
    readings = []
    for quarter in range(1, 5):
        # Well before its end: at the end of all the lifter rests.
        goal = quarter * QUARTER - QUARTER // 3
        until(lambda goal=goal: source.delivered >= goal, f"hour {quarter}", 300)
        pose = run.latest().pose
        assert pose is not None
        run.shown(pose.index)
        readings.append(reading(run))
    until(lambda: source.delivered == FRAMES and writer.frames == FRAMES, "the end", 300)
    assert run.state is State.RUNNING
    assert run.stop_recording() is writer
    writer.close()
    assert writer.error is None
    print(*readings, sep="\n")
    first, last = readings[0], readings[-1]
    assert last.resident_mb - first.resident_mb < 30, "memory is flat"
    assert last.files <= first.files, "handles are constant"
    assert last.threads <= first.threads
    for each in readings:
        # The inbox, what was just taken out of it, and what the lifter keeps for a new network.
        assert each.keypoints < len(said) + 3 * CAPACITY + 6, "queues are bounded"
        assert each.poses < 6
    # Where it drifts it is long in the third hour and longer in the fourth; a moment in which the
    # machine stands still makes one of them long, and one in which it has nothing else to do makes
    # one of the first two short.
    later_ms = min(each.latency_ms for each in readings[2:])
    at_first_ms = max(each.latency_ms for each in readings[:2])
    assert later_ms < 2 * at_first_ms + 20, "latency does not drift"
    keypoints = Recording.open(writer.path).keypoints
    assert len(keypoints.index) == FRAMES
    np.testing.assert_allclose(keypoints.time_s[[0, -1]], (0, (FRAMES - 1) / RATE))
