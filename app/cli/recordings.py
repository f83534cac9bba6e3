"""Which recording a command means."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from app.cli.exits import UsageError
from app.cli.outputs import Job
from app.cli.program import PROGRAM
from app.recording.names import KEYPOINTS_FILE, SUFFIX
from app.system import paths


def find_recording(given: str) -> Path:
    """The recording meant by a folder, a file inside it, or only its name.

    A name without a folder is looked for here, then where the window keeps its recordings.

    Raises:
        UsageError: there is none, or it is something else.
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
    """Folder and name of a new recording; the name is empty if date and time are to be it."""
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
