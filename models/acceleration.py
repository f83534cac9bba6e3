"""Accelerated inference: the same output as ``MixSTE``, computed in the fastest way available.

``models.mixste`` remains the readable reference implementation, used by training and checkpoints.

On CUDA the network runs in half precision, captured once per batch size as a CUDA graph.

A window of the live view takes hundreds of kernels of a few microseconds each; launched one by one,
their launch takes longer than their execution.  Blocks multiply in float16 and accumulate residuals
in float32: as fast as bfloat16 on every GPU that has either, and eight times as precise.  That is
needed: bfloat16 products alone move joints by 1 mm (``mixpose-s``) to 5 mm (the paper's size) from
the CPU's output.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from models.mixste import Block, MixSTE

_WARM_UP = 3
"""Passes before capture: libraries select kernels and allocate memory in the first ones."""


@dataclass(frozen=True)
class _Captured:
    """A graph and the buffers that it reads and writes; the host's buffers are pinned."""

    graph: torch.cuda.CUDAGraph
    input: Tensor
    result: Tensor
    host_input: Tensor
    host_result: Tensor
    done: torch.cuda.Event


class GraphedMixSTE:
    """A ``MixSTE`` on CUDA; thread-safe."""

    def __init__(self, network: MixSTE, device: torch.device) -> None:
        """``network`` must be on ``device`` and in evaluation mode; it is copied."""
        self._network, self._device = halved(network), device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._captured: dict[int, _Captured] = {}
        self._lock = threading.Lock()

    @torch.inference_mode()
    def __call__(self, keypoints: Tensor) -> Tensor:
        """Like ``MixSTE.forward``, with float32 input and output on the CPU.

        Both copies and the graph are queued together, with a single synchronisation for the result.
        """
        self._network.require(keypoints)
        count = len(keypoints)
        with self._lock, torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            captured = self._for_batch(count)
            captured.host_input[:count].copy_(keypoints)
            captured.input.copy_(captured.host_input, non_blocking=True)
            captured.graph.replay()
            captured.host_result.copy_(captured.result, non_blocking=True)
            captured.done.record(self._stream)
            captured.done.synchronize()
            return captured.host_result[:count].clone()

    def replay(self, count: int) -> torch.cuda.CUDAGraph:
        """Return the graph for ``count`` windows, which the benchmark times."""
        with self._lock, torch.cuda.device(self._device), torch.cuda.stream(self._stream):
            return self._for_batch(count).graph

    def _for_batch(self, count: int) -> _Captured:
        # Batches are padded to a power of two, so that a clip's last one needs no new capture.
        size = 1 << (count - 1).bit_length()
        if size not in self._captured:
            self._captured[size] = self._capture(size)
        return self._captured[size]

    def _capture(self, size: int) -> _Captured:
        network = self._network
        shape = size, network.frames, network.joints
        given = torch.zeros(*shape, network.channels, device=self._device)
        for _ in range(_WARM_UP):
            network(given)
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Other threads may use CUDA meanwhile; only this thread's calls must be capturable.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            result = network(given)
        return _Captured(
            graph,
            given,
            result,
            torch.zeros(*shape, network.channels, pin_memory=True),
            torch.zeros(*shape, 3, pin_memory=True),
            torch.cuda.Event(),  # type: ignore[no-untyped-call]
        )


def halved(network: MixSTE) -> MixSTE:
    """Return a copy whose linear layers and attention run in float16; the rest stays float32."""
    copied = copy.deepcopy(network)
    for block in (*copied.STEblocks, *copied.TTEblocks):
        assert isinstance(block, Block)
        for layer in (block.attn.qkv, block.attn.proj, block.mlp.fc1, block.mlp.fc2):
            layer.half().register_forward_pre_hook(_to_half)
    return copied


def _to_half(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].half(),)


log: Final = logging.getLogger(__name__)

Lifting = Callable[[Tensor], Tensor]
"""(B, T, J, channels) float32 on the CPU -> (B, T, J, 3) float32 on the CPU."""


def accelerated(network: MixSTE, device: torch.device) -> Lifting:
    """Return a callable that runs ``network``, which is on ``device`` and in evaluation mode.

    On CUDA this is a captured graph in half precision, elsewhere float32.  On a CPU with the
    instructions for it bfloat16 is twice as fast, but moves joints by 4 mm with ``mixpose-s``; and
    8-bit products, at that width, save less time than quantising their operands takes.
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
        graphed.replay(1)  # capture now, so that a driver that cannot is detected here
    except RuntimeError as error:
        log.warning("no CUDA graph can be captured here (%s): the network runs without", error)
        return _plain(network, device)
    return graphed
