"""What is trained on and what is only validated on, where the motion does not say."""

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
    """Give each clip its split; ``clip.name`` is its path below the folder that was read.

    Clips below a folder named train, val (or validation) or test belong to it, if there is one for
    validation.  Of the rest, one subject in ten is for validation, chosen by the SHA-256 of its
    name, so that the same files are always split alike and others beside them change nothing.  A
    subject is the number before the underscore in names like CMU's (``02_01``), else the folder if
    there are ten or more of them, else the file.  Where no clip is left for training or for
    validation, one subject is moved; where there is one clip only, its last tenth is for
    validation.
    """
    told = {clip.name: _told(clip.name) for clip in clips}
    if "val" not in told.values():
        told = {name: split if split == "test" else "" for name, split in told.items()}
    free = [clip for clip in clips if not told[clip.name]]
    groups = _groups([clip.name for clip in free])
    if len(groups) == 1 and len(clips) == 1:
        return _cut(free[0])
    val = _validation(sorted(set(groups.values()), key=_fraction), set(told.values()))
    return tuple(
        replace(
            clip,
            split=told[clip.name] or ("val" if groups[clip.name] in val else "train"),
        )
        for clip in clips
    )


def _told(name: str) -> str:
    folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    return next((_FOLDERS[folder] for folder in folders if folder in _FOLDERS), "")


def _groups(names: Sequence[str]) -> dict[str, str]:
    """The subject of each clip, or the clip itself if all are of one subject."""
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


def _validation(ordered: Sequence[str], told: set[str]) -> set[str]:
    """The groups for validation; ``ordered`` by fraction, ``told`` what folders' names say."""
    val = {group for group in ordered if _fraction(group) < _VAL_SHARE}
    if ordered and not val and "val" not in told:
        val = {ordered[0]}
    if ordered and len(val) == len(ordered) and "train" not in told:
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
