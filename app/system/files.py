"""Atomic writing of the user's files, which are never overwritten unasked; and file locks.

The system releases a lock with the process that holds it.
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
"""File extensions of videos, in lower case."""
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
"""Longest name returned by :func:`safe_name`: leaves room for suffixes within the limit of 255."""
_PATIENCE_S: Final = 2.0
"""A process that only tests for a lock holds it for a moment, well below a millisecond."""
_AGAIN_S: Final = 0.005
_FAR: Final = 2**30
"""Position of the locked byte on Windows, where locked bytes cannot be read: beyond any content."""
_HIDDEN: Final = re.compile(r"\.mixpose-[0-9a-f]{12}\.tmp")
_ABANDONED_S: Final = 24 * 3600
_WINDOWS_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def plain_reason(error: OSError) -> str:
    """Return why the system refused, as part of a sentence: ``the disk is full``."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()


def safe_name(name: str, otherwise: str = "recording") -> str:
    """Return a file name valid on every platform, as close to ``name`` as possible."""
    name = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', "-", name).strip(" .-")
    name = name.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")
    if not name:
        return otherwise
    return f"{name}-" if _WINDOWS_DEVICES.fullmatch(name) else name


def names_in_turn(path: Path, ending: str | None = None) -> Iterator[Path]:
    """Yield ``NAME.ext``, ``NAME-2.ext``, ``NAME-3.ext`` …, endlessly.

    ``ending`` is the extension of ``path`` if it has several dots.
    """
    ending = path.suffix if ending is None else ending
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.name.removesuffix(ending)}-{number}{ending}")
        number += 1


def free_name(path: Path, ending: str | None = None) -> Path:
    """Return the first of :func:`names_in_turn` that does not exist now.

    Another program may create it in between, so its creation must still refuse to overwrite.
    """
    return next(name for name in names_in_turn(path, ending) if not os.path.lexists(name))


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries to disk, so that a rename survives a power cut (POSIX only)."""
    if os.name == "nt":
        return
    # The rename has succeeded and must not be reported as failed.  A folder that is writable but
    # not readable cannot be opened, and some network file systems cannot sync folders.
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
    """Open ``path`` for writing bytes; the file appears, complete, if the block succeeds.

    Until then everything goes to a hidden file in the same folder, which is removed on an error,
    Ctrl-C included; that of a process that was killed is removed when the folder is written to a
    day later.  A symbolic link is followed, as by an editor; without ``through_links``, for
    folders that may come from an untrusted source, it is replaced.  Raises FileExistsError if
    ``path`` exists and ``overwrite`` is false, and any OSError of the system (see
    :func:`plain_reason`).
    """
    with write_together([path], overwrite=overwrite, through_links=through_links) as (file,):
        yield file


@contextmanager
def write_together(
    paths: Sequence[Path], *, overwrite: bool = False, through_links: bool = True
) -> Iterator[tuple[BinaryIO, ...]]:
    """Like :func:`write_atomically` for several files that belong together: all appear, or none.

    If overwriting fails half-way, the files replaced so far are restored.  Put a large file last:
    it is the only one of which no backup copy is needed.
    """
    targets = [Path(os.path.realpath(path)) if through_links else path for path in paths]
    for target in targets:
        _refuse_unsuitable(target, overwrite)
    for folder in {target.parent for target in targets}:
        _remove_abandoned(folder)
    with ExitStack() as cleanup:
        temporaries = [_hidden_name(target.parent) for target in targets]
        for temporary in temporaries:
            cleanup.callback(temporary.unlink, missing_ok=True)
        with ExitStack() as opened:
            files = tuple(opened.enter_context(temporary.open("xb")) for temporary in temporaries)
            for file in files:
                lock(file, exclusive=True)  # it is not abandoned
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
        # A rename would replace even /dev/null by a plain file.
        raise IsADirectoryError(errno.EISDIR, "not a plain file", str(target))
    if not overwrite:
        raise FileExistsError(errno.EEXIST, "exists already", str(target))


def _hidden_name(folder: Path) -> Path:
    return folder / f".mixpose-{secrets.token_hex(6)}.tmp"


def _remove_abandoned(folder: Path) -> None:
    """Remove the hidden files of processes that were killed while writing to ``folder``."""
    with suppress(OSError):
        for path in folder.iterdir():
            if _HIDDEN.fullmatch(path.name) and _is_abandoned(path):
                path.unlink()


def _is_abandoned(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        age_s = time.time() - os.fstat(file.fileno()).st_mtime
        # Some network drives have no locks; there only the age tells.
        return age_s > _ABANDONED_S and lock(file, exclusive=True)


def _put_in_place(pairs: Sequence[tuple[Path, Path]], overwrite: bool, cleanup: ExitStack) -> None:
    """Rename every (temporary, target) of ``pairs``; undo the earlier ones if one fails."""
    with ExitStack() as undo:
        for number, (temporary, target) in enumerate(pairs, start=1):
            if overwrite and os.path.lexists(target):
                if not target.is_symlink():
                    shutil.copymode(target, temporary)
                if number < len(pairs):
                    undo.callback(_copy_aside(target, cleanup).replace, target)
            else:
                # Claims the name: if another program has just created it, this fails instead of
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
    """Try to lock ``file``, just opened, until it is closed; False if another process holds it.

    True also on a file system without locks.
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


def lock_with_retry(file: IO[bytes], *, exclusive: bool) -> bool:
    """Like :func:`lock`, but retry for two seconds before returning False."""
    deadline = time.monotonic() + _PATIENCE_S
    while not lock(file, exclusive=exclusive):
        if time.monotonic() > deadline:
            return False
        time.sleep(_AGAIN_S)
    return True
