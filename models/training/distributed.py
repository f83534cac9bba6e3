"""Distributed training of one network in several processes, on one machine or many.

``torchrun`` starts them and gives each its rank through the environment; gradients are averaged by
PyTorch's ``DistributedDataParallel``, over NCCL between GPUs and over Gloo between CPUs.  Without
``torchrun`` there is one process, and nothing here has an effect.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from models.devices import choose_device
from models.training.batches import Share


@dataclass(frozen=True)
class Group:
    """This process among those that train together, and the device it trains on."""

    device: torch.device
    rank: int = 0
    world: int = 1
    local: int = 1
    """Number of training processes on this machine."""

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes files and messages."""
        return self.rank == 0

    @property
    def share(self) -> Share:
        return Share(self.rank, self.world)

    def wrap(self, module: nn.Module) -> nn.Module:
        """Wrap a module so that all processes start with the same weights, those of the first, and
        average their gradients."""
        if self.world == 1:
            return module
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=ids, gradient_as_bucket_view=True)

    def highest(self, number: int) -> int:
        """Return the largest of all processes' numbers, for a common decision to stop."""
        # On the CPU, by Gloo: reading from a GPU would wait for all its pending work.
        return int(self._reduced(torch.tensor(number), distributed.ReduceOp.MAX))

    def mean(self, number: float) -> float:
        """Return the mean of all processes' numbers."""
        total = self._reduced(torch.tensor(number, dtype=torch.float64), distributed.ReduceOp.SUM)
        return float(total) / self.world

    def from_leader(self, thing: Any) -> Any:
        """Return the leading process's object: a file may be on its disk only."""
        if self.world == 1:
            return thing
        things = [thing]
        distributed.broadcast_object_list(things, src=0)
        return things[0]

    def _reduced(self, value: Tensor, operation: Any) -> Tensor:
        if self.world > 1:
            distributed.all_reduce(value, operation)
        return value


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """Join the group of processes started by ``torchrun``, if there is one.

    ``device`` is as on the command line.

    Raises:
        DeviceError: the device does not exist here, or there are more processes than GPUs.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield Group(choose_device(device))
        return
    local = int(os.environ["LOCAL_RANK"])
    chosen = choose_device(device)
    if chosen.type == "cuda":
        chosen = choose_device(f"cuda:{local}")
        torch.cuda.set_device(chosen)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Group(
            chosen,
            distributed.get_rank(),
            distributed.get_world_size(),
            int(os.environ["LOCAL_WORLD_SIZE"]),
        )
    finally:
        distributed.destroy_process_group()
