"""Sampling of motion by kind of posture, with the frequencies of the program's use.

The postures of motion capture are not those in front of webcams: in ``cmu120`` both knees are bent
by less than 20 degrees in 3 % of the frames, while people at a webcam stand, sit and gesture.
Every window is therefore drawn from a kind with a fixed share (:data:`SHARES`).  Within a kind,
postures are clustered and clusters are drawn uniformly, so that rare ones are as frequent as common
ones.  Kinds that are too rare in all packs (straight legs, sitting, lying) are synthesised from
others by ``models.training.postures``.

    repertoire = Repertoire(packs, "train")
    windows, kinds = repertoire.windows(256, 27, 30.0, generator)   # as captured
    windows = as_used(windows, kinds, generator)                    # as in front of webcams
    NAMES[kinds[0]]                                                 # "standing"
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor

from models.errors import MixposeError
from models.skeleton import JOINT, PELVIS
from models.training import postures
from models.training.motion import Clip, Pack

SHARES: Final = {
    "standing": 0.17,
    "gesturing": 0.17,
    "sitting": 0.15,
    "squat and lunge": 0.12,
    "gait": 0.13,
    "sport and dance": 0.18,
    "floor and lying": 0.08,
}
"""Fraction of the drawn windows per kind."""
NAMES: Final = tuple(SHARES)
_STANDING, _GESTURING, _SITTING, _SQUATTING, _GAIT, _SPORT, _FLOOR = range(len(NAMES))

_EVERY_S: Final = 0.2
"""Interval between the postures that are classified."""
_GROUPS: Final = 48
"""Clusters of similar postures within a kind, drawn uniformly."""
_STRAIGHT_DEG, _BENT_DEG, _FOLDED_DEG = 40.0, 60.0, 75.0
"""Largest knee flexion while standing, as captured, where straight legs come out bent by 10 to 25
degrees; smallest flexion of one knee in a lunge; smallest of both in a squat."""
_UPRIGHT_DEG, _LOW_DEG = 25.0, 65.0
_WALKING_M_S, _STILL_M_S = 0.45, 0.25
_RAISED: Final = 0.35
"""Height of a wrist above the pelvis, in trunk lengths, above which the arm is raised."""
_LIVELY_M_S: Final = 0.45
_QUICK_M_S: Final = 1.2
"""Mean speed of hands and feet relative to the pelvis, from which a motion is sport or dance."""


class _Descriptors(NamedTuple):
    """Descriptors of N frames."""

    shape: NDArray[np.float32]
    """(N, 51) the pose, rotated to one heading and scaled to one trunk length."""
    knees: NDArray[np.float64]
    """(N, 2) flexion in degrees."""
    tilt: NDArray[np.float64]
    """(N,) angle between trunk and vertical in degrees."""
    height: NDArray[np.float64]
    """(N,) height of the pelvis above the lower ankle, in leg lengths."""
    raised: NDArray[np.float64]
    """(N,) height of the higher wrist above the pelvis, in trunk lengths."""
    pace: NDArray[np.float64]
    """(N,) horizontal speed of the pelvis in m/s."""
    liveliness: NDArray[np.float64]
    """(N,) mean speed of wrists and ankles relative to the pelvis in m/s."""


class Repertoire:
    """Frames of many clips, sorted by kind of posture.

    Args:
        packs: the motion.
        split: the split whose clips are used.

    Raises:
        MixposeError: there is no clip of that split.
    """

    def __init__(self, packs: Sequence[Pack], split: str) -> None:
        self.clips: list[Clip] = [
            clip
            for pack in packs
            for clip in pack.clips
            if clip.split == split and len(clip.xyz) > 1
        ]
        if not self.clips:
            raise MixposeError(f"The motion given holds no clip of the split {split!r}.")
        lengths = torch.tensor([len(clip.xyz) for clip in self.clips])
        self._xyz = torch.from_numpy(np.concatenate([clip.xyz for clip in self.clips]))
        self._lengths, self._starts = lengths, lengths.cumsum(0) - lengths
        self._rates = torch.tensor([clip.rate for clip in self.clips])
        self._of_kind = _sorted(self.clips)

    def windows(
        self, count: int, frames: int, rate: float, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw windows, played at 0.6 to 1.6 times the captured speed.

        Returns:
            (count, frames, 17, 3) metres, +Y up, as captured; and (count,) their kinds.
        """
        windows, kinds, _ = self.named_windows(count, frames, rate, generator)
        return windows, kinds

    def named_windows(
        self, count: int, frames: int, rate: float, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw as ``windows`` does, and also return the (count,) indices of their clips."""
        shares = torch.tensor([SHARES[name] for name in NAMES], dtype=torch.float64)
        shares = shares * torch.tensor([float(len(groups) > 0) for groups in self._of_kind])
        kinds = torch.multinomial(shares, count, replacement=True, generator=generator)
        moments = torch.stack([self._moment(kind, generator) for kind in kinds.tolist()])
        clip, middle = moments[:, 0].long(), moments[:, 1]
        speed = 0.6 + 1.0 * torch.rand(count, generator=generator)
        step = self._rates[clip] / rate * speed
        last = (self._lengths[clip] - 1).float()
        # The chosen frame is anywhere in its window.  Past the clip's end its last one is repeated.
        begin = middle - step * (frames - 1) * torch.rand(count, generator=generator)
        begin = begin.clamp_min(0).minimum((last - step * (frames - 1)).clamp_min(0))
        position = (begin[:, None] + step[:, None] * torch.arange(frames)).clamp_max(last[:, None])
        lower = position.floor().long().clamp_max(self._lengths[clip][:, None] - 2)
        fraction = (position - lower)[..., None, None]
        flat = lower + self._starts[clip][:, None]
        return self._xyz[flat] * (1 - fraction) + self._xyz[flat + 1] * fraction, kinds, clip

    def _moment(self, kind: int, generator: torch.Generator) -> Tensor:
        """Draw (2,) clip and frame of a posture of that kind."""
        groups = self._of_kind[kind]
        group = groups[int(torch.randint(len(groups), (), generator=generator))]
        return group[int(torch.randint(len(group), (), generator=generator))]


def as_used(windows: Tensor, kinds: Tensor, generator: torch.Generator) -> Tensor:
    """Change captured windows (B, T, 17, 3), +Y up, of (B,) kinds to postures in front of webcams.

    - The excess flexion of captured knees and elbows is removed (``postures.unbend``).
    - Two thirds of the windows of standing and gesturing, and one in eight of sport, get straight
      legs; one in ten of the former bows.
    - Sitting is synthesised, and half of the squats (``postures.crouch``).
    - Arms may be raised in all kinds but standing.
    - Most windows on the floor are whole bodies in a random orientation.
    - Faces are raised a little: captured people look at the floor, with the nose 32 degrees below
      the ears in ``reactidle24`` and 14 to 21 in the other packs.
    """
    windows = postures.unbend(windows, generator)
    standing = (kinds == _STANDING) | (kinds == _GESTURING)
    sport = kinds == _SPORT
    straight = torch.where(standing, 0.65, 0.0) + torch.where(sport, 0.12, 0.0)
    windows = postures.straighten(windows, straight, generator)
    windows = postures.bow(windows, standing.float() * 0.1, generator)
    sitting = kinds == _SITTING
    sits = sitting.float() * 0.9
    squats = (kinds == _SQUATTING).float() * 0.5
    windows = postures.crouch(windows, generator, sits, squats)
    reaching = torch.where(kinds == _STANDING, 0.0, 0.3)
    windows = postures.reach(windows, generator, reaching)
    windows = postures.raise_face(
        windows, torch.where(steady(kinds) | sitting, 25.0, 10.0), generator
    )
    return postures.tumble(windows, (kinds == _FLOOR).float() * 0.7, generator)


def steady(kinds: Tensor) -> Tensor:
    """Return (B,) whether random limb rotations must leave legs and trunk unchanged."""
    return (kinds == _STANDING) | (kinds == _GESTURING)


def _sorted(clips: Sequence[Clip]) -> list[list[Tensor]]:
    """Return the clusters of each kind, each (n, 2): clip and frame of similar postures."""
    described, positions = [], []
    for index, clip in enumerate(clips):
        frames = np.arange(0, len(clip.xyz), max(1, round(_EVERY_S * clip.rate)))
        described.append(_describe(clip, frames))
        positions.append(np.stack([np.full(len(frames), index), frames], axis=1))
    all_frames = _Descriptors(*(np.concatenate(parts) for parts in zip(*described, strict=True)))
    position = torch.from_numpy(np.concatenate(positions).astype(np.float32))
    return [
        _groups(all_frames.shape[chosen], position[torch.from_numpy(chosen)])
        for chosen in _kinds(all_frames)
    ]


def _kinds(frames: _Descriptors) -> list[NDArray[np.bool_]]:
    """Return for each kind (N,) which frames belong to it; one may have several kinds, or none."""
    most, least = frames.knees.max(axis=1), frames.knees.min(axis=1)
    floor = (frames.tilt > _LOW_DEG) | (frames.height < 0.35)
    upright = frames.tilt < _UPRIGHT_DEG
    still = (frames.pace < _STILL_M_S) & upright & (most < _STRAIGHT_DEG)
    low = ((least > _FOLDED_DEG) | (most > _BENT_DEG)) & (frames.pace < 2 * _WALKING_M_S)
    walking = (frames.pace > _WALKING_M_S) & upright
    quick = frames.liveliness > _QUICK_M_S
    busy = (frames.raised > _RAISED) | (frames.liveliness > _LIVELY_M_S)
    return [
        still & ~busy,
        still & busy,
        still,
        low & ~floor,
        walking & ~quick & ~floor,
        quick | (~still & ~low & ~walking & ~floor),
        floor | still,
    ]


def _groups(shape: NDArray[np.float32], position: Tensor) -> list[Tensor]:
    if len(shape) <= _GROUPS:
        return [position] if len(shape) else []
    groups = min(_GROUPS, len(np.unique(shape, axis=0)))  # a pose may last for minutes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about empty clusters: then there are fewer
        _, label = kmeans2(shape, groups, iter=12, minit="++", rng=np.random.default_rng(0))
    return [position[torch.from_numpy(np.flatnonzero(label == each))] for each in np.unique(label)]


def _describe(clip: Clip, frames: NDArray[np.intp]) -> _Descriptors:
    xyz = clip.xyz
    rate = clip.rate * np.ones(1)
    change = np.gradient(xyz, axis=0)[frames] * rate
    pose = xyz[frames] - xyz[frames, PELVIS, None]
    trunk = np.linalg.norm(pose[:, JOINT["thorax"]], axis=-1).clip(1e-3)
    leg = sum(
        np.linalg.norm(pose[:, JOINT[f"left_{a}"]] - pose[:, JOINT[f"left_{b}"]], axis=-1)
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    ends = [*ankles, JOINT["left_wrist"], JOINT["right_wrist"]]
    relative = change[:, ends] - change[:, PELVIS, None]
    return _Descriptors(
        shape=(_facing(pose) / trunk[:, None, None]).reshape(len(frames), -1).astype(np.float32),
        knees=np.stack([_flexion(pose, side) for side in ("left", "right")], axis=1),
        tilt=np.degrees(np.arccos((pose[:, JOINT["thorax"], 1] / trunk).clip(-1, 1))),
        height=-pose[:, ankles, 1].min(axis=1) / np.maximum(leg, 1e-3),
        raised=pose[:, ends[2:], 1].max(axis=1) / trunk,
        pace=np.linalg.norm(change[:, PELVIS, [0, 2]], axis=-1),
        liveliness=np.linalg.norm(relative, axis=-1).mean(axis=-1),
    )


def _flexion(pose: NDArray[np.floating], side: str) -> NDArray[np.float64]:
    hip, knee, ankle = (pose[:, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    thigh, shank = knee - hip, ankle - knee
    length = np.linalg.norm(thigh, axis=-1) * np.linalg.norm(shank, axis=-1)
    cosine = (thigh * shank).sum(axis=-1) / np.maximum(length, 1e-6)
    flexion: NDArray[np.float64] = np.degrees(np.arccos(cosine.clip(-1, 1)))
    return flexion


def _facing(pose: NDArray[np.floating]) -> NDArray[np.floating]:
    """Rotate poses (N, 17, 3) about the vertical so that their hips are parallel to x."""
    across = pose[:, JOINT["left_hip"]] - pose[:, JOINT["right_hip"]]
    angle = np.arctan2(across[:, 2], across[:, 0])
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = pose[..., 0], pose[..., 1], pose[..., 2]
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=-1)
