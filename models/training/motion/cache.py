"""Takes that were read before: 17-joint positions on disk, found again by what they came from."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.skeleton import JOINT_COUNT

READER_VERSION: Final = 1
"""Raised whenever the readers would make something else of the same file."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class Read:
    """What a take was read as: ``xyz`` (frames, 17, 3) metres, +Y up, and what was put right."""

    xyz: NDArray[np.float32]
    rate: float
    notes: tuple[str, ...]


class Cache:
    """A folder with an ``.npz`` for each take; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                _LOG.warning("Nothing is cached: cannot make %s: %s.", folder, error.strerror)
                self._folder = None

    def key(self, files: Sequence[Path], *settings: object) -> str:
        """A name for what ``files`` are read as under ``settings``; empty without a folder.

        Raises:
            OSError: a file cannot be read.
        """
        if self._folder is None:
            return ""
        digest = hashlib.sha256(repr((READER_VERSION, settings)).encode())
        for file in files:
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
            digest.update(b"\0")
        return digest.hexdigest()

    def load(self, key: str) -> Read | None:
        """What was kept under this key; None if nothing was, or it is damaged."""
        if self._folder is None:
            return None
        path = self._folder / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as stored:
                xyz, rate, notes = stored["xyz"], float(stored["rate"]), stored["notes"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            _LOG.warning("The cached take %s is damaged (%s) and made again.", path.name, error)
            return None
        whole = xyz.dtype == np.float32 and xyz.ndim == 3 and xyz.shape[1:] == (JOINT_COUNT, 3)
        if not whole or not np.isfinite(xyz).all() or not rate > 0:
            _LOG.warning("The cached take %s is damaged and made again.", path.name)
            return None
        return Read(xyz, rate, tuple(str(note) for note in notes))

    def store(self, key: str, read: Read) -> None:
        """Keep a take; a folder that cannot be written is said once and then left alone."""
        if self._folder is None:
            return
        temporary = ""
        try:
            handle, temporary = tempfile.mkstemp(suffix=".part", dir=self._folder)
            with os.fdopen(handle, "wb") as stream:
                notes = np.array(read.notes, dtype=np.str_)
                np.savez(stream, xyz=read.xyz, rate=np.array(read.rate), notes=notes)
            Path(temporary).replace(self._folder / f"{key}.npz")
        except OSError as error:
            _LOG.warning("Nothing more is cached in %s: %s.", self._folder, error.strerror)
            self._folder = None
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
