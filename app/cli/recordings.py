"""The recording given to a command, and its 3D poses with the command's options."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.exits import Interrupt, UsageError, warn
from app.cli.model_options import lift_options
from app.cli.outputs import Job
from app.cli.program import PROGRAM
from app.cli.progress import ProgressBar
from app.lifting.progress import Progress, Stopped
from app.lifting.recordings import bring_up_to_date
from app.recording.names import KEYPOINTS_FILE, SUFFIX
from app.system import paths

if TYPE_CHECKING:
    from app.recording.reader import Recording


def find_recording(given: str) -> Path:
    """Return the recording given by its folder, a file inside it, or only its name.

    A name without a folder is searched in the current folder, then in the window's recordings.

    Raises:
        UsageError: there is no such recording, or it is something else.
    """
    path = Path(given)
    if path.is_file():
        if path.parent.suffix == SUFFIX:
            return path.parent
        raise UsageError(
            f"{path} is not a recording. To turn a video into a file of 3D poses: "
            f"{PROGRAM} lift {shlex.quote(given)} -o OUT"
        )
    places = [path, path.with_name(f"{path.name}{SUFFIX}")] if path.name else [path]
    if path.name == given:
        places += [paths.recordings_dir() / place.name for place in places]
    for place in places:
        if place.is_dir() and (place.suffix == SUFFIX or _holds_recording(place)):
            return place
    raise UsageError(
        f"There is no recording {given}, neither here nor in {paths.recordings_dir()}. "
        "Give its folder, whose name ends in .mixpose."
    )


def target_of(output: str | None) -> tuple[Path, str]:
    """Return folder and name of a new recording; an empty name stands for date and time."""
    if output is None:
        return paths.recordings_dir(), ""
    path = Path(output)
    is_folder = path.is_dir() and path.suffix != SUFFIX
    if is_folder or output.endswith(("/", os.sep)) or not path.name:
        return path, ""
    return path.parent, path.name.removesuffix(SUFFIX)


def refuse_recording(job: Job) -> None:
    """Raise UsageError, which points to ``export``, if a source of ``lift`` is a recording."""
    path = Path(job.source)
    if path.suffix == SUFFIX and path.is_dir():
        raise UsageError(
            f"{job.source} is a recording, not a video. Use: "
            f"{PROGRAM} export {shlex.quote(job.source)} -o {shlex.quote(str(job.table))}"
        )


def _holds_recording(folder: Path) -> bool:
    return (folder / KEYPOINTS_FILE).is_file()


def provide(
    recording: Recording, options: argparse.Namespace, interrupt: Interrupt, bar: ProgressBar
) -> bool:
    """Lift ``recording`` unless its poses match ``options``; return whether it was lifted.

    Raises:
        DetectorError: there is no person in any frame.
        WeightsError, DeviceError: from the network.
        Stopped: a new signal was received.
    """
    came_before = interrupt.signal

    def report(progress: Progress) -> None:
        if interrupt.signal != came_before:
            raise Stopped
        bar.update(progress)

    lifted, unsaved = bring_up_to_date(recording, lift_options(options), report)
    if unsaved is not None:
        bar.close()
        warn(f"mixpose: Warning: {unsaved}")
    return lifted
