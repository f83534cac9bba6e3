"""The network on OpenVINO, where that is installed: on a CPU the fastest road for wide networks.

Its CPU plugin rounds activations to 8 bits as it multiplies (dynamic quantisation), and fuses what
lies between.  Rounding alone moves joints by 13 mm and more, but most of every activation changes
little from frame to frame (see ``models.eightbit``): its means over 27 frames each are taken off
and multiplied in float32, and only the rest is rounded.  At the paper's size and 300 mm of spread
that leaves 0.3 mm (at most 4 mm) on a moving and on a drawn person.  One mean of all 243 frames is
3 % faster but leaves 0.7 and 1.5 mm (9 mm); means of 9 frames leave 0.1 mm and are 7 % slower.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from types import ModuleType
from typing import Any, Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.devices import OFFLINE_WORKERS
from models.eightbit import rounded_rows
from models.mixste import Block, MixSTE

_FRAMES_PER_MEAN: Final = 27
_ROUNDED_TOGETHER: Final = 256
"""Neighbouring numbers of a token that share a step: 5 % faster than 128, 0.02 mm less exact."""
_TELEMETRY: Final = "openvino_telemetry"


class _Requests(threading.local):
    def __init__(self) -> None:
        self.by_threads: dict[int, Any] = {}


class OpenVinoMixSTE:
    """A ``MixSTE`` compiled for the CPU; may be called from any thread."""

    def __init__(self, network: MixSTE) -> None:
        """``network`` must be on the CPU and in evaluation mode; it is copied.

        Raises:
            ImportError: OpenVINO is not installed.
            RuntimeError: it cannot compile the network here.
        """
        self._library = _library()
        self._network = network
        self._model = _Graph(self._library, network).model()
        self._compiled: dict[int, Any] = {}
        self._compiling = threading.Lock()
        self._requests = _Requests()
        self._compile(1)  # now, where failing means to choose another road

    def __call__(self, keypoints: Tensor) -> Tensor:
        """As ``MixSTE.forward``: (B, T, J, channels) -> (B, T, J, 3) in float32.

        As many threads work as PyTorch may use in this one.
        """
        self._network.require(keypoints)
        request = self._request(torch.get_num_threads())
        windows = keypoints.numpy()
        return torch.from_numpy(np.stack([request.infer([window])[0] for window in windows]))

    def _request(self, threads: int) -> Any:
        """The calling thread's own place to compute in."""
        mine = self._requests.by_threads
        if threads not in mine:
            mine[threads] = self._compile(threads).create_infer_request()
        return mine[threads]

    def _compile(self, threads: int) -> Any:
        """The network for ``threads`` threads a window; single ones work side by side."""
        with self._compiling:
            if threads not in self._compiled:
                streams = OFFLINE_WORKERS if threads == 1 else 1
                self._compiled[threads] = self._library.Core().compile_model(
                    self._model,
                    "CPU",
                    {
                        "NUM_STREAMS": streams,
                        "INFERENCE_NUM_THREADS": threads * streams,
                        "ENABLE_CPU_PINNING": False,  # the cores are the detector's, too
                        "INFERENCE_PRECISION_HINT": "f32",
                        "DYNAMIC_QUANTIZATION_GROUP_SIZE": _ROUNDED_TOGETHER,
                    },
                )
            return self._compiled[threads]


@cache
def _library() -> ModuleType:
    """OpenVINO without its telemetry, which calls home as soon as it is imported.

    Raises:
        ImportError: it is not installed.
    """
    allowed = _TELEMETRY in sys.modules
    if not allowed:
        # OpenVINO has a stand-in for where this package is missing, as None says that it is.
        sys.modules[_TELEMETRY] = cast(ModuleType, None)
    try:
        import openvino
        import openvino.opset13
    finally:
        if not allowed:
            del sys.modules[_TELEMETRY]
    return cast(ModuleType, openvino)


class _Graph:
    """Writes a ``MixSTE`` down in OpenVINO's operations, for one window.

    Tokens are (means, frames a mean, joints, width) where they are multiplied, and (frames, joints,
    width) elsewhere: a view, that costs nothing.
    """

    def __init__(self, library: ModuleType, network: MixSTE) -> None:
        self._library, self._ops, self._network = library, library.opset13, network
        self._frames, self._joints = network.frames, network.joints
        self._width = network.Spatial_pos_embed.shape[-1]
        self._means = _divisor(network.frames, network.frames // _FRAMES_PER_MEAN)

    def model(self) -> Any:
        """(T, J, channels) -> (T, J, 3)"""
        network, ops = self._network, self._ops
        shape = [self._frames, self._joints, network.channels]
        keypoints = ops.parameter(shape, np.float32)
        x = self._exact(keypoints, network.Spatial_patch_to_embedding)
        x = ops.add(x, _array(network.Spatial_pos_embed))
        for index, (spatial, temporal) in enumerate(
            zip(network.STEblocks, network.TTEblocks, strict=True)
        ):
            x = self._norm(self._block(x, spatial, over_time=False), network.Spatial_norm)
            if index == 0:
                x = ops.add(x, _array(network.Temporal_pos_embed.transpose(0, 1)))
            x = self._norm(self._block(x, temporal, over_time=True), network.Temporal_norm)
        norm, linear = network.head
        return self._library.Model([self._exact(self._norm(x, norm), linear)], [keypoints])

    def _block(self, x: Any, block: nn.Module, *, over_time: bool) -> Any:
        assert isinstance(block, Block)
        packed = self._linear(self._norm(x, block.norm1), block.attn.qkv)
        mixed = self._attention(packed, block.attn.heads, over_time=over_time)
        x = self._ops.add(x, self._linear(mixed, block.attn.proj))
        hidden = self._linear(self._norm(x, block.norm2), block.mlp.fc1)
        hidden = self._ops.gelu(hidden, "ERF")
        return self._ops.add(x, self._linear(hidden, block.mlp.fc2))

    def _attention(self, packed: Any, heads: int, *, over_time: bool) -> Any:
        """(T, J, 3 width) -> (T, J, width), mixed over the frames or over the joints."""
        ops = self._ops
        packed = self._shaped(packed, self._frames, self._joints, 3, heads, self._width // heads)
        # -> (3, sequences, heads, tokens, width of a head)
        packed = ops.transpose(packed, [2, 1, 3, 0, 4] if over_time else [2, 0, 3, 1, 4])
        parts = ops.split(packed, np.int64(0), 3).outputs()
        mixed = ops.scaled_dot_product_attention(*(ops.squeeze(part, [0]) for part in parts))
        mixed = ops.transpose(mixed, [2, 0, 1, 3] if over_time else [0, 2, 1, 3])
        return self._shaped(mixed, self._frames, self._joints, self._width)

    def _linear(self, x: Any, layer: nn.Linear) -> Any:
        """The layer's answer to (T, J, in): the slow part in float32, the rest in 8 bits."""
        ops, frames = self._ops, self._frames
        x = self._shaped(x, self._means, frames // self._means, self._joints, layer.in_features)
        slow = ops.reduce_mean(x, [1], keep_dims=True)
        steps, levels = rounded_rows(layer.weight)
        weight = ops.multiply(ops.convert(_array(levels), "f32"), _array(steps[:, None]))
        rest = ops.matmul(ops.subtract(x, slow), weight, False, True)
        x = ops.add(rest, self._exact(slow, layer))
        return self._shaped(x, frames, self._joints, layer.out_features)

    def _exact(self, x: Any, layer: nn.Module) -> Any:
        assert isinstance(layer, nn.Linear)
        product = self._ops.matmul(x, _array(layer.weight), False, True)
        return self._ops.add(product, _array(layer.bias))

    def _norm(self, x: Any, norm: nn.Module) -> Any:
        assert isinstance(norm, nn.LayerNorm)
        x = self._ops.mvn(x, [-1], True, norm.eps, "INSIDE_SQRT")
        x = self._ops.multiply(x, _array(norm.weight))
        return self._ops.add(x, _array(norm.bias))

    def _shaped(self, x: Any, *shape: int) -> Any:
        return self._ops.reshape(x, list(shape), False)


def _array(tensor: Tensor) -> NDArray[Any]:
    """What OpenVINO makes a constant of, copying it."""
    return tensor.detach().numpy()


def _divisor(number: int, most: int) -> int:
    """The largest divisor of ``number`` that is not above ``most``, and 1 at least."""
    return max(each for each in range(1, max(1, most) + 1) if number % each == 0)
