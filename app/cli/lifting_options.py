"""What the command line wants of lifting."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.lifting.options import LiftOptions


def lift_options(options: argparse.Namespace) -> LiftOptions:
    """As :mod:`app.lifting` takes it; what a command has no option for is left open."""
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
