"""Whether there is a screen to open a window on: where Qt finds none it aborts the process."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from app.cli.exits import UsageError
from app.cli.program import PROGRAM

_VARIABLES: Final = ("DISPLAY", "WAYLAND_DISPLAY")
_ANSWER_S: Final = 2.0
# Windows has no such sockets, and this is not asked there.
_LOCAL: Final = int(getattr(socket, "AF_UNIX", socket.AF_UNSPEC))


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
    """Whether Qt is told to draw elsewhere, such as ``offscreen``."""
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
