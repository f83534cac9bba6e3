"""Validation on takes and people that are not used for training."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models import metrics
from models.devices import cpu_threads
from models.geometry import UP_CHANNELS
from models.skeleton import PELVIS
from models.training.curriculum import Lifting, Stage
from models.training.kinds import Repertoire
from models.training.losses import without_pelvis
from models.training.samples import Batch, Sampler

_LONGEST: Final = 64
"""Length at which windows are capped when their number is computed from that of frames."""


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return a context with matrix products in bfloat16, or no effect for "float32"."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


class Validation:
    """Scores networks on one fixed batch per window length, with simulated detector errors."""

    def __init__(self, motion: Repertoire, frame_rate: float, poses: int) -> None:
        self._motion, self._frame_rate, self._poses = motion, frame_rate, poses
        self._drawn: tuple[Stage, Batch] | None = None

    def scores(
        self, module: Lifting, stage: Stage, device: torch.device, precision: str
    ) -> dict[str, float]:
        """Compute the errors of a network.

        Returns:
            MPJPE, N- and P-MPJPE (mm) over frames with the whole body seen, MPJVE (mm per frame)
            over pairs of these, MPJPE over all joints of all frames, and the error of the up vector
            in degrees where it was not given.
        """
        batch = self._batch(stage)
        module.eval()
        lifted: list[Tensor] = []
        with torch.inference_mode(), autocast(device, precision):
            for keypoints in torch.split(batch.keypoints, stage.windows):
                lifted.append(module(keypoints.to(device)).float().cpu())  # noqa: PERF401
        return _scores(torch.cat(lifted), batch)

    def _batch(self, stage: Stage) -> Batch:
        if self._drawn is None or self._drawn[0] != stage:
            sampler = Sampler(self._motion, self._frame_rate, seed=0, augment=False)
            windows = self._poses // min(stage.frames, _LONGEST)
            with cpu_threads(1):
                self._drawn = stage, replace(stage, sparse=False).draw(sampler, windows)
        return self._drawn[1]


def _scores(predicted: Tensor, batch: Batch) -> dict[str, float]:
    whole = batch.seen.all(dim=-1)
    predicted_up, up = predicted[:, :, PELVIS], batch.pose[:, :, PELVIS]
    not_given = (batch.keypoints[:, :, 0, UP_CHANNELS] == 0).all(dim=-1)
    cosine = functional.cosine_similarity(predicted_up, up, dim=-1).clamp(-1, 1)
    error_deg = torch.rad2deg(torch.acos(cosine))
    predicted, pose = without_pelvis(predicted), without_pelvis(batch.pose)
    p, t = predicted[whole].numpy(), pose[whole].numpy()
    found = {
        "mpjpe": metrics.mpjpe(p, t),
        "n": metrics.n_mpjpe(p, t),
        "p": metrics.p_mpjpe(p, t),
        "all": metrics.mpjpe(predicted.numpy(), pose.numpy()),
    }
    if predicted.shape[1] > 1:
        pair = whole[:, 1:] & whole[:, :-1]
        error = predicted.diff(dim=1)[pair] - pose.diff(dim=1)[pair]
        found["mpjve"] = float(np.linalg.norm(error.numpy(), axis=-1).mean())
    scores = {name: round(1000 * value, 2) for name, value in found.items()}
    return scores | {"up": round(float(error_deg[not_given].mean()), 2)}
