"""NPZ: NumPy arrays in a zip file, without pickles: ``numpy.load(path)`` reads it.

==========  ============  =========================================================
``frame``   (N,) int64    the source's frame numbers
``time_s``  (N,) float64  seconds from the first frame
``tracked`` (N,) bool     whether the person was detected
``xyz``     (N, J, 3)     float32 metres, x right, y up, z toward the camera; NaN if missing
``conf``    (N, J)        float32 confidence, 0 to 1; NaN unless seen
``state``   (N, J)        uint8 index into ``states``
``event``   (N,) str      label of a marked event, empty elsewhere
``states``  (3,) str      ``seen``, ``filled``, ``missing``
``joints``  (J,) str      names: 17, and heels and toes
``parents`` (J,) int64    index of each joint's parent, -1 for the pelvis
``about``   () str        the sidecar's JSON
==========  ============  =========================================================

and, if requested, ``angles`` (N, A) float32, degrees (:mod:`app.motion.angles`), NaN where
unknown, and ``angle_names`` (A,) str; if the person was placed in the room, ``contacts`` (N, 2)
float32, 1 where the left and the right foot stand, 0 where not, NaN where unknown.
"""

from __future__ import annotations

import zipfile
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.export import frame_columns
from app.export.events import labels
from app.export.file_options import Destination
from app.export.joints import joint_parents, joint_states, named_joints, output_joints
from app.export.sidecar import describe
from app.motion.angles import ANGLES
from app.motion.data import STATES, MotionData

_CELLS: Final = {
    "seen": "xyz and conf",
    "filled": "xyz; conf is NaN",
    "missing": "both are NaN",
}


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`."""
    differs = {"cells": _CELLS, **frame_columns.described(data)}
    about = describe(data, table_name=to.name, **differs).decode("utf-8")
    arrays = _arrays(data) | {"about": np.array(about)}
    # Like numpy.savez, but one array at a time, so that cancelling takes effect at once.
    with zipfile.ZipFile(to.file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for number, (key, array) in enumerate(arrays.items()):
            to.progress(number / len(arrays))
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    to.progress(1.0)
    return differs


def _arrays(data: MotionData) -> dict[str, NDArray[np.generic]]:
    xyz, conf = output_joints(data)
    return {
        "frame": data.frame.astype(np.int64),
        "time_s": data.time_s,
        "tracked": data.tracked,
        "xyz": xyz.astype(np.float32),
        "conf": conf.astype(np.float32),
        "state": joint_states(data),
        "event": labels(data).astype(np.str_),
        "states": np.array(STATES),
        "joints": np.array(named_joints(data)),
        "parents": np.array(joint_parents(data), np.int64),
        **_more(data),
    }


def _more(data: MotionData) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {}
    if data.angles is not None:
        names = np.array([angle.name for angle in ANGLES])
        arrays |= {"angles": data.angles.astype(np.float32), "angle_names": names}
    stands = frame_columns.contacts(data)
    if stands is not None:
        arrays["contacts"] = stands.astype(np.float32)
    return arrays
