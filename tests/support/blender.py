"""Blender, without its window, as a reader of animated skeletons."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

_SCRIPT = """
import builtins, json, math, sys
import bpy, numpy

# Debian 12's Blender 3.4 is older than its Python and NumPy: its BVH reader opens with "rU", its
# glTF reader says numpy.bool.
numpy.bool = bool
opened = builtins.open
builtins.open = lambda file, mode="r", *more, **named: opened(
    file, mode.replace("U", ""), *more, **named
)
source, answer, *moments = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
scene.render.fps = 30
if source.endswith(".bvh"):
    bpy.ops.import_anim.bvh(
        filepath=source, axis_forward="-Z", axis_up="Y", global_scale=0.01, update_scene_fps=True
    )
else:
    bpy.ops.import_scene.gltf(filepath=source)
(armature,) = [each for each in bpy.data.objects if each.type == "ARMATURE"]
begin, _ = armature.animation_data.action.frame_range
rate = scene.render.fps / scene.render.fps_base
found = []
for moment in moments:
    frame = begin + float(moment) * rate
    whole = math.floor(frame + 1e-3)
    scene.frame_set(whole, subframe=max(0.0, frame - whole))
    bpy.context.view_layer.update()
    found.append(
        {bone.name: list(armature.matrix_world @ bone.head) for bone in armature.pose.bones}
    )
with open(answer, "w") as file:
    json.dump(found, file)
"""


def bone_places(
    path: Path, moments: Sequence[float], folder: Path
) -> list[dict[str, NDArray[np.float64]]]:
    """Where each bone of a BVH or glTF file begins ``moments`` seconds after its first frame.

    Metres, y up, as the file's own axes are: Blender itself has z up.  ``folder`` is for what
    Blender needs and writes.  Skips the test where there is no Blender.
    """
    blender = shutil.which("blender")
    if blender is None:
        pytest.skip("Blender is not installed")
    script, answer = folder / "look.py", folder / "found.json"
    script.write_text(_SCRIPT)
    done = subprocess.run(
        [blender, "-b", "-noaudio", "--python-exit-code", "3", "-P", str(script), "--"]
        + [str(path), str(answer), *map(str, moments)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    if "No module named 'numpy'" in done.stdout + done.stderr:
        pytest.skip("Blender's Python has no NumPy: its importers do not work (python3-numpy)")
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        {name: np.array([x, z, -y]) for name, (x, y, z) in each.items()}
        for each in json.loads(answer.read_text())
    ]
