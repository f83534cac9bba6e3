"""Reading of motion, from a file or a folder, into packs of clips, and their assignment to training
and validation if the motion does not define it.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from tqdm import tqdm

from models.errors import MixposeError
from models.training.motion.asf_amc import CMU_RATE, read_amc, read_asf
from models.training.motion.bvh import read_bvh
from models.training.motion.clips import Clip, Pack
from models.training.motion.joint_maps import JointMap, choose, read_joint_map, require
from models.training.motion.packs import read_pack
from models.training.motion.retarget import to_joints
from models.training.motion.text import MotionFileError

_SUFFIXES: Final = (".mcp", ".bvh", ".amc")
_MANY: Final = 8
_MOST_LISTED: Final = 20
_LOG: Final = logging.getLogger(__name__)


def read_motion(
    path: Path,
    *,
    joint_map: Path | None = None,
    rate: float | None = None,
) -> list[Pack]:
    """Read motion packs (.mcp), BVH, and ASF with AMC: one file, or all below a folder.

    Folders below one that contains motion packs are not searched: they may contain the packs'
    source files, and a take kept for validation in a pack must not be used for training.

    Each motion pack becomes one pack; all other files become one pack, named after the folder, with
    clips split into train and val by ``splits.split_clips``.  Packs are sorted by name.
    Corrections of files are logged as warnings.  A file that cannot be read is skipped and named in
    a warning.

    Args:
        path: the file or folder.
        joint_map: a user's map (see ``joint_maps``); without it a built-in map is chosen by the
            names of the joints.
        rate: frames per second of files that do not define it: AMC (120 unless given), and BVH
            whose frame time is zero.

    Raises:
        MixposeError: nothing can be read, or the joint map cannot be read.
    """
    if rate is not None and not 1 <= rate <= 2000:
        raise MixposeError(f"A rate of {rate:g} frames a second cannot be meant.")
    reader = _Reader(read_joint_map(joint_map) if joint_map else None, rate)
    files = _files(path)
    root = path if path.is_dir() else path.parent
    packs: list[Pack] = []
    clips: list[Clip] = []
    broken: list[str] = []
    for file in tqdm(files, "motion", unit=" files", disable=None if len(files) >= _MANY else True):
        try:
            if file.suffix.lower() == ".mcp":
                packs.append(read_pack(file))
            else:
                clips.append(reader.clip(file, file.relative_to(root)))
        except MixposeError as error:
            broken.append(str(error))
    reader.report()
    _report_broken(path, broken, len(files))
    if clips:
        packs.append(_pack(path, clips))
    return sorted(packs, key=lambda pack: pack.name)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        if path.suffix.lower() == ".asf":
            raise MixposeError(f"{path} is a skeleton without motion; name one of its .amc files.")
        if path.suffix.lower() not in _SUFFIXES:
            raise MixposeError(f"{path} is not motion that can be read: .mcp, .bvh or .amc.")
        return [path]
    if not path.is_dir():
        raise MixposeError(f"There is no motion at {path}: no such file or folder.")
    below = path.glob("*") if any(path.glob("*.mcp")) else path.rglob("*")
    files = sorted(file for file in below if file.suffix.lower() in _SUFFIXES)
    if not files:
        raise MixposeError(f"There is no motion (.mcp, .bvh, .asf and .amc) below {path}.")
    return files


def _report_broken(path: Path, broken: Sequence[str], total: int) -> None:
    if not broken:
        return
    more = len(broken) - _MOST_LISTED
    text = "\n".join([*broken[:_MOST_LISTED], *([f"… and {more} more."] if more > 0 else [])])
    if len(broken) == total:
        raise MixposeError(text if total == 1 else f"Nothing below {path} can be read.\n{text}")
    _LOG.warning("%d of %d files cannot be read and are left out:\n%s", len(broken), total, text)


def _pack(path: Path, clips: Sequence[Clip]) -> Pack:
    takes = "1 take" if len(clips) == 1 else f"{len(clips)} takes"
    name = path.stem if path.is_file() else path.resolve().name
    return Pack(name, f"{takes} of {name}", "not told by the files", split_clips(clips))


class _Reader:
    """Reads takes, and collects notes about corrections."""

    def __init__(self, joint_map: JointMap | None, rate: float | None) -> None:
        self._map, self._rate = joint_map, rate
        self._notes: dict[str, list[Path]] = defaultdict(list)

    def clip(self, file: Path, name: Path) -> Clip:
        """Read one take; the clip's name is ``name`` without the suffix."""
        if file.suffix.lower() == ".amc":
            take = read_amc(file, read_asf(_skeleton_of(file)), self._rate or CMU_RATE)
        else:
            take = read_bvh(file, self._rate)
        joint_map = self._map or choose(take.names, file)
        require(joint_map, take.names, file)
        xyz, notes = to_joints(take, joint_map, file)
        for note in notes:
            self._notes[note].append(file)
        return Clip(name.with_suffix("").as_posix(), "train", take.rate, xyz)

    def report(self) -> None:
        """Log each kind of note once, with the files that it concerns."""
        for note, files in self._notes.items():
            others = f" and {len(files) - 1} more" if len(files) > 1 else ""
            _LOG.warning("%s%s: %s", files[0], others, note)


def _skeleton_of(take: Path) -> Path:
    """Find the ASF file of an AMC file: of the same name, of its subject, or the only one there.

    Raises:
        MotionFileError: neither its folder nor the parent folder contains such a file.
    """
    for folder in (take.parent, take.parent.parent):
        found = {file.stem: file for file in folder.iterdir() if file.suffix.lower() == ".asf"}
        names = [name for name in found if f"{take.stem}_".startswith((f"{name}_", f"{name}-"))]
        if names:
            return found[max(names, key=len)]
        if len(found) == 1:
            return next(iter(found.values()))
    raise MotionFileError(
        f"Cannot read {take}: its skeleton (.asf) is missing; put it into the same folder."
    )


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
