"""One clip after the other, in a process that loads the network once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from app import paths
from app.batch.asked import asked_of, with_asked
from app.batch.task import Options, Result, Task
from app.errors import BatchError, ExportError, MixposeError, SourceError, WeightsError
from app.files import plain_reason

if TYPE_CHECKING:
    from app.clip import DetectedClip, Progress
    from models.lifter import Lifter

log: Final = logging.getLogger(__name__)

_SHARES: Final = (0.85, 0.1)
"""Of detecting and lifting in a clip's time, with the shipped weights on two cores; the rest is for
the export."""
_SHARES_SLOW: Final = (0.45, 0.05)
"""The same where the export takes as long."""


class Stopped(Exception):  # noqa: N818 - it is an outcome, not an error
    """The run was stopped before the clip was done; nothing of the clip was written."""


class ClipLifter:
    """Lifts whole clips to files with one network, which is loaded for the first of them."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def lift(
        self,
        index: int,
        task: Task,
        *,
        stop: Callable[[], bool],
        progress: Callable[[float], None],
    ) -> Result:
        """Lift task number ``index``; what is wrong with that clip is in the result.

        Args:
            stop: asked all the time; once True the clip is given up.
            progress: called with the share done, 0 to 1.

        Raises:
            Stopped: ``stop`` said so.
        """
        from app.export.registry import FORMATS

        started = time.perf_counter()
        try:
            slow = FORMATS[self._options.kind].slow
            clip, remarks = self._lift(task, _Reporter(stop, progress, slow=slow))
        except MixposeError as error:
            return Result(index, error=error)
        except Stopped:
            raise
        except Exception as error:  # one clip must not end the others
            log.exception("unforeseen error with %s", task.source)
            said = BatchError(
                f"A fault in the program ended it: {type(error).__name__}: {error}. "
                f"The details are in {paths.log_file()}"
            )
            return Result(index, error=said)
        return Result(
            index,
            frames=len(clip.time_s),
            tracked=int(np.count_nonzero(clip.tracked)),
            length_s=float(clip.time_s[-1] - clip.time_s[0]),
            took_s=time.perf_counter() - started,
            warnings=(*clip.warnings, *remarks),
        )

    @cached_property
    def _lifter(self) -> Lifter:
        from models.lifter import Lifter

        wanted = self._options
        lifter = Lifter(
            wanted.weights,
            wanted.device or "auto",
            height_m=wanted.height_m,
            use_depth=wanted.use_depth,
            workers=wanted.threads,
        )
        if lifter.info.sha256 != wanted.weights_sha256:
            raise WeightsError(
                f"The weights {lifter.info.name} of this machine are not those of the machine that "
                "asks. Install the same version of the program on both."
            )
        return lifter

    def _lift(self, task: Task, reporter: _Reporter) -> tuple[DetectedClip, tuple[str, ...]]:
        """What was detected, and remarks on what was done to the poses."""
        from app.clip import detect_clip, lift_clip
        from app.detection.detector import Detector
        from app.export.registry import export
        from app.motion.processing import process, remarks
        from app.pictures import SourcePictures, refuse_source
        from app.sources import VideoFile

        wanted = self._options
        asked = _asked_of(task.source, wanted)
        refuse_source(task.table, task.source)
        with VideoFile(task.source) as source, Detector(wanted.detector) as detector:
            lifter = self._lifter
            clip = detect_clip(
                source,
                detector,
                seconds=wanted.seconds,
                stop=reporter.stop,
                progress=reporter.clip_moved,
            )
        if not clip.complete:
            raise Stopped
        pictures = SourcePictures(partial(VideoFile, task.source))
        motion = lift_clip(clip, lifter, progress=reporter.clip_moved, pictures=pictures)
        motion = process(motion, wanted.processing, reporter.processed)
        _make_folder(task.table.parent)
        export(
            task.table,
            with_asked(motion, asked),
            wanted.kind,
            overwrite=task.overwrite,
            progress=reporter.export_moved,
        )
        return clip, remarks(motion)


class _Reporter:
    """Tells one number of a clip's two passes and its export, and stops them."""

    def __init__(
        self, stop: Callable[[], bool], tell: Callable[[float], None], *, slow: bool
    ) -> None:
        self.stop = stop
        self._tell = tell
        self._detecting, self._lifting = _SHARES_SLOW if slow else _SHARES

    def clip_moved(self, progress: Progress) -> None:
        from app.clip import Stage

        share = min(1.0, progress.frames / progress.total) if progress.total else 0.0
        if progress.stage is Stage.DETECTING:
            self._tell(self._detecting * share)
            return  # detect_clip asks itself whether to stop
        self._look()
        self._tell(self._detecting + self._lifting * share)

    def processed(self, _share: float) -> None:
        self._look()
        self._tell(self._detecting + self._lifting)

    def export_moved(self, share: float) -> None:
        self._look()
        before = self._detecting + self._lifting
        self._tell(before + (1.0 - before) * share)

    def _look(self) -> None:
        if self.stop():
            raise Stopped


def _asked_of(source: Path, options: Options) -> Mapping[str, object]:
    try:
        return asked_of(source, options)
    except (OSError, ValueError) as error:
        raise SourceError(f"There is no file {source}. Check its name and folder.") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {plain_reason(error)}.") from error
