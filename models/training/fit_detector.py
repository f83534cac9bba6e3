"""Fit the detector model to studies: ``python -m models.training.fit_detector STUDY …``.

A study (``python -m app.lab.study``) contains the detector's output on synthetic people, and the
ground truth.
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
"""Mean error, over the person's size, above which a frame is not used: the detector followed
something else."""
_FOLDS: Final = 3
_MARGIN: Final = 1e-4
"""Confidences are kept this far from 0 and 1, where the logit is infinite."""
_LARGEST_DEVIATION: Final = 4.0
"""Bound of deviations, in spreads, for the estimate of the covariance: larger ones are outliers."""
_BATCH, _RATE = 512, 1e-3
_WITH_SPEED: Final = 0.75
_PAIRED: Final = [joint for joint, side in enumerate(SIDES) if side != "middle"]


@dataclass(frozen=True)
class Fitted:
    """Training data of the model: N takes of equal length."""

    features: Tensor
    """(N, T, 126)"""
    target: Tensor
    """(N, T, 17, 6)"""
    weight: Tensor
    """(N, T, 17, 6); 0 where the detector's output is not used."""
    take: Tensor
    """(N,) number of the take; each size of the detector has processed the same pictures of it."""

    def only(self, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features, target and weight of all frames of the ``chosen`` (N,) rows."""
        parts = (self.features, self.target, self.weight)
        features, target, weight = (part[chosen].flatten(0, 1) for part in parts)
        return features, target, weight


def read_study(paths: Sequence[Path]) -> Fitted:
    """Read the detector's output from studies, as deviations from the ground truth."""
    studies = [Study.read(path) for path in paths]
    features, target, weight = zip(*(_parts_of(study) for study in studies), strict=True)
    numbers: dict[bytes, int] = {}
    takes = [
        numbers.setdefault(truth.tobytes(), len(numbers))
        for study in studies
        for truth in study.truth
    ]
    return Fitted(torch.cat(features), torch.cat(target), torch.cat(weight), torch.tensor(takes))


def _parts_of(study: Study) -> tuple[Tensor, Tensor, Tensor]:
    truth = torch.from_numpy(study.truth)
    # Scaling the scene does not change the picture.
    factor = canonical_factor(truth)[:, None, None, None]
    camera = truth * factor
    image = camera[..., :2] / camera[..., 2:]
    half, focal = torch.from_numpy(study.size) / 2, torch.from_numpy(study.focal)
    frame = half / focal[:, None]
    seen = (torch.from_numpy(study.xy) - half[:, None, None]) / focal[:, None, None, None]
    size = torch.tensor([SIZES.index(name) for name in study.detector])
    view = look(camera, image, frame, size)
    off = (seen - image) / view.size[..., None, None]
    # The model's speed features are those between frames 1/30 s apart.
    view.features[..., SPEEDS] *= torch.from_numpy(study.rate / RATE)[:, None, None]
    world = torch.from_numpy(study.world) - view.usual
    conf = torch.from_numpy(study.conf).clamp(_MARGIN, 1 - _MARGIN)
    target = torch.cat([off, torch.logit(conf)[..., None], world], dim=-1)
    good = torch.from_numpy(study.tracked) & ~_misled(seen, image, view.size)
    inside = (seen.abs() < frame[:, None, None]).all(dim=-1) & (conf > GUESSED)
    only_conf = torch.tensor([0.0, 0, 1, 0, 0, 0])
    weight = good[..., None, None] * torch.where(inside[..., None], 1.0, only_conf)
    return view.features, target.nan_to_num(0.0), weight * target.isfinite()


def _misled(seen: Tensor, image: Tensor, size: Tensor) -> Tensor:
    """Return (N, T) whether the detector exchanged left and right, or followed something else."""

    def off(points: Tensor) -> Tensor:
        distance = (points - image).norm(dim=-1) / size[..., None]
        mean: Tensor = distance[..., _PAIRED].nan_to_num(math.inf).mean(dim=-1)
        return mean

    plain, exchanged = off(seen), off(seen[:, :, list(MIRROR)])
    return (plain > _LOST) | (exchanged < 0.8 * plain)


def fit(study: Fitted, steps: int = 3000) -> DetectorModel:
    """Fit the network to all takes, and size and covariance of its residuals to held-out takes.

    On the takes of its fit, a model's residuals are too small: after 6,000 steps it drew depth
    errors of 69 mm, with 15 to 27 % of their variance constant over a take, while the residuals on
    held-out takes are 99 mm and 43 to 59 %.  A lifting network trained with the former errors
    relies on the detector too much.
    """
    residuals = torch.zeros_like(study.target)
    fold = _folds(study.take)
    for number in range(_FOLDS):
        others = _fit_network(study, fold != number, steps)
        with torch.inference_mode():
            mean, spread = others(study.features[fold == number])
        residuals[fold == number] = (study.target[fold == number] - mean) / spread
    model = _fit_network(study, torch.ones(len(fold), dtype=torch.bool), steps)
    _fit_deviations(model, residuals, study.weight > 0)
    return model.eval()


def _folds(take: Tensor) -> Tensor:
    """Return the (N,) fold of each row; all rows of a take are in the same one."""
    generator = torch.Generator().manual_seed(0)
    part = torch.randperm(int(take.max()) + 1, generator=generator) % _FOLDS
    return part[take]


def _fit_network(study: Fitted, chosen: Tensor, steps: int) -> DetectorModel:
    """Fit mean and spread by maximum likelihood of a Laplace distribution."""
    torch.manual_seed(0)
    model = DetectorModel()
    train = study.only(chosen)
    others = study.only(~chosen)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    bar = trange(steps, desc="fitting")
    for step in bar:
        chosen = torch.randint(len(train[0]), (_BATCH,))
        loss = _negative_log_likelihood(model, *(part[chosen] for part in train))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 0 and len(others[0]):
            with torch.inference_mode():
                bar.set_postfix(held_out=float(_negative_log_likelihood(model, *others)))
    return model


def _negative_log_likelihood(
    model: DetectorModel, features: Tensor, target: Tensor, weight: Tensor
) -> Tensor:
    # A little noise reduces overfitting to the synthetic bodies; without speeds the network also
    # learns single frames, where they are 0.
    features = features + 0.02 * torch.randn_like(features)
    features[..., SPEEDS] *= torch.rand(len(features), 1) < _WITH_SPEED
    mean, spread = model(features)
    cost = (target - mean).abs() / spread + spread.log()
    mean_cost: Tensor = (weight * cost).sum() / weight.sum().clamp_min(1)
    return mean_cost


def _fit_deviations(model: DetectorModel, residuals: Tensor, known: Tensor) -> None:
    """Set size, covariance, constant fraction and persistence of the deviations.

    ``residuals`` are those of held-out takes, (N, T, 17, 6) in spreads; used where ``known``.
    """
    with torch.inference_mode():
        residuals = residuals.clamp(-_LARGEST_DEVIATION, _LARGEST_DEVIATION) * known
        scale = (residuals.square().sum((0, 1)) / known.sum((0, 1)).clamp_min(1)).sqrt()
        residuals = residuals / scale.clamp_min(0.1)
        # The spread was a Laplace distribution's mean deviation; now it is a standard deviation.
        final = model.body[-1]
        assert isinstance(final, nn.Linear)
        final.bias[JOINT_COUNT * QUANTITIES :] += scale.clamp(0.5, 3.0).log().flatten()
        model.mixing.copy_(_mixing(residuals, known))
        lasting, persistence = _over_time(residuals, known)
        model.lasting.copy_(lasting)
        model.persistence.copy_(persistence)


def _mixing(residuals: Tensor, known: Tensor) -> Tensor:
    values, counts = residuals.flatten(0, 1).flatten(1), known.flatten(0, 1).flatten(1).float()
    correlation = (values.T @ values) / (counts.T @ counts).clamp_min(1)
    # Pairs that are seldom known together make the matrix slightly indefinite.
    eigenvalues, vectors = torch.linalg.eigh(
        0.98 * correlation + 0.02 * torch.eye(len(correlation))
    )
    positive = (vectors * eigenvalues.clamp_min(1e-3)) @ vectors.T
    deviation = positive.diagonal().sqrt()
    factor: Tensor = torch.linalg.cholesky(positive / deviation / deviation[:, None])
    return factor


def _over_time(residuals: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Return (6,) fractions of variance that are constant over a take, and (6,) persistences of
    the rest."""
    frames = residuals.shape[1]

    def correlation(lag: int) -> Tensor:
        both = known[:, lag:] & known[:, : frames - lag]
        product = residuals[:, lag:] * residuals[:, : frames - lag] * both
        mean: Tensor = product.sum((0, 1, 2)) / both.sum((0, 1, 2)).clamp_min(1)
        return mean

    # After two thirds of a take the decaying part is gone, and only the constant part remains.
    lasting = correlation(2 * frames // 3).clamp(0.05, 0.9)
    persistence = ((correlation(1) - lasting) / (1 - lasting)).clamp(0.0, 0.98)
    return lasting, persistence


def report(model: DetectorModel, study: Fitted) -> str:
    """Summarise the fit in a few lines of text."""
    with torch.inference_mode():
        mean, spread = model(study.features)
    known = study.weight > 0
    count = known.sum((0, 1, 2))

    def rms(values: Tensor) -> NDArray[np.float64]:
        return np.asarray(((values.square() * known).sum((0, 1, 2)) / count).sqrt(), np.float64)

    lines = [
        f"takes: {int(study.take.max()) + 1}",
        f"frames used: {float(known[..., 0, 2].float().mean()):.1%}",
        f"error (x, y, logit, world x, y, z): {rms(study.target).round(4)}",
        f"left unexplained where it was fitted: {rms(study.target - mean).round(4)}",
        f"spread drawn: {rms(spread).round(4)}",
        f"lasting share: {model.lasting.numpy().round(2)}",
        f"persistence: {model.persistence.numpy().round(2)}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the command line: fit the model and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    torch.set_num_threads(1)  # for such small products more threads are slower
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
