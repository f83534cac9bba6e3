"""A video file that somebody looks at while it is lifted; what is ready plays at once.

Poses come twice: while the video is being detected, those of a second or two at a time, so that one
sees something; and when all of it is there, those of the whole, which are the ones that
``lift`` gives, and are kept.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from app.errors import DetectorError, SourceError
from app.lifting.clip import DetectedClip, Track, describe, motion_of
from app.lifting.kept import Kept, detection_key, film_key
from app.lifting.progress import Progress, ProgressCallback, Stage, Stopped, never
from app.motion.data import Event
from app.packets import Frame
from app.recording.events import EventList
from app.recording.poses import SavedPoses, prepare
from app.system.files import write_atomically
from models.level import Level
from models.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice
    from app.lifting.options import LiftOptions
    from app.lifting.video_detection import VideoDetection
    from app.lifting.work import Network
    from app.motion.data import MotionData
    from app.sources import VideoFile
    from models.lifter import Lifter

log: Final = logging.getLogger(__name__)

_USUAL_RATE: Final = 30.0
_SAME_TIME_S: Final = 1e-4
_RECENT_BYTES: Final = 2**27
"""Of frames shown before: 290 of 640x480, 97 of 1280x720, 43 of 1920x1080."""
_LOOK_S: Final = 0.25
_MANY: Final = 2000
"""Frames above which what there is is shown less often: all of it is put together each time."""
_CHUNK_S: Final = (0.5, 1.5)
"""Of video that is lifted at a time while more is being detected: the first, and all after it."""
_LEAD_S: Final = 1.5
"""Of video before such a piece, which its poses are seen with ..."""
_HELD_BACK_S: Final = 0.2
"""... and after it."""
_WAIT_S: Final = 0.2
_LEVEL_BYTES: Final = 2**12
_EFFORT: Final = {Stage.DETECTING: (0.0, 0.9), Stage.LIFTING: (0.9, 0.1)}
"""Where each stage begins, and how much of the time goes into it."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is known of N frames at one moment; those not looked at yet are empty."""

    track: Track
    poses: SavedPoses | None
    """Of all N frames, or None if there are none of any."""
    detected: int
    """Frames, from the first, in which somebody was looked for."""
    ready: int
    """Frames, from the first, of which the poses are known."""
    complete: bool
    """Whether nothing is to come."""


class VideoTake:
    """A video file, and what has been found in it so far."""

    def __init__(self, path: Path, video: VideoFile, key: str, notes: Path) -> None:
        """Use :meth:`open`."""
        self.path, self.label = path, path.name
        self.size, self.key = video.size, key
        self.choices: tuple[Choice, ...] = ()
        """Whom the user wants to be followed."""
        self.events = EventList(notes, make_folder=True)
        self._level_file = notes / "level.json"
        self.level = _read_level(self._level_file)
        """Where up is in all of it, if the user has told so."""
        self.share = 0.0
        """How much of the lifting is done."""
        self.detected_as = ""
        """The key of what was found in 2D, once that is complete."""
        self._video = video
        self._duration_s = video.duration_s or 0.0
        self._rate = video.rate or _USUAL_RATE
        self._clip: DetectedClip | None = None
        self._reading = threading.Lock()
        self._at_work = threading.Lock()
        self._workers = 0
        self._found = Found(self._filled_up(Track.empty(np.zeros(0))), None, 0, 0, complete=False)

    @classmethod
    def open(cls, path: Path, notes: Path) -> VideoTake:
        """Open a video; what was noted of it lies in a folder in ``notes``.

        Raises:
            SourceError: there is no such file, or nothing in it can be shown.
        """
        from app.sources import VideoFile

        video = VideoFile(path, recent_bytes=_RECENT_BYTES)
        try:
            key = film_key(path)
        except OSError as error:
            video.close()
            raise SourceError(f"{path} cannot be read ({error}). Check its disk.") from error
        return cls(path, video, key, notes / key)

    @property
    def lifting(self) -> bool:
        """Whether anybody is at work on it, or about to be."""
        return self._workers > 0

    @property
    def has_pictures(self) -> bool:
        """It has."""
        return True

    @property
    def poses(self) -> SavedPoses | None:
        """Of all frames, or None if there are none of any."""
        return self._found.poses

    def found(self) -> Found:
        """What is known now."""
        return self._found

    def frame_at(self, time_s: float) -> Frame | None:
        """The picture of the frame shown at ``time_s``; of a frame that is known, that very one.

        None where it cannot be read.
        """
        found = self._found
        times = found.track.time_s[: found.detected]
        row = int(times.searchsorted(time_s - _SAME_TIME_S))
        known = row < len(times) and abs(times[row] - time_s) <= _SAME_TIME_S
        with self._reading:
            try:
                self._video.seek(time_s)
                frame = self._video.read()
                if known and (frame is None or abs(frame.time_s - time_s) > _SAME_TIME_S):
                    frame = self._decoded_from_start(time_s)
            except SourceError:  # damaged there, or gone
                return None
        return frame

    def motion(self) -> MotionData:
        """The poses of the whole, as they can be exported."""
        from app.sources import open_source
        from app.sources.pictures import SourcePictures

        clip, poses = self._clip, self._found.poses
        assert clip is not None, "it is lifted first"
        assert poses is not None, "it is lifted first"
        began = float(clip.time_s[0])
        events = tuple(Event(each.time_s - began, each.label) for each in self.events.marks)
        pictures = SourcePictures(partial(open_source, str(self.path)))
        return motion_of(clip, poses, poses.info, pictures=pictures, events=events)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the video, in sentences."""
        return () if self._clip is None else self._clip.warnings

    def tell_level(self, level: Level) -> None:
        """Keep where up is, for this time and the next."""
        self.level = level
        try:
            self._level_file.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._level_file, overwrite=True) as file:
                file.write(json.dumps(level.as_json()).encode())
        except OSError as error:
            log.warning("the level of %s is not kept: %s", self.label, error)

    def close(self) -> None:
        """Let go of the file."""
        self._video.close()

    def begin_again(self) -> None:
        """Forget what was found: something else is wanted."""
        self._clip, self.detected_as = None, ""
        self._found = Found(self._filled_up(Track.empty(np.zeros(0))), None, 0, 0, complete=False)

    def grow(self, track: Track, poses: SavedPoses | None) -> None:
        """Take up what was found so far: M frames, and the poses of the first of them."""
        ready = 0 if poses is None else len(poses.xyz)
        whole = self._filled_up(track)
        poses = poses and _filled_up(poses, len(whole))
        self._found = Found(whole, poses, len(track), ready, complete=False)

    def finish(self, clip: DetectedClip, poses: SavedPoses | None, detected_as: str) -> None:
        """Take up the final answer."""
        self._clip, self.detected_as = clip, detected_as
        count = len(clip.track)
        self._found = Found(clip.track, poses, count, count, complete=True)

    @contextmanager
    def worked_on(self, stop: Callable[[], bool]) -> Iterator[None]:
        """Hold off whoever else wants it lifted.  Raises Stopped."""
        self._workers += 1
        try:
            while not self._at_work.acquire(timeout=_WAIT_S):
                if stop():
                    raise Stopped
            try:
                yield
            finally:
                self._at_work.release()
        finally:
            self._workers -= 1

    @property
    def clip(self) -> DetectedClip | None:
        """What was found in 2D, once that is complete."""
        return self._clip

    def _decoded_from_start(self, time_s: float) -> Frame | None:
        """For videos in which jumping does not end where it should."""
        self._video.seek(0.0)
        while (frame := self._video.read()) is not None and frame.time_s < time_s - _SAME_TIME_S:
            pass
        return frame if frame and abs(frame.time_s - time_s) <= _SAME_TIME_S else None

    def _filled_up(self, track: Track) -> Track:
        """Behind the frames there are those that there should be, as far as that is known."""
        step_s = 1 / self._rate
        begin_s = float(track.time_s[-1]) + step_s if len(track) else 0.0
        count = max(0 if len(track) else 1, math.ceil((self._duration_s - begin_s) / step_s - 0.5))
        return Track.joined(
            [track, Track.empty(begin_s + step_s * np.arange(count, dtype=np.float64))]
        )


def lift_video(
    take: VideoTake,
    options: LiftOptions,
    kept: Kept,
    *,
    stop: Callable[[], bool] = never,
    progress: ProgressCallback | None = None,
) -> None:
    """See to it that all of ``take`` is lifted as ``options`` want it, by what is there already.

    Args:
        take: shows meanwhile what there is.
        options: what is wanted, but whom to follow and what the user has told of the level, which
            the take knows.
        kept: what was found before.
        stop: asked all the time.
        progress: called in the calling thread; may raise to stop.

    Raises:
        Stopped: it was called off.
        SourceError, DetectorError, WeightsError, DeviceError, LiftingError: it cannot be done.
    """
    options = replace(options, choices=take.choices)
    if take.level is not None:
        pitch_deg, roll_deg = take.level.pitch_deg, take.level.roll_deg
        options = replace(options, camera_pitch_deg=pitch_deg, camera_roll_deg=roll_deg)
    key = detection_key(take.key, options)

    def report(done: Progress) -> None:
        begins, effort = _EFFORT[done.stage]
        take.share = begins + effort * done.share
        if progress is not None:
            progress(done)

    with take.worked_on(stop):
        if take.detected_as != key and (before := kept.load(key)) is not None:
            take.finish(*before, key)
        if take.detected_as == key and _fit(take.poses, options):
            return
        from app.lifting.work import Network

        with Network(options) as network:
            network.start()
            if take.detected_as != key or take.clip is None:
                take.begin_again()
                clip = _detected(take, options, network, stop, report)
            else:
                clip = take.clip
            _lift(take, clip, network.get(), options.level, key, report)
        if take.poses is not None:
            kept.save(key, clip, take.poses)


def _detected(
    take: VideoTake,
    options: LiftOptions,
    network: Network,
    stop: Callable[[], bool],
    report: ProgressCallback,
) -> DetectedClip:
    """All of the video in 2D; meanwhile the take shows what there is."""
    from app.lifting import segments
    from app.lifting.video_detection import detect_video
    from app.lifting.work import make_pool
    from app.sources import VideoFile

    preview = _Preview(take, network, options.level)
    with VideoFile(take.path) as source:
        plan = segments.plan(take.path, source, options)
    with make_pool(options) as pool:
        clip = detect_video(
            *(plan, pool, options), stop=stop, progress=report, look_on=preview.look_on
        )
    if stop():
        raise Stopped
    return clip


def _lift(
    take: VideoTake,
    clip: DetectedClip,
    lifter: Lifter,
    level: Level | None,
    key: str,
    report: ProgressCallback,
) -> None:
    """The poses of the whole."""
    count = len(clip.track)
    if not clip.track.tracked.any():
        take.finish(clip, None, key)
        raise DetectorError(f"No person was found in {clip.label}, so it has no 3D poses.")
    lifted = lifter.lift(
        *(clip.track.xy, clip.track.conf, clip.size, clip.time_s),
        world=clip.track.world,
        person=clip.track.person,
        level=level,
        progress=lambda share: report(Progress(Stage.LIFTING, round(share * count), count)),
    )
    take.finish(clip, prepare(count, lifted, describe(lifter)), key)


def _read_level(file: Path) -> Level | None:
    """What was kept; None if there is nothing, or nothing that can be read."""
    try:
        with file.open("rb") as content:
            return Level.read(json.loads(content.read(_LEVEL_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None


def _fit(poses: SavedPoses | None, options: LiftOptions) -> bool:
    """Whether poses are those that ``options`` would give."""
    from app.lifting.recordings import made_with
    from models.checkpoint import resolve_weights

    if poses is None or poses.info["height_m"] != options.height_m:
        return False
    there, told = poses.level, options.level
    if (told is not None) != (there is not None and there.told):
        return False
    if told is not None and there is not None and np.abs(there.up - told.up).max() > 1e-4:
        return False
    return made_with(poses.info, str(resolve_weights(options.weights)))


class _Preview:
    """Lifts what has been detected so far, piece by piece."""

    def __init__(self, take: VideoTake, network: Network, level: Level | None) -> None:
        self._take, self._network, self._level = take, network, level
        self._poses: list[SavedPoses] = []
        self._done = 0
        self._shown = -1
        self._looked_at = 0.0

    def look_on(self, video: VideoDetection) -> None:
        """Take up what is new."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_S * max(1.0, self._shown / _MANY):
            return
        self._looked_at = now
        track = video.so_far
        if len(track) == self._shown:
            return
        self._shown = len(track)
        if self._network.ready and len(track):
            self._lift(track)
        poses = _joined(self._poses) if self._poses else None
        self._take.grow(track, poses)

    def _lift(self, track: Track) -> None:
        """Another piece, if it is long enough."""
        times = track.time_s
        end = int(times.searchsorted(times[-1] - _HELD_BACK_S))
        if end <= self._done or times[end] - times[self._done] < _CHUNK_S[bool(self._poses)]:
            return
        begin = int(times.searchsorted(times[self._done] - _LEAD_S))
        piece, lifter = track[begin:], self._network.get()
        lifted = lifter.lift(
            *(piece.xy, piece.conf, self._take.size, piece.time_s),
            world=piece.world,
            person=piece.person,
            level=self._level,
        )
        self._level = self._level or lifted.level
        whole = prepare(len(piece), lifted, describe(lifter))
        self._poses.append(_rows(whole, slice(self._done - begin, end - begin)))
        self._done = end


def _rows(poses: SavedPoses, rows: slice) -> SavedPoses:
    return SavedPoses(
        xyz=poses.xyz[rows],
        filled=poses.filled[rows],
        missing=poses.missing[rows],
        swapped=poses.swapped[rows],
        info=poses.info,
    )


def _joined(parts: list[SavedPoses]) -> SavedPoses:
    """One after the other; at least one."""
    return SavedPoses(
        xyz=np.concatenate([part.xyz for part in parts]),
        filled=np.concatenate([part.filled for part in parts]),
        missing=np.concatenate([part.missing for part in parts]),
        swapped=np.concatenate([part.swapped for part in parts]),
        info=parts[-1].info,
    )


def _filled_up(poses: SavedPoses, count: int) -> SavedPoses:
    """``count`` poses, of which those behind the ones there are are missing."""
    more = count - len(poses.xyz)
    nothing = replace(
        poses,
        xyz=np.zeros((more, JOINT_COUNT, 3), np.float32),
        filled=np.zeros((more, JOINT_COUNT), bool),
        missing=np.ones((more, JOINT_COUNT), bool),
        swapped=np.zeros(more, bool),
    )
    return _joined([poses, nothing])
