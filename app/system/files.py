"""Writing a file of the user's: whole or not at all, and never over another one unasked.

And locking one, of which the system lets go with the process that holds it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Final

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

VIDEO_SUFFIXES: Final = (
    *(".mp4", ".m4v", ".mov", ".qt", ".mkv", ".webm", ".avi", ".divx", ".mpg", ".mpeg", ".m2v"),
    *(".ts", ".mts", ".m2ts", ".vob", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv"),
    *(".mxf", ".y4m", ".h264", ".264", ".hevc", ".265", ".mjpeg", ".mjpg"),
)
"""How the names of films end, in small letters."""
_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk space granted to you is used up",
    errno.EFBIG: "the file would be larger than is allowed there",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "access is not permitted, or another program holds the file",
    errno.EPERM: "access is not permitted",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "the folder does not exist",
    errno.EISDIR: "a folder of that name is in the way",
    errno.EEXIST: "a file of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk failed or was removed",
    errno.ELOOP: "a link is in the way",
    errno.ESPIPE: "a pipe is in the way",
    errno.EAGAIN: "another program holds the file",
    errno.ENODEV: "the disk was removed",
    errno.ENXIO: "the disk was removed",
}
_NAME_BYTES: Final = 120
"""Longest name made by :func:`safe_name`: leaves room for suffixes below the usual limit of 255."""
_PATIENCE_S: Final = 2.0
"""Whoever only looks whether there is a lock holds one for a moment, well below a millisecond."""
_AGAIN_S: Final = 0.005
_FAR: Final = 2**30
"""What is locked on Windows nobody else can read there, so it is a byte beyond any content."""
_WINDOWS_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def plain_reason(error: OSError) -> str:
    """Why the system refused, as the middle of a sentence: ``the disk is full``."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()


def safe_name(name: str, otherwise: str = "recording") -> str:
    """A file name every platform takes, as close to ``name`` as possible."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", name).strip(" .-")
    name = name.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")
    if not name:
        return otherwise
    return f"{name}-" if _WINDOWS_DEVICES.fullmatch(name) else name


def names_in_turn(path: Path, ending: str | None = None) -> Iterator[Path]:
    """``NAME.ext``, ``NAME-2.ext``, ``NAME-3.ext`` …, without end; ``ending`` is that of ``path``
    where it has several points."""
    ending = path.suffix if ending is None else ending
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.name.removesuffix(ending)}-{number}{ending}")
        number += 1


def free_name(path: Path, ending: str | None = None) -> Path:
    """The first of :func:`names_in_turn` that does not exist now.

    Another program may take it in between: whoever creates it must still refuse to overwrite.
    """
    return next(name for name in names_in_turn(path, ending) if not os.path.lexists(name))


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk, so that a rename survives a power cut (POSIX only)."""
    if os.name == "nt":
        return
    # What was renamed is there by now, and must not be reported as failed.  A folder that may be
    # written to but not read cannot be opened, and some network disks put no folder on the disk.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def write_atomically(
    path: Path, *, overwrite: bool = False, through_links: bool = True
) -> Iterator[BinaryIO]:
    """Open ``path`` for writing bytes; it appears, whole, when the block ends without an error.

    Until then everything goes to a hidden file in the same folder, which is removed on an error,
    Ctrl-C included.  A link is written through, as an editor would; without ``through_links``, for
    folders in which a stranger may have put it, it is replaced.  Raises FileExistsError if
    ``path`` exists and ``overwrite`` is false, and OSError as the system gives it (see
    :func:`plain_reason`).
    """
    with write_together([path], overwrite=overwrite, through_links=through_links) as (file,):
        yield file


@contextmanager
def write_together(
    paths: Sequence[Path], *, overwrite: bool = False, through_links: bool = True
) -> Iterator[tuple[BinaryIO, ...]]:
    """Like :func:`write_atomically` for several files that belong together: all appear, or none.

    When overwriting fails half-way, the files replaced so far get their old contents back.  Put a
    large file last: it is the only one whose old contents need not be copied for that.
    """
    targets = [Path(os.path.realpath(path)) if through_links else path for path in paths]
    for target in targets:
        _refuse_unsuitable(target, overwrite)
    with ExitStack() as cleanup:
        temporaries = [_hidden_name(target.parent) for target in targets]
        for temporary in temporaries:
            cleanup.callback(temporary.unlink, missing_ok=True)
        with ExitStack() as opened:
            files = tuple(opened.enter_context(temporary.open("xb")) for temporary in temporaries)
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        _put_in_place(list(zip(temporaries, targets, strict=True)), overwrite, cleanup)
    for folder in {target.parent for target in targets}:
        sync_folder(folder)


def _refuse_unsuitable(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not (target.is_symlink() or target.is_file()):
        # A rename would happily put a plain file in the place of /dev/null.
        raise IsADirectoryError(errno.EISDIR, "not a plain file", str(target))
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "exists already", str(target))


def _hidden_name(folder: Path) -> Path:
    return folder / f".mixpose-{secrets.token_hex(6)}.tmp"


def _put_in_place(pairs: Sequence[tuple[Path, Path]], overwrite: bool, cleanup: ExitStack) -> None:
    """Rename every (temporary, target) of ``pairs``, undoing the earlier ones if one fails."""
    with ExitStack() as undo:
        for number, (temporary, target) in enumerate(pairs, start=1):
            if overwrite and os.path.lexists(target):
                if not target.is_symlink():
                    shutil.copymode(target, temporary)
                if number < len(pairs):
                    undo.callback(_copy_aside(target, cleanup).replace, target)
            else:
                # Claims the name: if another program has just taken it, this fails instead of
                # overwriting.  A hard link would do as well, but FAT and exFAT have none.
                target.open("xb").close()
                undo.callback(target.unlink)
            temporary.replace(target)
        undo.pop_all()


def _copy_aside(path: Path, cleanup: ExitStack) -> Path:
    backup = _hidden_name(path.parent)
    cleanup.callback(backup.unlink, missing_ok=True)
    shutil.copy2(path, backup, follow_symlinks=False)
    return backup


def lock(file: IO[bytes], *, exclusive: bool) -> bool:
    """Try to lock ``file``, just opened, until it is closed; False if another one holds it.

    True as well on a file system without locks.
    """
    try:
        if sys.platform == "win32":
            file.seek(_FAR)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            finally:
                file.seek(0)
        else:
            kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
            fcntl.flock(file, kind | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as Linux and macOS say it, and Windows
        return False
    except OSError:
        return True
    return True


def lock_patiently(file: IO[bytes], *, exclusive: bool) -> bool:
    """:func:`lock`, tried again for two seconds before it counts as held by another one."""
    deadline = time.monotonic() + _PATIENCE_S
    while not lock(file, exclusive=exclusive):
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True
