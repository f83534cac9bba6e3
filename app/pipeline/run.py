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
    """One run of one source, from ``start`` to ``stop``.  It is not started twice.

    No method waits for a camera, the network or a disk, except ``stop``, which says how long.  All
    may be called from any thread.  Results are fetched with ``latest``; nothing is pushed.

    Args:
        open_source: opens the source; called in a thread, and again each time a live source is
            lost.  Files and the performer should be opened with ``paced=True``.
        lifter_factory: loads the network; called in a thread.  None for no 3D poses at all.
        detector_factory: loads the 2D detector; called in a thread.
        detector_size: of the detector's model, changed where ``detector_factory`` gives another.
            None: the one this machine can afford at the source's rate, measured once.
        delay: k, how many source frames the shown pose lies behind the newest one; 0 is fastest.
        height_m: the person's height in metres, or None for the model's own body size.
        level: where up is, if that is known; found out otherwise.
        loop: whether a file starts again when it has ended.
        smooth: whether poses are calmed by those before them; never what is recorded.
        several: whether to look out for other people than the one followed.
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
        """End the run from whatever state, close everything, and wait for it.

        A recording under way is finished.  Returns whether all threads had ended within
        ``timeout_s``; 0 only asks.  A source that hangs in opening is left to its own thread, which
        closes it when it comes back.
        """
        self._results.enter(State.STOPPED)
        self._end()
        return self._threads.join(timeout_s)

    @property
    def state(self) -> State:
        """The same as ``latest().state``."""
        return self._results.state

    def latest(self) -> Snapshot:
        """The newest results; cheap enough for a 60 Hz timer."""
        return self._results.snapshot()

    def shown(self, pose_index: int) -> None:
        """Tell that the pose of source frame ``pose_index`` is on the screen now."""
        self._results.shown(pose_index)

    def set_delay(self, delay: int) -> None:
        """Choose k in source frames, from the next pose on."""
        self._controls.delay = delay

    def set_smoothing(self, smooth: bool) -> None:
        """Choose whether poses are calmed by those before them, from the next pose on."""
        self._controls.smooth = smooth

    def set_height(self, height_m: float | None) -> None:
        """Choose the person's height in metres, from the next pose on."""
        self._controls.height_m = height_m
        self._keypoint_queue.request_update()
        self._controls.wake()

    def send_to(self, *sinks: PoseSink) -> None:
        """Give every pose that is shown to these too, and no longer to those before them."""
        self._lifting.sinks = sinks

    def set_several(self, several: bool) -> None:
        """Choose whether to look out for other people than the one followed."""
        self._controls.several = several

    def set_detector_size(self, size: Size | None) -> None:
        """Choose the size of the detector's model as at the start; while recording, for later."""
        self._controls.detector_size = size

    def choose_person(self, x: float, y: float, time_s: float) -> None:
        """Follow whoever is at this place, in pixels, of the picture of ``time_s``, from now on.

        When the video is at that time again, being looped, they are followed from there.
        """
        self._controls.choose_person((x, y, time_s))

    def set_level(self, level: Level | None) -> None:
        """Tell where up is, from the next pose on; None to find out."""
        self._controls.level = level
        self._keypoint_queue.request_update()
        self._controls.wake()

    def set_lifter(self, lifter_factory: Callable[[], Lifter]) -> None:
        """Exchange the network while running (other weights or device).

        The old one works on until the new one is loaded; if that fails it stays, and
        ``latest().notice`` says why.
        """
        self._lifting.load(lifter_factory)

    def start_recording(self, writer: RecordingWriter) -> None:
        """Write every detected frame from now on; the run owns ``writer`` until it gives it back.

        Raises:
            RecordingError: one is under way, or the run is over.
        """
        self._recorder.attach(writer)

    def stop_recording(self) -> RecordingWriter | None:
        """Give the writer back, to be closed by the caller; no frame is appended after this.

        A recording that failed is given back too: closing it keeps what was written until then.
        None if there is none, also after the end of the run, which has closed it.
        """
        return self._recorder.detach()

    def _fail(self, error: MixposeError) -> None:
        self._results.fail(error)
        self._end()

    def _end(self) -> None:
        if not self._controls.stopping:
            self._controls.stop()
            self._threads.background("closing", self._reader.interrupt)
