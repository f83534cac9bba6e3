"""Damaged recordings and weights: opened as far as they go, or refused in a sentence."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest
import torch

from app.errors import RecordingError, WeightsError
from app.export.registry import export
from app.motion.data import MotionData
from app.recording.listing import list_recordings
from app.recording.reader import Recording
from models import checkpoint
from models.checkpoint import WeightsInfo
from models.mixste import MixSTE
from tests.support.damage import damaged
from tests.support.recordings import INFO, poses, record

FRAMES = 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording with pictures and poses."""
    path = record(tmp_path_factory.mktemp("whole"), FRAMES, keep_video=True)
    Recording.open(path).save_poses(poses(FRAMES), INFO)
    return path


def use(path: Path) -> str:
    """Do everything with a recording that the program does, and how that went."""
    list_recordings(path.parent)
    try:
        recording = Recording.open(path)
    except RecordingError:
        return "refused"
    for row in range(len(recording.keypoints.time_s)):
        recording.picture(row)
    if recording.poses is not None:
        export(path.parent / "x.csv", MotionData.from_recording(recording), overwrite=True)
    return "whole" if recording.recovered is None else "recovered"


@pytest.mark.timeout(1200)
def test_damaged_recordings_open_as_far_as_they_go(
    whole: Path, cases: range, tmp_path: Path
) -> None:
    names = sorted(path.name for path in whole.iterdir())
    assert {"keypoints.bin", "poses.npz", "recording.json", "video.mkv"} <= set(names)
    ended: Counter[str] = Counter()
    for seed in cases:
        copy = tmp_path / str(seed) / whole.name
        shutil.copytree(whole, copy)
        file = copy / names[seed % len(names)]
        file.write_bytes(damaged(file.read_bytes() or b"\0", seed)[0])
        ended[use(copy)] += 1
        shutil.rmtree(copy.parent)
    assert set(ended) >= {"whole", "recovered"}
    assert ended["refused"] < len(cases) / 4, "one damaged file seldom costs a recording"


def test_a_recording_that_lacks_a_file_opens_without_it(whole: Path, tmp_path: Path) -> None:
    for name in sorted(path.name for path in whole.iterdir()):
        copy = tmp_path / name / whole.name
        shutil.copytree(whole, copy)
        (copy / name).unlink()
        assert use(copy) == ("refused" if name == "keypoints.bin" else "whole"), name
        (copy / name).mkdir()  # and something that is no file
        assert use(copy) in ("refused", "whole"), name


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Small weights, as ours and as a published checkpoint."""
    folder = tmp_path_factory.mktemp("weights")
    network = MixSTE(9, width=16, depth=1, heads=4, channels=2)
    ours, published = folder / "small.safetensors", folder / "small.bin"
    checkpoint.save(ours, network, WeightsInfo("small", 9, 16, 1, heads=4))
    state = {f"module.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"model_pos": state}, published)
    return [ours, published]


@pytest.mark.timeout(1200)
def test_damaged_weights_are_refused_in_words(
    weights: list[Path], cases: range, tmp_path: Path
) -> None:
    refused = 0
    # Three times as many: they are small, and a pickle has more ways to break than a video.
    for seed in range(3 * len(cases)):
        path = weights[seed % 2]
        data, _ = damaged(path.read_bytes(), seed)
        if seed % 3 == 0:
            data = _other_numbers(path.read_bytes(), seed)
        broken = tmp_path / path.name
        broken.write_bytes(data)
        try:
            checkpoint.load(broken)
        except WeightsError:
            refused += 1
    assert refused > len(cases)


def _other_numbers(data: bytes, seed: int) -> bytes:
    """Two letters of the header are others: sizes and counts that nobody wrote."""
    dice, changed = random.Random(seed), bytearray(data)
    for _ in range(2):
        changed[dice.randrange(8, min(900, len(data)))] = dice.choice(b'0123456789-.{}",:en')
    return bytes(changed)


def test_a_pickle_that_takes_from_an_empty_stack(tmp_path: Path) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(b"\x80\x02e.")  # one of a thousand flipped bits does the same to a whole one
    with pytest.raises(IndexError):
        torch.load(path, weights_only=True)
    with pytest.raises(WeightsError, match="damaged"):
        checkpoint.load(path)
