"""VRMA: an animation for any VRM avatar.

Binary glTF with the extension ``VRMC_vrm_animation`` 1.0 of the VRM Consortium
(github.com/vrm-c/vrm-specification): it maps nodes to human bones.  As required, the rest
pose is a T facing +z, only the hips move, all other bones rotate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from app.export.file_options import Destination
from app.export.gltf import UNITS, Scene, animated
from app.export.skeleton_sidecar import differences
from app.motion.data import MotionData

_EXTENSION: Final = "VRMC_vrm_animation"


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames."""
    motion = animated(data, replace(to.options, skeleton="vrm", rest="t"))
    scene = Scene(motion)
    human = {bone: {"node": node} for node, bone in enumerate(motion.names)}
    scene.put_extension(_EXTENSION, {"specVersion": "1.0", "humanoid": {"humanBones": human}})
    scene.write(to.file, to.progress)
    return differences(data, motion, units=UNITS)
