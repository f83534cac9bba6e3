"""Functions to lift clips, shared by the command line, the window and the batch."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SourceError
from app.lifting import segments
from app.lifting.clip import DetectedClip
from app.lifting.in_process import InProcess
from app.lifting.pool import Pool, cores
from app.lifting.progress import ProgressCallback, never
from app.lifting.reading import detect_clip
from app.lifting.video_detection import detect_video

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions
    from app.lifting.work_units import Engine
    from app.sources.base import Source
    from models.lifter import Lifter


def make_lifter(options: LiftOptions, *, threads: int | None = None) -> Lifter:
    """Load the network specified by ``options``.

    Args:
        options: of lifting.
        threads: parallel passes on the CPU; None for one per core.  Does not affect the poses.

    Raises:
        WeightsError, DeviceError: with what to do.
    """
    from models.lifter import Lifter

    return Lifter(
        options.weights, options.device or "auto", height_m=options.height_m, workers=threads
    )


class Network:
    """Loads the lifter in a thread while the first frames are being detected.

    Importing torch takes two seconds, longer than the detector needs for 100 frames.
    """

    def __init__(self, options: LiftOptions) -> None:
        self._options = options
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="load-network")
        self._future: Future[Lifter] | None = None

    def start(self) -> None:
        """Start loading, unless started before."""
        self._future = self._future or self._pool.submit(make_lifter, self._options)

    @property
    def ready(self) -> bool:
        """Whether ``get`` would return at once."""
        return self._future is not None and self._future.done()

    @property
    def failed(self) -> bool:
        """Whether ``get`` would raise: further detection is pointless then."""
        future = self._future
        return future is not None and future.done() and future.exception() is not None

    def get(self) -> Lifter:
        """Wait for it.  Raises WeightsError, DeviceError."""
        self.start()
        assert self._future is not None
        return self._future.result()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()


def make_engine(options: LiftOptions) -> Engine:
    """Return the processes that detect, each started when there is work for it; or, in a worker of
    ``multiprocessing.Pool``, which may not start processes, an engine in the calling process."""
    if multiprocessing.current_process().daemon:
        return InProcess()
    return Pool(options.jobs or cores())


def open_clip(spec: str, options: LiftOptions) -> Source:
    """Open the source to lift from the user's text.

    Raises:
        SourceError: it cannot be opened; with the reason and what to do.
    """
    from app.recording.names import SUFFIX
    from app.sources import open_source

    if Path(spec).suffix == SUFFIX:
        raise SourceError(f"{spec} is a recording, not a video. Load or export it instead.")
    return open_source(spec, true_rate=options.rate, seconds=options.seconds)


def detect(
    source: Source,
    path: Path,
    options: LiftOptions,
    engine: Engine,
    *,
    stop: Callable[[], bool] = never,
    progress: ProgressCallback | None = None,
) -> DetectedClip:
    """Detect the joints in all frames of a source, in parallel if it is a video long enough.

    Args:
        source: an open source, not paced; closed by its owner.
        path: of the file, if it is one.
        options: of lifting.
        engine: detects the segments; has no other work, and does none after ``stop``.
        stop: polled; once True, the clip up to the first gap is returned.
        progress: called in the calling thread; may raise to stop.

    Raises:
        SourceError: no frame can be read.
        DetectorError: the detector failed.
        LiftingError: the detecting process crashed repeatedly.
    """
    from app.sources import VideoFile

    if isinstance(source, VideoFile):
        plan = segments.plan(path, source, options)
        if len(plan.segments) > 1:
            return detect_video(plan, engine, options, stop=stop, progress=progress)
    with segments.make_detector(options) as detector:
        return detect_clip(source, detector, seconds=options.seconds, stop=stop, progress=progress)
