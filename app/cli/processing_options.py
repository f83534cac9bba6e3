"""Options of ``lift`` and ``export`` for the processing of poses, and of ``export`` for the part of
the recording to write."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from app.cli.exits import UsageError
from app.cli.numbers import between, metres, number
from app.motion.processing_options import (
    BONE_RANGE_M,
    CAMERA_HEIGHT_RANGE_M,
    CUTOFF_RANGE_HZ,
    FOV_RANGE_DEG,
    NAMED,
    Processing,
)

if TYPE_CHECKING:
    from app.motion.selection import Selection

REPORT_SMOOTH_HZ: Final = 6.0
_CUTOFF: Final = between(CUTOFF_RANGE_HZ, "a frequency in hertz, such as 6")


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options that :func:`wanted` reads."""
    group = parser.add_argument_group(
        "what is done to the poses (default: nothing); the sidecar says it"
    )
    group.add_argument(
        "--smooth",
        metavar="HZ",
        type=_CUTOFF,
        help="remove movements faster than HZ, without delay: 6 for walking, 10 for sport "
        "(a Butterworth filter, forward and backward)",
    )
    group.add_argument(
        "--rigid-bones", action="store_true", help="give every bone a constant length"
    )
    group.add_argument(
        "--bone",
        metavar="NAME=METRES",
        type=_bone,
        help=f"the length of a bone you have measured ({', '.join(NAMED)}), such as thigh=0.42; "
        "sets the scale instead of --height",
    )
    group.add_argument(
        "--room",
        action="store_true",
        help="place the person in the room, on the floor, instead of the pelvis at the origin; "
        "tables then say when each foot stands",
    )
    _add_camera(group, "with --room: ")
    group.add_argument(
        "--heading",
        metavar="DEG",
        type=between((-360.0, 360.0), "an angle in degrees, such as 90"),
        help="with --room: direction the person faces at first, 0 along +z, 90 along +x (default: "
        "as filmed)",
    )
    group.add_argument(
        "--angles",
        action="store_true",
        help="add joint angles in degrees: columns of csv, csv-long (in each row of a frame) and "
        "parquet, arrays of json and npz; mot always has them",
    )


def add_for_report(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options of a report, whose poses are always placed in the room."""
    parser.add_argument(
        "--smooth",
        metavar="HZ",
        type=_CUTOFF,
        default=REPORT_SMOOTH_HZ,
        help=f"remove movements faster than HZ (default: {REPORT_SMOOTH_HZ:g}, as for "
        "walking; 10 for sport)",
    )
    _add_camera(parser, "")


def _add_camera(parser: argparse._ActionsContainer, about: str) -> None:
    parser.add_argument(
        "--fov",
        metavar="DEG",
        type=between(FOV_RANGE_DEG, "an angle in degrees, such as 65"),
        help=f"{about}field of view along the longer side of the picture "
        "(default: from the video's lens data, otherwise 61)",
    )
    parser.add_argument(
        "--camera-height",
        metavar="METRES",
        type=between(CAMERA_HEIGHT_RANGE_M, "a height in metres, such as 1.2"),
        help=f"{about}height of the lens above the floor (default: estimated from the feet)",
    )


def wanted(options: argparse.Namespace) -> Processing:
    """Return what the options ask for.

    Raises:
        UsageError: they contradict each other.
    """
    for name in ("fov", "camera_height", "heading"):
        if getattr(options, name) is not None and not options.room:
            raise UsageError(f"--{name.replace('_', '-')} is about the room: give --room too.")
    if options.bone is not None and options.height is not None:
        raise UsageError("--bone and --height both set the scale: give one of them.")
    return Processing(
        smooth_hz=options.smooth,
        rigid_bones=options.rigid_bones,
        bone=options.bone,
        room=options.room,
        fov_deg=options.fov,
        camera_height_m=options.camera_height,
        heading_deg=options.heading,
        angles=options.angles,
    )


def _bone(text: str) -> tuple[str, float]:
    name, given, length = text.partition("=")
    if name not in NAMED or not given:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a bone and its length: write one of {', '.join(NAMED)}, "
            "such as thigh=0.42"
        )
    return name, metres(length, BONE_RANGE_M, "a length in metres, such as 0.42")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options that :func:`selection` reads."""
    group = parser.add_argument_group("which part of the recording (default: all of it)")
    for option, dest, words in (
        ("--from", "start_s", "leave out what comes before TIME"),
        ("--until", "end_s", "leave out what comes after TIME"),
    ):
        group.add_argument(
            option,
            dest=dest,
            metavar="TIME",
            type=_moment,
            help=f"{words}: seconds from the first frame, or 1:02.5; times in the file are counted "
            "from the selection's first frame, and the sidecar states the interval",
        )


def selection(options: argparse.Namespace) -> Selection:
    """Return what the options ask for.

    Raises:
        UsageError: the end is before the beginning.
    """
    from app.motion.selection import Selection

    start_s, end_s = options.start_s, options.end_s
    if start_s is not None and end_s is not None and end_s <= start_s:
        raise UsageError("--until must be later than --from.")
    return Selection(start_s, end_s)


def _moment(text: str) -> float:
    what = "a time: write seconds, such as 12.5, or 1:02.5"
    seconds = 0.0
    for part in text.split(":"):
        value = number(part, what)
        if not 0 <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"'{text}' is not {what}")
        seconds = 60 * seconds + value
    return seconds
