"""MOT, the motion file of OpenSim: a header, then time and the coordinates of a model.

Degrees and metres, as :mod:`app.export.opensim` describes.  The rate is constant, the same as that
of the TRC file of the same poses (:mod:`app.export.constant_rate`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO

import numpy as np

from app.export.file_options import AS_USUAL, Destination, in_chunks
from app.export.named_rig import named
from app.export.opensim import coordinates
from app.export.rig import Array
from app.export.skeleton_pose import pose_at_constant_rate
from app.export.skeleton_sidecar import differences
from app.motion.data import MotionData


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    even, motion = pose_at_constant_rate(data, to.options.fps)
    found = coordinates(motion)
    write_table(to.file, even.rate, found, to.progress)
    return differences(
        data,
        named(motion, AS_USUAL),
        units={"position": "metre", "rotation": "degree", "time": "second"},
        rest="standing, the arms hanging, facing +x",
        coordinates=list(found),
        resampling=even.about,
    )


def write_table(
    file: BinaryIO, rate: float, columns: Mapping[str, Array], progress: Callable[[float], None]
) -> None:
    """Write coordinates by name, (N,) degrees or metres each, at ``rate`` frames per second."""
    rows = len(next(iter(columns.values())))
    file.write(_header(rows, list(columns)).encode("ascii"))
    values = np.column_stack([np.arange(rows) / rate, *columns.values()])
    # Otherwise tiny negative values are written as -0.000000.
    values[np.abs(values) <= 5e-7] = 0.0
    line = "\t".join(["%.9f"] + ["%.6f"] * len(columns)) + "\n"
    for part in in_chunks(rows, progress):
        chunk = values[part]
        file.write((line * len(chunk) % tuple(chunk.ravel().tolist())).encode("ascii"))


def _header(rows: int, names: list[str]) -> str:
    return "\n".join(
        [
            "Coordinates",
            "version=1",
            f"nRows={rows}",
            f"nColumns={len(names) + 1}",
            "inDegrees=yes",
            "",
            "Units are S.I. units (second, meters, Newtons, ...)",
            "Angles are in degrees.",
            "",
            "endheader",
            "\t".join(["time", *names]),
            "",
        ]
    )
