"""Fits the network that says where feet point (``models/feet.py``) on drawn people.

    python -m models.training.fit_feet STUDY ...

takes studies (``app/lab/study``), 2 minutes on one core, and writes ``models/feet.safetensors``.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation
from torch import Tensor, nn

from models.feet import FITTED, Sight, foot_features, turned_to
from models.skeleton import FOOT_PARENTS
from models.training.study import Study, study_files

_HIDDEN: Final = 32
_STEPS: Final = 5000
_BATCH: Final = 512
_RATE: Final = 4e-3
_DECAY: Final = 0.01
_BLUR: Final = 0.05
"""Standard deviation of what features are disturbed by, where theirs is 1."""
_UP_OFF: Final = np.tan(np.radians(5.5))
"""Up is told as far off as it is estimated: 6.5 degrees in the median."""
_TURNED: Final = 0.7
"""Share of feet that are turned about the vertical: those of drawn people point where their hips
face, nine in ten to within 15 degrees, which no real person's do."""
_OUTWARD_DEG: Final = (5.0, 10.0)
"""Mean and standard deviation of that turn."""
_UNSEEN: Final = 0.3
"""What a foot outside the picture counts, which teaches when not to be sure."""


def samples(
    study: Study, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """What is told of K feet (K, F), what is to be answered (K, 6), and what each counts (K,)."""
    told, right, counts = [], [], []
    for row in range(len(study.xy)):
        sight, feet = turned_out(study, row, generator)
        rows = np.flatnonzero(sight.known)
        if not len(rows):
            continue
        width, height = (int(side) for side in study.size[row])
        up = study.up[row] + generator.normal(0.0, _UP_OFF, 3)
        features, axes = foot_features(sight.at(rows), (width, height), up / np.linalg.norm(up))
        true = foot_directions(study.truth[row, rows], feet[rows])
        told.append(features.reshape(-1, features.shape[-1]))
        right.append(turned_to(true, axes).reshape(-1, 6))
        counts.append(np.where(study.feet_inside(row)[rows], 1.0, _UNSEEN).ravel())
    parts = (np.concatenate(each).astype(np.float32) for each in (told, right, counts))
    return tuple(parts)  # type: ignore[return-value]


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


def fit(told: Tensor, right: Tensor, counts: Tensor) -> dict[str, Tensor]:
    """The network's tensors, by which ``models.feet`` answers: the mean is learnt, and so it is
    the shorter the less is known."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # so small a network is not faster with more
    mean, spread = told.mean(0), told.std(0) + 1e-3
    network = nn.Sequential(
        *(nn.Linear(told.shape[1], _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU()),
        nn.Linear(_HIDDEN, right.shape[1]),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    scaled = (told - mean) / spread
    for _ in range(_STEPS):
        chosen = torch.randint(len(scaled), (_BATCH,))
        blurred = scaled[chosen] + _BLUR * torch.randn(_BATCH, scaled.shape[1])
        off = (network(blurred) - right[chosen]).square().mean(1)
        loss = (off * counts[chosen]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    tensors = {"mean": mean, "spread": spread}
    for number, layer in enumerate(layers):
        tensors |= {f"{number}.weight": layer.weight, f"{number}.bias": layer.bias}
    return {name: value.detach().half().contiguous() for name, value in tensors.items()}


def main() -> None:
    """Fit, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=Path, help="files or folders of them")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    generator = np.random.default_rng(0)
    parts = [samples(Study.read(file), generator) for file in study_files(options.studies)]
    told, right, counts = (
        torch.from_numpy(np.concatenate(each)) for each in zip(*parts, strict=True)
    )
    save_file(
        fit(told, right, counts), options.out, {"trained on": "drawn people; see fit_feet.py"}
    )
    logging.info("%d feet; %s written", len(told), options.out)


if __name__ == "__main__":
    main()
