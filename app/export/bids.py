"""BIDS-Motion, the layout of neuroscience datasets: a table of positions and files that describe
its columns.  Brain Imaging Data Structure 1.9 and later, modality "motion"
(bids-specification.readthedocs.io).

Metres, y up, at a constant rate; ``n/a`` where a joint is missing.  Next to ``…_motion.tsv`` there
are ``…_motion.json``, which is the sidecar, ``…_channels.tsv`` and ``.json``, and, if there are
events, ``…_events.tsv``.  In a folder ``sub-…/motion`` a description is added to the dataset, and a
row for the person to its ``participants.tsv``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.errors import ExportError
from app.export.bids_names import ENDING, is_name
from app.export.file_options import Destination, in_chunks
from app.export.joints import joints_at_constant_rate, named_joints
from app.motion.data import MotionData
from app.system.files import lock_with_retry

_VERSION: Final = "1.10.0"
_UNKNOWN: Final = "n/a"


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames, or the
    name is not allowed in a dataset."""
    if not is_name(to.name):
        raise ExportError(
            f"{to.name} is no name of BIDS, such as sub-01_task-walk_tracksys-mixpose{ENDING}. Use "
            "such a name, or give a folder, and files are named by themselves."
        )
    even = joints_at_constant_rate(data, to.options.fps)
    rows = even.xyz.reshape(len(even.xyz), -1)
    for part in in_chunks(len(rows), to.progress):
        lines = ("\t".join(map(_cell, row)) + "\n" for row in rows[part].tolist())
        to.file.writelines(line.encode("ascii") for line in lines)
    return {"rows": len(rows), "resampling": even.about, **_described(to.name, even.rate, rows)}


def companions(path: Path, data: MotionData) -> dict[Path, bytes]:
    """Return the files next to ``path`` and their contents."""
    stem = path.name.removesuffix(ENDING)
    frame = "root" if data.root is None else "room"
    axes = f"x to the image's right, y up, z toward the camera; the origin is {_origin(data)}"
    found = {
        f"{stem}_channels.tsv": _table(
            ("name", "component", "type", "tracked_point", "units", "reference_frame"),
            (
                (f"{joint}_{axis}", axis, "POS", joint, "m", frame)
                for joint in named_joints(data)
                for axis in "xyz"
            ),
        ),
        f"{stem}_channels.json": _json({"reference_frame": {"Levels": {frame: axes}}}),
    }
    if data.events:
        events = stem.replace("_tracksys-mixpose", "")
        found[f"{events}_events.tsv"] = _table(
            ("onset", "duration", "trial_type"),
            ((f"{each.time_s:.6f}", _UNKNOWN, _plain(each.label)) for each in data.events),
        )
    return {path.with_name(name): content for name, content in found.items()}


def complete(path: Path) -> None:
    """Add the description of the dataset of the file ``path``, and its person to the list, unless
    they exist.  Raises OSError."""
    folder = path.parent
    if folder.name != "motion":
        return
    folder = folder.parent.parent if folder.parent.name.startswith("ses-") else folder.parent
    said = {
        "Name": folder.parent.name or "Motion",
        "BIDSVersion": _VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "mixpose", "Version": __version__}],
    }
    with suppress(FileExistsError), (folder.parent / "dataset_description.json").open("xb") as file:
        file.write(_json(said))
    add_participant(folder.parent, folder.name)


def _described(name: str, rate: float, rows: NDArray[np.float64]) -> dict[str, object]:
    task = name.partition("_task-")[2].partition("_")[0]
    return {
        "TaskName": task,
        "SamplingFrequency": rate,
        "SamplingFrequencyEffective": rate,
        "RecordingDuration": len(rows) / rate,
        "RecordingType": "continuous",
        "MissingValues": _UNKNOWN,
        "MotionChannelCount": rows.shape[1],
        "POSChannelCount": rows.shape[1],
        "TrackedPointsCount": rows.shape[1] // 3,
        "TrackingSystemName": "mixpose",
        "SoftwareVersions": __version__,
    }


def _origin(data: MotionData) -> str:
    return "the pelvis" if data.root is None else "on the floor"


def _cell(value: float) -> str:
    return _UNKNOWN if value != value else f"{value:.6f}"


def _plain(label: str) -> str:
    return " ".join(label.split()) or _UNKNOWN


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (names, *rows)).encode()


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


_ID: Final = "participant_id"
_COLUMNS: Final = {_ID: {"Description": "Whom the folder of that name is of"}}


def add_participant(dataset: Path, subject: str) -> None:
    """Append ``subject``, ``sub-01``, to the list of the folder ``dataset``, unless it has it.

    Further columns of the list are ``n/a`` in the new row.  A malformed list is left unchanged: it
    may contain age, sex and whatever else was added by hand.  Raises OSError.
    """
    # Opened to append, after rows that others have written in the meantime.
    with (dataset / "participants.tsv").open("a+b") as file:
        if not lock_with_retry(file, exclusive=True):
            raise BlockingIOError("another program holds participants.tsv")
        file.seek(0)
        added = _row(file.read(), subject)
        file.write(added)
    if added.startswith(_ID.encode()):
        with suppress(FileExistsError), (dataset / "participants.json").open("x") as described:
            json.dump(_COLUMNS, described, indent=2)
            described.write("\n")


def _row(there: bytes, subject: str) -> bytes:
    """The row to append to a list."""
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
