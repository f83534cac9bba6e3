"""Options of the network, the detector, the person's height and the camera, and the
``LiftOptions`` made from them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.numbers import between, metres
from app.detection.models import SIZES
from app.lifting.options import PITCH_RANGE_DEG, ROLL_RANGE_DEG
from app.motion.processing_options import HEIGHT_RANGE_M

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions


def add_to(
    parser: argparse._ActionsContainer, *, height: bool, default: str | None = argparse.SUPPRESS
) -> None:
    """Add options of the network.  Those of commands have no default, which would override
    ``mixpose --device cpu lift ...``."""
    parser.add_argument(
        "--weights",
        metavar="NAME|PATH",
        default=default,
        help="weights of the network, by name (see 'devices') or file (default: the shipped ones)",
    )
    add_device(parser, default)
    if height:
        parser.add_argument(
            "--height",
            metavar="METRES",
            type=body_height,
            default=default,
            help="the person's height, which sets the scale (default: a person of average height)",
        )
        add_camera(parser, default)


def add_camera(parser: argparse._ActionsContainer, default: str | None) -> None:
    """Add the options of the camera's orientation."""
    for option, limits, words in (
        ("--camera-pitch", PITCH_RANGE_DEG, "looks down; negative looks up"),
        ("--camera-roll", ROLL_RANGE_DEG, "is turned clockwise, as seen from behind"),
    ):
        parser.add_argument(
            option,
            metavar="DEG",
            type=between(limits, "an angle in degrees, such as 12", " degrees"),
            default=default,
            help=f"by how many degrees the camera {words} (default: estimated)",
        )


def add_device(parser: argparse._ActionsContainer, default: str | None) -> None:
    """Add the option of the compute device."""
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default=default,
        help="where the network runs (default: auto, a CUDA graphics card when there is one)",
    )


def add_detector(
    parser: argparse._ActionsContainer, usual: str, default: str | None = argparse.SUPPRESS
) -> None:
    """Add the option of the size of MediaPipe's model; ``usual`` describes the default."""
    parser.add_argument(
        "--detector",
        choices=SIZES,
        default=default,
        help="the size of MediaPipe's model that detects the 2D joints: heavy is the most accurate "
        f"and takes three times as long as full, lite is the fastest (default: {usual})",
    )


def body_height(text: str) -> float:
    """Parse a height in metres.  Raises ArgumentTypeError outside human heights."""
    return metres(text, HEIGHT_RANGE_M, "a height in metres, such as 1.75", " metres")


def lift_options(options: argparse.Namespace) -> LiftOptions:
    """Return the ``LiftOptions``; options that a command does not have keep their defaults."""
    from app.detection.models import FOR_VIDEOS
    from app.lifting.options import LiftOptions

    return LiftOptions(
        weights=options.weights,
        detector=options.detector or FOR_VIDEOS,
        device=options.device,
        height_m=options.height,
        everybody=getattr(options, "people", "one") == "all",
        heights_m=options.heights if getattr(options, "people", "one") == "all" else (),
        camera_pitch_deg=options.camera_pitch,
        camera_roll_deg=options.camera_roll,
        choices=getattr(options, "choices", ()),
        seconds=getattr(options, "seconds", None),
        rate=getattr(options, "rate", None),
        jobs=getattr(options, "jobs", None),
    )
