"""The network equals the published one, in numbers and in names."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.mixste import MixSTE


def test_output_equals_the_published_network(shared: Path) -> None:
    fixture = torch.load(shared / "parity" / "mixste_T9_C64_d3.pt", weights_only=True)
    network = MixSTE(9, width=64, depth=3).double().eval()
    network.load_state_dict({k: v.double() for k, v in fixture["state_dict"].items()})
    difference = (network(fixture["input"]) - fixture["output"]).abs().max()
    assert difference < 1e-9


def test_paper_configuration_has_the_published_size() -> None:
    with torch.device("meta"):
        network = MixSTE(243)
    assert len(network.state_dict()) == 204
    assert sum(parameter.numel() for parameter in network.parameters()) == 33_783_811


def test_every_frame_depends_on_every_other() -> None:
    torch.manual_seed(0)
    network = MixSTE(5, width=16, depth=1, heads=2).eval()
    keypoints = torch.randn(1, 5, 17, 2, requires_grad=True)
    network(keypoints)[0, 2].sum().backward()
    assert keypoints.grad is not None
    assert (keypoints.grad[0].abs().sum(-1) > 0).all()


def test_windows_of_the_wrong_shape_are_refused() -> None:
    network = MixSTE(9, width=16, depth=1)
    with pytest.raises(ValueError, match="9 frames x 17 joints x 2 channels"):
        network(torch.zeros(1, 8, 17, 2))


def test_stochastic_depth_acts_only_in_training() -> None:
    torch.manual_seed(0)
    network = MixSTE(3, width=16, depth=2, heads=2, drop_path=0.9)
    keypoints = torch.randn(4, 3, 17, 2)
    assert not torch.equal(network(keypoints), network(keypoints))
    network.eval()
    assert torch.equal(network(keypoints), network(keypoints))
