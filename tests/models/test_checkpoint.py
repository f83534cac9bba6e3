"""Weights files: what loads, and what is refused by name."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models import checkpoint
from models.checkpoint import WeightsInfo
from models.errors import WeightsError
from models.mixste import MixSTE


def make_network() -> MixSTE:
    torch.manual_seed(0)
    return MixSTE(9, width=32, depth=2, heads=8)


def published(path: Path, state: dict[str, Tensor], **more: object) -> Path:
    """A file like the authors': trained on GPUs, with the sampler's random state beside it."""
    content = {
        "epoch": 3,
        "lr": 4e-5,
        "random_state": np.random.RandomState(1234),
        "optimizer": {"state": {}, "param_groups": [{"lr": 4e-5}]},
        "model_pos": {f"module.{name}": tensor for name, tensor in state.items()},
        **more,
    }
    torch.save(content, path)
    return path


def test_published_checkpoint_gives_the_same_poses(tmp_path: Path) -> None:
    network = make_network().eval()
    loaded = checkpoint.load_model(published(tmp_path / "best.bin", network.state_dict()))
    keypoints = torch.randn(2, 9, 17, 2)
    assert torch.equal(loaded(keypoints), network(keypoints))
    assert not loaded.training


def test_number_of_heads_is_eight_unless_told(tmp_path: Path) -> None:
    path = published(tmp_path / "best.bin", make_network().state_dict())
    assert checkpoint.load(path)[1].heads == 8
    assert checkpoint.load(path, heads=4)[0].STEblocks[0].attn.heads == 4


def test_own_weights_round_trip(tmp_path: Path) -> None:
    network = make_network().eval()
    info = WeightsInfo("mine", 9, 32, 2, 8, 2, 30.0, checkpoint.PERSON_BOX, "x", 1.8, "t", "CC0")
    path = tmp_path / "mine.safetensors"
    checkpoint.save(path, network, info)
    loaded, read = checkpoint.load(path)
    keypoints = torch.randn(1, 9, 17, 2)
    assert torch.allclose(loaded(keypoints), network(keypoints), atol=5e-3)
    assert (read.name, read.rate, read.height_m, read.licence) == ("mine", 30.0, 1.8, "CC0")
    assert len(read.sha256) == 64


class Bomb:
    """Unpickled without care, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.write_text, (self.path, "run")


@pytest.mark.parametrize("as_torch", [True, False])
def test_hostile_pickle_is_refused_without_running(tmp_path: Path, as_torch: bool) -> None:
    trace, path = tmp_path / "trace", tmp_path / "evil.bin"
    if as_torch:
        published(path, make_network().state_dict(), extra=Bomb(trace))
    else:
        path.write_bytes(pickle.dumps({"model_pos": Bomb(trace)}))
    with pytest.raises(WeightsError):
        checkpoint.load_model(path)
    assert not trace.exists()


def damaged(name: str) -> dict[str, Tensor]:
    state = make_network().state_dict()
    if name == "missing":
        del state["head.1.bias"]
    elif name == "extra":
        state["head.2.weight"] = torch.zeros(3)
    elif name == "of the wrong shape":
        state["head.1.bias"] = torch.zeros(4)
    else:
        state["head.1.bias"] = torch.tensor([0.0, torch.nan, 0.0])
    return state


@pytest.mark.parametrize("fault", ["missing", "extra", "of the wrong shape", "not finite"])
def test_tensors_that_do_not_fit_are_named(tmp_path: Path, fault: str) -> None:
    path = published(tmp_path / "bad.bin", damaged(fault))
    with pytest.raises(WeightsError, match=f"{fault}: head\\.[12]\\.(bias|weight)"):
        checkpoint.load_model(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_damaged_and_absent_files_are_errors_in_words(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    with pytest.raises(WeightsError, match="Cannot read"):
        checkpoint.load_model(path)
    for content in (b"", b"not weights at all", b"\x00" * 64):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=r"damaged|no checkpoint|plain tensors"):
            checkpoint.load_model(path)


def test_truncated_own_weights_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    checkpoint.save(path, make_network(), WeightsInfo("cut", 9, 32, 2))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        checkpoint.load_model(path)


def test_unknown_name_lists_what_is_shipped() -> None:
    with pytest.raises(WeightsError, match="mixpose-s"):
        checkpoint.resolve_weights("mixpose-xxl")


@pytest.mark.parametrize("name", ["mine.safetensors", "best.bin"])
def test_what_is_hashed_is_what_is_loaded(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody replaces the file just after it was read."""
    first, second = tmp_path / "first", tmp_path / "second"
    networks = make_network(), MixSTE(9, width=32, depth=1, heads=8)
    info = WeightsInfo("first", 9, 32, 2, 8, 2, 30.0, checkpoint.PERSON_BOX, "x", 1.8, "t", "CC0")
    for folder, network in zip((first, second), networks, strict=True):
        folder.mkdir()
        described = replace(info, name=folder.name, depth=len(network.STEblocks))
        checkpoint.save(folder / "mine.safetensors", network, described)
        published(folder / "best.bin", network.state_dict())
    path, read = tmp_path / name, Path.read_bytes
    shutil.copy(first / name, path)

    def read_and_replace(file: Path) -> bytes:
        data = read(file)
        shutil.copy(second / name, path)
        return data

    monkeypatch.setattr(Path, "read_bytes", read_and_replace)
    network, found = checkpoint.load(path)
    assert found.sha256 == hashlib.sha256(read(first / name)).hexdigest()
    assert len(network.STEblocks) == found.depth == 2
