"""Fits the networks that say where feet point (``models/feet.py``) on drawn people.

    python -m models.training.fit_feet STUDY ...

takes studies (``app/lab/study``), lifts them, a third of a second of a core a take, fits in four
minutes of one, and writes ``models/feet.safetensors``.  Studies that the lifter was not trained on:
it is not as wrong on others as on people it has never met.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation
from torch import Tensor
from torch.nn.functional import silu, smooth_l1_loss

from models.feet import (
    FITTED,
    FLAT_DEG,
    Sight,
    foot_features,
    lifted_joints,
    shanks_in,
    turned_to,
)
from models.lifter import Lifted, Lifter
from models.skeleton import FOOT_PARENTS
from models.training.study import Study, study_files

_NETWORKS: Final = 6
"""Their mean is nearer than one of them, and the shorter the less they agree."""
_HIDDEN: Final = 32
_STEPS: Final = 3000
_BATCH: Final = 256
_RATE: Final = 4e-3
_DECAY: Final = 0.01
_BLUR: Final = 0.05
"""Standard deviation of what features are disturbed by, where theirs is 1."""
_ANGLE_SHARE: Final = 1.2
"""What the ankle's angle counts beside the directions."""
_NEAR: Final = 0.1
"""Sine of an angle's error up to which it counts by its square, beyond only by itself."""
_TURNED: Final = 0.7
"""Share of feet that are turned about the vertical: those of drawn people point where their hips
face, nine in ten to within 15 degrees, which no real person's do."""
_OUTWARD_DEG: Final = (5.0, 10.0)
"""Mean and standard deviation of that turn."""
_UNSEEN: Final = 0.3
"""What a foot outside the picture counts, which teaches when not to be sure."""


class Samples(NamedTuple):
    """K feet of one take, or of many takes one after the other."""

    told: Tensor
    """(K, F) features."""
    right: Tensor
    """(K, 6) where they point, and their upper side."""
    counts: Tensor
    """(K,) what each counts."""
    shank: Tensor
    """(K, 3) the lifted shank, upward, by which the ankle's angle will be measured."""
    sine: Tensor
    """(K,) of the true dorsiflexion."""


def samples(study: Study, lifter: Lifter, generator: np.random.Generator) -> Iterator[Samples]:
    """What is told of the feet of each take, and what is to be answered."""
    for row in range(len(study.xy)):
        times = np.arange(study.xy.shape[1]) / float(study.rate[row])
        width, height = (int(side) for side in study.size[row])
        lifted = lifter.lift(
            *(study.xy[row], study.conf[row], (width, height), times), world=study.world[row]
        )
        if (found := _of_take(study, row, lifted, generator)) is not None:
            yield found


def _of_take(
    study: Study, row: int, lifted: Lifted, generator: np.random.Generator
) -> Samples | None:
    sight, feet = turned_out(study, row, generator)
    sight = sight.repaired(lifted.swapped)
    rows = np.flatnonzero(sight.known & ~lifted.missing.all(axis=1))
    if not len(rows) or lifted.level is None:
        return None
    seen, true = sight.at(rows), study.truth[row, rows].astype(np.float64)
    width, height = (int(side) for side in study.size[row])
    joints = lifted_joints(seen, lifted.xyz[rows], lifted.missing[rows])
    features, axes = foot_features(seen, joints, (width, height), lifted.level.up)
    parts = (
        features.reshape(-1, features.shape[-1]),
        turned_to(foot_directions(true, feet[rows]), axes).reshape(-1, 6),
        np.where(study.feet_inside(row)[rows], 1.0, _UNSEEN).ravel(),
        shanks_in(joints, axes).reshape(-1, 3),
        shanks_in(true, axes).reshape(-1, 3),
    )
    told, right, counts, shank, true_shank = (
        torch.from_numpy(np.asarray(each, np.float32)) for each in parts
    )
    return Samples(told, right, counts, shank, sine_of(right, true_shank))


def turned_out(
    study: Study, row: int, generator: np.random.Generator
) -> tuple[Sight, NDArray[np.floating]]:
    """A take with feet turned about their ankles, and where they truly are then, (T, 4, 3); what
    the detector errs by moves along with them."""
    sight, feet = study.sight(row), study.feet[row].astype(np.float64)
    ankles = study.truth[row][:, list(FOOT_PARENTS)]
    degrees = generator.normal(*_OUTWARD_DEG, 2) * (generator.random(2) < _TURNED)
    # Seen from above, outward is one way round for the left foot and the other for the right.
    about_up = [
        Rotation.from_rotvec(np.radians(degrees[side]) * sign * study.up[row])
        for side, sign in ((0, 1.0), (1, -1.0))
    ]
    moved = np.stack(
        [about_up[foot % 2].apply(feet[:, foot] - ankles[:, foot]) for foot in range(4)], axis=1
    )
    moved += ankles
    evidence = sight.feet.astype(np.float64)
    evidence[..., :2] += study.focal[row] * (_slopes(moved) - _slopes(feet))
    evidence[..., 3:] += moved - feet
    return sight._replace(feet=evidence), moved


def _slopes(points: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(points[..., :2] / points[..., 2:])


def foot_directions(
    joints: NDArray[np.floating], feet: NDArray[np.floating]
) -> NDArray[np.floating]:
    """(N, 17, 3) joints and (N, 4, 3) heels and toes -> (N, 2, 2, 3) where the left and the right
    foot point, and their upper side, towards the ankle."""
    heel, toe, ankle = feet[:, :2], feet[:, 2:], joints[:, list(FOOT_PARENTS[:2])]
    ahead = toe - heel
    ahead = ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)
    above = ankle - heel
    above = above - (above * ahead).sum(-1, keepdims=True) * ahead
    return np.stack([ahead, above / np.linalg.norm(above, axis=-1, keepdims=True)], axis=2)


def sine_of(directions: Tensor, shank: Tensor) -> Tensor:
    """(..., 6) where feet point and their upper side, of any length, and (..., 3) shanks -> (...)
    the sine of the ankle's dorsiflexion, as ``app.motion.angles`` has it."""
    ahead, above = directions[..., :3], directions[..., 3:]
    ahead = ahead / (ahead.norm(dim=-1, keepdim=True) + 1e-6)
    above = above - (above * ahead).sum(-1, keepdim=True) * ahead
    above = above / (above.norm(dim=-1, keepdim=True) + 1e-6)
    flat = float(np.radians(FLAT_DEG))
    sole: Tensor = float(np.cos(flat)) * ahead + float(np.sin(flat)) * above
    return (sole * shank).sum(-1)


def fit(takes: list[Samples]) -> dict[str, Tensor]:
    """The networks' tensors, by which ``models.feet`` answers; each sees takes drawn anew.

    The mean is learnt, so that an answer is the shorter the less is known; and the angle to the
    lifted shank besides, as far as the answer is sure.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small networks are not faster with more
    told, right, counts, shank, sine = (torch.cat(each) for each in zip(*takes, strict=True))
    mean, spread = told.mean(0), told.std(0) + 1e-3
    lengths = torch.tensor([len(each.counts) for each in takes])
    firsts = lengths.cumsum(0) - lengths
    drawn = torch.randint(len(takes), (_NETWORKS, len(takes)))
    layers = _layers(told.shape[1], right.shape[1])
    optimizer = torch.optim.AdamW(
        [each for layer in layers for each in layer], lr=_RATE, weight_decay=_DECAY
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        take = drawn.gather(1, torch.randint(len(takes), (_NETWORKS, _BATCH)))
        chosen = firsts[take] + (torch.rand(take.shape) * lengths[take]).long()
        scaled = (told[chosen] - mean) / spread
        answers = _through(layers, scaled + _BLUR * torch.randn(scaled.shape))
        off = (answers - right[chosen]).square().mean(-1)
        sure = answers[..., :3].norm(dim=-1).clamp(max=1.0).detach()
        wrong = smooth_l1_loss(
            sine_of(answers, shank[chosen]), sine[chosen], beta=_NEAR, reduction="none"
        )
        loss = ((off + _ANGLE_SHARE * sure * wrong) * counts[chosen]).mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    tensors = {"mean": mean, "spread": spread}
    for number, (weight, bias) in enumerate(layers):
        tensors |= {f"{number}.weight": weight, f"{number}.bias": bias}
    return {name: value.detach().half().contiguous() for name, value in tensors.items()}


_Layers = list[tuple[Tensor, Tensor]]
"""(K, I, O) weights and (K, 1, O) biases of K networks."""


def _layers(told: int, answered: int) -> _Layers:
    sizes = ((told, _HIDDEN), (_HIDDEN, _HIDDEN), (_HIDDEN, answered))
    return [(_uniform(into, into, out), _uniform(into, 1, out)) for into, out in sizes]


def _uniform(into: int, *shape: int) -> Tensor:
    values = torch.empty(_NETWORKS, *shape).uniform_(-(into**-0.5), into**-0.5)
    return values.requires_grad_(True)


def _through(layers: _Layers, values: Tensor) -> Tensor:
    for number, (weight, bias) in enumerate(layers):
        values = torch.baddbmm(bias, silu(values) if number else values, weight)
    return values


def main() -> None:
    """Fit, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=Path, help="files or folders of them")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    generator, lifter = np.random.default_rng(0), Lifter(device="cpu")
    takes = [
        take
        for file in study_files(options.studies)
        for take in samples(Study.read(file), lifter, generator)
    ]
    about = {"trained on": "drawn people; see fit_feet.py"}
    save_file(fit(takes), options.out, about)
    feet = sum(len(take.counts) for take in takes)
    logging.info("%d takes, %d feet; %s written", len(takes), feet, options.out)


if __name__ == "__main__":
    main()
