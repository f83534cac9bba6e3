"""Faster ways through the network give the reference's answer."""

from __future__ import annotations

import copy

import pytest
import torch

from app.lab.bench.network import SPREAD_M, moving_person
from models.acceleration import GraphedMixSTE, accelerated, halved
from models.mixste import MixSTE

CPU = torch.device("cpu")
FRAMES = 27
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(scope="module")
def wide() -> MixSTE:
    """As wide as the paper's, less deep, with outputs that spread 0.3 m."""
    torch.manual_seed(0)
    network = MixSTE(FRAMES, depth=3).eval()
    with torch.no_grad():
        spread = network(moving_person(FRAMES, 2)).std()
        for parameter in network.head[1].parameters():
            parameter.mul_(SPREAD_M / spread)
    return network


def narrow() -> MixSTE:
    torch.manual_seed(0)
    return MixSTE(9, width=32, depth=2, heads=4, channels=8).eval()


def apart_mm(network: MixSTE, other: object, batch: int = 1) -> torch.Tensor:
    assert callable(other)
    keypoints = moving_person(network.frames, network.channels, batch)
    with torch.inference_mode():
        distance: torch.Tensor = (network(keypoints) - other(keypoints)).norm(dim=-1) * 1000
    return distance


def test_the_answer_is_exact_in_every_batch() -> None:
    network = narrow()
    assert apart_mm(network, accelerated(network, CPU), batch=3).max() == 0


def test_attention_is_the_same_with_and_without_gradients() -> None:
    network = narrow()
    keypoints = moving_person(9, 8)
    trained = network(keypoints).detach()
    with torch.no_grad():
        assert network(keypoints) == pytest.approx(trained, abs=1e-6)


@pytest.mark.slow
def test_half_precision_as_on_cuda_stays_within_a_millimetre(wide: MixSTE) -> None:
    distance = apart_mm(wide, halved(wide))
    assert 0 < distance.mean() <= 1
    assert distance.max() <= 5
    assert wide.STEblocks[0].attn.qkv.weight.dtype == torch.float32


def test_windows_of_the_wrong_shape_are_refused() -> None:
    lifting = accelerated(narrow(), CPU)
    with pytest.raises(ValueError, match="expected windows of"):
        lifting(torch.zeros(1, 5, 17, 2))


@needs_cuda
@pytest.mark.parametrize("batch", [1, 3, 4])
def test_graph_gives_the_cpus_answer_for_fresh_input(wide: MixSTE, batch: int) -> None:
    graphed = GraphedMixSTE(copy.deepcopy(wide).cuda(), torch.device("cuda"))
    for turn in range(3):
        keypoints = moving_person(FRAMES, 2, batch) * (1 - 0.2 * turn)
        with torch.inference_mode():
            expected = wide(keypoints)
        answer = graphed(keypoints)
        assert answer.device == CPU
        assert answer.shape == expected.shape
        assert (answer - expected).norm(dim=-1).mean() <= 1e-3
