"""FBX, converted from glTF by the user's Blender.

The format has no public specification, and its vendor's library no free licence; the output of
Blender's exporter is supported by other programs.  It runs without a window, with its factory
settings.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.errors import ExportError
from app.export import gltf
from app.export.constant_rate import at_constant_rate
from app.export.file_options import Destination, blender
from app.motion.data import MotionData

_SCRIPT: Final = """
import sys
import bpy

source, target, rate = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.read_factory_settings(use_empty=True)
render = bpy.context.scene.render
render.fps = max(1, round(float(rate)))
render.fps_base = render.fps / float(rate)
bpy.ops.import_scene.gltf(filepath=source)
(armature,) = [each for each in bpy.data.objects if each.type == "ARMATURE"]
start, end = armature.animation_data.action.frame_range
bpy.context.scene.frame_start, bpy.context.scene.frame_end = round(start), round(end)
bpy.ops.export_scene.fbx(
    filepath=target,
    object_types={"ARMATURE", "MESH"},
    add_leaf_bones=False,
    bake_anim_use_all_actions=False,
    bake_anim_use_nla_strips=False,
    bake_anim_simplify_factor=0.0,
)
"""
_LOOK_S: Final = 0.2
_LAST_LINES: Final = 3


def write(data: MotionData, to: Destination) -> dict[str, object]:
    """See :class:`app.export.registry.Exporter`.  Raises ExportError if there are no frames, there
    is no Blender, or it fails."""
    program = blender(to.options.blender)
    to.progress(0.0)
    rate = at_constant_rate(data, to.options.fps).rate
    with tempfile.TemporaryDirectory() as folder:
        source, target, script = (Path(folder, each) for each in ("a.glb", "a.fbx", "make.py"))
        with source.open("wb") as skeleton:
            said = gltf.write(data, replace(to, file=skeleton, progress=lambda share: None))
        script.write_text(_SCRIPT, encoding="utf-8")
        command = [program, "-b", "--factory-startup", "-noaudio", "--python-exit-code", "3"]
        _run([*command, "-P", script, "--", source, target, str(rate)], to.progress)
        if not target.is_file():
            raise ExportError(f"{program} wrote no FBX file. Is it a Blender of version 3.6 or up?")
        to.file.write(target.read_bytes())
    to.progress(1.0)
    return said | {"units": {"position": "centimetre", "time": "second"}, "frame_time_s": 1 / rate}


def _run(command: list[str | Path], progress: Callable[[float], None]) -> None:
    """Run a program; an exception of ``progress`` ends it.  Raises ExportError."""
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as running:
            while running.poll() is None:
                try:
                    running.wait(_LOOK_S)
                except subprocess.TimeoutExpired:
                    try:
                        progress(0.5)
                    except BaseException:
                        running.kill()
                        raise
        if running.returncode:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines()
            words = " ".join(lines[-_LAST_LINES:]) or f"it ended with {running.returncode}"
            raise ExportError(f"Blender could not write the FBX file: {words}")
