"""A video file that is shown while it is being lifted.

Poses are estimated twice: as a preview, a second or two at a time, while the video is still being
detected; and finally over the whole video, with the same result as the command ``lift``.  The final
ones are saved.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from app.errors import DetectorError, SourceError
from app.lifting.clip import DetectedClip, Track
from app.lifting.kept import Kept, detection_key, film_key
from app.lifting.members import at_place, lift_around, lift_members, members_of, most_like, unfit
from app.lifting.people import LiftedPerson, lasting
from app.lifting.preview import Preview
from app.lifting.progress import Progress, ProgressCallback, Stage, Stopped, never
from app.motion.data import Event
from app.motion.placement.together import Together, together
from app.packets import Frame
from app.recording.corrections import CorrectionList
from app.recording.events import EventList
from app.recording.poses import SavedPoses
from app.system.files import write_atomically
from models.level import Level

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice
    from app.lifting.options import LiftOptions
    from app.lifting.work import Network
    from app.motion.data import MotionData
    from app.sources import VideoFile

log: Final = logging.getLogger(__name__)

_USUAL_RATE: Final = 30.0
_SAME_TIME_S: Final = 1e-4
_RECENT_BYTES: Final = 2**27
"""Kept of decoded frames: 290 of 640x480, 97 of 1280x720, 43 of 1920x1080."""
_WAIT_S: Final = 0.2
_LEVEL_BYTES: Final = 2**12
_EFFORT: Final = {Stage.DETECTING: (0.0, 0.9), Stage.LIFTING: (0.9, 0.1)}
"""Where each stage begins, and its fraction of the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The current state of lifting N frames; those not processed yet are empty."""

    track: Track
    poses: SavedPoses | None
    """Poses of all N frames, or None before the first."""
    detected: int
    """Number of frames, from the first, in which people were detected."""
    ready: int
    """Number of frames, from the first, with poses."""
    complete: bool
    """Whether lifting has finished."""
    people: tuple[LiftedPerson, ...] = ()
    """All people if there are several; ``track`` and ``poses`` are those of the selected one."""
    room: Together | None = None
    """Their positions in the room, in the same order."""


class VideoClip:
    """A video file, and the people detected and lifted in it so far."""

    def __init__(self, path: Path, video: VideoFile, key: str, notes: Path) -> None:
        """Use :meth:`open`."""
        self.path, self.label = path, path.name
        self.size, self.key = video.size, key
        self.choices: tuple[Choice, ...] = ()
        """The people that the user has chosen to be followed."""
        self.wished: Choice | None = None
        """The person to select once all are lifted, if not the followed one."""
        self.events = EventList(notes, make_folder=True)
        self.corrections = CorrectionList(notes, of_video=path.name)
        """Corrections made by the user."""
        self._level_file = notes / "level.json"
        self.level = _read_level(self._level_file)
        """The camera's orientation, if set by the user."""
        self.share = 0.0
        """Fraction of the lifting that is done."""
        self.detected_as = ""
        """The key of the complete 2D detections; empty before."""
        self._video = video
        self._duration_s = video.duration_s or 0.0
        self._rate = video.rate or _USUAL_RATE
        self._clip: DetectedClip | None = None
        self._members: tuple[LiftedPerson, ...] = ()
        """All people, lifted."""
        self._selected = 0
        """Index of the member whose poses are shown."""
        self._reading = threading.Lock()
        self._at_work = threading.Lock()
        self._workers = 0
        self._found = Found(self._filled_up(Track.empty(np.zeros(0))), None, 0, 0, complete=False)

    @classmethod
    def open(cls, path: Path, notes: Path) -> VideoClip:
        """Open a video; events, corrections and level are in a folder in ``notes``.

        Raises:
            SourceError: there is no such file, or nothing in it can be decoded.
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
        """Whether the video is being lifted, or about to be."""
        return self._workers > 0

    @property
    def has_pictures(self) -> bool:
        """Always True."""
        return True

    @property
    def poses(self) -> SavedPoses | None:
        """Poses of all frames, or None before the first."""
        return self._found.poses

    def found(self) -> Found:
        """The current state of lifting."""
        return self._found

    def frame_at(self, time_s: float) -> Frame | None:
        """The picture shown at ``time_s``, for detected frames exactly theirs.

        None if it cannot be read.
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
            except SourceError:  # damaged there, or deleted
                return None
        return frame

    def motion(self) -> MotionData:
        """The motion of the followed or selected person, for export.

        Raises:
            DetectorError: the corrections have deleted all of it.
        """
        return self._motion_of(self._members[self._selected])

    def motions(self) -> list[MotionData]:
        """The motions of all people, by number."""
        return [self._motion_of(each) for each in self._members]

    def _motion_of(self, member: LiftedPerson) -> MotionData:
        if member.poses.missing.all():
            raise DetectorError(
                f"Nothing is left of this person in {self.label}, so there are no 3D poses. "
                "Undo a correction."
            )
        from app.sources import open_source
        from app.sources.pictures import SourcePictures

        began = float(member.clip.time_s[0])
        events = tuple(Event(each.time_s - began, each.label) for each in self.events.marks)
        pictures = SourcePictures(partial(open_source, str(self.path)))
        return member.motion(pictures=pictures, events=events)

    def select(self, number: int) -> None:
        """Select another person, by number, whose poses are shown."""
        people = self._found.people
        index = next((i for i, each in enumerate(people) if each.number == number), None)
        if index is not None:
            self._selected = index
            self._found = self._of_selected(self._found)

    @property
    def selected(self) -> int:
        """The number of the person whose poses are shown; 0 unless there are several."""
        people = self._found.people
        return people[self._selected].number if people else 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on problems with the video and, unless there are several people, with tracking
        the one."""
        if self._clip is None:
            return ()
        return self._clip.faults if len(self._members) > 1 else self._clip.warnings

    def set_level(self, level: Level) -> None:
        """Set the camera's orientation, and save it for the next time."""
        self.level = level
        try:
            self._level_file.parent.mkdir(parents=True, exist_ok=True)
            with write_atomically(self._level_file, overwrite=True) as file:
                file.write(json.dumps(level.as_json()).encode())
        except OSError as error:
            log.warning("the level of %s is not kept: %s", self.label, error)

    def close(self) -> None:
        """Close the file."""
        self._video.close()

    def show_corrected(self) -> None:
        """Apply the current corrections to the 2D that is shown; the poses follow when the video is
        lifted again."""
        if self._clip is not None and self._members:
            poses = [cast(SavedPoses, each.poses) for each in self._members]
            self.show(members_of(self._clip, poses, self.corrections.done))

    def show(self, members: Sequence[LiftedPerson]) -> None:
        """Show other poses of the same people, at unchanged positions in the room."""
        self._members = tuple(members)
        people = self._members if len(members) > 1 else ()
        self._found = self._of_selected(replace(self._found, people=people))

    def begin_again(self) -> None:
        """Discard all results: the options have changed."""
        self._clip, self.detected_as, self._members, self._selected = None, "", (), 0
        self._found = Found(self._filled_up(Track.empty(np.zeros(0))), None, 0, 0, complete=False)

    def grow(self, track: Track, poses: SavedPoses | None) -> None:
        """Show intermediate results: M frames, and the poses of the first of them."""
        ready = 0 if poses is None else len(poses)
        whole = self._filled_up(track)
        if poses is not None:
            poses = SavedPoses.joined(
                [poses, SavedPoses.all_missing(len(whole) - ready, poses.info)]
            )
        self._found = Found(whole, poses, len(track), ready, complete=False)

    def finish(self, clip: DetectedClip, members: Sequence[LiftedPerson], detected_as: str) -> None:
        """Show the final result: all people, or the followed one; none if there is no person."""
        if self.detected_as != detected_as or self._clip is not clip:
            tracks = [each.clip.track for each in members]
            self._selected = most_like(clip.track, tracks)
            if self.wished is not None and len(members) > 1:
                self._selected = at_place(self.wished, tracks)
        self._clip, self.detected_as = clip, detected_as
        self._members = tuple(members)
        count = len(clip.track)
        found = Found(clip.track, None, count, count, complete=True)
        if len(members) > 1:
            room = together([each.motion() for each in members])
            found = replace(found, people=self._members, room=room)
        self._found = self._of_selected(found)

    def _of_selected(self, found: Found) -> Found:
        if not self._members:
            return found
        member = self._members[self._selected]
        assert isinstance(member.poses, SavedPoses)
        return replace(found, track=member.clip.track, poses=member.poses)

    @contextmanager
    def about_to_be_lifted(self) -> Iterator[None]:
        """Mark the video as being lifted from now on, as loading the network takes seconds."""
        self._workers += 1
        try:
            yield
        finally:
            self._workers -= 1

    @contextmanager
    def worked_on(self, stop: Callable[[], bool]) -> Iterator[None]:
        """Lift exclusively: wait for other callers to finish.  Raises Stopped."""
        with self.about_to_be_lifted():
            while not self._at_work.acquire(timeout=_WAIT_S):
                if stop():
                    raise Stopped
            try:
                yield
            finally:
                self._at_work.release()

    @property
    def clip(self) -> DetectedClip | None:
        """The complete 2D detections, without corrections; None before."""
        return self._clip

    @property
    def members(self) -> tuple[LiftedPerson, ...]:
        """All people, or the followed one, lifted; none before that is complete."""
        return self._members

    def _decoded_from_start(self, time_s: float) -> Frame | None:
        """Read a frame without seeking, for videos in which seeking is inexact."""
        self._video.seek(0.0)
        while (frame := self._video.read()) is not None and frame.time_s < time_s - _SAME_TIME_S:
            pass
        return frame if frame and abs(frame.time_s - time_s) <= _SAME_TIME_S else None

    def _filled_up(self, track: Track) -> Track:
        """``track`` extended by empty frames to the video's stated length."""
        step_s = 1 / self._rate
        begin_s = float(track.time_s[-1]) + step_s if len(track) else 0.0
        count = max(0 if len(track) else 1, math.ceil((self._duration_s - begin_s) / step_s - 0.5))
        return Track.joined(
            [track, Track.empty(begin_s + step_s * np.arange(count, dtype=np.float64))]
        )


def lift_video(
    video_clip: VideoClip,
    options: LiftOptions,
    kept: Kept,
    *,
    around: tuple[float, float] | None = None,
    stop: Callable[[], bool] = never,
    progress: ProgressCallback | None = None,
) -> None:
    """Lift a whole video as specified by ``options``, reusing existing results.

    Args:
        video_clip: shows intermediate results.
        options: for lifting; choices of people and the camera's orientation are the clip's.
        kept: the cache of earlier results.
        around: interval of the latest correction, in seconds, to be lifted first.
        stop: polled; return True to cancel.
        progress: called in the calling thread; may raise to stop.

    Raises:
        Stopped: it was cancelled.
        SourceError, DetectorError, WeightsError, DeviceError, LiftingError: it failed.
    """
    options = _options_of(video_clip, options)
    key = detection_key(video_clip.key, options)

    def report(done: Progress) -> None:
        begins, effort = _EFFORT[done.stage]
        video_clip.share = begins + effort * done.share
        if progress is not None:
            progress(done)

    with video_clip.worked_on(stop):
        if _is_up_to_date(video_clip, options, kept, key):
            return
        from app.lifting.work import Network

        with Network(options) as network:
            network.start()
            if video_clip.detected_as != key or video_clip.clip is None:
                video_clip.begin_again()
                clip = _detected(video_clip, options, network, stop, report)
            else:
                clip = video_clip.clip
            _require_person(video_clip, clip, key)
            corrections = video_clip.corrections.done
            if around is not None and video_clip.members:
                near = lift_around(clip, video_clip.members, network.get(), corrections, around)
                if near is not None:
                    video_clip.show(near)
            members = lift_members(
                *(clip, video_clip.members, network.get(), options, corrections, report)
            )
            video_clip.finish(clip, members, key)
        kept.save(key, clip, [cast(SavedPoses, each.poses) for each in members])


def _options_of(video_clip: VideoClip, options: LiftOptions) -> LiftOptions:
    """``options`` with the choices and the camera's orientation of the clip."""
    options = replace(options, choices=video_clip.choices, with_others=options.several)
    level = video_clip.level
    if level is None:
        return options
    return replace(options, camera_pitch_deg=level.pitch_deg, camera_roll_deg=level.roll_deg)


def _is_up_to_date(video_clip: VideoClip, options: LiftOptions, kept: Kept, key: str) -> bool:
    """Load results from the cache; return whether nothing is left to be done."""
    corrections = video_clip.corrections.done
    if video_clip.detected_as != key and (before := kept.load(key)) is not None:
        clip, poses = before
        video_clip.finish(clip, members_of(clip, poses, corrections), key)
    if video_clip.detected_as != key or video_clip.clip is None:
        return False
    return not unfit(video_clip.clip, video_clip.members, options, corrections)


def _detected(
    video_clip: VideoClip,
    options: LiftOptions,
    network: Network,
    stop: Callable[[], bool],
    report: ProgressCallback,
) -> DetectedClip:
    """Detect the whole video in 2D, with previews in the clip."""
    from app.lifting import segments
    from app.lifting.video_detection import detect_video
    from app.lifting.work import make_engine
    from app.sources import VideoFile

    preview = Preview(video_clip, network, options.level)
    with VideoFile(video_clip.path) as source:
        plan = segments.plan(video_clip.path, source, options)
    with make_engine(options) as pool:
        clip = detect_video(
            *(plan, pool, options), stop=stop, progress=report, look_on=preview.look_on
        )
    if stop():
        raise Stopped
    people = lasting(clip) if options.with_others else []
    return replace(clip, people=tuple(people) if len(people) > 1 else ())


def _require_person(video_clip: VideoClip, clip: DetectedClip, key: str) -> None:
    """Raise DetectorError if there is no person in a clip, which then shows only pictures."""
    if clip.track.tracked.any():
        return
    video_clip.finish(clip, (), key)
    raise DetectorError(f"No person was found in {clip.label}, so it has no 3D poses.")


def _read_level(file: Path) -> Level | None:
    """The saved level; None if there is none, or it is damaged."""
    try:
        with file.open("rb") as content:
            return Level.read(json.loads(content.read(_LEVEL_BYTES)))
    except (OSError, ValueError, RecursionError):
        return None
