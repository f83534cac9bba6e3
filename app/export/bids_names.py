"""Names of files in a BIDS dataset (bids-specification.readthedocs.io, Motion)."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Final

ENDING: Final = "_motion.tsv"
_GIVEN: Final = re.compile(
    r"(?<![a-zA-Z0-9])(?:(sub|ses|task|acq)-([a-zA-Z0-9]+)|(run)-([0-9]+))(?![a-zA-Z0-9])"
)
_NAME: Final = re.compile(
    r"sub-[a-zA-Z0-9]+(_ses-[a-zA-Z0-9]+)?_task-[a-zA-Z0-9]+_tracksys-[a-zA-Z0-9]+"
    r"(_acq-[a-zA-Z0-9]+)?(_run-[0-9]+)?_motion\.tsv"
)


def is_name(name: str) -> bool:
    """Whether this is a valid name of a motion file."""
    return _NAME.fullmatch(name) is not None


def of_person(path: Path, number: int | str) -> Path:
    """Return the file of one of several people in a take with the file ``path``: each is a subject,
    ``sub-01p2`` for ``sub-01``."""
    subject = re.match(r"sub-[a-zA-Z0-9]+", path.name)
    if subject is None:
        return path
    theirs = f"{subject[0]}p{number}"
    parts = [theirs if part == subject[0] else part for part in path.parent.parts[-3:]]
    return Path(*path.parent.parts[:-3], *parts, theirs + path.name[subject.end() :])


def number_in(name: str, of: str) -> int | None:
    """Return the person's number in the ``name`` of a file made by :func:`of_person` from a file
    ``of``; None if it is not one."""
    subject, _, rest = of.partition("_")
    stem = rest.removesuffix("motion.tsv")
    events = re.escape(f"{stem.replace('tracksys-mixpose_', '')}events.tsv")
    files = rf"({re.escape(stem)}(motion|channels)\.(tsv|json)|{events})"
    found = re.fullmatch(rf"{subject}p([1-9]\d{{0,5}})_{files}", name)
    return None if found is None else int(found[1])


def place(stem: str) -> str:
    """Return the relative path in a dataset of the motion of a take called ``stem``.

    Subject, session, task, acquisition and run in the stem are kept, as in
    ``sub-02_task-walk`` or ``sub-02 walk``; letters and digits of the rest are the task.
    The default subject is 01.
    """
    found = _GIVEN.findall(stem)
    said = {(entity or run): (label or number) for entity, label, run, number in found}
    letters = re.sub(r"[^a-zA-Z0-9]", "", _GIVEN.sub("", stem)) or "motion"
    said = {"sub": "01", **said, "task": said.get("task", letters), "tracksys": "mixpose"}
    order = ("sub", "ses", "task", "tracksys", "acq", "run")
    name = "_".join(f"{entity}-{said[entity]}" for entity in order if entity in said)
    folders = [f"{entity}-{said[entity]}" for entity in ("sub", "ses") if entity in said]
    return str(PurePosixPath(*folders, "motion", f"{name}{ENDING}"))
