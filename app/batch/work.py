"""The units of which lifting a file consists, beside those that detect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.batch.asked import asked_of, with_asked
from app.batch.task import Task, Wanted
from app.errors import ExportError, SourceError, WeightsError
from app.files import plain_reason
from app.lifting import stretches
from app.lifting.clip import DetectedClip, lift_clip
from app.lifting.progress import Progress, Stopped

if TYPE_CHECKING:
    from models.lifter import Lifter

Asked = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Look:
    """Open a film, to see how it is to be cut."""

    task: Task
    wanted: Wanted

    @property
    def needs_network(self) -> bool:
        """It does not."""
        return False

    @property
    def label(self) -> str:
        """The file's name."""
        return self.task.source.name

    def run(
        self, tell: Callable[[float], None], stop: Callable[[], bool]
    ) -> tuple[stretches.Plan, Asked]:
        """How it is cut, and what was asked of it as it is now.

        Raises:
            SourceError, ExportError: it cannot be read, or would be overwritten.
        """
        from app.pictures import refuse_source
        from app.sources import VideoFile

        source = self.task.source
        try:
            asked = asked_of(source, self.wanted)
        except (OSError, ValueError) as error:
            raise SourceError(f"There is no file {source}. Check its name and folder.") from error
        refuse_source(self.task.table, source)
        with VideoFile(source) as film:
            return stretches.plan(source, film, self.wanted.lifting), asked


@dataclass(frozen=True, slots=True)
class Summary:
    """What is to be said of a file that was written."""

    frames: int
    tracked: int
    length_s: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """Lift what was detected, and write the file."""

    clip: DetectedClip
    asked: Asked
    task: Task
    wanted: Wanted
    threads: int

    @property
    def needs_network(self) -> bool:
        """It does."""
        return True

    @property
    def label(self) -> str:
        """The file's name."""
        return self.task.source.name

    def run(self, tell: Callable[[float], None], stop: Callable[[], bool]) -> Summary:
        """Do it; tells the share done.

        Raises:
            MixposeError: there is nobody to be lifted, or the file cannot be written.
            Stopped: ``stop`` said so; nothing was written.
        """
        from app.export.registry import FORMATS, export
        from app.motion.processing import process, remarks
        from app.pictures import SourcePictures
        from app.sources import VideoFile

        task, wanted = self.task, self.wanted
        poses = 0.1 if FORMATS[wanted.kind].slow else 0.7

        def report(start: float, end: float, share: float) -> None:
            if stop():
                raise Stopped
            tell(start + (end - start) * share)

        def lifted(progress: Progress) -> None:
            report(0.0, 0.9 * poses, progress.share)

        motion = lift_clip(
            self.clip,
            _lifter(wanted, self.threads),
            progress=lifted,
            pictures=SourcePictures(partial(VideoFile, task.source)),
        )
        motion = process(motion, wanted.processing, partial(report, 0.9 * poses, poses))
        _make_folder(task.table.parent)
        export(
            task.table,
            with_asked(motion, self.asked),
            wanted.kind,
            overwrite=task.overwrite,
            progress=partial(report, poses, 1.0),
        )
        return Summary(
            frames=len(self.clip.track),
            tracked=int(np.count_nonzero(self.clip.track.tracked)),
            length_s=self.clip.length_s,
            warnings=(*self.clip.warnings, *remarks(motion)),
        )


_lifters: dict[tuple[Wanted, int], Lifter] = {}
"""The newest network of this process, which gets many clips."""


def _lifter(wanted: Wanted, threads: int) -> Lifter:
    if (wanted, threads) not in _lifters:
        from app.lifting.work import make_lifter

        lifter = make_lifter(wanted.lifting, threads=threads)
        if lifter.info.sha256 != wanted.weights_sha256:
            raise WeightsError(
                f"The weights {lifter.info.name} of this machine are not those of the machine that "
                "asks. Install the same version of the program on both."
            )
        _lifters.clear()
        _lifters[wanted, threads] = lifter
    return _lifters[wanted, threads]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error
