"""BVH for Blender and game engines: a skeleton at rest, then one line of angles a frame.

Centimetres and degrees, y up, facing +z.  The hips have six channels, X, Y and Z position and then
rotations like every bone: Z, X and Y, which make ``Rz @ Rx @ Ry``.  The format as Meredith and
Maddock describe it ("Motion Capture File Formats Explained", 2001).

A BVH file knows no times, only one for all frames: those that are irregular are put onto the same
regular grid as in the other formats of that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import numpy as np

from app.export.chunks import in_chunks
from app.export.constant_rate import at_constant_rate
from app.export.rig import BONES, ENDS, PARENTS, Array, Rig
from app.export.skeleton_pose import SkeletonMotion, pose_skeleton
from app.export.skeleton_sidecar import differences
from app.motion.data import MotionData
from app.motion.rotations import matrices, zxy

_CM: Final = 100.0
_END: Final = dict(zip(ENDS, range(len(ENDS)), strict=True))


def write(
    file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
) -> dict[str, object]:
    """See :class:`app.export.registry.Write`.  Raises ExportError if there are no frames."""
    even = at_constant_rate(data)
    motion = pose_skeleton(data)
    if even.resampled:
        motion = motion.at_rate(even.rate)
    head = ["HIERARCHY", *_bone(0, motion.rig), "MOTION", f"Frames: {len(motion.time_s)}"]
    file.write("\n".join([*head, f"Frame Time: {1 / even.rate:.8f}\n"]).encode("ascii"))
    values = _values(motion)
    template = " ".join(["%.5f"] * values.shape[1]) + "\n"
    for part in in_chunks(len(values), progress):
        rows = values[part]
        file.write((template * len(rows) % tuple(rows.ravel().tolist())).encode("ascii"))
    return differences(
        data,
        motion,
        units={"position": "centimetre", "rotation": "degree", "time": "second"},
        rotation_order="ZXY: Rz @ Rx @ Ry",
        frame_time_s=1 / even.rate,
    )


def _bone(bone: int, rig: Rig) -> Iterator[str]:
    """The lines of a bone and of all that hangs on it."""
    children = [child for child, parent in enumerate(PARENTS) if parent == bone]
    root = PARENTS[bone] < 0
    yield f"{'ROOT' if root else 'JOINT'} {BONES[bone]}"
    yield "{"
    inner = [_offset(rig.offsets[bone])]
    positions = "Xposition Yposition Zposition " if root else ""
    inner.append(f"CHANNELS {6 if root else 3} {positions}Zrotation Xrotation Yrotation")
    for child in children:
        inner += _bone(child, rig)
    if BONES[bone] in _END:
        inner += ["End Site", "{", f"\t{_offset(rig.ends[_END[BONES[bone]]])}", "}"]
    yield from (f"\t{line}" for line in inner)
    yield "}"


def _offset(metres: Array) -> str:
    x, y, z = (metres * _CM + 0.0).tolist()
    return f"OFFSET {x:.5f} {y:.5f} {z:.5f}"


def _values(motion: SkeletonMotion) -> Array:
    """(N, 3 + 57) the numbers of each frame in the channels' order."""
    angles = [np.degrees(zxy(matrices(motion.turns[:, bone]))) for bone in range(len(BONES))]
    values = np.concatenate([motion.root * _CM, *angles], axis=1)
    # Half a unit of the last place is written as -0.00000 otherwise.
    values[np.abs(values) <= 5e-6] = 0.0
    return values
