"""Fit the detector model to studies: ``python -m models.training.fit_detector STUDY …``.

The study (``python -m app.lab.study``) holds what the detector said of drawn people, and the truth.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import trange

from models.skeleton import JOINT_COUNT, MIRROR, SIDES
from models.training.bodies import canonical_factor
from models.training.detector_model import (
    FITTED,
    QUANTITIES,
    SIZES,
    SPEEDS,
    DetectorModel,
    look,
)
from models.training.study import RATE, Study, study_files
from models.visibility import GUESSED

_LOST: Final = 0.25
"""A frame whose joints are off by more than this share of the person's size on average is of a
detector that looks elsewhere: no model of errors."""
_HELD_OUT: Final = 0.1
_DOUBT: Final = 1e-4
"""Confidences are kept this far from 0 and 1, where the logit is infinite."""
_WILDEST: Final = 4.0
"""Deviations beyond this many spreads are outliers; the covariance is that of the others."""
_BATCH, _RATE = 512, 1e-3
_WITH_SPEED: Final = 0.75
_PAIRED: Final = [joint for joint, side in enumerate(SIDES) if side != "middle"]


@dataclass(frozen=True)
class Fitted:
    """Takes of equal length: ``features`` (N, T, 126), ``target`` (N, T, 17, 6), ``weight`` of the
    same shape, 0 where the detector's answer means nothing."""

    features: Tensor
    target: Tensor
    weight: Tensor


def read_study(paths: Sequence[Path]) -> Fitted:
    """What the detector answered in studies, as deviations from the truth."""
    return Fitted(*(torch.cat(part) for part in zip(*(_parts_of(p) for p in paths), strict=True)))


def _parts_of(path: Path) -> tuple[Tensor, Tensor, Tensor]:
    study = Study.read(path)
    truth = torch.from_numpy(study.truth)
    # Proportional enlargement changes nothing in the picture.
    factor = canonical_factor(truth)[:, None, None, None]
    camera = truth * factor
    image = camera[..., :2] / camera[..., 2:]
    half, focal = torch.from_numpy(study.size) / 2, torch.from_numpy(study.focal)
    frame = half / focal[:, None]
    seen = (torch.from_numpy(study.xy) - half[:, None, None]) / focal[:, None, None, None]
    size = torch.tensor([SIZES.index(name) for name in study.detector])
    view = look(camera, image, frame, size)
    off = (seen - image) / view.size[..., None, None]
    # The speed that the model is shown is that between frames 1/30 s apart.
    view.features[..., SPEEDS] *= torch.from_numpy(study.rate / RATE)[:, None, None]
    world = torch.from_numpy(study.world) - view.pose
    conf = torch.from_numpy(study.conf).clamp(_DOUBT, 1 - _DOUBT)
    target = torch.cat([off, torch.logit(conf)[..., None], world], dim=-1)
    good = torch.from_numpy(study.tracked) & ~_misled(seen, image, view.size)
    inside = (seen.abs() < frame[:, None, None]).all(dim=-1) & (conf > GUESSED)
    only_conf = torch.tensor([0.0, 0, 1, 0, 0, 0])
    weight = good[..., None, None] * torch.where(inside[..., None], 1.0, only_conf)
    return view.features, target.nan_to_num(0.0), weight * target.isfinite()


def _misled(seen: Tensor, image: Tensor, size: Tensor) -> Tensor:
    """(N, T) frames in which the detector took left for right, or looked at something else."""

    def off(points: Tensor) -> Tensor:
        distance = (points - image).norm(dim=-1) / size[..., None]
        mean: Tensor = distance[..., _PAIRED].nan_to_num(math.inf).mean(dim=-1)
        return mean

    plain, exchanged = off(seen), off(seen[:, :, list(MIRROR)])
    return (plain > _LOST) | (exchanged < 0.8 * plain)


def fit(study: Fitted, seed: int = 0, steps: int = 6000) -> DetectorModel:
    """Fit the network by the likelihood of Laplace-distributed answers, then the covariance."""
    torch.manual_seed(seed)
    model = DetectorModel()
    held = max(1, round(_HELD_OUT * len(study.target)))
    order = torch.randperm(len(study.target), generator=torch.Generator().manual_seed(seed))
    train = [part[order[held:]].flatten(0, 1) for part in _parts(study)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    bar = trange(steps, desc="fitting")
    for step in bar:
        chosen = torch.randint(len(train[0]), (_BATCH,))
        loss = _unlikelihood(model, *(part[chosen] for part in train))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            with torch.inference_mode():
                others = [part[order[:held]].flatten(0, 1) for part in _parts(study)]
                bar.set_postfix(held_out=float(_unlikelihood(model, *others)))
    _fit_deviations(model, study)
    return model.eval()


def _parts(study: Fitted) -> tuple[Tensor, Tensor, Tensor]:
    return study.features, study.target, study.weight


def _unlikelihood(model: DetectorModel, features: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    # A little noise keeps the network from learning the drawn bodies by heart; single frames,
    # whose joints seem to stand still, get an answer of their own.
    features = features + 0.02 * torch.randn_like(features)
    features[..., SPEEDS] *= torch.rand(len(features), 1) < _WITH_SPEED
    mean, spread = model(features)
    cost = (target - mean).abs() / spread + spread.log()
    mean_cost: Tensor = (weight * cost).sum() / weight.sum().clamp_min(1)
    return mean_cost


def _fit_deviations(model: DetectorModel, study: Fitted) -> None:
    """Set covariance, lasting share and persistence from what the means leave over."""
    with torch.inference_mode():
        mean, spread = model(study.features)
        known = study.weight > 0
        left = ((study.target - mean) / spread).clamp(-_WILDEST, _WILDEST) * known
        scale = (left.square().sum((0, 1)) / known.sum((0, 1)).clamp_min(1)).sqrt()
        left = left / scale.clamp_min(0.1)
        # The spread is a Laplace distribution's mean deviation; from here on it is a standard one.
        final = model.body[-1]
        assert isinstance(final, nn.Linear)
        final.bias[JOINT_COUNT * QUANTITIES :] += scale.clamp(0.5, 3.0).log().flatten()
        model.mixing.copy_(_mixing(left, known))
        lasting, persistence = _over_time(left, known)
        model.lasting.copy_(lasting)
        model.persistence.copy_(persistence)


def _mixing(left: Tensor, known: Tensor) -> Tensor:
    values, counts = left.flatten(0, 1).flatten(1), known.flatten(0, 1).flatten(1).float()
    correlation = (values.T @ values) / (counts.T @ counts).clamp_min(1)
    # Pairs seldom seen together leave it slightly indefinite.
    eigenvalues, vectors = torch.linalg.eigh(
        0.98 * correlation + 0.02 * torch.eye(len(correlation))
    )
    positive = (vectors * eigenvalues.clamp_min(1e-3)) @ vectors.T
    deviation = positive.diagonal().sqrt()
    factor: Tensor = torch.linalg.cholesky(positive / deviation / deviation[:, None])
    return factor


def _over_time(left: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Each (6,): the share of variance that lasts over a take, and the rest's persistence."""
    frames = left.shape[1]

    def correlation(lag: int) -> Tensor:
        both = known[:, lag:] & known[:, : frames - lag]
        product = left[:, lag:] * left[:, : frames - lag] * both
        mean: Tensor = product.sum((0, 1, 2)) / both.sum((0, 1, 2)).clamp_min(1)
        return mean

    # After two thirds of a take what fades has faded, and what is left is what lasts.
    lasting = correlation(2 * frames // 3).clamp(0.05, 0.9)
    persistence = ((correlation(1) - lasting) / (1 - lasting)).clamp(0.0, 0.98)
    return lasting, persistence


def report(model: DetectorModel, study: Fitted) -> str:
    """What was found, in a few lines."""
    with torch.inference_mode():
        mean, spread = model(study.features)
    known = study.weight > 0
    count = known.sum((0, 1, 2))

    def rms(values: Tensor) -> NDArray[np.float64]:
        return np.asarray(((values.square() * known).sum((0, 1, 2)) / count).sqrt(), np.float64)

    lines = [
        f"frames used: {float(known[..., 0, 2].float().mean()):.1%}",
        f"error (x, y, logit, world x, y, z): {rms(study.target).round(4)}",
        f"left unexplained by the mean: {rms(study.target - mean).round(4)}",
        f"spread drawn: {rms(spread).round(4)}",
        f"lasting share: {model.lasting.numpy().round(2)}",
        f"persistence: {model.persistence.numpy().round(2)}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Fit and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    torch.set_num_threads(1)  # products this small only wait for each other
    study = read_study(study_files(options.study))
    model = fit(study)
    state = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(
        state, options.out, metadata={"fitted to": ", ".join(path.name for path in options.study)}
    )
    sys.stdout.write(report(model, study) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
