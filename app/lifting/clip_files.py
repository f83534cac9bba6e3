"""From the 2D keypoints of a clip to its files: of whom was followed, or of everybody.

Everybody becomes one file each, or one long table of all.
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
    Order,
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
    """What a clip has become."""

    written: tuple[Exported, ...]
    """Of each person."""
    people: str = ""
    """How many there were, in words; empty where only one was followed."""

    @property
    def quality(self) -> str:
        """How far the poses can be trusted, or how many people there were, in a line."""
        return self.people or self.written[0].quality

    @property
    def of_each(self) -> tuple[str, ...]:
        """The same of each of several people, with when they were in view."""
        if not self.people:
            return ()
        return tuple(
            f"{_name(each)}, in view {_when(each)}: {each.quality}" for each in self.written
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not as one might think, in sentences."""
        if not self.people:
            return self.written[0].warnings
        return tuple(f"{_name(each)}: {said}" for each in self.written for said in each.warnings)

    def named(self, table: Path) -> str:
        """The files' names in one; ``table`` is what was ordered."""
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
    order: Order,
    source: str | Path,
    *,
    corrections: Sequence[Correction] = (),
    pictures: Pictures | None = None,
    remember: Callable[[MotionData], MotionData] | None = None,
    progress: ProgressCallback | None = None,
) -> ClipFiles:
    """Lift a clip, do to the motion what is wanted, and write it.

    In the room all people stand where they were filmed: the origin is below the first one's first
    place.  Files of an earlier run of people whom there are no more are removed where files may be
    replaced.

    Args:
        clip: N >= 1 frames.
        lifter: as ``options`` want it.
        options: what is wanted of lifting.
        order: where to, and what is done to the motion.
        source: what was lifted, which is not to be replaced.
        corrections: what is put right in what was found, before it is lifted.
        pictures: those of the clip, if they can be read again.
        remember: adds to the motion by what a later run knows that it is done.
        progress: called in the calling thread; what it raises stops, and nothing is kept then.

    Raises:
        DetectorError: there is nobody.
        ExportError: something cannot be had of these poses, or a file cannot be written.
    """
    remember = remember or _unchanged
    if corrections:
        lifted = lift_corrected(clip, lifter, options, corrections, pictures, progress)
        motions = [remember(each) for each in lifted]
        if not options.everybody:
            return ClipFiles((process_and_export(motions[0], order, progress=progress),))
        return ClipFiles(
            export_everybody(motions, order, source, progress), f"{len(motions)} people"
        )
    if not options.everybody:
        motion = lift_clip(clip, lifter, level=options.level, progress=progress, pictures=pictures)
        return ClipFiles((process_and_export(remember(motion), order, progress=progress),))
    everybody = lift_everybody(clip, lifter, options, progress=progress, pictures=pictures)
    motions = [remember(each) for each in everybody.motions]
    return ClipFiles(export_everybody(motions, order, source, progress), everybody.in_words)


def export_everybody(
    motions: Sequence[MotionData],
    order: Order,
    source: str | Path,
    progress: ProgressCallback | None = None,
    *,
    part: Selection | None = None,
) -> tuple[Exported, ...]:
    """The same of people who are lifted: each becomes a file, or all one long table.

    ``part`` is what of them is wanted, in all of which somebody is in view.  Raises ExportError if
    nobody is.
    """
    if part is not None:
        motions = [each for each in motions if select(each, part).tracked.any()]
        if not motions:
            raise ExportError("Nobody is in view in the selected part. Select another.")
    lost = None if part is None else np.zeros(len(motions[0].frame), np.int64)
    done = [
        judge_and_process(
            *(each, order.processing),
            part=part,
            dropped=lost,
            progress=part_of(progress, index, len(motions)),
        )
        for index, each in enumerate(motions)
    ]
    first = done[0].motion
    done = [replace(each, motion=in_room_of(first, each.motion)) for each in done]
    write = _write_all if order.one_file else _write_each
    return write(done, order, source, progress)


def _unchanged(motion: MotionData) -> MotionData:
    return motion


def _write_all(
    done: Sequence[Exported], order: Order, source: str | Path, progress: ProgressCallback | None
) -> tuple[Exported, ...]:
    refuse_source(order.file, source)
    make_folder(order.file.parent)
    motions = [each.motion for each in done]
    tell = reporting(Stage.WRITING, len(motions[0].frame), progress)
    files = export_people(order.file, motions, order.kind, overwrite=order.overwrite, progress=tell)
    return tuple(replace(each, files=files) for each in done)


def _write_each(
    done: Sequence[Exported], order: Order, source: str | Path, progress: ProgressCallback | None
) -> tuple[Exported, ...]:
    written: list[Exported] = []
    try:
        for index, each in enumerate(done):
            file = person_file(order.file, order.kind, _number(each.motion))
            refuse_source(file, source)
            make_folder(file.parent)
            report = part_of(progress, index, len(done))
            files = export(
                *(file, each.motion, order.kind),
                options=order.options,
                overwrite=order.overwrite,
                progress=reporting(Stage.WRITING, len(each.motion.frame), report),
            )
            written.append(replace(each, files=files))
    except BaseException:  # some of the people are no result
        _remove(path for each in written for path in each.files)
        raise
    numbers = [_number(each.motion) for each in done]
    for number, stale in files_there(order.file, order.kind).items():
        if order.overwrite and number not in numbers and any(map(is_export, stale)):
            _remove(stale)
    return tuple(written)


def _remove(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
