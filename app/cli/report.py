"""``report``: a report of a recording or a video, by ``export`` or ``lift``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from app.cli import export, lift
from app.cli.exits import UsageError
from app.cli.recordings import find_recording
from app.recording.names import SUFFIX
from app.system.files import VIDEO_SUFFIXES

_ENDINGS: Final = (".html", ".pdf", ".numbers.csv")
_ROOM: Final = ("fov", "camera_height")
_ALIKE: Final = ("height", "weights", "device", "camera_pitch", "camera_roll")
"""Options that both commands have."""


def run(options: argparse.Namespace) -> int:
    """Write the report; return the exit code of the command called."""
    from app.cli.arguments import parse

    if not options.output.endswith(_ENDINGS):
        raise UsageError(
            f"A report is a page, sheets of paper or a table: end {options.output} with "
            f"{', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}."
        )
    words = [options.take, "-o", options.output]
    words += ["--room", "--angles", "--smooth", f"{options.smooth:g}"]
    words += ["--force"] if options.force else []
    take = Path(options.take)
    of_video = take.is_file() and take.parent.suffix != SUFFIX
    if not of_video:
        if take.suffix.lower() in VIDEO_SUFFIXES:
            raise UsageError(f"There is no file {take}. Check its name and folder.")
        find_recording(options.take)  # or the reason why there is no report
    for name in (*_ROOM, *_ALIKE, *(["detector"] if of_video else [])):
        value = getattr(options, name, None)
        if value is not None:
            words.append(f"--{name.replace('_', '-')}={value}")
    if of_video:
        return lift.run(parse(["lift", *words]))
    return export.run(parse(["export", *words]))
