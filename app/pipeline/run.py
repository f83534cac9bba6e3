"""One live run of one source: the threads between the camera and the newest 3D pose."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.detection.detector import Detector
from app.detection.models import FOR_LIVE, Size
from app.errors import MixposeError
from app.pipeline.capture import Capture
from app.pipeline.controls import Controls
from app.pipeline.keypoint_queue import KeypointQueue
from app.pipeline.lifting import Lifting
from app.pipeline.recorder import Recorder
from app.pipeline.results import LatestResults
from app.pipeline.source_reader import SourceReader
from app.pipeline.status import PoseSink, Snapshot, State
from app.pipeline.threads import WorkerThreads

if TYPE_CHECKING:  # torch takes seconds to import: only the lift thread waits for it
    from app.recording.writer import RecordingWriter
    from app.sources import Source
    from models.level import Level
    from models.lifter import Lifter


class LiveRun:
    """One run of one source, from ``start`` to ``stop``.  It cannot be started twice.

    No method waits for a camera, the network or a disk, except ``stop``, which has a timeout.  All
    may be called from any thread.  Results are fetched with ``latest``; there are no callbacks.

    Args:
        open_source: opens the source; called in a thread, and again each time a live source is
            lost.  Files and the performer should be opened with ``paced=True``.
        lifter_factory: loads the network; called in a thread.  None for no 3D poses.
        detector_factory: loads the 2D detector; called in a thread.
        detector_size: size of the detector's model, switched to if ``detector_factory`` gives
            another.  None: the best that this machine can run at the source's rate, measured once.
        delay: k, how many source frames the shown pose is delayed; 0 is fastest.
        height_m: the person's height in metres, or None for the model's own body size.
        level: the camera's orientation relative to gravity, if known; estimated otherwise.
        loop: whether a file restarts when it has ended.
        smooth: whether poses are smoothed over those before; recordings are never smoothed.
        several: whether to detect people other than the one followed.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        lifter_factory: Callable[[], Lifter] | None,
        *,
        detector_factory: Callable[[], Detector] | None = None,
        detector_size: Size | None = FOR_LIVE,
        delay: int = 2,
        height_m: float | None = None,
        level: Level | None = None,
        loop: bool = False,
        smooth: bool = False,
        several: bool = True,
    ) -> None:
        self._lifter_factory = lifter_factory
        self._controls = Controls(
            delay=delay,
            height_m=height_m,
            level=level,
            loop=loop,
            smooth=smooth,
            several=several,
            detector_size=detector_size,
        )
        self._results = LatestResults()
        self._keypoint_queue = KeypointQueue()
        self._recorder = Recorder(self._results.note)
        self._threads = WorkerThreads(failed=self._fail, wake=self._controls.wake)
        self._lifting = Lifting(
            controls=self._controls,
            results=self._results,
            keypoint_queue=self._keypoint_queue,
            threads=self._threads,
        )
        self._reader = SourceReader(open_source, self._controls, self._results, self._threads)
        self._capture = Capture(
            self._reader,
            detector_factory or partial(Detector, detector_size or FOR_LIVE),
            controls=self._controls,
            results=self._results,
            keypoint_queue=self._keypoint_queue,
            recorder=self._recorder,
            threads=self._threads,
        )

    def start(self) -> None:
        """Start the threads and return at once."""
        self._threads.start("capture", self._capture.run)
        if self._lifter_factory is not None:
            self._lifting.load(self._lifter_factory)
            self._threads.start("lift", self._lifting.run)

    def stop(self, timeout_s: float = 3.0) -> bool:
        """End the run from any state, close everything, and wait for it.

        A recording in progress is finished.  Returns whether all threads ended within
        ``timeout_s``; with 0 it does not wait.  A source that hangs while opening is left to its
        thread, which closes it later.
        """
        self._results.enter(State.STOPPED)
        self._end()
        return self._threads.join(timeout_s)

    @property
    def state(self) -> State:
        """The same as ``latest().state``."""
        return self._results.state

    def latest(self) -> Snapshot:
        """Return the newest results; cheap enough for a 60 Hz timer."""
        return self._results.snapshot()

    def shown(self, pose_index: int) -> None:
        """Report that the pose of source frame ``pose_index`` is on the screen now."""
        self._results.shown(pose_index)

    def set_delay(self, delay: int) -> None:
        """Set the delay in source frames, from the next pose on."""
        self._controls.delay = delay

    def set_smoothing(self, smooth: bool) -> None:
        """Set whether poses are smoothed over those before, from the next pose on."""
        self._controls.smooth = smooth

    def set_height(self, height_m: float | None) -> None:
        """Set the person's height in metres, from the next pose on."""
        self._controls.height_m = height_m
        self._keypoint_queue.request_update()
        self._controls.wake()

    def send_to(self, *sinks: PoseSink) -> None:
        """Also give every shown pose to ``sinks``, which replace earlier ones."""
        self._lifting.sinks = sinks

    def set_several(self, several: bool) -> None:
        """Set whether to detect people other than the one followed."""
        self._controls.several = several

    def set_detector_size(self, size: Size | None) -> None:
        """Set the size of the detector's model; takes effect after a recording in progress."""
        self._controls.detector_size = size

    def choose_person(self, x: float, y: float, time_s: float) -> None:
        """Follow the person at this position, in pixels, of the picture at ``time_s``, from now on.

        When a looped video reaches that time again, the person is followed from there.
        """
        self._controls.choose_person((x, y, time_s))

    def set_level(self, level: Level | None) -> None:
        """Set the camera's orientation from the next pose on; None to estimate it."""
        self._controls.level = level
        self._keypoint_queue.request_update()
        self._controls.wake()

    def set_lifter(self, lifter_factory: Callable[[], Lifter]) -> None:
        """Replace the network while running (other weights or device).

        The old one is used until the new one is loaded; if loading fails it is kept, and
        ``latest().notice`` says why.
        """
        self._lifting.load(lifter_factory)

    def start_recording(self, writer: RecordingWriter) -> None:
        """Write every detected frame from now on; the run owns ``writer`` until it returns it.

        Raises:
            RecordingError: a recording is in progress, or the run has ended.
        """
        self._recorder.attach(writer)

    def stop_recording(self) -> RecordingWriter | None:
        """Return the writer, to be closed by the caller; no frame is appended after this.

        A recording that failed is returned, too: closing it keeps what was written until then.
        None if there is none, also after the end of the run, which closes it.
        """
        return self._recorder.detach()

    def _fail(self, error: MixposeError) -> None:
        self._results.fail(error)
        self._end()

    def _end(self) -> None:
        if not self._controls.stopping:
            self._controls.stop()
            self._threads.background("closing", self._reader.interrupt)
