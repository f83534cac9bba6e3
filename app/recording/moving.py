"""Renaming recordings, which are folders, and moving them to the trash and back."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from app.errors import RecordingError
from app.recording.locks import is_being_written, is_open_elsewhere
from app.recording.names import SUFFIX
from app.system.files import plain_reason, safe_name, sync_folder


def renamed(path: Path, name: str) -> Path:
    """Rename the recording ``path`` to ``name``, which may be anything a person types.

    Returns its new path.  Raises RecordingError if the name is in use, if the recording is being
    written or is open, or if the system refuses.
    """
    wanted = name.strip().removesuffix(SUFFIX).strip()
    if not wanted:
        raise RecordingError("A recording needs a name. Type one.")
    target = path.with_name(f"{safe_name(wanted)}{SUFFIX}")
    if target.name == path.name:
        return path
    require_free(path)
    try:
        move(path, target)
    except FileExistsError as error:
        raise RecordingError(
            f"There is another recording {target.stem}. Choose a different name."
        ) from error
    except OSError as error:
        raise RecordingError(
            f"{path.stem} cannot be renamed: {plain_reason(error)}. "
            "Close it in other programs and try again."
        ) from error
    return target


def move(path: Path, target: Path) -> None:
    """Move a recording within one disk, never over anything else.  Raises OSError."""
    # POSIX would replace an empty folder.  On file systems of Windows and macOS, Walk and walk are
    # one name: that is no clash.
    if os.path.lexists(target) and not (path.exists() and target.samefile(path)):
        raise FileExistsError(errno.EEXIST, "exists already", str(target))
    path.rename(target)
    for folder in {path.parent, target.parent}:
        sync_folder(folder)


def move_to_trash(path: Path, trash: Callable[[Path], Path | None]) -> Path | None:
    """Move the recording ``path`` with ``trash``; return its new path if the system reports it.

    ``trash`` raises OSError if it fails.  Raises RecordingError then, and if the recording is being
    written or is open.
    """
    require_free(path)
    try:
        return trash(path)
    except OSError as error:
        raise RecordingError(
            f"{path.stem} cannot be put into the trash: {plain_reason(error)}. "
            "Show it in its folder to delete it there for good."
        ) from error


def put_back(trashed: Path, path: Path) -> None:
    """Undo :func:`move_to_trash`.  Raises RecordingError if ``path`` exists, or it is gone."""
    try:
        move(trashed, path)
        # The entry of a freedesktop.org trash, which would be left over.
        about = trashed.parent.parent / "info" / f"{trashed.name}.trashinfo"
        about.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{path.stem} cannot be brought back: {plain_reason(error)}. "
            "Look for it in the desktop's trash."
        ) from error


def require_free(path: Path) -> None:
    """Raise RecordingError if the recording ``path`` is being written or is open."""
    if is_being_written(path):
        raise RecordingError(f"{path.stem} is being recorded. Stop the recording first.")
    if is_open_elsewhere(path):
        raise RecordingError(f"{path.stem} is open in another window. Close it there first.")
