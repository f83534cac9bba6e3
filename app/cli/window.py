"""Opens the window if there is a screen; without one Qt would abort the process."""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.cli import live_options
from app.cli.exits import UsageError, leave_hanging_threads
from app.cli.program import PROGRAM
from app.system import logs, startup

_VARIABLES: Final = ("DISPLAY", "WAYLAND_DISPLAY")
_ANSWER_S: Final = 2.0
# Windows has no such sockets, and does not need this.
_LOCAL: Final = int(getattr(socket, "AF_UNIX", socket.AF_UNSPEC))


def run(options: argparse.Namespace) -> int:
    """Open the window; return its exit code after it is closed."""
    require_screen()
    try:
        startup.import_qt_before_cv2()
    except ImportError as error:
        raise UsageError(
            f"The window cannot start: {error}. On Debian and Ubuntu: apt install libegl1 libgl1 "
            "libxkbcommon-x11-0 libxcb-cursor0 libdbus-1-3 libfontconfig1."
        ) from error
    from PyQt6.QtWidgets import QApplication

    # If Qt cannot start it prints the reason and aborts; after this, native output is only noise.
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


def require_screen() -> None:
    """Raise UsageError if no X server and no Wayland compositor answers; on Linux alone."""
    if platform.system() != "Linux" or _needs_none(os.environ.get("QT_QPA_PLATFORM", "")):
        return
    told = {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    if _wayland_answers(told, os.environ) or _x_answers(told):
        return
    why = "DISPLAY and WAYLAND_DISPLAY are not set"
    if told:
        why = f"nothing answers at {' or '.join(f'{name}={told[name]}' for name in told)}"
    raise UsageError(
        f"There is no screen to open a window on ({why}). "
        f"The commands work without one: {PROGRAM} lift --help"
    )


def _needs_none(platform: str) -> bool:
    """Whether Qt is set to draw elsewhere, such as ``offscreen``."""
    return platform != "" and not platform.startswith(("xcb", "wayland"))


def _wayland_answers(told: Mapping[str, str], environment: Mapping[str, str]) -> bool:
    if "WAYLAND_DISPLAY" not in told:
        return False
    path = Path(environment.get("XDG_RUNTIME_DIR", ""), told["WAYLAND_DISPLAY"])
    with socket.socket(_LOCAL) as connection:
        connection.settimeout(_ANSWER_S)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _x_answers(told: Mapping[str, str]) -> bool:
    """Ask as Qt does: by libxcb, which also knows whether this user is let in."""
    if "DISPLAY" not in told:
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:  # Qt cannot do without it either, and says which package has it
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(told["DISPLAY"].encode(), None))
    failed = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    return not failed
