"""TRC, the marker file of OpenSim: five header lines, a blank one, then tabs between the cells.

A marker has three columns, in metres; a missing one has three empty cells, which OpenSim 4
reads as NaN.  OpenSim asks for a constant rate (:mod:`app.export.constant_rate`).  Its ground has y
up and is right-handed, like ours: no axis is exchanged.  Its models face +x and a person facing the
camera faces +z, for which inverse kinematics rotates the pelvis.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from app.export.constant_rate import ConstantRateMotion
from app.export.file_options import Destination, in_chunks
from app.export.joints import joints_at_constant_rate, named_joints
from app.motion.data import MotionData

_CELLS: Final = {
    "seen": "X, Y and Z",
    "filled": "X, Y and Z; not marked",
    "missing": "all three are empty",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    even = joints_at_constant_rate(data, to.options.fps)
    to.file.write(_header(to.name, data, even).encode("utf-8"))
    for part in in_chunks(len(even.xyz), to.progress):
        to.file.writelines(line.encode("ascii") for line in _lines(even, part))
    return {"rows": len(even.xyz), "cells": _CELLS, "resampling": even.about}


def _header(name: str, data: MotionData, even: ConstantRateMotion) -> str:
    rate, names = f"{even.rate:.10g}", named_joints(data)
    stated = {
        "DataRate": rate,
        "CameraRate": rate,
        "NumFrames": len(even.xyz),
        "NumMarkers": len(names),
        "Units": "m",
        "OrigDataRate": f"{data.effective_rate or even.rate:.10g}",
        "OrigDataStartFrame": 1,
        "OrigNumFrames": len(data.frame),
    }
    numbered = [f"{axis}{marker}" for marker in range(1, len(names) + 1) for axis in "XYZ"]
    lines = (
        ("PathFileType", "4", "(X/Y/Z)", name),
        stated,
        map(str, stated.values()),
        ("Frame#", "Time", *(f"{name}\t\t" for name in names), ""),
        ("", "", *numbered, ""),
        (),
    )
    return "".join("\t".join(line) + "\n" for line in lines)


def _lines(even: ConstantRateMotion, rows: slice) -> Iterator[str]:
    # Otherwise tiny negative values are written as -0.000000.
    places = np.where(np.abs(even.xyz[rows]) <= 5e-7, 0.0, even.xyz[rows])
    places = places.reshape(len(places), -1)
    for number, place in enumerate(places, start=rows.start):
        present = ~np.isnan(place)
        line = _pattern(present.tobytes())
        yield line % (number + 1, number / even.rate, *place[present].tolist())


@lru_cache(maxsize=1024)
def _pattern(present: bytes) -> str:
    """Return the format of a row, for the numbers that are known."""
    # OpenSim drops one empty cell from the end of a row, and rejects the row if that was needed:
    # like its own files, each row ends with a tab.
    return "\t".join(["%d", "%.9f"] + ["%.6f" if each else "" for each in present] + ["\n"])
