"""``--add-to-menu`` and ``--remove-from-menu``: entry of the program in a Linux desktop's menu, and
in its list of programs that open videos.

An entry is a small file by the Desktop Entry Specification, and an icon.
"""

from __future__ import annotations

import argparse
import re
import sys
import sysconfig
from pathlib import Path
from typing import Final

from app.cli.arguments import ADD_TO_MENU, REMOVE_FROM_MENU
from app.cli.exits import Exit, UsageError, say
from app.cli.program import PROGRAM, starting_again
from app.system import paths
from app.system.files import plain_reason, write_atomically
from app.ui import DESKTOP_ID, ICON

_ENTRY: Final = """\
[Desktop Entry]
Type=Application
Name=mixpose
GenericName=3D Pose
Comment=See yourself in 3D, live, with one webcam
Exec={command} %f
TryExec={program}
Icon={icon}
Terminal=false
Categories=Graphics;3DGraphics;
MimeType=video/mp4;video/quicktime;video/x-matroska;video/webm;video/x-msvideo;
Keywords=pose;skeleton;motion capture;webcam;
StartupWMClass={icon}
"""
_QUOTED: Final = re.compile(r"[\s\"'\\><~|&;$*?#()`]")
"""Characters that must be quoted in a command."""


def run(options: argparse.Namespace) -> int:
    """Add the entry or remove it, according to ``options.menu``."""
    system: str = sys.platform
    if system != "linux":
        raise UsageError(f"{options.menu} is for the menus of Linux desktops. {_elsewhere(system)}")
    try:
        if options.menu == ADD_TO_MENU:
            _add()
        else:
            _remove()
    except OSError as error:
        raise UsageError(
            f"The menu cannot be changed: {plain_reason(error)} ({error.filename})."
        ) from error
    return Exit.OK


def _add() -> None:
    entry, icon = _files()
    words = starting_again()
    text = _ENTRY.format(
        command=_escaped(" ".join(_quoted(word) for word in words)),
        program=_escaped(words[0]),
        icon=DESKTOP_ID,
    )
    for path, content in ((icon, ICON.read_bytes()), (entry, text.encode())):
        path.parent.mkdir(parents=True, exist_ok=True)
        with write_atomically(path, overwrite=True) as file:
            file.write(content)
    say(f"mixpose is in the menu ({entry}). To take it out: {PROGRAM} {REMOVE_FROM_MENU}")


def _remove() -> None:
    entry, icon = _files()
    was_there = entry.exists()
    for path in (entry, icon):
        path.unlink(missing_ok=True)
    say("mixpose is no longer in the menu." if was_there else "mixpose was not in the menu.")


def _files() -> tuple[Path, Path]:
    """The entry and its icon."""
    data = paths.desktop_data_dir()
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / f"{DESKTOP_ID}{ICON.suffix}"
    return data / "applications" / f"{DESKTOP_ID}.desktop", icon


def _quoted(word: str) -> str:
    """Return ``word`` as one argument of ``Exec``, in which % introduces field codes."""
    word = word.replace("%", "%%")
    if word and not _QUOTED.search(word):
        return word
    return '"' + re.sub(r'(["`$\\])', r"\\\1", word) + '"'


def _escaped(value: str) -> str:
    """Return a value of an entry with backslashes escaped."""
    return value.replace("\\", r"\\").replace("\n", r"\n")


def _elsewhere(system: str) -> str:
    if system == "win32":
        program = Path(sysconfig.get_path("scripts")) / "mixpose-gui.exe"
        return f"On Windows pin {program} to Start or to the taskbar."
    return "Here, start the program in a terminal."
