"""Before they have learned anything, temporal blocks look nearby and change nothing."""

from __future__ import annotations

import math

import pytest
import torch

from models.mixste import MixSTE
from models.training.locality import initialise_locally, temporal_blocks


@pytest.fixture
def network() -> MixSTE:
    torch.manual_seed(0)
    network = MixSTE(27, width=64, depth=2, heads=4, channels=3).eval()
    initialise_locally(network)
    return network


@pytest.mark.parametrize(("head", "reach"), [(0, 2), (1, 3), (2, 2), (3, 3)])
def test_attention_falls_with_the_distance(network: MixSTE, head: int, reach: int) -> None:
    place = network.Temporal_pos_embed[0]
    for block in temporal_blocks(network):
        attention = block.attn
        packed = (place @ attention.qkv.weight.T).view(27, 3, attention.heads, -1)
        query, key = packed[:, 0, head], packed[:, 1, head]
        shares = (query @ key.T / math.sqrt(query.shape[1])).softmax(-1)
        of_distance = [shares.diagonal(step).mean().item() for step in range(14)]
        assert max(of_distance) == of_distance[0]
        within_three = of_distance[0] + 2 * sum(of_distance[1:4])
        assert within_three > 1.5 * 7 / 27
        fallen = of_distance[0] / of_distance[reach]
        assert fallen == pytest.approx(math.e ** (1 if reach == 3 else (2 / 1.5) ** 2), rel=0.35)


def test_every_frame_is_lifted_by_itself_at_first(network: MixSTE) -> None:
    keypoints = torch.rand(2, 27, 17, 3)
    with torch.inference_mode():
        before = network(keypoints)
        keypoints[:, 9] = torch.rand(2, 17, 3)
        after = network(keypoints)
    same = torch.arange(27) != 9
    assert torch.equal(before[:, same], after[:, same])
    assert not torch.equal(before[:, 9], after[:, 9])


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_windows_have_places_too(frames: int) -> None:
    network = MixSTE(frames, width=16, depth=1, heads=2, channels=3)
    initialise_locally(network)
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())
