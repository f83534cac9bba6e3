"""The network as fast as the machine allows: the same answer as ``MixSTE``, by the best road there.

``models.mixste`` stays what it is, the readable reference that training and checkpoints use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Final

import torch
from torch import Tensor

from models.eightbit import EightBitMixSTE, works
from models.graphs import GraphedMixSTE
from models.mixste import MixSTE

log: Final = logging.getLogger(__name__)

Lifting = Callable[[Tensor], Tensor]
"""(B, T, J, channels) float32 on the CPU -> (B, T, J, 3) float32 on the CPU."""

_NARROWEST_EIGHT_BIT: Final = 256
"""Below this width a product costs less than rounding its operands."""
_VNNI: Final = ("avx512_vnni", "avx_vnni")


def accelerated(network: MixSTE, device: torch.device) -> Lifting:
    """Choose how ``network``, which is on ``device`` and in evaluation mode, is run there.

    On CUDA a captured graph in half precision.  On a CPU with 8-bit dot products 8-bit products for
    wide networks, else float32: without such instructions, 8-bit products saturate and are no
    faster.  bfloat16 is twice as fast as float32 on a CPU that has it, but 4 mm away at
    ``mixpose-s``'s trained weights and up to 10 mm in the paper's size.
    """
    if device.type == "cuda":
        return _graphed(network, device)
    if device.type == "cpu" and has_eight_bit() and _width(network) >= _NARROWEST_EIGHT_BIT:
        return EightBitMixSTE(network)
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


@cache
def has_eight_bit() -> bool:
    """Whether this CPU multiplies 8-bit numbers without saturation, four times as fast as 32, and
    this build of PyTorch lets it."""
    able = torch.cpu.get_capabilities()
    if not any(able.get(name, False) for name in _VNNI):
        return False
    if not works():
        log.info("this build of PyTorch has no 8-bit products: wide networks run in float32")
        return False
    return True


def _width(network: MixSTE) -> int:
    return network.Spatial_pos_embed.shape[-1]
