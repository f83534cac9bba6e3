"""File names for all people of a clip."""

from __future__ import annotations

import re
from pathlib import Path

from app.export.bids_names import number_in, of_person
from app.export.registry import FORMATS


def person_file(table: Path, kind: str, number: int | str) -> Path:
    """Return ``NAME.2.csv`` for ``NAME.csv`` and person 2; ``kind`` is a key of the registry."""
    if FORMATS[kind].place is not None:
        return of_person(table, number)
    stem, ending = _parts(table, kind)
    return table.with_name(f"{stem}.{number}{ending}")


def files_there(table: Path, kind: str) -> dict[int, list[Path]]:
    """Return existing files and sidecars of such names, by the person's number."""
    found: dict[int, list[Path]] = {}
    if FORMATS[kind].place is not None:
        for path in _in_dataset(table):
            number = number_in(path.name, table.name)
            if number is not None:
                found.setdefault(number, []).append(path)
        return found
    stem, ending = map(re.escape, _parts(table, kind))
    for path in sorted(table.parent.glob("*")):
        name = re.fullmatch(rf"{stem}\.([1-9]\d{{0,5}}){ending}(\.json)?", path.name)
        if name is not None:
            found.setdefault(int(name[1]), []).append(path)
    return found


def _in_dataset(table: Path) -> list[Path]:
    """Return the existing files in the places of the people's files of a take with the file
    ``table``."""
    theirs = of_person(table, "*")
    if theirs.parent == table.parent:
        return sorted(table.parent.glob("sub-*"))
    root = theirs.parents[3 if theirs.parent.parent.name.startswith("ses-") else 2]
    return sorted(root.glob(str(theirs.parent.relative_to(root) / "sub-*")))


def _parts(table: Path, kind: str) -> tuple[str, str]:
    """Return a file's name without its extension, and the extension."""
    suffix = FORMATS[kind].suffix
    ending = suffix if table.name.lower().endswith(suffix) else table.suffix
    return table.name[: len(table.name) - len(ending)], table.name[len(table.name) - len(ending) :]
