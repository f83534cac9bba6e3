"""Options of ``lift`` and ``export`` that are specific to formats."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.numbers import between
from app.errors import ExportError
from app.export import registry
from app.export.file_options import FPS_RANGE, RESTS, FileOptions, NoBlenderError
from app.export.presets import PRESETS, USUAL_FPS
from app.export.registry import FORMATS, formats_of
from app.export.skeleton_names import MOTIONBUILDER, SKELETONS


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options that :func:`wanted` reads."""
    rated, boned = (
        ", ".join(kind for kind, each in FORMATS.items() if getattr(each, name))
        for name in ("rate", "skeleton")
    )
    group = parser.add_argument_group("what other programs expect")
    group.add_argument(
        "--for",
        dest="preset",
        choices=tuple(PRESETS),
        help="format and processing that suit a purpose, as in the window; the first format unless "
        f"--to or the file's extension says another. {'; '.join(map(_in_words, PRESETS))}. "
        "Options given explicitly override it",
    )
    group.add_argument(
        "--fps",
        metavar="N",
        type=between(FPS_RANGE, "a number of frames a second, such as 30"),
        help=f"frames per second of {rated}, such as 24, 25, 30 or 60 (default: those of the "
        "source if it keeps them, otherwise the nearest standard rate; gltf, vrma and mp4 have "
        "each frame at its own time)",
    )
    group.add_argument(
        "--skeleton",
        choices=tuple(SKELETONS),
        default=MOTIONBUILDER,
        help=f"naming convention for the bones of {boned} (default: {MOTIONBUILDER})",
    )
    group.add_argument(
        "--rest",
        choices=RESTS,
        help="their rest pose: arms level (T) or lowered (A) (default: t; a for unreal)",
    )
    group.add_argument(
        "--blender",
        metavar="PATH",
        help="the Blender that writes fbx (default: the one on the path)",
    )


def _in_words(name: str) -> str:
    """Return the options that a purpose stands for: formats, then options."""
    preset = PRESETS[name]
    given = preset.processing
    options = {
        f"--fps {USUAL_FPS:g}": preset.animated,
        "--room": given.room,
        f"--smooth {given.smooth_hz or 0:g}": given.smooth_hz,
        "--angles": given.angles,
    }
    return " ".join(
        [
            f"{name}: --to",
            " or ".join(preset.formats),
            *(each for each, on in options.items() if on),
        ]
    )


def apply_preset(options: argparse.Namespace) -> None:
    """Apply the preset, if there is one, to options that were not given."""
    if options.preset is None:
        return
    preset = PRESETS[options.preset]
    if options.to is None and not formats_of(Path(options.output)):
        options.to = next(iter(preset.formats))
    given = preset.processing
    options.smooth = options.smooth or given.smooth_hz
    options.room = options.room or given.room
    options.angles = options.angles or given.angles
    if preset.animated and options.fps is None:
        options.fps = USUAL_FPS


def wanted(options: argparse.Namespace) -> FileOptions:
    """Return the options of the file format."""
    return FileOptions(
        fps=options.fps,
        skeleton=options.skeleton,
        rest=options.rest,
        blender=options.blender,
        printer="app.ui.printing:pdf",  # which is loaded only for a PDF
    )


def require(kind: str, options: FileOptions) -> None:
    """Raise ExportError, worded for the command line, if the format ``kind`` cannot be written with
    these options; see :func:`app.export.registry.require`."""
    try:
        registry.require(kind, options)
    except NoBlenderError as error:
        raise ExportError(f"{error} If it is elsewhere, say where: --blender PATH.") from error
