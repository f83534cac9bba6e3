"""Videos, recordings and tables into :class:`Motion`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

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
    """Turn a video into 3D motion, on every core.

    Works in scripts without ``if __name__ == "__main__"``, and in notebooks.  Ctrl-C, or whatever
    ``progress`` raises, ends it and leaves no process behind.  What is not as one might think is
    warned of (:class:`MixposeWarning`) and kept in ``warnings`` of the result.

    Args:
        source: a video file, an http or rtsp address, a camera's name or number, or "performer".
        height: the person's height in metres, which sets the scale; that of an average person
            unless told.
        seconds: how much of it is read; all unless told, 10 of the performer.  A camera never ends.
        rate: frames a second at which a video in slow motion was truly taken.
        person: of several people the one who is at (x, y) pixels of the picture, or at (x, y,
            seconds) of it; the largest unless told.
        corrections: whether what was put right in the video while it played in the window is
            applied; or what is to be, a list of mappings as in ``info["corrections"]`` of what was
            lifted so before.
        detector: the size of the model that finds joints in 2D: "heavy" is the most accurate.
        weights: of the network, a shipped name or a file; the shipped ones unless told.
        device: where the network runs.
        camera_pitch: degrees by which the camera looks down; found out unless told.
        camera_roll: degrees by which it is turned clockwise, as seen from behind.
        jobs: processes side by side; one a core unless told.  No pose depends on it.
        progress: called with the share done, 0 to 1; of what has no known end it stays at 0.
        options: what is done to the poses, see :class:`mixpose.Processing`: ``smooth``,
            ``rigid_bones``, ``bone``, ``room``, ``fov``, ``camera_height``, ``heading``.

    Raises:
        SourceError: it cannot be opened, or holds no frame that can be read.
        DetectorError: there is no person in it.
        MixposeError: anything else that can be understood, such as weights that are not there.
        ValueError: a value that cannot be.
    """
    wanted = processing(options, height=height)
    lifting = lift_options(
        height=height, weights=weights, device=device, camera_pitch=camera_pitch,
        camera_roll=camera_roll, detector=detector, person=person, seconds=seconds, rate=rate,
        jobs=jobs,
    )  # fmt: skip
    report = Overall(progress or _ignored, slow=False)
    data, said = _lifted(str(source), lifting, corrections, report)
    return _reported(finished(data, wanted, said, report), progress)


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
    """Turn a video into the 3D motion of everybody who is in view for a second or more.

    The pictures are gone through once.  All motions have the frames of the video; the first is of
    who appears first, and who comes back is the same person.  ``info["person"]`` says when each was
    in view.  With ``room`` all stand in one room, where they were filmed.

    Args:
        source: as of :func:`lift`, like all that is not said here.
        heights: metres, of the first person, the second, …, as far as they are known.
        seconds: how much of it is read.
        rate: frames a second at which a video in slow motion was truly taken.
        corrections: whether what was put right in the window is applied; or what is to be.
        detector: the size of the model that finds joints in 2D.
        weights: of the network.
        device: where the network runs.
        camera_pitch: degrees by which the camera looks down.
        camera_roll: degrees by which it is turned clockwise.
        jobs: processes side by side.
        progress: called with the share done, 0 to 1.
        options: see :class:`mixpose.Processing`; ``bone`` and ``heading`` are of one person.

    Raises:
        DetectorError: nobody was in view for a second.
        MixposeError: as of :func:`lift`.
        ValueError: a value that cannot be.
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
    people, said = _everybody(str(source), lifting, corrections, report)
    done = [
        finished(data, wanted, said, part_of(report, index, len(people)))
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
    """Read a recording, ``NAME.mixpose``, or a table that was exported.

    A recording that has no 3D poses yet, or others than asked for, is lifted first and keeps the
    new ones.  Tables are CSV (wide or long, with their sidecars beside them), JSON and NPZ; they
    have neither pictures nor 2D joints any more, so they cannot be placed in the room.

    Args:
        path: the recording's folder, or the table.
        height: of the person in metres; as recorded unless told.  Recordings only, as the next
            four; all are those of :func:`lift`.
        weights: of the network.
        device: where the network runs.
        camera_pitch: degrees by which the camera looks down.
        camera_roll: degrees by which it is turned clockwise.
        progress: called with the share done, 0 to 1.
        options: what is done to the poses, see :class:`mixpose.Processing`.

    Raises:
        RecordingError: it is no recording, or damaged beyond use.
        ExportError: it is no table of this program's, or damaged.
        DetectorError: there is no person in it.
        ValueError: a value that cannot be.
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

        data, said = motion_of(path, lifting, report)
        return _reported(finished(data, wanted, said, report), progress)
    if lifting != lift_options(
        height=None, weights=None, device=device, camera_pitch=None, camera_roll=None
    ):
        raise ValueError(f"{path} is not a recording: it is not lifted again.")
    from app.export.reading import read

    motion = Motion(read(path))
    return _reported(motion.processed(**options) if options else motion, progress)


def _reported(motion: Motion, progress: Tell | None) -> Motion:
    """Tell that all is done, and what is not as one might think."""
    warn_of(motion.warnings)
    if progress is not None:
        progress(1.0)
    return motion


def _ignored(share: float) -> None:
    """Progress that nobody asked for."""


def _lifted(
    spec: str, options: LiftOptions, given: Corrections, report: Callable[[Progress], None]
) -> tuple[MotionData, tuple[str, ...]]:
    """The motion in a source, and what is to be said of it."""
    from app.lifting.choosing import unmet
    from app.lifting.clip import lift_clip
    from app.lifting.members import lift_corrected

    made, uncorrected = _corrections(spec, given)
    with _detected(spec, options, report) as (clip, lifter, pictures):
        if made:
            motion = lift_corrected(clip, lifter, options, made, pictures, report)[0]
        else:
            motion = lift_clip(
                *(clip, lifter), level=options.level, progress=report, pictures=pictures
            )
    chosen = unmet(options.choices, clip.time_s, clip.track.xy, clip.size)
    return motion, (*clip.warnings, *chosen, *uncorrected)


def _everybody(
    spec: str, options: LiftOptions, given: Corrections, report: Callable[[Progress], None]
) -> tuple[Sequence[MotionData], tuple[str, ...]]:
    """Everybody's motion in a source, and what is to be said of it."""
    from app.lifting.members import lift_corrected
    from app.lifting.people import lift_everybody

    made, uncorrected = _corrections(spec, given)
    motions: Sequence[MotionData]
    with _detected(spec, options, report) as (clip, lifter, pictures):
        if made:
            motions = lift_corrected(clip, lifter, options, made, pictures, report)
        else:
            everybody = lift_everybody(clip, lifter, options, progress=report, pictures=pictures)
            motions = everybody.motions
    return motions, (*clip.warnings, *uncorrected)


def _corrections(spec: str, given: Corrections) -> tuple[tuple[Correction, ...], tuple[str, ...]]:
    """What is put right, and what is to be said of that."""
    made = corrections_of(spec, given)
    nothing = given is True and not made
    return made, (f"Nothing in {spec} was corrected in the window.",) if nothing else ()


@contextmanager
def _detected(
    spec: str, options: LiftOptions, report: Callable[[Progress], None]
) -> Iterator[tuple[DetectedClip, Lifter, SourcePictures | None]]:
    """What was found in 2D, the network, and the pictures if they can be read again."""
    from app.lifting.work import Network, detect, make_pool, open_clip
    from app.sources.pictures import SourcePictures

    with (
        Network(options) as network,
        open_clip(spec, options) as source,
        make_pool(options) as pool,
    ):
        network.start()
        clip = detect(
            *(source, Path(spec), options, pool), stop=lambda: network.failed, progress=report
        )
        again = None if source.live else SourcePictures(partial(open_clip, spec, options))
        yield clip, network.get(), again
