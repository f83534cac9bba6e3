"""A live run that is shown: camera, stream or performer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from app.motion.placement.live import misfit
from app.packets import Keypoints2D, Pose3D
from app.pipeline import LiveRun, PoseSink, Snapshot, State
from app.render.colours import opacity
from app.ui import notices, words
from app.ui.preferences import Preferences
from app.ui.presenters import background, sources
from app.ui.presenters.people_hints import FitHint, PeopleHints
from app.ui.presenters.view_state import SourcePresenter, ViewState
from models.visibility import SeenTracker

if TYPE_CHECKING:
    from app.sources import Source
    from models.lifter import Lifter

_WEIGHED_S: Final = 5.0
"""How often a picture is encoded to know what it would take, 2 ms."""
_NOTICE_S: Final = 10.0
_HISTORY: Final = 40
"""Frames whose 2D is kept, so that a pose some frames old goes with that of its own frame."""


def source_opener(spec: str, preferences: Preferences) -> Callable[[], Source]:
    """Opens the source in the run's thread; the import is slow, so it waits there too."""
    size, rate = preferences.size, preferences.rate or None
    again: Callable[[], Source] | None = None

    def opened() -> Source:
        from app.sources import reopener

        nonlocal again
        again = again or reopener(spec, size=size, rate=rate, paced=True)
        return again()

    return opened


def lifter_loader(preferences: Preferences) -> Callable[[], Lifter]:
    """Loads the network as chosen now, in the run's thread; torch takes seconds to import."""
    chosen = replace(preferences)
    return lambda: background.lifter(chosen)


class LivePresenter:
    """Shows one ``LiveRun``."""

    def __init__(
        self, spec: str, preferences: Preferences, *, no_camera: Callable[[], bool]
    ) -> None:
        self.spec = spec
        self.label = sources.short(spec)
        self.is_camera = sources.is_camera(spec)
        self._no_camera = no_camera
        self.gpu_wanted = preferences.device not in ("auto", "cpu")
        self.detector_automatic = preferences.detector_size is None
        """Whether the size of the detector's model is the run's to choose."""
        self._noticed: Exception | None = None
        self._noticed_at = 0.0
        self._hints = notices.SightHints()
        self._people_hints = PeopleHints()
        self._tracker = SeenTracker()
        self._seen_index = -1
        self._seen = np.zeros(17, dtype=np.bool_)
        self._history: dict[int, Keypoints2D] = {}
        self._fit = FitHint()
        self._picture_bytes: int | None = None
        self._weighed_at = 0.0
        self.recording = False
        """Set by the window, for the words used where something is lost."""
        self.sending: Callable[[], tuple[words.Segment, ...]] = tuple
        """Set by who sends the poses on, for the status line."""
        self.run = LiveRun(
            source_opener(spec, preferences),
            lifter_loader(preferences),
            delay=preferences.delay,
            height_m=preferences.height_m or None,
            level=background.lifting_of(preferences).level,
            smooth=preferences.smooth_live,
            several=preferences.several,
            detector_size=preferences.detector_size,
        )
        self.run.start()
        self._last = self.run.latest()

    @property
    def state(self) -> State:
        return self._last.state

    @property
    def over(self) -> bool:
        return self._last.state.final

    @property
    def rate(self) -> float | None:
        """Pictures a second, as measured, else as stated."""
        if self._last.stats.fps > 1:
            return self._last.stats.fps
        return self._last.source.rate if self._last.source else None

    @property
    def shown_pose(self) -> Pose3D | None:
        """The newest pose."""
        return self._last.pose

    @property
    def snapshot(self) -> Snapshot:
        """The newest results the window has shown."""
        return self._last

    @property
    def picture_cost(self) -> float | None:
        """Megabytes a minute that its pictures would take if they were recorded; None before the
        first."""
        from app.recording.video import kept_bytes

        frame, now = self._last.frame, time.monotonic()
        if frame is None or self.rate is None:
            return None
        if self._picture_bytes is None or now - self._weighed_at > _WEIGHED_S:
            self._picture_bytes, self._weighed_at = kept_bytes(frame.image), now
        return self._picture_bytes * self.rate * 60 / 1e6

    def view_state(self) -> ViewState:
        now = self._last = self.run.latest()
        if now.source:
            self.label = now.source.label
        self._track(now)
        return ViewState(
            frame=now.frame,
            keypoints=now.keypoints,
            seen=self._seen,
            pose=now.pose,
            opacity=self._pose_opacity(now.pose),
            size=now.source.size if now.source else None,
            greyed=now.state in (State.LOST, State.FAILED),
            notice=self._notice(now),
            hint=self._hint(now),
            status=self._status(now),
        )

    def choose_person(self, x: float, y: float) -> None:
        """Follow whoever is at this place of the picture shown, in pixels."""
        if self._last.frame is not None:
            self.run.choose_person(x, y, self._last.frame.time_s)

    def send_to(self, *sinks: PoseSink) -> None:
        """Give every pose that is shown to these too, and no longer to those before them."""
        self.run.send_to(*sinks)

    def close(self, timeout_s: float) -> bool:
        return self.run.stop(timeout_s)

    def _track(self, now: Snapshot) -> None:
        keypoints = now.keypoints
        if keypoints is None or keypoints.index == self._seen_index:
            return
        if keypoints.index < self._seen_index:
            self._tracker = SeenTracker()
            self._history.clear()
        self._seen_index = keypoints.index
        self._seen = self._tracker.step(keypoints.conf)
        self._history[keypoints.index] = keypoints
        while len(self._history) > _HISTORY:
            del self._history[next(iter(self._history))]

    def _pose_opacity(
        self, pose: Pose3D | None
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
        if pose is None:
            return None
        seen = self._history.get(pose.index)
        return None if seen is None else opacity(seen.conf)

    def _misfit(self, pose: Pose3D | None) -> float | None:
        seen = None if pose is None else self._history.get(pose.index)
        if pose is None or seen is None:
            return None
        return misfit(pose.xyz, seen, ~(pose.missing | pose.filled))

    def _status(self, now: Snapshot) -> tuple[words.Segment, ...]:
        sending = self.sending()
        if now.frame is None:
            return ()
        pictures = now.frame.index + 1
        said = words.status(
            now.stats,
            pictures,
            gpu_wanted=self.gpu_wanted,
            detector_automatic=self.detector_automatic,
            recording=self.recording,
        )
        return said + sending

    def _notice(self, now: Snapshot) -> notices.Notice | None:
        if now.state is State.STARTING:
            return notices.starting(self.label)
        if now.state is State.FAILED:
            text = str(now.error) if now.error else "The program could not go on."
            return notices.failed(text, no_camera=self.is_camera and self._no_camera())
        if now.state is State.LOST:
            return notices.lost(self.label, now.lost_for_s or 0.0, recording=self.recording)
        return None

    def _hint(self, now: Snapshot) -> str:
        if now.state is not State.RUNNING:
            return ""
        if self._is_fresh(now.notice):
            return str(now.notice)
        if now.keypoints is None:
            return "Loading the person finder …"
        if now.pose is None and now.body_in_view is not None and not now.stats.weights:
            return "Loading the 3D network …"
        moment = time.monotonic()
        about_others = self._people_hints.step(now.keypoints.people_in_view, moment)
        apart = self._fit.step(self._misfit(now.pose), moment)
        return apart or about_others or self._hints.step(now.body_in_view, moment)

    def _is_fresh(self, notice: Exception | None) -> bool:
        """Whether something that went wrong has not been shown for long enough yet."""
        if notice is not self._noticed:
            self._noticed, self._noticed_at = notice, time.monotonic()
        return notice is not None and time.monotonic() - self._noticed_at < _NOTICE_S


def close_in_background(current: SourcePresenter) -> threading.Thread:
    """End a run that is no longer shown, without waiting for it."""
    thread = threading.Thread(target=current.close, args=(10.0,), name="close source", daemon=True)
    thread.start()
    return thread
