"""The capture thread: source -> detector -> results, recording and lifter."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from app.detection.models import FOR_LIVE, Size
from app.packets import OTHER_PERSON, Frame, Keypoints2D
from app.pipeline.controls import Controls
from app.pipeline.keypoint_queue import KeypointQueue
from app.pipeline.recorder import Recorder
from app.pipeline.results import LatestResults
from app.pipeline.source_reader import SourceReader
from app.pipeline.status import State
from app.pipeline.threads import Background, WorkerThreads

if TYPE_CHECKING:
    from app.detection.detector import Detector

_MEASURED_S: Final = 2.5
_MEASURED: Final = 12
"""Least number of measured pictures: a slow machine processes few."""
_TOO_SLOW: Final = 0.9
"""Fraction of the frame interval: decoding and keeping the picture need the rest."""
_EASY: Final = 0.6
_MANY_CORES: Final = 4
"""The network, the window and the drawing need cores besides the detector's."""
_LARGER_COSTS: Final = 3.0
"""Time of ``heavy`` relative to ``full`` for one picture (50.7 and 17.0 ms on one core)."""


class DetectorChoice:
    """Measures the speed of the model ``full`` and chooses the size of the model once."""

    def __init__(self, cores: int | None = None) -> None:
        self.size: Size = FOR_LIVE
        """The size to use."""
        self._cores = cores or os.cpu_count() or 1
        self._decided = False
        self._took_s: list[float] = []
        self._intervals_s: list[float] = []
        self._last: tuple[float, int] | None = None

    def add(self, frame: Frame, keypoints: Keypoints2D, took_s: float, *, dropped: int) -> None:
        """Record the time ``full`` took for a picture; ``dropped`` is the source's total so far.

        Pictures without a person are ignored: most of the work is not done on them.
        """
        if self._decided or not keypoints.tracked:
            return
        number = frame.index + dropped
        if self._last is not None:
            step_s, pictures = frame.time_s - self._last[0], number - self._last[1]
            if step_s > 0 and pictures > 0:  # a video may be rewound
                self._took_s.append(took_s)
                self._intervals_s.append(step_s / pictures)
        self._last = frame.time_s, number
        if len(self._took_s) >= _MEASURED:
            self._decide()

    def _decide(self) -> None:
        took_s, interval_s = (statistics.median(x) for x in (self._took_s, self._intervals_s))
        if len(self._took_s) * max(took_s, interval_s) < _MEASURED_S:
            return
        if took_s > _TOO_SLOW * interval_s:
            self.size = "lite"
        elif self._cores >= _MANY_CORES and _LARGER_COSTS * took_s < _EASY * interval_s:
            self.size = "heavy"
        self._decided = True


class Capture:
    """The body of the capture thread; only this class touches source and detector."""

    def __init__(
        self,
        reader: SourceReader,
        load_detector: Callable[[], Detector],
        *,
        controls: Controls,
        results: LatestResults,
        keypoint_queue: KeypointQueue,
        recorder: Recorder,
        threads: WorkerThreads,
    ) -> None:
        self._reader = reader
        self._load_detector = load_detector
        self._controls = controls
        self._results = results
        self._keypoint_queue = keypoint_queue
        self._recorder = recorder
        self._threads = threads
        self._loading: Background[Detector] | None = None
        self._detector: Detector | None = None
        self._detector_choice = DetectorChoice()
        self._now: Frame | None = None
        self._followed = 0

    def run(self) -> None:
        """Capture until the run is to stop; then close detector, source and recording."""
        with ExitStack() as closing:
            closing.callback(self._recorder.finish)
            closing.callback(self._reader.close)
            self._loading = self._threads.background(
                "detector", self._load_detector, lambda late: late.close()
            )
            closing.callback(self._close_detector)
            if self._reader.open():
                self._run_frames()

    def _run_frames(self) -> None:
        while not self._controls.stopping:
            if self._reader.ended:
                self._wait_at_end()
            else:
                self._advance()

    def _wait_at_end(self) -> None:
        """Wait at the end of a file until the run is to stop."""
        self._results.enter(State.ENDED)
        self._keypoint_queue.mark_idle()
        self._controls.wake()
        self._controls.wait_until(lambda: False)

    def _restart(self) -> None:
        self._now = None
        self._reader.rewind()
        if self._detector is not None:
            self._detector.moved()
        self._keypoint_queue.begin_segment(self._results.begin_segment())

    def _advance(self) -> None:
        frame = self._reader.next()
        if frame is not None:
            self._now = frame
            self._process(frame)
        elif self._reader.ended and not self._controls.stopping:
            self._end()

    def _end(self) -> None:
        self._reader.describe()
        if self._controls.loop and not self._recorder.active and self._now is not None:
            self._restart()

    def _process(self, frame: Frame) -> None:
        detector = self._ready_detector(frame)
        if detector is None:
            return
        self._apply_detector_size(detector)
        began = time.perf_counter()
        detector.several = self._controls.several
        if (place := self._controls.take_person()) is not None:
            detector.choose(*place)
        keypoints = detector.detect(frame)
        dropped = self._reader.dropped
        detect_s = keypoints.detected_at - began
        self._recorder.append(keypoints, frame, dropped=dropped)
        if keypoints.people_in_view.followed != self._followed:
            # Joints of two people are no continuous motion, neither for the network nor for a file.
            self._followed = keypoints.people_in_view.followed
            self._keypoint_queue.begin_segment(self._results.begin_segment())
            self._recorder.mark(OTHER_PERSON)
        self._keypoint_queue.put(keypoints)
        self._controls.wake()
        self._results.show_keypoints(
            frame, keypoints, size=detector.size, detect_s=detect_s, dropped=dropped
        )
        if self._controls.detector_size is None and detector.size == FOR_LIVE:
            self._detector_choice.add(frame, keypoints, detect_s, dropped=dropped)
        self._results.enter(State.RUNNING)

    def _apply_detector_size(self, detector: Detector) -> None:
        """Switch to the requested model size, but not during a recording."""
        size = self._controls.detector_size or self._detector_choice.size
        if size != detector.size and not self._recorder.active:
            with self._reader.standing_still():
                detector.change(size)

    def _ready_detector(self, frame: Frame) -> Detector | None:
        """Show the picture while the detector loads; only a file is paused for it meanwhile."""
        if self._detector is None and self._loading is not None:
            loading = self._loading
            if not loading.ready:
                self._results.show_picture(frame, self._reader.dropped)
                self._results.enter(State.RUNNING)
            if not self._reader.live:
                with self._reader.standing_still():
                    self._controls.wait_until(lambda: loading.ready)
            if loading.ready:
                self._detector = loading.take()
        return self._detector

    def _close_detector(self) -> None:
        if self._detector is not None:
            self._detector.close()
        elif self._loading is not None:
            self._loading.give_up()
