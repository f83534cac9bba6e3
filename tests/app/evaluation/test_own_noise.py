"""Val motion with training's own noise: the network's very input, by an independent count."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.errors import MixposeError
from app.evaluation.material import EvaluationError
from app.evaluation.methods import load_methods
from app.evaluation.own_noise import score_own_noise, val_packs
from models import checkpoint, metrics
from models.training.motion import MotionBank, Pack
from models.training.samples import Sampler
from tests.support.evaluation import write_weights
from tests.support.walking import walker


def val_pack() -> Pack:
    return Pack("walk", "made here", "CC0", (replace(walker(), split="val"), walker()))


def test_the_network_sees_what_training_shows_it(tmp_path: Path) -> None:
    methods = load_methods([str(write_weights(tmp_path / "w.safetensors"))], "cpu")
    told, untold, flat = score_own_noise([val_pack()], methods, 360)
    network, _ = checkpoint.load(tmp_path / "w.safetensors")
    sampler = Sampler(MotionBank([val_pack()], [1.0], "val"), 30.0, 2003, augment=False)
    batch = sampler.draw(40, 9)
    with torch.inference_mode():
        lifted = network(batch.keypoints).numpy()
    lifted = lifted - lifted[:, :, :1]
    whole = batch.seen.all(-1).numpy()
    expected = 1000 * metrics.mpjpe(lifted[whole], batch.pose.numpy()[whole])
    assert told.scores.mpjpe == pytest.approx(expected, rel=1e-4)
    assert told.scores.frames == whole.sum() > 0
    assert untold.method == "w, without the detector's depth"
    assert untold.scores.mpjpe != told.scores.mpjpe
    assert flat.scores.frames == told.scores.frames
    assert 30 < flat.scores.mpjpe < 300


def test_networks_for_images_are_left_out(tmp_path: Path) -> None:
    path = write_weights(tmp_path / "w.safetensors", channels=2, image=True)
    assert score_own_noise([val_pack()], load_methods([str(path)], "cpu"), 90) == []


def test_folders_without_motion_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MixposeError):
        val_packs(tmp_path)


def test_only_what_is_kept_out_of_training_counts(shared: Path) -> None:
    packs = [shared / "mocap" / name for name in ("cmu120.mcp", "cmu_actions120.mcp")]
    if not all(path.is_file() for path in packs):
        pytest.skip(f"there is no motion in {shared / 'mocap'}")
    (pack,) = val_packs(packs[0])
    assert {clip.split for clip in pack.clips} == {"train", "val"}
    with pytest.raises(EvaluationError, match="holds no motion of the split 'val'"):
        val_packs(packs[1])
