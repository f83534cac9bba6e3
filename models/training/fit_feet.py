"""Fit the networks of foot directions (``models/feet.py``) on synthetic people.

    python -m models.training.fit_feet STUDY ...

lifts the takes of studies (``app/lab/study``), a third of a second on one core per take, fits the
networks in four minutes on one core, and writes ``models/feet.safetensors``.  Use studies that the
lifter was not trained on: its errors are smaller on those that it was trained on.
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
    DetectedPoses,
    foot_features,
    lifted_joints,
    shank_directions,
    to_hip_axes,
)
from models.lifter import Lifted, Lifter
from models.skeleton import FOOT_PARENTS
from models.training.study import Study, study_files

_NETWORKS: Final = 6
"""Networks in the ensemble: their mean is more accurate, and is short where they disagree."""
_HIDDEN: Final = 32
_STEPS: Final = 3000
_BATCH: Final = 256
_RATE: Final = 4e-3
_DECAY: Final = 0.01
_NOISE: Final = 0.05
"""Standard deviation of the noise that is added to the standardised features."""
_ANGLE_WEIGHT: Final = 1.2
"""Weight of the ankle's angle in the loss, relative to the directions."""
_QUADRATIC: Final = 0.1
"""Error of the angle's sine up to which the loss is quadratic; beyond that it is linear."""
_ROTATED: Final = 0.7
"""Fraction of feet that are rotated about the vertical: nine in ten feet of synthetic people point
where their hips face to within 15 degrees, unlike real people's."""
_OUTWARD_DEG: Final = (5.0, 10.0)
"""Mean and standard deviation of that rotation."""
_UNSEEN: Final = 0.3
"""Weight of a foot outside the picture, from which the networks learn to be uncertain."""


class Samples(NamedTuple):
    """Training data of K feet, of one take or of several."""

    features: Tensor
    """(K, F) input."""
    target: Tensor
    """(K, 6) true forward and upward directions."""
    weight: Tensor
    """(K,) weight in the loss."""
    shank: Tensor
    """(K, 3) direction of the lifted shank, upward, from which the ankle's angle is computed."""
    sine: Tensor
    """(K,) sine of the true dorsiflexion."""


def samples(study: Study, lifter: Lifter, generator: np.random.Generator) -> Iterator[Samples]:
    """Yield the training data of each usable take of a study."""
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
    detections, feet = turned_out(study, row, generator)
    detections = detections.repaired(lifted.swapped)
    rows = np.flatnonzero(detections.known & ~lifted.missing.all(axis=1))
    if not len(rows) or lifted.level is None:
        return None
    usable, true = detections.at(rows), study.truth[row, rows].astype(np.float64)
    width, height = (int(side) for side in study.size[row])
    joints = lifted_joints(usable, lifted.xyz[rows], lifted.missing[rows])
    features, axes = foot_features(usable, joints, (width, height), lifted.level.up)
    parts = (
        features.reshape(-1, features.shape[-1]),
        to_hip_axes(foot_directions(true, feet[rows]), axes).reshape(-1, 6),
        np.where(study.feet_inside(row)[rows], 1.0, _UNSEEN).ravel(),
        shank_directions(joints, axes).reshape(-1, 3),
        shank_directions(true, axes).reshape(-1, 3),
    )
    inputs, target, weight, shank, true_shank = (
        torch.from_numpy(np.asarray(each, np.float32)) for each in parts
    )
    return Samples(inputs, target, weight, shank, sine_of(target, true_shank))


def turned_out(
    study: Study, row: int, generator: np.random.Generator
) -> tuple[DetectedPoses, NDArray[np.floating]]:
    """Rotate the feet of a take about their ankles.

    Returns:
        The detections, with the detector's errors moved along, and the true (T, 4, 3) heels and
        toes after the rotation.
    """
    detections, feet = study.detected(row), study.feet[row].astype(np.float64)
    ankles = study.truth[row][:, list(FOOT_PARENTS)]
    degrees = generator.normal(*_OUTWARD_DEG, 2) * (generator.random(2) < _ROTATED)
    # Outward rotations of the left and the right foot have opposite signs.
    about_up = [
        Rotation.from_rotvec(np.radians(degrees[side]) * sign * study.up[row])
        for side, sign in ((0, 1.0), (1, -1.0))
    ]
    moved = np.stack(
        [about_up[foot % 2].apply(feet[:, foot] - ankles[:, foot]) for foot in range(4)], axis=1
    )
    moved += ankles
    evidence = detections.feet.astype(np.float64)
    evidence[..., :2] += study.focal[row] * (_slopes(moved) - _slopes(feet))
    evidence[..., 3:] += moved - feet
    return detections._replace(feet=evidence), moved


def _slopes(points: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(points[..., :2] / points[..., 2:])


def foot_directions(
    joints: NDArray[np.floating], feet: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Compute (N, 2, 2, 3) forward and upward directions of the left and the right foot from
    (N, 17, 3) joints and (N, 4, 3) heels and toes."""
    heel, toe, ankle = feet[:, :2], feet[:, 2:], joints[:, list(FOOT_PARENTS[:2])]
    ahead = toe - heel
    ahead = ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)
    above = ankle - heel
    above = above - (above * ahead).sum(-1, keepdims=True) * ahead
    return np.stack([ahead, above / np.linalg.norm(above, axis=-1, keepdims=True)], axis=2)


def sine_of(directions: Tensor, shank: Tensor) -> Tensor:
    """Return the (...) sine of the ankle's dorsiflexion, defined as in ``app.motion.angles``.

    Args:
        directions: (..., 6) forward and upward directions of feet, of any length.
        shank: (..., 3) unit vectors up the shanks.
    """
    ahead, above = directions[..., :3], directions[..., 3:]
    ahead = ahead / (ahead.norm(dim=-1, keepdim=True) + 1e-6)
    above = above - (above * ahead).sum(-1, keepdim=True) * ahead
    above = above / (above.norm(dim=-1, keepdim=True) + 1e-6)
    flat = float(np.radians(FLAT_DEG))
    sole: Tensor = float(np.cos(flat)) * ahead + float(np.sin(flat)) * above
    return (sole * shank).sum(-1)


def fit(takes: list[Samples]) -> dict[str, Tensor]:
    """Fit the ensemble and return the tensors that ``models.feet`` loads.

    Each network is trained on a bootstrap sample of the takes.  The squared loss makes it predict
    the mean direction, which is shorter if less is known.  In addition the loss contains the angle
    to the lifted shank, weighted by the predicted length.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)  # for such small networks more threads are not faster
    features, target, weight, shank, sine = (torch.cat(each) for each in zip(*takes, strict=True))
    mean, std = features.mean(0), features.std(0) + 1e-3
    lengths = torch.tensor([len(each.weight) for each in takes])
    firsts = lengths.cumsum(0) - lengths
    drawn = torch.randint(len(takes), (_NETWORKS, len(takes)))
    layers = _layers(features.shape[1], target.shape[1])
    optimizer = torch.optim.AdamW(
        [each for layer in layers for each in layer], lr=_RATE, weight_decay=_DECAY
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    for _ in range(_STEPS):
        take = drawn.gather(1, torch.randint(len(takes), (_NETWORKS, _BATCH)))
        chosen = firsts[take] + (torch.rand(take.shape) * lengths[take]).long()
        scaled = (features[chosen] - mean) / std
        predicted = _forward(layers, scaled + _NOISE * torch.randn(scaled.shape))
        error = (predicted - target[chosen]).square().mean(-1)
        confidence = predicted[..., :3].norm(dim=-1).clamp(max=1.0).detach()
        angle_error = smooth_l1_loss(
            sine_of(predicted, shank[chosen]), sine[chosen], beta=_QUADRATIC, reduction="none"
        )
        error = error + _ANGLE_WEIGHT * confidence * angle_error
        loss = (error * weight[chosen]).mean(1).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    tensors = {"mean": mean, "spread": std}
    for number, (matrix, bias) in enumerate(layers):
        tensors |= {f"{number}.weight": matrix, f"{number}.bias": bias}
    return {name: value.detach().half().contiguous() for name, value in tensors.items()}


_Layers = list[tuple[Tensor, Tensor]]
"""(K, I, O) weights and (K, 1, O) biases of K networks."""


def _layers(inputs: int, outputs: int) -> _Layers:
    sizes = ((inputs, _HIDDEN), (_HIDDEN, _HIDDEN), (_HIDDEN, outputs))
    return [(_uniform(fan_in, fan_in, out), _uniform(fan_in, 1, out)) for fan_in, out in sizes]


def _uniform(fan_in: int, *shape: int) -> Tensor:
    values = torch.empty(_NETWORKS, *shape).uniform_(-(fan_in**-0.5), fan_in**-0.5)
    return values.requires_grad_(True)


def _forward(layers: _Layers, values: Tensor) -> Tensor:
    for number, (weight, bias) in enumerate(layers):
        values = torch.baddbmm(bias, silu(values) if number else values, weight)
    return values


def main() -> None:
    """Run the command line: fit the networks and write the file."""
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
    feet = sum(len(take.weight) for take in takes)
    logging.info("%d takes, %d feet; %s written", len(takes), feet, options.out)


if __name__ == "__main__":
    main()
