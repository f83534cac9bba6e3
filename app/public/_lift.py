"""Functions that return :class:`Motion` objects for videos, recordings and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import SourceError
from app.lifting.progress import Overall, Progress, Stage, part_of

from ._motion import Motion, finished, warn_of
from ._options import (
    Corrections,
    Detector,
    Device,
    Processing,
    corrections_of,
    lift_options,
    processing,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from app.lifting.clip import DetectedClip
    from app.lifting.corrected import Correction
    from app.lifting.options import LiftOptions
    from app.motion.data import MotionData
    from app.sources.pictures import SourcePictures
    from models.lifter import Lifter

Tell = Callable[[float], None]


def lift(
    source: str | Path | int,
    *,
    height: float | None = None,
    seconds: float | None = None,
    rate: float | None = None,
    person: tuple[float, float] | tuple[float, float, float] | None = None,
    corrections: Corrections = False,
    detector: Detector = "heavy",
    weights: str | None = None,
    device: Device = "auto",
    camera_pitch: float | None = None,
    camera_roll: float | None = None,
    jobs: int | None = None,
    progress: Tell | None = None,
    **options: Unpack[Processing],
) -> Motion:
    """Lift a video to the 3D motion of one person, using all cores.

    It works in scripts without ``if __name__ == "__main__"``, and in notebooks.  Ctrl-C, or an
    exception raised by ``progress``, cancels it and leaves no process behind.  Anything unexpected
    about the result is a warning (:class:`MixposeWarning`), also kept in ``warnings``
    of the result.

    Args:
        source: a video file, an http or rtsp address, a camera's name or number, or "performer".
        height: the person's height in metres, which sets the scale.  Default: that of
            an average person.
        seconds: duration to read; required for cameras and streams.  Default: all, or 10 seconds of
            the performer.
        rate: true capture rate in frames per second of a slow-motion video.
        person: which of several people to follow: the one at (x, y) pixels of the picture, or at
            (x, y, seconds).  Default: the largest.
        corrections: True to apply the corrections that the user made to this video in the window;
            or the corrections to apply, a list of mappings as in ``info["corrections"]`` of an
            earlier result.
        detector: size of the model that detects joints in 2D; "heavy" is the most accurate.
        weights: weights of the network, a shipped name or a file.  Default: the shipped ones.
        device: compute device of the network.
        camera_pitch: downward pitch of the camera in degrees.  Default: estimated.
        camera_roll: clockwise roll of the camera in degrees, seen from behind.  Default: estimated.
        jobs: number of parallel processes.  Default: one per core.  Poses do not depend on it.
        progress: called with the fraction done, 0 to 1; it stays 0 if the duration is unknown.
        options: processing of the poses, see :class:`mixpose.Processing`: ``smooth``,
            ``rigid_bones``, ``bone``, ``room``, ``fov``, ``camera_height``, ``heading``.

    Returns:
        The motion, with one pose for every frame of the source.

    Raises:
        SourceError: the source cannot be opened, has no readable frame, or has no end.
        DetectorError: no person was detected.
        MixposeError: any other failure that the caller can act on, such as missing weights.
        ValueError: an argument has an impossible value.
    """
    wanted = processing(options, height=height)
    lifting = lift_options(
        height=height, weights=weights, device=device, camera_pitch=camera_pitch,
        camera_roll=camera_roll, detector=detector, person=person, seconds=seconds, rate=rate,
        jobs=jobs,
    )  # fmt: skip
    report = Overall(progress or _ignored, slow=False)
    data, sentences = _lifted(str(source), lifting, corrections, report)
    return _reported(finished(data, wanted, sentences, report), progress)


def lift_people(
    source: str | Path | int,
    *,
    heights: Sequence[float] = (),
    seconds: float | None = None,
    rate: float | None = None,
    corrections: Corrections = False,
    detector: Detector = "heavy",
    weights: str | None = None,
    device: Device = "auto",
    camera_pitch: float | None = None,
    camera_roll: float | None = None,
    jobs: int | None = None,
    progress: Tell | None = None,
    **options: Unpack[Processing],
) -> list[Motion]:
    """Lift a video to the 3D motion of every person who is in view for a second or more.

    The video is read once.  All motions have the frames of the video, and are ordered by first
    appearance; a person who leaves and comes back is one motion.  ``info["person"]`` lists when
    each person was in view.  With ``room`` all are placed in one room, where they were filmed.

    Args:
        source: a video file, an http or rtsp address, a camera's name or number, or "performer".
        heights: heights in metres of the first person, the second, …, as far as they are known.
        seconds: duration to read; required for cameras and streams.  Default: all, or 10 seconds of
            the performer.
        rate: true capture rate in frames per second of a slow-motion video.
        corrections: True to apply the corrections that the user made to this video in the window;
            or the corrections to apply, as for :func:`lift`.
        detector: size of the model that detects joints in 2D; "heavy" is the most accurate.
        weights: weights of the network, a shipped name or a file.  Default: the shipped ones.
        device: compute device of the network.
        camera_pitch: downward pitch of the camera in degrees.  Default: estimated.
        camera_roll: clockwise roll of the camera in degrees, seen from behind.  Default: estimated.
        jobs: number of parallel processes.  Default: one per core.  Poses do not depend on it.
        progress: called with the fraction done, 0 to 1; it stays 0 if the duration is unknown.
        options: processing of the poses, see :class:`mixpose.Processing`; not ``bone`` and
            ``heading``, which apply to a single person.

    Returns:
        One motion per person.

    Raises:
        DetectorError: no person was in view for a second.
        MixposeError: any other failure that the caller can act on, as for :func:`lift`.
        ValueError: an argument has an impossible value.
    """
    if options.get("bone") is not None or options.get("heading") is not None:
        raise ValueError("bone and heading are of one person: leave them out for several.")
    wanted = processing(options)
    lifting = lift_options(
        height=None, heights=heights, everybody=True, weights=weights, device=device,
        camera_pitch=camera_pitch, camera_roll=camera_roll, detector=detector, seconds=seconds,
        rate=rate, jobs=jobs,
    )  # fmt: skip
    report = Overall(progress or _ignored, slow=False)
    people, sentences = _everybody(str(source), lifting, corrections, report)
    done = [
        finished(data, wanted, sentences, part_of(report, index, len(people)))
        for index, data in enumerate(people)
    ]
    motions = [each.in_room_of(done[0]) for each in done]
    for each in motions:
        _reported(each, progress)
    return motions


def load(
    path: str | Path,
    *,
    height: float | None = None,
    weights: str | None = None,
    device: Device = "auto",
    camera_pitch: float | None = None,
    camera_roll: float | None = None,
    progress: Tell | None = None,
    **options: Unpack[Processing],
) -> Motion:
    """Read a recording ``NAME.mixpose`` or an exported table.

    A recording that has no 3D poses yet, or poses with other settings, is lifted first, and the new
    poses are saved in it.  Tables are CSV (wide or long, with their sidecars next to them), JSON
    and NPZ; they contain neither pictures nor 2D joints, so they cannot be placed in the room.

    Args:
        path: the recording's folder, or the table.
        height: the person's height in metres.  Default: as recorded.  Like the next four arguments
            for recordings only.
        weights: weights of the network, a shipped name or a file.  Default: those of the saved
            poses, or the shipped ones if there are none.
        device: compute device of the network.
        camera_pitch: downward pitch of the camera in degrees.  Default: as recorded, or estimated.
        camera_roll: clockwise roll of the camera in degrees, seen from behind.  Default: likewise.
        progress: called with the fraction done, 0 to 1.
        options: processing of the poses, see :class:`mixpose.Processing`.

    Returns:
        The motion, with one pose for every frame.

    Raises:
        RecordingError: it is not a recording, or is damaged beyond use.
        ExportError: it is not a table that this program exported, or is damaged.
        DetectorError: no person was detected in the recording.
        ValueError: an argument has an impossible value.
    """
    wanted, path = processing(options, height=height), Path(path)
    lifting = lift_options(
        height=height,
        weights=weights,
        device=device,
        camera_pitch=camera_pitch,
        camera_roll=camera_roll,
    )
    report = Overall(progress or _ignored, slow=False, begins=Stage.LIFTING)
    if path.is_dir():
        from app.lifting.recordings import motion_of

        data, sentences = motion_of(path, lifting, report)
        return _reported(finished(data, wanted, sentences, report), progress)
    if lifting != lift_options(
        height=None, weights=None, device=device, camera_pitch=None, camera_roll=None
    ):
        raise ValueError(f"{path} is not a recording: it is not lifted again.")
    from app.export.reading import read

    motion = Motion(read(path))
    return _reported(motion.processed(**options) if options else motion, progress)


def _reported(motion: Motion, progress: Tell | None) -> Motion:
    """Issue the motion's warnings, and report its completion to ``progress``."""
    warn_of(motion.warnings)
    if progress is not None:
        progress(1.0)
    return motion


def _ignored(share: float) -> None:
    """Ignore progress."""


def _lifted(
    spec: str, options: LiftOptions, given: Corrections, report: Callable[[Progress], None]
) -> tuple[MotionData, tuple[str, ...]]:
    """Return the motion in a source, and sentences about it for the user."""
    from app.lifting.choosing import unmet
    from app.lifting.clip import lift_clip
    from app.lifting.members import lift_corrected

    applied, uncorrected = _corrections(spec, given)
    with _detected(spec, options, report) as (clip, lifter, pictures):
        if applied:
            motion = lift_corrected(clip, lifter, options, applied, pictures, report)[0]
        else:
            motion = lift_clip(
                *(clip, lifter), level=options.level, progress=report, pictures=pictures
            )
    chosen = unmet(options.choices, clip.time_s, clip.track.xy, clip.size)
    return motion, (*clip.warnings, *chosen, *uncorrected)


def _everybody(
    spec: str, options: LiftOptions, given: Corrections, report: Callable[[Progress], None]
) -> tuple[Sequence[MotionData], tuple[str, ...]]:
    """Return the motions of all people in a source, and sentences about them for the user."""
    from app.lifting.members import lift_corrected
    from app.lifting.people import lift_everybody

    applied, uncorrected = _corrections(spec, given)
    motions: Sequence[MotionData]
    with _detected(spec, options, report) as (clip, lifter, pictures):
        if applied:
            motions = lift_corrected(clip, lifter, options, applied, pictures, report)
        else:
            everybody = lift_everybody(clip, lifter, options, progress=report, pictures=pictures)
            motions = everybody.motions
    return motions, (*clip.warnings, *uncorrected)


def _corrections(spec: str, given: Corrections) -> tuple[tuple[Correction, ...], tuple[str, ...]]:
    """Return the corrections to apply, and sentences about them for the user."""
    applied = corrections_of(spec, given)
    nothing = given is True and not applied
    return applied, (f"Nothing in {spec} was corrected in the window.",) if nothing else ()


@contextmanager
def _detected(
    spec: str, options: LiftOptions, report: Callable[[Progress], None]
) -> Iterator[tuple[DetectedClip, Lifter, SourcePictures | None]]:
    """Return the 2D keypoints, the network, and the pictures if the source can be read again."""
    from app.lifting.work import Network, detect, make_engine, open_clip
    from app.sources.pictures import SourcePictures

    with (
        Network(options) as network,
        open_clip(spec, options) as source,
        make_engine(options) as pool,
    ):
        if source.live and options.seconds is None:
            raise SourceError(
                f"{spec} has no end. Give a duration, such as seconds=10, or use mixpose.live for "
                "poses while they are made."
            )
        network.start()
        clip = detect(
            *(source, Path(spec), options, pool), stop=lambda: network.failed, progress=report
        )
        again = None if source.live else SourcePictures(partial(open_clip, spec, options))
        yield clip, network.get(), again
