"""What the network costs: against itself as written, in milliseconds, and with length."""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest
import torch

from app.lab.bench.network import (
    PAPER_FRAMES,
    live_pass_s,
    moving_person,
)
from models.lifter import Lifter
from models.live import LiveLifter
from models.mixste import MixSTE

pytestmark = pytest.mark.timing

SIZE = (1280, 720)
BUSY_PERCENT = 20.0
ROUNDS = 3


@pytest.fixture
def _quiet_machine() -> None:
    busy = psutil.cpu_percent(interval=2.0)
    if busy > BUSY_PERCENT:
        pytest.skip(f"this machine is busy: {busy:.0f} % of its processor is taken")


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return Lifter(device="cpu")


def test_operations_of_the_papers_network_are_the_published_ones() -> None:
    with torch.device("meta"):
        network = MixSTE(PAPER_FRAMES)
    assert operations(network) / 2 == pytest.approx(147.4e9, rel=0.002)


@pytest.mark.slow
@pytest.mark.usefixtures("_quiet_machine")
def test_live_pass_on_one_core_takes_at_most_30_ms() -> None:
    network = MixSTE(27, width=128, depth=4, heads=4, channels=8).eval()
    assert min(live_pass_s(network, passes=10) for _ in range(ROUNDS)) <= 0.030


def processor_s(work: object) -> float:
    """Seconds of processor, in which other programs do not count."""
    assert callable(work)
    began = time.process_time()
    work()
    return time.process_time() - began


def operations(network: MixSTE) -> float:
    """Floating-point operations of one window, attention included; a multiply-add is two."""
    frames, joints, width = network.frames, network.joints, network.Spatial_pos_embed.shape[-1]
    tokens, depth = frames * joints, len(network.STEblocks)
    products = 2 * depth * 8 * width * width
    attention = depth * 2 * width * (frames + joints)
    return 2.0 * tokens * (products + attention + width * (network.channels + 3))


def person(count: int) -> np.ndarray:
    """(count, 17, 2) pixels."""
    return moving_person(count, 2)[0].double().numpy() * 200 + 400


def test_live_cost_does_not_grow_with_the_recording(lifter: Lifter) -> None:
    live = LiveLifter(lifter, delay=0)
    clip, taken = person(2100), {}

    def lift(_: object = None) -> float:
        return processor_s(live.lift)

    for frame, xy in enumerate(clip):
        live.push(xy, np.ones(17), SIZE, frame / 30)
        if frame + 1 in (100, 2100):
            taken[frame + 1] = min(lift() for _ in range(12))
    assert len(live._observations) < 2 * lifter.info.frames
    assert taken[2100] < 1.5 * taken[100]


@pytest.mark.slow
def test_offline_cost_is_linear(lifter: Lifter) -> None:
    clip = person(1600)

    def lift(count: int) -> float:
        times = np.arange(count) / 30
        return processor_s(lambda: lifter.lift(clip[:count], np.ones((count, 17)), SIZE, times))

    lift(100)
    short_s, long_s = (min(lift(count) for _ in range(3)) for count in (400, 1600))
    assert long_s < 1.4 * 4 * short_s
