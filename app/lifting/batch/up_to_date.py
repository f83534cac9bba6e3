"""The request, saved in the sidecar, by which a later run knows whether a file is up to date.

A file is up to date if its sidecar states that it was made from the same video with the same
options and weights.  A video is identified by its size and modification time, as in rsync: hashing
a folder of videos would take longer than lifting many of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from app.detection.models import about
from app.export.file_options import AS_USUAL, FileOptions
from app.export.people_names import files_there, person_file
from app.export.sidecar_reading import content
from app.lifting.batch.task import BatchOptions
from app.motion.data import MotionData
from app.recording.corrections import Correction, key_of

_MOST_PEOPLE: Final = 10_000


def request_of(
    source: Path, wanted: BatchOptions, corrections: Sequence[Correction] = ()
) -> dict[str, object]:
    """The video ``source``, options and corrections, as JSON values.  Raises OSError."""
    file = source.stat()
    return {
        "file": {"bytes": file.st_size, "modified_ns": file.st_mtime_ns},
        "format": wanted.kind,
        "weights_sha256": wanted.weights_sha256,
        "detector": about(wanted.lifting.detector),
        "height_m": wanted.lifting.height_m,
        "camera_deg": [wanted.lifting.camera_pitch_deg, wanted.lifting.camera_roll_deg],
        "seconds": wanted.lifting.seconds,
        "rate": wanted.lifting.rate,
        "processing": _plain(asdict(wanted.processing)),
        **({} if wanted.file == AS_USUAL else {"options": _chosen(wanted.file)}),
        **({"corrections": key_of(corrections)} if corrections else {}),
        **(_of_everybody(wanted) if wanted.lifting.everybody else {}),
    }


def _chosen(options: FileOptions) -> dict[str, object]:
    chosen = asdict(options)
    del chosen["printer"]
    return chosen


def _of_everybody(wanted: BatchOptions) -> dict[str, object]:
    heights_m = list(wanted.lifting.heights_m)
    return {"people": "all", "heights_m": heights_m, "one_file": wanted.one_file}


def with_request(data: MotionData, asked: Mapping[str, object]) -> MotionData:
    """``data`` whose sidecar will contain the request."""
    return replace(data, provenance=replace(data.provenance, asked=asked))


def is_done(table: Path, asked: Mapping[str, object]) -> bool:
    """Whether ``table`` exists and was made as ``asked``; False if its sidecar is damaged."""
    return table.is_file() and content(table).get("asked") == asked


def is_done_of_everybody(table: Path, kind: str, asked: Mapping[str, object]) -> bool:
    """Whether the files of all people exist for the requested ``table``, made as ``asked``."""
    person = content(person_file(table, kind, 1)).get("person")
    count = person.get("of") if isinstance(person, dict) else None
    if not isinstance(count, int) or not 0 < count <= _MOST_PEOPLE:
        return False
    return all(is_done(person_file(table, kind, each), asked) for each in range(1, count + 1))


def is_begun_of_everybody(table: Path, kind: str, asked: Mapping[str, object]) -> bool:
    """Whether all existing files of people were made as ``asked``, by an interrupted run."""
    there = (person_file(table, kind, number) for number in files_there(table, kind))
    return all(is_done(path, asked) for path in there if path.exists())


def _plain(values: dict[str, object]) -> dict[str, object]:
    """The values after a JSON round trip, which turns tuples into lists."""
    plain: dict[str, object] = json.loads(json.dumps(values))
    return plain
