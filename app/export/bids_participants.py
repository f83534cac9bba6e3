"""``participants.tsv`` of a BIDS dataset: a row a person.

Only who there is, is known here.  Age, sex and whatever else is asked of them are columns that
whoever keeps the dataset adds, so nothing that is there is ever changed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.system.files import lock_patiently

_ID: Final = "participant_id"
_UNKNOWN: Final = "n/a"
_COLUMNS: Final = {_ID: {"Description": "Whom the folder of that name is of"}}


def add_participant(dataset: Path, subject: str) -> None:
    """Append ``subject``, ``sub-01``, to the list of the folder ``dataset``, unless it has it.

    Columns that the list has besides are not available in the new row.  A list that cannot be read
    as one is left as it is.  Raises OSError.
    """
    # Opened to append: whatever is written lands behind what others wrote meanwhile.
    with (dataset / "participants.tsv").open("a+b") as file:
        if not lock_patiently(file, exclusive=True):
            raise BlockingIOError("another program holds participants.tsv")
        file.seek(0)
        added = _row(file.read(), subject)
        file.write(added)
    if added.startswith(_ID.encode()):
        with suppress(FileExistsError), (dataset / "participants.json").open("x") as described:
            json.dump(_COLUMNS, described, indent=2)
            described.write("\n")


def _row(there: bytes, subject: str) -> bytes:
    """What is to be appended to a list."""
    try:
        lines = there.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return b""
    if not there:
        return f"{_ID}\n{subject}\n".encode()
    names = lines[0].split("\t") if lines else []
    if _ID not in names:
        return b""
    at = names.index(_ID)
    if any(line.split("\t")[at : at + 1] == [subject] for line in lines):
        return b""
    end = "\r\n" if b"\r\n" in there else "\n"
    begin = "" if there.endswith(b"\n") else end
    cells = [subject if name == _ID else _UNKNOWN for name in names]
    return (begin + "\t".join(cells) + end).encode()
