"""The 3D poses of a recording as the command line asks for them, lifted when they are not there."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.exits import warn
from app.cli.interrupt import Interrupt
from app.cli.lifting_options import lift_options
from app.cli.progress import ProgressBar
from app.errors import RecordingError
from app.lifting.progress import Progress, Stopped
from app.lifting.recordings import as_recorded, is_current, lift_recording, require_somebody
from app.lifting.work import make_lifter

if TYPE_CHECKING:
    from app.recording.reader import Recording


def provide(
    recording: Recording, options: argparse.Namespace, interrupt: Interrupt, bar: ProgressBar
) -> bool:
    """Lift ``recording`` unless its poses are what ``options`` ask for; whether it was lifted.

    What the options leave open is as in the poses there were, else as it was recorded.  Poses
    that cannot be saved are used all the same.

    Raises:
        DetectorError: there is no person in any frame.
        WeightsError, DeviceError: from the network.
        Stopped: a signal has come that had not come before.
    """
    wanted = as_recorded(lift_options(options), recording)
    came_before = interrupt.signal

    def report(progress: Progress) -> None:
        if interrupt.signal != came_before:
            raise Stopped
        bar.update(progress)

    lifted = not is_current(recording, wanted)
    if lifted:
        require_somebody(recording)
        try:
            lift_recording(recording, make_lifter(wanted), wanted, report)
        except RecordingError as error:  # on a disk that is full or read-only
            bar.close()
            warn(f"mixpose: Warning: {error}")
    require_somebody(recording)
    return lifted
