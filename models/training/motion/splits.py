"""Assignment of clips to training and validation, if the motion does not define it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from models.training.motion.clips import Clip

_FOLDERS: Final = {"train": "train", "val": "val", "validation": "val", "test": "test"}
_VAL_SHARE: Final = 0.1
_SUBJECT: Final = re.compile(r"(\d+)_\d+")
_FOLDERS_OF_SUBJECTS: Final = 10


def split_clips(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Assign a split to each clip; ``clip.name`` is its path below the folder that was read.

    Clips below a folder named train, val (or validation) or test belong to that split, if there is
    one for validation.  Of the others, one subject in ten is for validation, chosen by the SHA-256
    of its name, so that the split of a file never depends on other files.  A subject is the number
    before the underscore in names like CMU's (``02_01``), else the folder if there are ten or more
    of them, else the file.  If no clip is left for training or for validation, one subject is
    moved; if there is only one clip, its last tenth is for validation.
    """
    given = {clip.name: _split_of_folder(clip.name) for clip in clips}
    if "val" not in given.values():
        given = {name: split if split == "test" else "" for name, split in given.items()}
    free = [clip for clip in clips if not given[clip.name]]
    groups = _groups([clip.name for clip in free])
    if len(groups) == 1 and len(clips) == 1:
        return _cut(free[0])
    val = _validation(sorted(set(groups.values()), key=_fraction), set(given.values()))
    return tuple(
        replace(
            clip,
            split=given[clip.name] or ("val" if groups[clip.name] in val else "train"),
        )
        for clip in clips
    )


def _split_of_folder(name: str) -> str:
    folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    return next((_FOLDERS[folder] for folder in folders if folder in _FOLDERS), "")


def _groups(names: Sequence[str]) -> dict[str, str]:
    """Return the subject of each clip, or the clip itself if all are of one subject."""
    folders = {str(PurePosixPath(name).parent) for name in names}

    def subject(name: str) -> str:
        path = PurePosixPath(name)
        match = _SUBJECT.match(path.name)
        if match:
            return match[1]
        return str(path.parent) if len(folders) >= _FOLDERS_OF_SUBJECTS else name

    schemes: tuple[Callable[[str], str], ...] = (subject, str)
    groups: dict[str, str] = {}
    for scheme in schemes:
        groups = {name: scheme(name) for name in names}
        if len(set(groups.values())) > 1:
            break
    return groups


def _validation(ordered: Sequence[str], given: set[str]) -> set[str]:
    """Choose groups for validation, ``ordered`` by fraction; ``given`` are the folders' splits."""
    val = {group for group in ordered if _fraction(group) < _VAL_SHARE}
    if ordered and not val and "val" not in given:
        val = {ordered[0]}
    if ordered and len(val) == len(ordered) and "train" not in given:
        val.discard(ordered[-1])
    return val


def _fraction(group: str) -> float:
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 2**32


def _cut(clip: Clip) -> tuple[Clip, ...]:
    end = round(len(clip.xyz) * (1 - _VAL_SHARE))
    return (
        replace(clip, split="train", xyz=clip.xyz[:end]),
        replace(clip, name=f"{clip.name} (end)", split="val", xyz=clip.xyz[end:]),
    )
