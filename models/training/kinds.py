"""What people do before cameras: motion sorted by kind of posture, and drawn by use.

Motion capture is of what somebody wanted captured: in ``cmu120`` both knees are below 20 degrees in
3 % of the frames, while people at a webcam stand, sit and gesture.  Every window is therefore of a
kind with a share of its own (:data:`SHARES`); inside a kind, postures are drawn evenly by their
distance from each other, so that a rare one is met as often as a common one.  Kinds that no pack
has enough of (straight legs, sitting, lying) are made of others by ``models.training.postures``.

    repertoire = Repertoire(packs, "train")
    windows, kinds = repertoire.windows(256, 27, 30.0, generator)   # as captured
    windows = as_used(windows, kinds, generator)                    # as people use it
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
"""How much of what is drawn is of each kind."""
NAMES: Final = tuple(SHARES)
_STANDING, _GESTURING, _SITTING, _SQUATTING, _GAIT, _SPORT, _FLOOR = range(len(NAMES))

_EVERY_S: Final = 0.2
"""Time from one posture looked at to the next."""
_GROUPS: Final = 48
"""Groups of like postures inside a kind, each drawn from as often as any other."""
_STRAIGHT_DEG, _BENT_DEG, _FOLDED_DEG = 40.0, 60.0, 75.0
"""Knees of who stands, as captured, where straight legs come out bent by 10 to 25 degrees; of who
lunges; of who squats on both."""
_UPRIGHT_DEG, _LOW_DEG = 25.0, 65.0
_WALKING_M_S, _STILL_M_S = 0.45, 0.25
_RAISED: Final = 0.35
"""Height of a wrist over the pelvis, in lengths of trunk, that no hanging arm has."""
_LIVELY_M_S: Final = 0.45
_QUICK_M_S: Final = 1.2
"""Mean speed of hands and feet, against the pelvis, of sport and dance."""


class _Look(NamedTuple):
    """Of N moments of one clip."""

    shape: NDArray[np.float32]
    """(N, 51) the pose, turned to face one way, trunks of one length."""
    knees: NDArray[np.float64]
    """(N, 2) flexion in degrees."""
    tilt: NDArray[np.float64]
    """(N,) degrees of the trunk off the vertical."""
    height: NDArray[np.float64]
    """(N,) of the pelvis over the lower ankle, in lengths of leg."""
    raised: NDArray[np.float64]
    """(N,) height of the higher wrist over the pelvis, in lengths of trunk."""
    pace: NDArray[np.float64]
    """(N,) m/s of the pelvis over the floor."""
    liveliness: NDArray[np.float64]
    """(N,) mean m/s of wrists and ankles against the pelvis."""


class Repertoire:
    """Moments of many clips, by kind.

    Args:
        packs: the motion.
        split: of the clips.

    Raises:
        MixposeError: nothing of that split.
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
        """Draw windows, played at 0.6 to 1.6 times their speed.

        Returns:
            (count, frames, 17, 3) metres, +Y up, as captured; and (count,) their kinds.
        """
        windows, kinds, _ = self.named_windows(count, frames, rate, generator)
        return windows, kinds

    def named_windows(
        self, count: int, frames: int, rate: float, generator: torch.Generator
    ) -> tuple[Tensor, Tensor, Tensor]:
        """``windows``, and (count,) the index of the clip that each is from."""
        shares = torch.tensor([SHARES[name] for name in NAMES], dtype=torch.float64)
        shares = shares * torch.tensor([float(len(groups) > 0) for groups in self._of_kind])
        kinds = torch.multinomial(shares, count, replacement=True, generator=generator)
        moments = torch.stack([self._moment(kind, generator) for kind in kinds.tolist()])
        clip, middle = moments[:, 0].long(), moments[:, 1]
        speed = 0.6 + 1.0 * torch.rand(count, generator=generator)
        step = self._rates[clip] / rate * speed
        last = (self._lengths[clip] - 1).float()
        # The moment lies anywhere in its window; those longer than their clip hold its last frame.
        begin = middle - step * (frames - 1) * torch.rand(count, generator=generator)
        begin = begin.clamp_min(0).minimum((last - step * (frames - 1)).clamp_min(0))
        position = (begin[:, None] + step[:, None] * torch.arange(frames)).clamp_max(last[:, None])
        lower = position.floor().long().clamp_max(self._lengths[clip][:, None] - 2)
        fraction = (position - lower)[..., None, None]
        flat = lower + self._starts[clip][:, None]
        return self._xyz[flat] * (1 - fraction) + self._xyz[flat + 1] * fraction, kinds, clip

    def _moment(self, kind: int, generator: torch.Generator) -> Tensor:
        """(2,) clip and frame of a moment of that kind."""
        groups = self._of_kind[kind]
        group = groups[int(torch.randint(len(groups), (), generator=generator))]
        return group[int(torch.randint(len(group), (), generator=generator))]


def as_used(windows: Tensor, kinds: Tensor, generator: torch.Generator) -> Tensor:
    """Turn windows (B, T, 17, 3), +Y up, of (B,) kinds as captured into what people do.

    Knees and elbows lose what captured skeletons bend them too much (``postures.unbend``).
    Who stands or gestures has straight legs in two windows of three, as has one in eight of those
    in sport, and one in ten of them bows; who sits is made to; half of those who squat do so as
    ``postures.crouch`` has it; all but those who stand may raise the arms; and most of the floor's
    are whole bodies turned any way.  Everybody looks up a little: who was captured looks at the
    floor, with the nose 32 degrees below the ears in ``reactidle24`` and 14 to 21 in the others.
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
    """(B,) whether legs and trunk must stay as they are, when limbs are turned at random."""
    return (kinds == _STANDING) | (kinds == _GESTURING)


def _sorted(clips: Sequence[Clip]) -> list[list[Tensor]]:
    """For each kind its groups, each (n, 2): clip and frame of moments with like postures."""
    looks, places = [], []
    for index, clip in enumerate(clips):
        frames = np.arange(0, len(clip.xyz), max(1, round(_EVERY_S * clip.rate)))
        looks.append(_look_at(clip, frames))
        places.append(np.stack([np.full(len(frames), index), frames], axis=1))
    look = _Look(*(np.concatenate(parts) for parts in zip(*looks, strict=True)))
    place = torch.from_numpy(np.concatenate(places).astype(np.float32))
    return [_groups(look.shape[chosen], place[torch.from_numpy(chosen)]) for chosen in _kinds(look)]


def _kinds(look: _Look) -> list[NDArray[np.bool_]]:
    """(N,) for each kind which moments are of it; one may be of several, or of none."""
    most, least = look.knees.max(axis=1), look.knees.min(axis=1)
    floor = (look.tilt > _LOW_DEG) | (look.height < 0.35)
    upright = look.tilt < _UPRIGHT_DEG
    still = (look.pace < _STILL_M_S) & upright & (most < _STRAIGHT_DEG)
    low = ((least > _FOLDED_DEG) | (most > _BENT_DEG)) & (look.pace < 2 * _WALKING_M_S)
    walking = (look.pace > _WALKING_M_S) & upright
    quick = look.liveliness > _QUICK_M_S
    busy = (look.raised > _RAISED) | (look.liveliness > _LIVELY_M_S)
    return [
        still & ~busy,
        still & busy,
        still,
        low & ~floor,
        walking & ~quick & ~floor,
        quick | (~still & ~low & ~walking & ~floor),
        floor | still,
    ]


def _groups(shape: NDArray[np.float32], place: Tensor) -> list[Tensor]:
    if len(shape) <= _GROUPS:
        return [place] if len(shape) else []
    groups = min(_GROUPS, len(np.unique(shape, axis=0)))  # a pose may be held for minutes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of groups that end empty: there are fewer then
        _, label = kmeans2(shape, groups, iter=12, minit="++", rng=np.random.default_rng(0))
    return [place[torch.from_numpy(np.flatnonzero(label == each))] for each in np.unique(label)]


def _look_at(clip: Clip, frames: NDArray[np.intp]) -> _Look:
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
    against = change[:, ends] - change[:, PELVIS, None]
    return _Look(
        shape=(_facing(pose) / trunk[:, None, None]).reshape(len(frames), -1).astype(np.float32),
        knees=np.stack([_flexion(pose, side) for side in ("left", "right")], axis=1),
        tilt=np.degrees(np.arccos((pose[:, JOINT["thorax"], 1] / trunk).clip(-1, 1))),
        height=-pose[:, ankles, 1].min(axis=1) / np.maximum(leg, 1e-3),
        raised=pose[:, ends[2:], 1].max(axis=1) / trunk,
        pace=np.linalg.norm(change[:, PELVIS, [0, 2]], axis=-1),
        liveliness=np.linalg.norm(against, axis=-1).mean(axis=-1),
    )


def _flexion(pose: NDArray[np.floating], side: str) -> NDArray[np.float64]:
    hip, knee, ankle = (pose[:, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle"))
    thigh, shank = knee - hip, ankle - knee
    length = np.linalg.norm(thigh, axis=-1) * np.linalg.norm(shank, axis=-1)
    cosine = (thigh * shank).sum(axis=-1) / np.maximum(length, 1e-6)
    flexion: NDArray[np.float64] = np.degrees(np.arccos(cosine.clip(-1, 1)))
    return flexion


def _facing(pose: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn poses (N, 17, 3) about the vertical so that their hips lie along x."""
    across = pose[:, JOINT["left_hip"]] - pose[:, JOINT["right_hip"]]
    angle = np.arctan2(across[:, 2], across[:, 0])
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, y, z = pose[..., 0], pose[..., 1], pose[..., 2]
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=-1)
