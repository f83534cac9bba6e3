"""A whole clip at full quality: decoded and detected side by side, then lifted as one sequence.

Used by the ``lift`` command, by the window when it exports an opened video, and by the benchmark.
A recording has its keypoints already: ``Lifter.lift`` takes them as they are.
"""

from __future__ import annotations

import enum
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.detection.models import Size, about
from app.errors import DetectorError, SourceError
from app.motion.data import Event, MotionData, Pictures, Provenance
from app.packets import OTHER_PERSON, Frame, Keypoints2D
from models.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from app.detection.detector import Detector
    from app.sources.base import Source
    from models.lifter import Lifter

_AHEAD: Final = 4
"""Frames decoded before the detector asks for them: enough to ride out its slow frames, and at most
25 MB of full-HD pictures."""
_POLL_S: Final = 0.2
"""How long a wait for a frame or for room in the queue lasts before it looks whether to stop."""
_PATIENCE_S: Final = 1.0
"""A source still busy with a frame this long after nobody wants it any more is closed."""
_SILENT_S: Final = 10.0
"""A live source that gives nothing for this long has ended, as streams do without saying so."""


class Stage(enum.Enum):
    """The two passes over a clip, and writing what came out."""

    DETECTING = "detecting"
    LIFTING = "lifting"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a clip is."""

    stage: Stage
    frames: int
    """Frames done in this stage."""
    total: int | None
    """Frames in all; an estimate while detecting, None for what has no known end."""


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, eq=False)
class DetectedClip:
    """The 2D keypoints of all frames read from a source."""

    label: str
    size: tuple[int, int]
    """(width, height) of the picture in pixels."""
    rate: float | None
    """Nominal frames/s as the source states it."""
    dropped: int
    """Frames lost before they were read."""
    warnings: tuple[str, ...]
    """Plain sentences about what went wrong on the way."""
    complete: bool
    """False if the reading was stopped from outside before the end."""
    started_at: datetime | None
    """When the first frame of a live source was read, with its time zone; None for files."""
    time_s: NDArray[np.float64]
    """(N,) strictly increasing."""
    tracked: NDArray[np.bool_]
    """(N,) whether a person was found."""
    xy: NDArray[np.float32]
    """(N, 17, 2) joints in pixels, NaN where nobody was found."""
    conf: NDArray[np.float32]
    """(N, 17) in [0, 1]."""
    world: NDArray[np.float32]
    """(N, 17, 3) the detector's own 3D: metres from the pelvis, or NaN."""
    detector: Size
    """Of the model that found them."""
    person: NDArray[np.int64]
    """(N,) whom each frame is of: counts up whenever another is followed."""
    fov_deg: float | None = None
    """Angle that the longer side of the picture spans, where the source says so."""

    @property
    def others_from(self) -> tuple[float, ...]:
        """Times from which another person is followed than before."""
        return tuple(self.time_s[1:][np.diff(self.person) != 0].tolist())


def _never() -> bool:
    return False


def detect_clip(
    source: Source,
    detector: Detector,
    *,
    seconds: float | None = None,
    stop: Callable[[], bool] = _never,
    progress: ProgressCallback | None = None,
) -> DetectedClip:
    """Read a source to its end and find the joints in each frame, as fast as both can.

    The source is read in a thread of its own, which has ended when this returns.  The detector runs
    in the calling thread.

    Args:
        source: an open source, not paced; its owner closes it.
        detector: one that has seen no other source.
        seconds: read no frame later than this after the first.
        stop: asked between frames; once True, the frames read so far are returned.
        progress: called after each frame in the calling thread.

    Raises:
        SourceError: the source failed before its first frame, or has none.
        DetectorError: the detector failed.
    """
    keypoints = _Rows()
    warnings: list[str] = []
    total = _expected_frames(source, seconds)
    with _ReadAhead(source, seconds, stop) as frames:
        try:
            for frame in frames:
                keypoints.append(detector.detect(frame))
                if progress is not None:
                    progress(Progress(Stage.DETECTING, len(keypoints.time_s), total))
        except SourceError as error:
            if not keypoints.time_s:
                raise
            warnings.append(str(error))  # what was read before the damage is worth having
    if not keypoints.time_s and not frames.stopped:
        raise SourceError(f"{source.label} holds no frames that can be read.")
    return keypoints.clip(
        source,
        (*source.warnings, *warnings, *keypoints.warnings),
        detector=detector.size,
        complete=not frames.stopped,
    )


def lift_clip(
    clip: DetectedClip,
    lifter: Lifter,
    *,
    progress: ProgressCallback | None = None,
    pictures: Pictures | None = None,
) -> MotionData:
    """Lift the keypoints of a clip; what it returns can be exported.

    Args:
        clip: N >= 1 frames.
        lifter: its ``height_m`` decides the scale.
        progress: called now and then in the calling thread; may raise to stop.
        pictures: those of the clip, if they can be read again.

    Raises:
        DetectorError: there is no person in any frame.
    """
    count = len(clip.time_s)

    def report(share: float) -> None:
        if progress is not None:
            progress(Progress(Stage.LIFTING, round(share * count), count))

    if not clip.tracked.any():
        raise _nobody(clip)
    lifted = lifter.lift(
        *(clip.xy, clip.conf, clip.size, clip.time_s),
        world=clip.world,
        person=clip.person,
        progress=report,
    )
    if lifted.missing.all():
        raise _nobody(clip)
    return MotionData.from_lifted(
        time_s=clip.time_s,
        tracked=clip.tracked,
        conf=clip.conf,
        xy=clip.xy,
        size=clip.size,
        lifted=lifted,
        provenance=_provenance(clip, lifter),
        pictures=pictures,
        person=clip.person,
        events=tuple(
            Event(float(time_s - clip.time_s[0]), OTHER_PERSON) for time_s in clip.others_from
        ),
    )


def _provenance(clip: DetectedClip, lifter: Lifter) -> Provenance:
    return Provenance(
        source=clip.label,
        started_at=clip.started_at,
        nominal_rate=clip.rate,
        dropped=clip.dropped,
        weights_name=lifter.info.name,
        weights_sha256=lifter.info.sha256,
        height_m=lifter.height_m,
        detector=about(clip.detector),
        detector_depth=lifter.uses_depth,
        fov_deg=clip.fov_deg,
    )


def _nobody(clip: DetectedClip) -> DetectorError:
    count = len(clip.time_s)
    return DetectorError(
        f"No person was found in {clip.label} ({count} frame{'s' if count > 1 else ''} looked at)."
    )


def _expected_frames(source: Source, seconds: float | None) -> int | None:
    expected = source.frame_count
    if seconds is None or source.rate is None:
        return expected
    wanted = math.ceil(seconds * source.rate)
    return wanted if expected is None else min(expected, wanted)


class _Rows:
    """What is kept of each frame; the 33 landmarks of an hour of video would fill 200 MB."""

    def __init__(self) -> None:
        self.started_at: datetime | None = None
        self.time_s: list[float] = []
        self.tracked: list[bool] = []
        self.xy: list[NDArray[np.float32]] = []
        self.conf: list[NDArray[np.float32]] = []
        self.world: list[NDArray[np.float32]] = []
        self.person: list[int] = []
        self.warnings: list[str] = []

    def append(self, keypoints: Keypoints2D) -> None:
        if self.started_at is None:
            age_s = keypoints.detected_at - keypoints.captured_at
            self.started_at = datetime.now().astimezone() - timedelta(seconds=age_s)
        self.time_s.append(keypoints.time_s)
        self.tracked.append(keypoints.tracked)
        self.xy.append(keypoints.xy)
        self.conf.append(keypoints.conf)
        self.world.append(keypoints.world_joints)
        company = keypoints.company
        if self.person and company.followed != self.person[-1] and not company.chosen:
            self.warnings.append(
                f"The person followed was lost; from {keypoints.time_s:.1f} s on it is another."
            )
        self.person.append(company.followed)

    def clip(
        self,
        source: Source,
        warnings: tuple[str, ...],
        *,
        detector: Size,
        complete: bool,
    ) -> DetectedClip:
        """All frames, as read from ``source``."""
        return DetectedClip(
            label=source.label,
            size=source.size,
            rate=source.rate,
            dropped=source.dropped,
            warnings=warnings,
            complete=complete,
            started_at=self.started_at if source.live else None,
            time_s=np.array(self.time_s, dtype=np.float64),
            tracked=np.array(self.tracked, dtype=bool),
            xy=np.array(self.xy, dtype=np.float32).reshape(-1, JOINT_COUNT, 2),
            conf=np.array(self.conf, dtype=np.float32).reshape(-1, JOINT_COUNT),
            world=np.array(self.world, dtype=np.float32).reshape(-1, JOINT_COUNT, 3),
            detector=detector,
            person=np.array(self.person, dtype=np.int64),
            fov_deg=source.fov_deg,
        )


class _ReadAhead:
    """Reads a source in a thread, a few frames ahead of whoever iterates over it."""

    def __init__(self, source: Source, seconds: float | None, stop: Callable[[], bool]) -> None:
        self.stopped = False
        self._source = source
        self._seconds = seconds
        self._stop = stop
        self._left = threading.Event()
        self._frames: queue.Queue[Frame | None] = queue.Queue(_AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="clip-reader")

    def __enter__(self) -> _ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            self._source.close()  # wakes whoever waits in read
            self._thread.join()

    def __iter__(self) -> Iterator[Frame]:
        while not self._stop():
            try:
                frame = self._frames.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if frame is not None:
                yield frame
            elif self._error is not None:
                raise self._error
            else:
                return
        self.stopped = True

    def _run(self) -> None:
        try:
            for frame in self._read():
                self._put(frame)
        except BaseException as error:
            self._error = error
        self._put(None)

    def _read(self) -> Iterator[Frame]:
        first_s: float | None = None
        heard_at = time.monotonic()
        while not self._left.is_set():
            try:
                frame = self._source.read(_POLL_S)
            except TimeoutError as error:
                if not self._source.live:
                    raise SourceError(f"{self._source.label} stopped: {error}.") from error
                if time.monotonic() - heard_at > _SILENT_S:
                    raise SourceError(
                        f"{self._source.label} sent nothing for {_SILENT_S:g} seconds; "
                        "this was taken as its end."
                    ) from error
                continue
            if frame is None:
                return
            heard_at = time.monotonic()
            first_s = frame.time_s if first_s is None else first_s
            if self._seconds is not None and frame.time_s - first_s >= self._seconds:
                return
            yield frame

    def _put(self, frame: Frame | None) -> None:
        while not self._left.is_set():
            try:
                self._frames.put(frame, timeout=_POLL_S)
            except queue.Full:
                continue
            return
