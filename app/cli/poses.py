"""The 3D poses of a recording as the command line asks for them, lifted when they are not there."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.exits import warn
from app.cli.interrupt import Interrupt
from app.cli.lifting_options import lift_options
from app.cli.progress import ProgressBar
from app.lifting.progress import Progress, Stopped
from app.lifting.recordings import bring_up_to_date

if TYPE_CHECKING:
    from app.recording.reader import Recording


def provide(
    recording: Recording, options: argparse.Namespace, interrupt: Interrupt, bar: ProgressBar
) -> bool:
    """Lift ``recording`` unless its poses are what ``options`` ask for; whether it was lifted.

    Raises:
        DetectorError: there is no person in any frame.
        WeightsError, DeviceError: from the network.
        Stopped: a signal has come that had not come before.
    """
    came_before = interrupt.signal

    def report(progress: Progress) -> None:
        if interrupt.signal != came_before:
            raise Stopped
        bar.update(progress)

    lifted, unsaved = bring_up_to_date(recording, lift_options(options), report)
    if unsaved is not None:
        bar.close()
        warn(f"mixpose: Warning: {unsaved}")
    return lifted
