"""The training loop: stages, checkpoints that resume exactly, validation, a CSV log."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from tqdm import tqdm

from models import metrics
from models.devices import cpu_threads
from models.mixste import MixSTE
from models.training.curriculum import Stage, forward, grow, initialise
from models.training.losses import training_loss
from models.training.motion import MotionBank
from models.training.samples import Batch, Sampler

_WARM_UP: Final = 200
_LAST_RATE: Final = 0.05
_WEIGHT_DECAY: Final = 0.01
_CLIP: Final = 1.0
_AVERAGING: Final = 0.999
_SAVE_EVERY_S: Final = 120
_VALIDATE_EVERY: Final = 500
_VALIDATION_POSES: Final = 4096


@dataclass(frozen=True)
class Plan:
    """What to train: the network's size, the stages, the model's frame rate, the seed."""

    width: int
    depth: int
    heads: int
    stages: Sequence[Stage]
    rate: float = 30.0
    seed: int = 1


class Trainer:
    """Runs a plan; after a kill, a new one on the same folder goes on from the last save."""

    def __init__(self, plan: Plan, train: MotionBank, val: MotionBank, folder: Path) -> None:
        self._plan, self._val, self._folder = plan, val, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._sampler = Sampler(train, plan.rate, plan.seed)
        torch.manual_seed(plan.seed)
        self._stage, self._step = 0, 0
        self._begin(initial=None)
        if self._state_file.exists():
            self._restore(torch.load(self._state_file, weights_only=True))

    @property
    def _state_file(self) -> Path:
        return self._folder / "state.pt"

    def run(self) -> MixSTE:
        """Train to the end of the plan and return the averaged network."""
        stages = self._plan.stages
        while True:
            self._run_stage(stages[self._stage])
            if self._stage + 1 == len(stages):
                self._save()
                return self.averaged
            self._stage, self._step = self._stage + 1, 0
            self._begin(initial=self.averaged.state_dict())
            self._save()

    def _begin(self, initial: dict[str, Tensor] | None) -> None:
        plan, stage = self._plan, self._plan.stages[self._stage]
        # Stochastic depth is for networks that could learn their data by heart; a small one cannot.
        sizes = {"width": plan.width, "depth": plan.depth, "heads": plan.heads, "channels": 3}
        self.network = MixSTE(stage.frames, **sizes, drop_path=0.0)
        if initial is None:
            initialise(self.network)
        else:
            grow(initial, self.network)
        self.averaged = MixSTE(stage.frames, **sizes, drop_path=0.0)
        self.averaged.load_state_dict(self.network.state_dict())
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=stage.rate, weight_decay=_WEIGHT_DECAY
        )

    def _run_stage(self, stage: Stage) -> None:
        last_save = time.monotonic()
        with tqdm(
            total=stage.steps, initial=self._step, desc=f"{stage.frames} frames", unit="step"
        ) as bar:
            while self._step < stage.steps:
                loss = self._train_step(stage)
                self._step += 1
                bar.update()
                if self._step % _VALIDATE_EVERY == 0 or self._step == stage.steps:
                    scores = self._validate(stage)
                    self._log(stage, loss, scores)
                    bar.set_postfix(scores)
                if time.monotonic() - last_save > _SAVE_EVERY_S:
                    self._save()
                    last_save = time.monotonic()

    def _train_step(self, stage: Stage) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = stage.rate * _schedule(self._step, stage.steps)
        with cpu_threads(1):
            batch = self._sampler.draw(stage.windows, stage.frames)
        self.network.train()
        predicted = _predict(self.network, batch)
        loss = training_loss(predicted, batch.pose, batch.seen)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimizer.step()
        self._average()
        return float(loss.detach())

    def _average(self) -> None:
        # A short memory at first, or the average would remember the random start.
        keep = min(_AVERAGING, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for mean, value in zip(
                self.averaged.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(value, 1 - keep)

    def _validate(self, stage: Stage) -> dict[str, float]:
        """Errors in millimetres on people and takes never trained on, with their own noise."""
        with cpu_threads(1):
            sampler = Sampler(self._val, self._plan.rate, seed=0, augment=False)
            batch = sampler.draw(_VALIDATION_POSES // stage.frames, stage.frames)
        self.averaged.eval()
        with torch.inference_mode():
            predicted = _predict(self.averaged, batch)
        whole = batch.seen.all(dim=-1)
        p, t = predicted[whole].numpy(), batch.pose[whole].numpy()
        return {
            "mpjpe": round(1000 * metrics.mpjpe(p, t), 1),
            "n": round(1000 * metrics.n_mpjpe(p, t), 1),
            "p": round(1000 * metrics.p_mpjpe(p, t), 1),
            "all": round(1000 * metrics.mpjpe(predicted.numpy(), batch.pose.numpy()), 1),
        }

    def _log(self, stage: Stage, loss: float, scores: dict[str, float]) -> None:
        path = self._folder / "log.csv"
        row = {"frames": stage.frames, "step": self._step, "loss": round(loss, 4), **scores}
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)

    def _save(self) -> None:
        state = {
            "stage": self._stage,
            "step": self._step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "sampler": self._sampler.generator.get_state(),
            "random": torch.get_rng_state(),
        }
        temporary = self._state_file.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self._state_file)

    def _restore(self, state: dict[str, Any]) -> None:
        self._stage, self._step = state["stage"], state["step"]
        if self._stage:
            self._begin(initial=state["averaged"])
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._sampler.generator.set_state(state["sampler"])
        torch.set_rng_state(state["random"])


def _predict(network: MixSTE, batch: Batch) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        return forward(network, batch.keypoints).float()


def _schedule(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / _WARM_UP)
    return warm * (_LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * step / steps)))
