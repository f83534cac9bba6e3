"""The training loop: stages, exact resumption, averaged weights, validation.

All randomness depends only on the run's seed, the stage and the step, so a run that was killed, or
split into slices of some minutes, ends with the same weights as an uninterrupted one (bit-identical
on a CPU with one thread).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn
from tqdm import tqdm

from models.errors import MixposeError
from models.mixste import MixSTE
from models.training.batches import Draws, feed, seed_of
from models.training.curriculum import Lifting, Recipe, Stage, grow, initialise
from models.training.distributed import Group
from models.training.kinds import Repertoire
from models.training.logbook import Logbook
from models.training.observed import Observed
from models.training.samples import Batch
from models.training.state import Start, read_state, require_same_run, write_state
from models.training.stopping import Reason, Stopper
from models.training.validation import Validation, autocast

PRECISIONS: Final = ("bfloat16", "float32")
_STATE: Final = "state.pt"
# Purposes of seeds.
_WEIGHTS, _BATCHES, _NETWORK = range(3)


@dataclass(frozen=True)
class Settings:
    """Settings of a run in addition to its recipe."""

    seed: int = 1
    precision: str = "bfloat16"
    workers: int = 0
    """Processes that draw batches; 0 draws them in the training process."""
    save_every_s: float = 120.0


class Trainer:
    """Runs a recipe; after a kill, a new trainer on the same folder resumes from the last save.

    Args:
        recipe: the recipe.
        train, val: motion for training and validation.
        folder: for state and log; created unless it exists.
        group: this process among those that train together, and its device.
        settings: further settings.
        start: initial weights, unless the folder contains a state already.
        observed: windows with the detector's real output, for a part of each batch.

    Raises:
        MixposeError: the folder's state or ``start`` does not fit the recipe.
    """

    def __init__(
        self,
        recipe: Recipe,
        train: Repertoire,
        val: Repertoire,
        folder: Path,
        group: Group,
        settings: Settings,
        start: Start | None = None,
        observed: Observed | None = None,
    ) -> None:
        self._recipe, self._settings, self._group = recipe, settings, group
        self._train, self._folder, self._observed = train, folder, observed
        self._validation = Validation(val, recipe.frame_rate, recipe.validation_poses)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / _STATE
        saved = read_state(path) if group.leads and path.exists() else None
        state = group.from_leader(saved)
        if state is not None:
            require_same_run(state, recipe, settings.seed)
            self._restore(state)
        else:
            self._begin(start.stage if start else 0, start.weights if start else None)

    @property
    def stage(self) -> int:
        """Index of the current stage, or of the last one when training has ended."""
        return self._stage

    @property
    def step(self) -> int:
        """Completed steps of that stage."""
        return self._step

    @property
    def averaged(self) -> MixSTE:
        """The resulting network: the moving average of the weights."""
        return self._averaged.network

    def run(self, stopper: Stopper) -> Reason:
        """Train to the end of the recipe, or until stopped; save; return why it stopped."""
        with self._logbook() as book:
            while True:
                reason = self._run_stage(stopper, book)
                if reason or self._stage + 1 == len(self._recipe.stages):
                    self._save()
                    return reason
                self._begin(self._stage + 1, self.averaged.state_dict())
                self._save()

    def validate(self) -> dict[str, float]:
        """Return the errors of the averaged network, as ``Validation.scores``."""
        device, precision = self._group.device, self._settings.precision
        return self._validation.scores(self._averaged, self._current, device, precision)

    @property
    def _current(self) -> Stage:
        return self._recipe.stages[self._stage]

    @property
    def _total_step(self) -> int:
        return self._step + sum(stage.steps for stage in self._recipe.stages[: self._stage])

    def _begin(self, stage: int, weights: dict[str, Tensor] | None) -> None:
        """Set up a stage: grow the given weights, or start from random ones."""
        self._stage, self._step = stage, 0
        torch.manual_seed(seed_of(self._settings.seed, stage, _WEIGHTS))
        network = self._recipe.network(self._current.frames)
        if weights is None:
            initialise(network)
        else:
            grow({name: tensor.cpu() for name, tensor in weights.items()}, network)
        averaged = self._recipe.network(self._current.frames)
        averaged.load_state_dict(network.state_dict())
        device = self._group.device
        self.network = network.to(device)
        self._averaged = Lifting(averaged.to(device))
        self._module = self._group.wrap(Lifting(self.network))
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self._current.rate,
            weight_decay=self._recipe.weight_decay,
            fused=device.type == "cuda",
        )
        self._loss_sum, self._loss_count = torch.zeros((), device=device), 0

    def _run_stage(self, stopper: Stopper, book: Logbook | None) -> Reason:
        stage, recipe = self._current, self._recipe
        seed = seed_of(self._settings.seed, self._stage, _BATCHES)
        share = self._group.share
        draws = Draws(self._train, recipe.frame_rate, stage, seed, share, self._observed)
        steps = range(self._step, stage.steps)
        batches = feed(draws, steps, self._group.device, self._settings.workers)
        saved = time.monotonic()
        with closing(batches), self._bar() as bar:
            for batch in batches:
                self._train_step(batch)
                bar.update()
                if self._step % recipe.validate_every == 0 or self._step == stage.steps:
                    self._report(bar, book)
                if reason := self._group.highest(stopper.reason()):
                    return Reason(reason)
                if time.monotonic() - saved >= self._settings.save_every_s:
                    self._save()
                    saved = time.monotonic()
        return Reason.NONE

    def _train_step(self, batch: Batch) -> None:
        recipe, group = self._recipe, self._group
        rate = self._current.rate * recipe.schedule.at(self._step, self._current.steps)
        for options in self._optimizer.param_groups:
            options["lr"] = rate
        # For stochastic depth, the only randomness in this step.
        torch.manual_seed(
            seed_of(self._settings.seed, self._stage, _NETWORK, self._step, group.rank)
        )
        self._module.train()
        with autocast(group.device, self._settings.precision):
            predicted = self._module(batch.keypoints, batch.places).float()
        if batch.places is not None:  # too far apart in time for a velocity
            predicted, batch = predicted.flatten(0, 1)[:, None], batch.single_frames()
        loss = recipe.loss(predicted, batch.pose, batch.seen)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if recipe.clip is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip)
        self._optimizer.step()
        self._average()
        self._loss_sum += loss.detach()
        self._loss_count += 1
        self._step += 1

    def _average(self) -> None:
        # A short memory at first, so that the average forgets the random start.
        keep = min(self._recipe.averaging, (1 + self._step) / (10 + self._step))
        mean, now = list(self.averaged.parameters()), list(self.network.parameters())
        get_ema_multi_avg_fn(keep)(mean, now, 0)  # type: ignore[no-untyped-call]

    def _report(self, bar: Any, book: Logbook | None) -> None:
        """Log the mean loss since the last report, and validate."""
        loss = self._group.mean(self._mean_loss())
        if book is not None:
            scores = self.validate()
            bar.set_postfix(scores)
            stage = self._current
            row = {
                "frames": stage.frames,
                "step": self._step,
                "loss": round(loss, 4),
                **scores,
                "stage": self._stage + 1,
                "total_step": self._total_step,
                "rate": self._optimizer.param_groups[0]["lr"],
            }
            book.write(row)
        self._loss_sum, self._loss_count = torch.zeros_like(self._loss_sum), 0

    def _mean_loss(self) -> float:
        """Return the mean loss of the steps since the last report.

        Raises:
            MixposeError: it is no longer finite; the state on disk is from before that.
        """
        loss = float(self._loss_sum) / max(1, self._loss_count)
        if not math.isfinite(loss):
            raise MixposeError(
                f"The loss is no longer a number at step {self._step} of stage {self._stage + 1}. "
                "The last state saved is sound; go on from it with another --seed through --init."
            )
        return loss

    @contextmanager
    def _logbook(self) -> Iterator[Logbook | None]:
        if not self._group.leads:
            yield None
            return
        with closing(Logbook(self._folder, self._total_step)) as book:
            yield book

    def _bar(self) -> Any:
        """Return a bar of steps and remaining time; a line every 30 s if not in a terminal."""
        stages = len(self._recipe.stages)
        return tqdm(
            total=self._current.steps,
            initial=self._step,
            desc=f"stage {self._stage + 1} of {stages}, {self._current.frames} frames",
            unit="step",
            mininterval=0.2 if sys.stderr.isatty() else 30.0,
            disable=not self._group.leads,
        )

    def _save(self) -> None:
        if not self._group.leads:
            return
        self._mean_loss()
        state = {
            "recipe": self._recipe.name,
            "seed": self._settings.seed,
            "stage": self._stage,
            "step": self._step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "losses": [float(self._loss_sum), self._loss_count],
        }
        write_state(self._folder / _STATE, state)

    def _restore(self, state: dict[str, Any]) -> None:
        self._begin(state["stage"], state["averaged"])
        self._step = state["step"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        total, self._loss_count = state.get("losses", (0.0, 0))
        self._loss_sum += total
