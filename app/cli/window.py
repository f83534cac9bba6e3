"""No command: the window."""

from __future__ import annotations

import argparse
import sys

from app.cli import live_options
from app.cli.exits import UsageError, leave_hanging_threads
from app.cli.screen import require_screen
from app.system import logs, startup


def run(options: argparse.Namespace) -> int:
    """Open the window; return its exit code when it has been closed."""
    require_screen()
    try:
        startup.import_qt_before_cv2()
    except ImportError as error:
        raise UsageError(
            f"The window cannot start: {error}. On Debian and Ubuntu: apt install libegl1 libgl1 "
            "libxkbcommon-x11-0 libxcb-cursor0 libdbus-1-3 libfontconfig1."
        ) from error
    from PyQt6.QtWidgets import QApplication

    # Where Qt cannot start it prints why and aborts; after this only chatter comes from below.
    application = QApplication(sys.argv[:1])
    logs.divert_native_stderr()
    from app.pipeline import warm_up

    warm_up()
    from app.ui.main import run_window

    code = run_window(
        source=options.source,
        weights=options.weights,
        device=options.device,
        height=options.height,
        camera_pitch=options.camera_pitch,
        camera_roll=options.camera_roll,
        detector=options.detector,
        delay=options.delay,
        outputs=live_options.targets(options),
    )
    leave_hanging_threads(code)
    del application  # kept until here: Qt must not lose it while the window is open
    return code
