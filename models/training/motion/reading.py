"""Reading of motion, from a file or a folder, into packs of clips."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tqdm import tqdm

from models.errors import MixposeError
from models.training.motion.asf_amc import CMU_RATE, read_amc, read_asf
from models.training.motion.bvh import read_bvh
from models.training.motion.clips import Clip, Pack
from models.training.motion.joint_maps import JointMap, choose, read_joint_map, require
from models.training.motion.packs import read_pack
from models.training.motion.retarget import to_joints
from models.training.motion.splits import split_clips
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
