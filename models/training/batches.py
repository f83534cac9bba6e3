"""Batches in order, each drawn from its own seed, and prefetched by worker processes for GPUs.

A step's batch depends only on the run's seed, the stage and the step.  A resumed run therefore
needs no generator state, prefetching does not change the result, and several training processes
share a batch without communication: each draws all of it and uses its own windows.  (The cost of
drawing depends on the operations more than on the windows: 64 ms of a core for 2,048 single poses,
18 ms for 256.)

On a CPU batches are drawn in the training process.  For a GPU they are drawn by worker processes
(PyTorch's ``DataLoader``) rather than on the GPU: the samplers run some hundreds of small
operations per batch, which would occupy the GPU and the launching thread; threads would compete for
Python's global interpreter lock.
"""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from models.devices import cpu_threads
from models.errors import MixposeError
from models.training.curriculum import Stage
from models.training.kinds import Repertoire
from models.training.observed import Observed
from models.training.samples import Batch, Sampler

_MOST_WORKERS: Final = 8
_AHEAD: Final = 4
"""Batches prefetched per worker: enough for the duration of a validation or a save."""


def seed_of(*path: int) -> int:
    """Hash numbers to a seed of 32 bits (all that PyTorch's CPU generator uses)."""
    digest = hashlib.sha256(",".join(str(number) for number in path).encode()).digest()
    return int.from_bytes(digest[:4], "little")


def default_workers(device: torch.device, processes: int) -> int:
    """Return the default number of workers for each of ``processes`` training processes here."""
    if device.type == "cpu":
        return 0
    return max(1, min(_MOST_WORKERS, (os.cpu_count() or 1) // processes - 1))


@dataclass(frozen=True)
class Share:
    """This process's part of every batch: number ``rank`` of ``world``."""

    rank: int = 0
    world: int = 1


class Draws(Dataset[tuple[Tensor, ...]]):
    """The batches of a stage, indexed by step: keypoints, pose and seen of this process's windows,
    and the places of sparse windows.

    Args:
        motion: the motion to draw from.
        frame_rate: the network's, in frames per second.
        stage: defines the window length and the windows per step of all processes together.
        seed: of this run and this stage.
        share: this process's part.
        observed: windows with the detector's real output, for a part of each batch.

    Raises:
        MixposeError: the batch cannot be divided evenly.
    """

    def __init__(
        self,
        motion: Repertoire,
        frame_rate: float,
        stage: Stage,
        seed: int,
        share: Share = Share(),
        observed: Observed | None = None,
    ) -> None:
        if stage.windows % share.world:
            raise MixposeError(
                f"{stage.windows} windows a step cannot be divided evenly among {share.world} "
                "processes. Start a number of processes that divides it."
            )
        self._motion, self._frame_rate, self._stage = motion, frame_rate, stage
        self._seed, self._share, self._observed = seed, share, observed

    def __getitem__(self, step: int) -> tuple[Tensor, ...]:
        # Seeds count up from the stage's, so that no two steps of a stage share one.
        sampler = Sampler(self._motion, self._frame_rate, (self._seed + step) % 2**32)
        with cpu_threads(1):
            whole = self._draw(sampler)
        windows = self._stage.windows // self._share.world
        own = slice(self._share.rank * windows, (self._share.rank + 1) * windows)
        parts = [part[own] for part in whole.parts()]
        return (*parts, *([] if whole.places is None else [whole.places]))

    def _draw(self, sampler: Sampler) -> Batch:
        stage, observed = self._stage, self._observed
        count = 0 if observed is None else int(observed.share * stage.windows)
        batch = stage.draw(sampler, stage.windows - count)
        if observed is None or not count:
            return batch
        generator = sampler.generator
        if stage.frames == 1:
            more = observed.draw_single(count, stage.span, generator)
        elif batch.places is not None:
            more = observed.draw_at(count, batch.places, generator)
        else:
            more = observed.draw(count, stage.frames, generator)
        return batch.with_more(more)


def feed(
    draws: Draws, steps: range, device: torch.device, workers: int
) -> Generator[Batch, None, None]:
    """Yield the batches of ``steps`` in order, on ``device``; close it to end the workers."""
    loader = DataLoader(
        draws,
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=_AHEAD if workers else None,
        # NCCL, Gloo and CUDA do not survive a fork.
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_leave_signals_to_the_trainer,
        pin_memory=device.type == "cuda",
    )
    for drawn in loader:
        yield Batch(*(tensor.to(device, non_blocking=True) for tensor in drawn))


def _leave_signals_to_the_trainer(_: int) -> None:
    # Ctrl+C reaches every process of a terminal, and ``timeout`` signals a whole group; the trainer
    # saves and then ends its workers, which also exit automatically when it is gone.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
