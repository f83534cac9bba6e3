"""Lift the keypoints of a clip and write them to files: the followed person, or all people.

All people become one file each, or one long table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.errors import ExportError
from app.export.people_names import files_there, person_file
from app.export.registry import export, export_people
from app.export.sidecar_reading import is_export
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.exporting import (
    Exported,
    ExportRequest,
    judge_and_process,
    make_folder,
    process_and_export,
)
from app.lifting.members import lift_corrected
from app.lifting.people import lift_everybody
from app.lifting.progress import ProgressCallback, Stage, part_of, reporting
from app.motion.data import MotionData
from app.motion.placement.placing import in_room_of
from app.motion.selection import select
from app.sources.pictures import refuse_source

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions
    from app.motion.data import Pictures
    from app.motion.selection import Selection
    from app.recording.corrections import Correction
    from models.lifter import Lifter


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """The exported files of a clip."""

    written: tuple[Exported, ...]
    """One per person."""
    people: str = ""
    """Number of people as a phrase; empty if only one was followed."""

    @property
    def quality(self) -> str:
        """A line on how far the poses can be trusted, or on the number of people."""
        return self.people or self.written[0].quality

    @property
    def of_each(self) -> tuple[str, ...]:
        """A line on each of several people: when in view, and the quality of the poses."""
        if not self.people:
            return ()
        return tuple(
            f"{_name(each)}, in view {_when(each)}: {each.quality}" for each in self.written
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what may be unexpected."""
        if not self.people:
            return self.written[0].warnings
        return tuple(f"{_name(each)}: {said}" for each in self.written for said in each.warnings)

    def named(self, table: Path) -> str:
        """The files' names in one string; ``table`` is the requested file."""
        files = dict.fromkeys(each.files[0] for each in self.written)
        return str(table) if not self.people else ", ".join(map(str, files))


def _name(of_one: Exported) -> str:
    return f"person {_number(of_one.motion)}"


def _number(motion: MotionData) -> int:
    number = (motion.provenance.person or {})["number"]
    assert isinstance(number, int)
    return number


def _when(of_one: Exported) -> str:
    person = of_one.motion.provenance.person or {}
    intervals = person["in_view_s"]
    assert isinstance(intervals, list)
    return ", ".join(f"{start:.1f}-{end:.1f} s" for start, end in intervals)


def lift_to_files(
    clip: DetectedClip,
    lifter: Lifter,
    options: LiftOptions,
    request: ExportRequest,
    source: str | Path,
    *,
    corrections: Sequence[Correction] = (),
    pictures: Pictures | None = None,
    remember: Callable[[MotionData], MotionData] | None = None,
    progress: ProgressCallback | None = None,
) -> ClipFiles:
    """Lift a clip, process the motion, and write it.

    In the room all people stand where they were filmed: the origin is below the first position of
    the first person.  If files may be replaced, those of people of an earlier run who are not found
    any more are removed.

    Args:
        clip: N >= 1 frames.
        lifter: made for ``options``.
        options: of lifting.
        request: the file and the processing.
        source: the lifted source, which must not be overwritten.
        corrections: applied to the detections before lifting.
        pictures: those of the clip, if they can be read again.
        remember: adds to the motion what a later run needs to know that it is up to date.
        progress: called in the calling thread; may raise to stop, and no file is kept then.

    Raises:
        DetectorError: there is no person.
        ExportError: these poses do not allow it, or a file cannot be written.
    """
    remember = remember or _unchanged
    if corrections:
        lifted = lift_corrected(clip, lifter, options, corrections, pictures, progress)
        motions = [remember(each) for each in lifted]
        if not options.everybody:
            return ClipFiles((process_and_export(motions[0], request, progress=progress),))
        return ClipFiles(
            export_all_people(motions, request, source, progress), f"{len(motions)} people"
        )
    if not options.everybody:
        motion = lift_clip(clip, lifter, level=options.level, progress=progress, pictures=pictures)
        return ClipFiles((process_and_export(remember(motion), request, progress=progress),))
    everybody = lift_everybody(clip, lifter, options, progress=progress, pictures=pictures)
    motions = [remember(each) for each in everybody.motions]
    return ClipFiles(export_all_people(motions, request, source, progress), everybody.in_words)


def export_all_people(
    motions: Sequence[MotionData],
    request: ExportRequest,
    source: str | Path,
    progress: ProgressCallback | None = None,
    *,
    part: Selection | None = None,
) -> tuple[Exported, ...]:
    """Process and write lifted people: one file each, or one long table of all.

    ``part`` selects an interval; people not in view in it are left out.

    Raises:
        ExportError: no person is in view in ``part``, or as of :func:`lift_to_files`.
    """
    if part is not None:
        motions = [each for each in motions if select(each, part).tracked.any()]
        if not motions:
            raise ExportError("Nobody is in view in the selected part. Select another.")
    lost = None if part is None else np.zeros(len(motions[0].frame), np.int64)
    done = [
        judge_and_process(
            *(each, request.processing),
            part=part,
            dropped=lost,
            progress=part_of(progress, index, len(motions)),
        )
        for index, each in enumerate(motions)
    ]
    first = done[0].motion
    done = [replace(each, motion=in_room_of(first, each.motion)) for each in done]
    write = _write_all if request.one_file else _write_each
    return write(done, request, source, progress)


def _unchanged(motion: MotionData) -> MotionData:
    return motion


def _write_all(
    done: Sequence[Exported],
    request: ExportRequest,
    source: str | Path,
    progress: ProgressCallback | None,
) -> tuple[Exported, ...]:
    refuse_source(request.file, source)
    make_folder(request.file.parent)
    motions = [each.motion for each in done]
    tell = reporting(Stage.WRITING, len(motions[0].frame), progress)
    files = export_people(
        request.file, motions, request.kind, overwrite=request.overwrite, progress=tell
    )
    return tuple(replace(each, files=files) for each in done)


def _write_each(
    done: Sequence[Exported],
    request: ExportRequest,
    source: str | Path,
    progress: ProgressCallback | None,
) -> tuple[Exported, ...]:
    written: list[Exported] = []
    try:
        for index, each in enumerate(done):
            file = person_file(request.file, request.kind, _number(each.motion))
            refuse_source(file, source)
            make_folder(file.parent)
            report = part_of(progress, index, len(done))
            files = export(
                *(file, each.motion, request.kind),
                options=request.options,
                overwrite=request.overwrite,
                progress=reporting(Stage.WRITING, len(each.motion.frame), report),
            )
            written.append(replace(each, files=files))
    except BaseException:  # an incomplete set of files is no result
        _remove(path for each in written for path in each.files)
        raise
    numbers = [_number(each.motion) for each in done]
    for number, stale in files_there(request.file, request.kind).items():
        if request.overwrite and number not in numbers and any(map(is_export, stale)):
            _remove(stale)
    return tuple(written)


def _remove(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
