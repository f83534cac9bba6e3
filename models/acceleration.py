"""The network as fast as the machine allows: the same answer as ``MixSTE``, by its fastest way.

``models.mixste`` stays what it is, the readable reference that training and checkpoints use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from models.graphs import GraphedMixSTE
from models.mixste import MixSTE

log: Final = logging.getLogger(__name__)

Lifting = Callable[[Tensor], Tensor]
"""(B, T, J, channels) float32 on the CPU -> (B, T, J, 3) float32 on the CPU."""


def accelerated(network: MixSTE, device: torch.device) -> Lifting:
    """Choose how ``network``, which is on ``device`` and in evaluation mode, is run there.

    On CUDA a captured graph in half precision, elsewhere float32.  On a CPU, bfloat16 is twice as
    fast where there are instructions for it, but 4 mm away at ``mixpose-s``'s trained weights; and
    8-bit products, at that width, cost less than it costs to round their operands.
    """
    if device.type == "cuda":
        return _graphed(network, device)
    return _plain(network, device)


def _plain(network: MixSTE, device: torch.device) -> Lifting:
    def lift(keypoints: Tensor) -> Tensor:
        with torch.inference_mode():
            pose: Tensor = network(keypoints.to(device)).float().cpu()
        return pose

    return lift


def _graphed(network: MixSTE, device: torch.device) -> Lifting:
    graphed = GraphedMixSTE(network, device)
    try:
        graphed.replay(1)  # captured now, where a driver that cannot is no more than slower
    except RuntimeError as error:
        log.warning("no CUDA graph can be captured here (%s): the network runs without", error)
        return _plain(network, device)
    return graphed
