"""BVH for Blender and game engines: a skeleton at rest, then one line of angles per frame.

Centimetres and degrees, y up, facing +z.  The hips have six channels, X, Y and Z position and then
rotations like every bone: Z, X and Y, which make ``Rz @ Rx @ Ry``.  A root bone on the floor,
as Unreal has it, is left out: readers interpret it differently.  The format is
described by Meredith and Maddock ("Motion Capture File Formats Explained", 2001).

A BVH file has a constant frame time: irregular frames are resampled as in the other formats of
that kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from app.export.file_options import Destination, in_chunks
from app.export.named_rig import NamedMotion, named
from app.export.rig import Array
from app.export.skeleton_pose import pose_at_constant_rate
from app.export.skeleton_sidecar import differences
from app.motion.data import MotionData
from app.motion.rotations import matrices, zxy

_CM: Final = 100.0


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    even, posed = pose_at_constant_rate(data, to.options.fps)
    motion = replace(named(posed, to.options), root=None)
    head = ["HIERARCHY", *_bone(0, motion), "MOTION", f"Frames: {len(motion.time_s)}"]
    to.file.write("\n".join([*head, f"Frame Time: {1 / even.rate:.8f}\n"]).encode("ascii"))
    values = _values(motion)
    template = " ".join(["%.5f"] * values.shape[1]) + "\n"
    for part in in_chunks(len(values), to.progress):
        rows = values[part]
        to.file.write((template * len(rows) % tuple(rows.ravel().tolist())).encode("ascii"))
    return differences(
        data,
        motion,
        units={"position": "centimetre", "rotation": "degree", "time": "second"},
        rotation_order="ZXY: Rz @ Rx @ Ry",
        frame_time_s=1 / even.rate,
    )


def _bone(bone: int, motion: NamedMotion) -> Iterator[str]:
    """Return the lines of a bone and its descendants."""
    children = [child for child, parent in enumerate(motion.parents) if parent == bone]
    root = motion.parents[bone] < 0
    yield f"{'ROOT' if root else 'JOINT'} {motion.names[bone]}"
    yield "{"
    inner = [_offset(motion.offsets[bone])]
    positions = "Xposition Yposition Zposition " if root else ""
    inner.append(f"CHANNELS {6 if root else 3} {positions}Zrotation Xrotation Yrotation")
    for child in children:
        inner += _bone(child, motion)
    for _, hangs_on, end in motion.ends:
        if hangs_on == bone:
            inner += ["End Site", "{", f"\t{_offset(end)}", "}"]
    yield from (f"\t{line}" for line in inner)
    yield "}"


def _offset(metres: Array) -> str:
    x, y, z = (metres * _CM + 0.0).tolist()
    return f"OFFSET {x:.5f} {y:.5f} {z:.5f}"


def _values(motion: NamedMotion) -> Array:
    """Return (N, 3 + 3B) values of each frame in the channels' order."""
    turns = np.moveaxis(motion.turns, 1, 0)
    angles = [np.degrees(zxy(matrices(each))) for each in turns]
    values = np.concatenate([motion.place * _CM, *angles], axis=1)
    # Otherwise tiny negative values are written as -0.00000.
    values[np.abs(values) <= 5e-6] = 0.0
    return values
