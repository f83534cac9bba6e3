"""Faster roads through the network give the reference's answer."""

from __future__ import annotations

import copy
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from app.bench.network import SPREAD_M, moving_person
from models import openvino_network
from models.devices import cpu_threads
from models.eightbit import EightBitMixSTE
from models.fast import accelerated, has_eight_bit
from models.graphs import GraphedMixSTE, halved
from models.mixste import MixSTE
from models.openvino_network import OpenVinoMixSTE

CPU = torch.device("cpu")
Road = type[EightBitMixSTE] | type[OpenVinoMixSTE]
ROADS: list[Road] = [EightBitMixSTE, OpenVinoMixSTE]
FRAMES = 81
needs_eight_bit = pytest.mark.skipif(
    not has_eight_bit(), reason="this CPU has no 8-bit dot products"
)
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


@needs_eight_bit
@pytest.mark.parametrize("road", ROADS)
def test_eight_bits_stay_within_a_millimetre(road: Road, wide: MixSTE) -> None:
    distance = apart_mm(wide, road(wide), batch=2)
    assert 0 < distance.mean() <= 1
    assert distance.max() <= 5


@needs_eight_bit
def test_wide_networks_take_openvino_where_it_is_and_our_own_road_where_not(
    wide: MixSTE, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(accelerated(wide, CPU), OpenVinoMixSTE)
    assert isinstance(accelerated(wide, CPU, openvino=False), EightBitMixSTE)
    monkeypatch.setattr("models.fast.find_spec", lambda _: None)
    assert isinstance(accelerated(wide, CPU), EightBitMixSTE)
    assert not isinstance(accelerated(narrow(), CPU), OpenVinoMixSTE | EightBitMixSTE)


@needs_eight_bit
def test_an_openvino_that_cannot_be_imported_is_done_without(
    wide: MixSTE, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    openvino_network._library.cache_clear()
    monkeypatch.setitem(sys.modules, "openvino.opset13", None)
    assert isinstance(accelerated(wide, CPU), EightBitMixSTE)
    assert "OpenVINO cannot run the network here" in caplog.text


@needs_eight_bit
@pytest.mark.parametrize("frames", [1, 9, 29, 54])
def test_openvino_takes_windows_of_any_length(frames: int) -> None:
    torch.manual_seed(0)
    network = MixSTE(frames, width=64, depth=2, heads=4, channels=8).eval()
    spread_mm = 1000 * network(moving_person(frames, 8)).std()
    assert apart_mm(network, OpenVinoMixSTE(network)).mean() <= 0.002 * spread_mm


@needs_eight_bit
def test_openvino_answers_threads_side_by_side_as_it_does_one(wide: MixSTE) -> None:
    road, keypoints = OpenVinoMixSTE(wide), moving_person(FRAMES, 2, 6)
    with cpu_threads(1):
        expected = road(keypoints)
    pool = ThreadPoolExecutor(3, initializer=torch.set_num_threads, initargs=(1,))
    with pool:
        answers = list(pool.map(lambda each: road(each[None])[0], keypoints))
    assert torch.equal(torch.stack(answers), expected)


@needs_eight_bit
def test_openvino_keeps_the_weights_it_was_given(wide: MixSTE) -> None:
    network, keypoints = copy.deepcopy(wide), moving_person(FRAMES, 2)
    road = OpenVinoMixSTE(network)
    before = road(keypoints)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(road(keypoints), before)


@needs_eight_bit
@pytest.mark.parametrize("road", ROADS)
def test_a_joint_at_rest_and_a_dead_neuron_give_no_nonsense(road: Road, wide: MixSTE) -> None:
    network = copy.deepcopy(wide)
    with torch.no_grad():
        network.STEblocks[0].mlp.fc1.weight[0].zero_()
    keypoints = moving_person(FRAMES, 2)[:, :1].expand(1, FRAMES, 17, 2)
    with torch.inference_mode():
        distance = (network(keypoints) - road(network)(keypoints)).norm(dim=-1) * 1000
    assert distance.max() < 1


def test_narrow_networks_are_exact_in_every_batch() -> None:
    network = narrow()
    assert apart_mm(network, accelerated(network, CPU), batch=3).max() == 0


def test_attention_is_the_same_with_and_without_gradients() -> None:
    network = narrow()
    keypoints = moving_person(9, 8)
    trained = network(keypoints).detach()
    with torch.no_grad():
        assert network(keypoints) == pytest.approx(trained, abs=1e-6)


def test_half_precision_as_on_cuda_stays_within_a_millimetre(wide: MixSTE) -> None:
    distance = apart_mm(wide, halved(wide))
    assert 0 < distance.mean() <= 1
    assert distance.max() <= 5
    assert wide.STEblocks[0].attn.qkv.weight.dtype == torch.float32


@pytest.mark.parametrize(
    "kind", ["plain", *(pytest.param(r, marks=needs_eight_bit) for r in ROADS)]
)
def test_windows_of_the_wrong_shape_are_refused(kind: str | Road, wide: MixSTE) -> None:
    lifting = accelerated(narrow(), CPU) if isinstance(kind, str) else kind(wide)
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
