"""Names of files in a BIDS dataset (bids-specification.readthedocs.io, Motion)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

ENDING: Final = "_motion.tsv"
_GIVEN: Final = re.compile(r"(?:^|_)(sub|ses|task|acq|run)-([a-zA-Z0-9]+)(?=_|$)")
_NAME: Final = re.compile(
    r"sub-[a-zA-Z0-9]+(_ses-[a-zA-Z0-9]+)?_task-[a-zA-Z0-9]+_tracksys-[a-zA-Z0-9]+"
    r"(_acq-[a-zA-Z0-9]+)?(_run-[0-9]+)?_motion\.tsv"
)


def is_name(name: str) -> bool:
    """Whether a file of motion may be called so."""
    return _NAME.fullmatch(name) is not None


def place(stem: str) -> str:
    """Where in a dataset the motion of a take called ``stem`` goes, a relative path.

    What the stem says of subject, session, task, acquisition and run is kept, as in
    ``sub-02_task-walk``; otherwise its letters and digits are the task of subject 01.
    """
    said = dict(_GIVEN.findall(stem))
    letters = re.sub(r"[^a-zA-Z0-9]", "", stem) or "motion"
    said = {"sub": "01", **said, "task": said.get("task", letters), "tracksys": "mixpose"}
    order = ("sub", "ses", "task", "tracksys", "acq", "run")
    name = "_".join(f"{entity}-{said[entity]}" for entity in order if entity in said)
    folders = [f"{entity}-{said[entity]}" for entity in ("sub", "ses") if entity in said]
    return str(PurePosixPath(*folders, "motion", f"{name}{ENDING}"))
