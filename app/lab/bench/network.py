"""Benchmark of the network alone: the paper's and ours, optimised against plain."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from app.lab.bench.table import Row
from models.acceleration import GraphedMixSTE, Lifting, accelerated
from models.devices import cpu_threads
from models.mixste import MixSTE

if TYPE_CHECKING:
    from models.lifter import Lifter

PAPER_FRAMES: Final = 243
SPREAD_M: Final = 0.3


def paper_network() -> MixSTE:
    """Return the paper's network with random weights, its head scaled so that poses span 0.3 m."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MixSTE(PAPER_FRAMES).eval()
    with torch.inference_mode():
        spread = network(moving_person(PAPER_FRAMES, 2)).std()
    with torch.no_grad():
        for parameter in network.head[1].parameters():
            parameter.mul_(SPREAD_M / spread)
    return network


def moving_person(frames: int, channels: int, batch: int = 1) -> Tensor:
    """Return (batch, frames, 17, channels) oscillating joints with a detector's noise.

    Positions are within the person's box, amplitudes up to 0.15 of its half side at up to 0.8 Hz
    at 50 frames/s, noise 0.5 % of it.
    """
    random = torch.Generator().manual_seed(3)

    def draw() -> Tensor:
        return torch.rand(batch, 1, 17, channels, generator=random)

    time_s = torch.arange(frames)[None, :, None, None] / 50
    swing = 0.15 * torch.sin(time_s * (1 + 4 * draw()) + 6 * draw())
    place = 1.6 * draw() - 0.8
    noise = torch.randn(batch, frames, 17, channels, generator=random)
    return place + swing + 0.005 * noise


def compare(plain: Lifting, fast: Lifting, keypoints: Tensor, turns: int) -> tuple[float, float]:
    """Return how many times as fast ``fast`` is, and its seconds.

    Medians of alternating measurements after a warm-up of each; the ratio is computed per pair, so
    that load affects both sides.
    """
    plain(keypoints), fast(keypoints)
    taken = [(_seconds(plain, keypoints), _seconds(fast, keypoints)) for _ in range(turns)]
    return (
        statistics.median(slow_s / fast_s for slow_s, fast_s in taken),
        statistics.median(fast_s for _, fast_s in taken),
    )


def network_rows(lifter: Lifter, turns: int) -> list[Row]:
    """Return the rows of our network on one core, and of the paper's on CUDA if available."""
    return [_one_core_row(lifter), *_cuda_rows(turns)]


def live_pass_s(network: MixSTE, passes: int = 40) -> float:
    """Return the median seconds of one window of ``network``, on the CPU with one thread."""
    lifting = accelerated(network, torch.device("cpu"))
    keypoints = moving_person(network.frames, network.channels)
    with cpu_threads(1):
        lifting(keypoints)
        return statistics.median(_seconds(lifting, keypoints) for _ in range(passes))


def _one_core_row(lifter: Lifter) -> Row:
    from models.checkpoint import load_model

    taken_s = live_pass_s(load_model(lifter.info.path))
    stage = f"{lifter.info.name}, live pass, one core"
    return Row(
        stage, 1000 * taken_s, 1 / taken_s, "the network alone (wanted: 30 ms for mixpose-s)"
    )


def _cuda_rows(turns: int) -> list[Row]:
    stage = "paper's network, 243 frames, CUDA"
    if not torch.cuda.is_available():
        return [Row(stage, note="skipped: no CUDA device")]
    device = torch.device("cuda")
    network = paper_network()
    keypoints = moving_person(PAPER_FRAMES, network.channels)
    with cpu_threads(2), torch.inference_mode():
        on_cpu = network(keypoints)
    network.to(device)
    graphed = GraphedMixSTE(network, device)

    def eager(windows: Tensor) -> Tensor:
        with torch.inference_mode():
            pose: Tensor = network(windows.to(device)).cpu()
        return pose

    ratio, fast_s = compare(eager, graphed, keypoints, max(turns, 20))
    apart_mm = 1000 * float((graphed(keypoints) - on_cpu).norm(dim=-1).mean())
    note = f"{ratio:.1f} times as fast as float32, {apart_mm:.2f} mm from the CPU's answer"
    return [Row(stage, 1000 * fast_s, 1 / fast_s, note)]


def _seconds(lifting: Lifting, keypoints: Tensor) -> float:
    began = time.perf_counter()
    lifting(keypoints)
    return time.perf_counter() - began
