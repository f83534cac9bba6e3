"""The units of work of lifting a file, other than detection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from app.errors import SourceError, WeightsError
from app.lifting import segments
from app.lifting.batch.task import BatchOptions, Result, Task
from app.lifting.batch.up_to_date import request_of, with_request
from app.lifting.clip import DetectedClip
from app.lifting.clip_files import lift_to_files
from app.lifting.exporting import ExportRequest
from app.lifting.progress import Overall, Progress, Stage, Stopped

if TYPE_CHECKING:
    from models.lifter import Lifter

Request = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Look:
    """Open a video and plan its segments."""

    needs_network: ClassVar[bool] = False
    task: Task
    wanted: BatchOptions

    @property
    def label(self) -> str:
        """The file's name."""
        return self.task.source.name

    def run(
        self, tell: Callable[[float], None], stop: Callable[[], bool]
    ) -> tuple[segments.Plan, Request]:
        """The plan, and the request for the video in its current state.

        Raises:
            SourceError, ExportError: it cannot be read, or would be overwritten.
        """
        from app.sources import VideoFile
        from app.sources.pictures import refuse_source

        source = self.task.source
        try:
            asked = request_of(source, self.wanted, self.task.corrections)
        except (OSError, ValueError) as error:
            raise SourceError(f"There is no file {source}. Check its name and folder.") from error
        refuse_source(self.task.table, source)
        with VideoFile(source, rate=self.wanted.lifting.rate) as video:
            return segments.plan(source, video, self.wanted.lifting), asked


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """Lift the detected clip and write its file."""

    needs_network: ClassVar[bool] = True
    index: int
    """Of the task."""
    clip: DetectedClip
    asked: Request
    task: Task
    wanted: BatchOptions
    threads: int

    @property
    def label(self) -> str:
        """The file's name."""
        return self.task.source.name

    def run(self, tell: Callable[[float], None], stop: Callable[[], bool]) -> Result:
        """Lift and write; reports the fraction done.

        Raises:
            MixposeError: there is no person, or the file cannot be written.
            Stopped: ``stop`` returned True; nothing was written.
        """
        from app.export.registry import FORMATS
        from app.sources import VideoFile
        from app.sources.pictures import SourcePictures

        task, wanted = self.task, self.wanted
        overall = Overall(tell, slow=FORMATS[wanted.kind].slow, begins=Stage.LIFTING)

        def report(progress: Progress) -> None:
            if stop():
                raise Stopped
            overall(progress)

        files = lift_to_files(
            *(self.clip, _lifter(wanted, self.threads), wanted.lifting),
            ExportRequest(
                *(task.table, wanted.kind, wanted.processing, task.overwrite),
                *(wanted.file, wanted.one_file),
            ),
            task.source,
            corrections=task.corrections,
            pictures=SourcePictures(partial(VideoFile, task.source, rate=wanted.lifting.rate)),
            remember=partial(with_request, asked=self.asked),
            progress=report,
        )
        return Result(
            self.index,
            frames=len(self.clip.track),
            tracked=int(np.count_nonzero(self.clip.track.tracked)),
            length_s=self.clip.length_s,
            quality=files.quality,
            warnings=(*self.clip.warnings, *files.warnings),
        )


_lifters: dict[tuple[BatchOptions, int], Lifter] = {}
"""The most recent network of this process, reused for many clips."""


def _lifter(wanted: BatchOptions, threads: int) -> Lifter:
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
