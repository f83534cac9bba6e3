"""The 17 joints in 2D of the people in a picture, by MediaPipe's pose landmarker."""

from __future__ import annotations

import copy
import logging
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.detection.landmarker import Landmarker
from app.detection.models import FOR_LIVE, Size, bundle
from app.detection.no_telemetry import silenced
from app.detection.people_tracker import Lent, PeopleTracker
from app.detection.person import Person
from app.detection.person_tracker import Choice, Memory, PersonTracker, TrackingResult
from app.errors import DetectorError
from app.packets import Frame, Keypoints2D, PeopleInView
from models.feet import foot_evidence, unseen_feet
from models.skeleton import JOINT_COUNT, LANDMARK_COUNT

_LONGEST_STEP_S: Final = 1.0
"""After a longer pause the person is detected again instead of tracked."""

_EMPTY: Final[NDArray[np.uint8]] = np.zeros((64, 64, 3), dtype=np.uint8)

_log = logging.getLogger(__name__)


class Detector:
    """Detects one person in each picture of a source and tracks them from frame to frame.

    Of several people it tracks the largest detected at first, until another is chosen.

    Args:
        size: of the landmark model.
        several: whether to search for other people; if not, the tracked person may change
            unnoticed.  May be changed at any time.
        choices: which person to track from which time on.
        memory: of another detector at the time of the video at which this one starts; includes its
            choices.

    Raises:
        DetectorError: the model is absent or damaged, or MediaPipe cannot start.
    """

    def __init__(
        self,
        size: Size = FOR_LIVE,
        *,
        several: bool = True,
        choices: Sequence[Choice] = (),
        memory: Memory | None = None,
    ) -> None:
        with ExitStack() as stack:
            stack.enter_context(silenced())
            self._landmarkers = _Landmarkers(size)
            stack.callback(self._landmarkers.close)
            # Also if it is never closed: MediaPipe's own clean-up would run after the block.
            self._finish = weakref.finalize(self, stack.pop_all().close)
            # While Python shuts down MediaPipe cannot be closed; the block stays open to the end.
            self._finish.atexit = False
        self._tracker = PersonTracker(self._landmarkers, choices)
        if memory is not None:
            self._tracker.recall(memory)
        self.several = several
        self._last_s: float | None = None
        self._moved = False

    @property
    def memory(self) -> Memory:
        """The state of the tracking, for another detector to continue from."""
        return self._tracker.memory

    @property
    def size(self) -> Size:
        """Size of the landmark model in use."""
        return self._landmarkers.size

    def change(self, size: Size) -> None:
        """Change to another model size and keep tracking the same person; takes 0.3 s.

        Raises:
            DetectorError: as of the constructor; the size is unchanged then.
        """
        self._landmarkers.change(size)

    def choose(self, x: float, y: float, time_s: float) -> None:
        """Track the person at this position, in pixels, in the first picture at or after
        ``time_s``; without a person there, nothing changes.  See also ``moved``."""
        self._tracker.choose(Choice(x, y, time_s))

    def moved(self) -> None:
        """The next picture follows a seek within the video.

        The person to track is determined again; choices made for a later moment apply again at that
        moment, so that a looped video shows the same each time.
        """
        self._moved = True

    def detect(self, frame: Frame) -> Keypoints2D:
        """Detect the person in ``frame``; ``tracked`` is False if there is none.

        Raises:
            DetectorError: MediaPipe failed, or the detector is closed.
        """
        if not self._finish.alive:
            raise DetectorError("The pose detector is closed already.")
        step_s = 0.0 if self._last_s is None else frame.time_s - self._last_s
        with _failure_in_words(frame):
            if self._moved:
                self._tracker.go_to(frame.time_s)
                step_s = 0.0
            elif self._last_s is not None and not 0.0 < step_s <= _LONGEST_STEP_S:
                self._tracker.forget()
                step_s = 0.0
            self._moved = False
            self._landmarkers.step_ms = max(1, round(1000 * step_s))
            seen = self._look(frame)
        self._last_s = frame.time_s
        return _packet(frame, seen)

    def close(self) -> None:
        """Free the detector; more calls do nothing."""
        self._finish()

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self, frame: Frame) -> TrackingResult:
        if self.several:
            return self._tracker.step(frame.image, frame.time_s)
        return self._tracker.step_alone(frame.image, frame.time_s)


class PeopleDetector:
    """Detects everybody in each picture of a source and tracks them from frame to frame.

    Each picture is processed once; each person in view takes as much time as a single person.

    Args:
        size: of the landmark model.

    Raises:
        DetectorError: as of :class:`Detector`.
    """

    def __init__(self, size: Size) -> None:
        with ExitStack() as stack:
            stack.enter_context(silenced())
            self._landmarkers = [_Landmarkers(size)]
            stack.callback(self._landmarkers[0].close)
            self._open = stack.pop_all()
            self._finish = weakref.finalize(self, self._open.close)
            self._finish.atexit = False
        self._tracker = PeopleTracker(self._landmarkers[0], self._another)
        self._last_s: float | None = None

    @property
    def size(self) -> Size:
        """Of the landmark model at work."""
        return self._landmarkers[0].size

    @property
    def memory(self) -> None:
        """None: identities across detectors are resolved afterwards."""

    def detect(self, frame: Frame) -> Keypoints2D:
        """Detect all people in ``frame``; they are the ``everybody`` of the result.

        Raises:
            DetectorError: MediaPipe failed.
        """
        step_s = 0.0 if self._last_s is None else frame.time_s - self._last_s
        with _failure_in_words(frame):
            if not 0.0 < step_s <= _LONGEST_STEP_S:
                self._tracker.forget()
                step_s = 0.0
            for each in self._landmarkers:
                each.step_ms = max(1, round(1000 * step_s))
            everybody = self._tracker.step(frame.image, frame.time_s)
        self._last_s = frame.time_s
        nobody = _packet(frame, TrackingResult(None))
        return replace(nobody, tracked=bool(everybody), everybody=everybody)

    def close(self) -> None:
        """Free the detector; more calls do nothing."""
        self._finish()

    def __enter__(self) -> PeopleDetector:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _another(self) -> _Landmarkers:
        made = self._landmarkers[0].another()
        self._open.callback(made.close_film)
        self._landmarkers.append(made)
        return made


class DetectorWithOthers(Detector):
    """Detects one person with the same result as :class:`Detector`, and all other people too.

    The tracked person is detected once, and shared.  Each other person in view takes as much time
    as a single person; while there is none, a search for one runs five times a second.

    Args: as of :class:`Detector`, which tells people apart.

    Raises:
        DetectorError: as there.
    """

    def __init__(
        self, size: Size, *, choices: Sequence[Choice] = (), memory: Memory | None = None
    ) -> None:
        super().__init__(size, choices=choices, memory=memory)
        self._more: list[_Landmarkers] = []
        self._lent = Lent(self._landmarkers)
        self._others = PeopleTracker(self._landmarkers, self._another, self._lent)
        self._opened = ExitStack()
        self._end_more = weakref.finalize(self, self._opened.close)
        self._end_more.atexit = False

    def detect(self, frame: Frame) -> Keypoints2D:
        """Detect the tracked person, and all people as the ``everybody`` of the result.

        Raises:
            DetectorError: MediaPipe failed, or the detector is closed.
        """
        step_s = 0.0 if self._last_s is None else frame.time_s - self._last_s
        found = super().detect(frame)
        with _failure_in_words(frame):
            if not 0.0 < step_s <= _LONGEST_STEP_S:
                self._others.forget()
                step_s = 0.0
            for each in self._more:
                each.step_ms = max(1, round(1000 * step_s))
            everybody = self._others.step(frame.image, frame.time_s)
        return replace(found, everybody=everybody)

    def close(self) -> None:
        """Free the detector; more calls do nothing."""
        self._end_more()
        super().close()

    def _look(self, frame: Frame) -> TrackingResult:
        seen = super()._look(frame)
        self._lent.person, self._lent.confirmed = seen.person, self._tracker.confirmed
        return seen

    def _another(self) -> _Landmarkers:
        made = self._landmarkers.another()
        self._opened.callback(made.close_film)
        self._more.append(made)
        return made


class _Landmarkers:
    """The landmarker that tracks one person, and the one that searches for others."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.step_ms = 1
        """Milliseconds from the previous frame to this one."""
        self._film, self._still = _started(size)

    def another(self) -> _Landmarkers:
        """One that tracks another person and shares the search; ended by ``close_film``."""
        other = copy.copy(self)
        with _start_failure_in_words():
            other._film = Landmarker(bundle(self.size), self.size, follow=True)
        return other

    def change(self, size: Size) -> None:
        film, still = _started(size)
        self.close()
        self.size, self._film, self._still = size, film, still

    def close(self) -> None:
        self.close_film()
        self._still.close()

    def close_film(self) -> None:
        self._film.close()

    def track(self, picture: NDArray[np.uint8]) -> Person | None:
        # Called twice for one frame when tracking changes to another person.
        found, self.step_ms = self._film.run(picture, self.step_ms), 1
        return found

    def forget(self) -> None:
        # Otherwise MediaPipe searches where the person was and blends the first poses after a cut
        # with the last before it (by 15 pixels).  An empty picture resets both; the results are
        # then within 0.2 pixels of those of a new detector.
        self._film.run(_EMPTY, 1)

    def find(self, picture: NDArray[np.uint8]) -> Person | None:
        return self._still.run(picture)


def _started(size: Size) -> tuple[Landmarker, Landmarker]:
    """Start the landmarker that tracks, and the one for single pictures.  Raises DetectorError."""
    content = bundle(size)
    # Each takes a tenth of a second.
    with _start_failure_in_words(), ThreadPoolExecutor(1) as pool, ExitStack() as undo:
        still = pool.submit(Landmarker, content, size, follow=False)
        undo.callback(_close, still)
        film = Landmarker(content, size, follow=True)
        undo.callback(film.close)
        both = film, still.result()
        undo.pop_all()
        return both


@contextmanager
def _start_failure_in_words() -> Iterator[None]:
    """Turn failures of MediaPipe to start into a DetectorError."""
    try:
        yield
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        _log.error("MediaPipe did not start: %s", error)
        first_line = str(error).partition("\n")[0]
        # Without its traceback, whose frames keep MediaPipe's worker thread alive.
        cause = error.with_traceback(None)
        raise DetectorError(f"The pose detector cannot start: {first_line}") from cause


@contextmanager
def _failure_in_words(frame: Frame) -> Iterator[None]:
    """Turn failures of MediaPipe on a picture into a DetectorError."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        _log.error("MediaPipe failed on picture %d: %s", frame.index, error)
        raise DetectorError(
            "The pose detector failed on a picture. Start again; the log file says more."
        ) from error


def _close(made: Future[Landmarker]) -> None:
    if made.exception() is None:
        made.result().close()


def _packet(frame: Frame, seen: TrackingResult) -> Keypoints2D:
    person = seen.person
    if person is None:
        landmarks = np.full((LANDMARK_COUNT, 5), np.nan, dtype=np.float32)
        landmarks[:, 3:] = 0.0
        world = np.full((LANDMARK_COUNT, 3), np.nan, dtype=np.float32)
        person_xy = np.full((JOINT_COUNT, 2), np.nan, dtype=np.float32)
        conf = np.zeros(JOINT_COUNT, dtype=np.float32)
        feet = unseen_feet()
    else:
        landmarks, world = person.landmarks, person.world
        person_xy, conf = person.xy, person.conf
        feet = foot_evidence(landmarks, person.visibility, world)
    return Keypoints2D(
        index=frame.index,
        time_s=frame.time_s,
        size=frame.size,
        tracked=person is not None,
        landmarks=landmarks,
        world=world,
        xy=person_xy,
        conf=conf,
        captured_at=frame.captured_at,
        detected_at=time.perf_counter(),
        people_in_view=PeopleInView(
            others=tuple(other.box for other in seen.others),
            hidden=seen.hidden,
            followed=seen.followed,
            chosen=seen.chosen,
        ),
        feet=feet,
    )
