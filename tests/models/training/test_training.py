"""Training material is anatomically sound, growing loses nothing, a killed run resumes exactly."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import MixposeError
from models.mixste import MixSTE
from models.skeleton import JOINT, MIRROR, PELVIS
from models.training import bodies, cameras, detector_noise, postures
from models.training.curriculum import Stage, forward, grow, initialise
from models.training.losses import training_loss
from models.training.motion import Clip, MotionBank, Pack, derive_midpoints, read_pack
from models.training.samples import Sampler
from models.training.trainer import Plan, Trainer

REPOSITORY = Path(__file__).resolve().parents[3]


def walker(frames: int = 240, rate: float = 60.0) -> Clip:
    """Somebody who swings arms and legs about rigid bones, walking along z."""
    t = np.arange(frames) / rate
    xyz = np.zeros((frames, 17, 3))
    place = np.stack([0 * t, 0.95 + 0 * t, 1.2 * t], axis=1)
    swing = 0.5 * np.sin(2 * np.pi * t)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        leg = np.stack([0 * t, -np.cos(swing * sign), np.sin(swing * sign)], axis=1)
        arm = np.stack([0 * t, -np.cos(swing * sign), -np.sin(swing * sign)], axis=1)
        hip, shoulder = place + [0.1 * sign, 0, 0], place + [0.18 * sign, 0.5, 0]
        for name, start, along, length in (
            ("hip", hip, leg, 0.0),
            ("knee", hip, leg, 0.42),
            ("ankle", hip, leg, 0.83),
            ("shoulder", shoulder, arm, 0.0),
            ("elbow", shoulder, arm, 0.28),
            ("wrist", shoulder, arm, 0.53),
        ):
            xyz[:, JOINT[f"{side}_{name}"]] = start + length * along
    xyz[:, JOINT["nose"]] = place + [0, 0.66, 0.12]
    xyz[:, JOINT["head"]] = place + [0, 0.68, 0.02]
    joints = derive_midpoints(torch.from_numpy(xyz.astype(np.float32))).numpy()
    return Clip("walk", "train", rate, joints)


@pytest.fixture
def bank() -> MotionBank:
    return MotionBank([Pack("p", "made here", "CC0", (walker(),))], [1.0], "train")


BONES = [("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")]


def bone_lengths(windows: torch.Tensor) -> torch.Tensor:
    """(B, T, 17, 3) -> (B, T, 8), right then left of each limb."""
    return torch.stack(
        [
            (
                windows[:, :, JOINT[f"{side}_{upper}"]] - windows[:, :, JOINT[f"{side}_{lower}"]]
            ).norm(dim=-1)
            for upper, lower in BONES
            for side in ("right", "left")
        ],
        dim=-1,
    )


def test_bodies_keep_rigid_symmetric_bones_of_the_canonical_size(bank: MotionBank) -> None:
    generator = torch.Generator().manual_seed(0)
    windows = bank.windows(64, 27, 30.0, generator)
    varied = bodies.vary_proportions(windows, generator)
    turned = bodies.to_canonical_size(bodies.turn_limbs(varied, generator))
    lengths = bone_lengths(turned)
    assert (lengths - lengths[:, :1]).abs().max() < 2e-3
    assert (lengths[..., 0::2] - lengths[..., 1::2]).abs().max() < 2e-3
    torso = (turned[:, :, JOINT["thorax"]] - turned[:, :, PELVIS]).norm(dim=-1)
    assert (torso + lengths.sum(-1)).mean(1) == pytest.approx(torch.full((64,), 3.15), abs=2e-3)
    # …and are different people in different poses.
    assert lengths[:, 0].std(0).min() > 0.005
    assert (turned - bodies.to_canonical_size(windows))[:, :, JOINT["left_wrist"]].std() > 0.05


@pytest.mark.parametrize("posture", [postures.crouch, postures.reach])
def test_postures_keep_bones_and_touch_a_quarter_of_the_windows(
    bank: MotionBank, posture: Callable[[torch.Tensor, torch.Generator], torch.Tensor]
) -> None:
    generator = torch.Generator().manual_seed(0)
    windows = bank.windows(300, 9, 30.0, generator)
    posed = posture(windows, generator)
    assert bone_lengths(posed) == pytest.approx(bone_lengths(windows), abs=1e-5)
    changed = ((posed - windows).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean()
    assert 0.12 < changed < 0.3


def test_who_crouches_sinks_and_bends_knees_forwards_with_the_feet_on_the_floor(
    bank: MotionBank,
) -> None:
    generator = torch.Generator().manual_seed(0)
    windows = bank.windows(300, 9, 30.0, generator)
    posed = postures.crouch(windows, generator)
    ankles = [JOINT["left_ankle"], JOINT["right_ankle"]]
    lowest = posed[:, :, ankles, 1].amin(-1)
    assert lowest == pytest.approx(windows[:, :, ankles, 1].amin(-1), abs=1e-5)
    deep = windows[:, :, PELVIS, 1] - posed[:, :, PELVIS, 1] > 0.3
    assert deep.any()
    # The walker faces along z.
    forward = (posed[:, :, JOINT["left_knee"], 2] - posed[:, :, JOINT["left_hip"], 2])[deep]
    assert (forward > 0.05).float().mean() > 0.95


def test_bodies_have_the_proportions_of_people(bank: MotionBank) -> None:
    windows = bank.windows(400, 3, 30.0, torch.Generator().manual_seed(0))
    stretched = windows.clone()
    for side in ("left", "right"):  # shanks half as long again, as retargeting makes them
        knee, ankle = JOINT[f"{side}_knee"], JOINT[f"{side}_ankle"]
        stretched[:, :, ankle] += 0.5 * (windows[:, :, ankle] - windows[:, :, knee])
    varied = bodies.vary_proportions(stretched, torch.Generator().manual_seed(1))
    lengths = bone_lengths(varied)
    thigh, shank = lengths[..., 0], lengths[..., 2]
    assert (shank / thigh).mean() == pytest.approx(0.80 / 0.81, abs=0.03)
    assert 0.05 < (shank / thigh)[:, 0].std() < 0.2


def test_mirroring_exchanges_sides_of_half_the_windows(bank: MotionBank) -> None:
    generator = torch.Generator().manual_seed(0)
    windows = bank.windows(200, 3, 30.0, generator)
    mirrored = bodies.mirror_half(windows, generator)
    unchanged = (mirrored == windows).all(dim=(1, 2, 3))
    assert 60 < unchanged.sum() < 140
    others = mirrored[~unchanged][:, :, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(others, windows[~unchanged])


def test_cameras_stand_upright_and_see_people_in_front(bank: MotionBank) -> None:
    generator = torch.Generator().manual_seed(0)
    windows = bank.windows(500, 2, 30.0, generator)
    seen = cameras.view(windows, generator)
    assert (seen.camera[..., 2] >= 0.24).all()
    # A rotation and a shift keep all distances; y points down.
    assert bone_lengths(seen.camera) == pytest.approx(bone_lengths(windows), abs=1e-4)
    down = seen.camera[:, :, JOINT["left_hip"], 1] - seen.camera[:, :, JOINT["left_shoulder"], 1]
    assert (down > 0).float().mean() > 0.97
    sides = (windows[0], seen.camera[0])
    handed = [
        torch.linalg.det(
            torch.stack(
                [pose[0, JOINT[n]] - pose[0, PELVIS] for n in ("left_hip", "nose", "thorax")]
            )
        ).sign()
        for pose in sides
    ]
    assert handed[0] == handed[1]


def test_detector_errors_have_the_size_they_claim() -> None:
    image = torch.rand(400, 27, 17, 2, generator=torch.Generator().manual_seed(0))
    error = detector_noise.add_errors(image, torch.Generator().manual_seed(1)) - image
    spread = error[:, :, JOINT["nose"]].std()
    assert 0.004 < spread < 0.03
    assert error[:, :, JOINT["left_wrist"]].std() > 1.1 * spread


def test_midpoints_are_seen_only_with_their_sources() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(500, 9, 17, 2, generator=generator) - 0.5
    seen = detector_noise.hide_joints(image, torch.full((500, 2), 0.45), generator)
    hips = seen[..., JOINT["left_hip"]] & seen[..., JOINT["right_hip"]]
    assert torch.equal(seen[..., PELVIS], hips)
    assert 0.5 < seen.float().mean() < 0.98


def test_network_sees_what_it_is_to_tell(bank: MotionBank) -> None:
    batch = Sampler(bank, 30.0, seed=3).draw(64, 9)
    assert batch.keypoints.abs().max() <= 1 + 1e-5
    assert torch.equal(batch.keypoints[..., 2] == 1, batch.seen)
    assert (batch.keypoints[~batch.seen] == 0).all()
    assert (batch.pose[:, :, PELVIS] == 0).all()
    # Along the ray through the box, what is right of another joint is so in the picture too.
    both = batch.seen[..., JOINT["left_hip"]] & batch.seen[..., JOINT["left_shoulder"]]
    drawn = (batch.keypoints[..., JOINT["left_hip"], 1] - batch.keypoints[..., 11, 1])[both]
    real = (batch.pose[..., JOINT["left_hip"], 1] - batch.pose[..., 11, 1])[both]
    assert (torch.sign(drawn) == torch.sign(real)).float().mean() > 0.97


@pytest.mark.parametrize(("short", "long"), [(1, 9), (9, 27)])
def test_growing_loses_nothing_that_was_learned(short: int, long: int) -> None:
    torch.manual_seed(0)
    small = MixSTE(short, width=32, depth=2, heads=4, channels=3, drop_path=0.0)
    initialise(small)
    large = MixSTE(long, width=32, depth=2, heads=4, channels=3, drop_path=0.0)
    grow(small.state_dict(), large)
    still = torch.randn(4, 1, 17, 3)
    before = forward(small, still.expand(-1, short, -1, -1))[:, :1]
    after = forward(large, still.expand(-1, long, -1, -1))
    assert (after - before).abs().mean() < 0.2 * before.abs().mean()


def test_single_frames_skip_nothing_but_idle_blocks() -> None:
    torch.manual_seed(0)
    network = MixSTE(1, width=32, depth=2, heads=4, channels=3, drop_path=0.0)
    initialise(network)
    still = torch.randn(4, 1, 17, 3)
    assert torch.allclose(forward(network, still), network(still), atol=1e-5)


def test_loss_is_zero_for_the_truth_and_steers_by_what_was_seen() -> None:
    target = torch.randn(2, 5, 17, 3)
    seen = torch.ones(2, 5, 17, dtype=torch.bool)
    assert training_loss(target, target, seen) < 1e-4
    wrong = target.clone().requires_grad_()
    seen[:, :, 3] = False
    training_loss(wrong + 0.1 * torch.randn_like(wrong), target, seen).backward()
    assert wrong.grad is not None
    assert wrong.grad[:, :, 3].norm() < wrong.grad[:, :, 6].norm()


def tiny_plan() -> Plan:
    stages = (Stage(1, 32, 40, 1e-3), Stage(9, 4, 20, 3e-4))
    return Plan(width=16, depth=1, heads=2, stages=stages)


def test_training_learns_and_logs(bank: MotionBank, tmp_path: Path) -> None:
    torch.manual_seed(0)
    plan = Plan(width=32, depth=1, heads=2, stages=(Stage(1, 64, 300, 2e-3),))
    trainer = Trainer(plan, bank, bank, tmp_path)
    before = trainer._validate(plan.stages[0])
    network = trainer.run()
    after = trainer._validate(plan.stages[0])
    assert after["mpjpe"] < 0.7 * before["mpjpe"]
    assert network.frames == 1
    assert (tmp_path / "log.csv").read_text().startswith("frames,step,loss,mpjpe")


_CHILD = """
import sys; sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
import torch; torch.set_num_threads(1)
import test_training as t
from models.training import trainer
trainer._SAVE_EVERY_S = 0.0
t.Trainer(t.tiny_plan(), *[t.MotionBank([t.Pack("p", "", "", (t.walker(),))], [1.0], "train")] * 2,
          Path({folder!r})).run()
"""


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(bank: MotionBank, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    whole = Trainer(tiny_plan(), bank, bank, tmp_path / "whole").run().state_dict()
    script = _CHILD.format(
        tests=str(Path(__file__).parent), root=str(REPOSITORY), folder=str(tmp_path / "killed")
    )
    kills = 0
    for wait_s in (1.5, 0.5, 0.7, None):
        child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        if wait_s is None:
            assert child.wait() == 0
            break
        _wait_for_progress(tmp_path / "killed" / "state.pt", wait_s)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.wait()
    assert kills
    state = torch.load(tmp_path / "killed" / "state.pt", weights_only=True)["averaged"]
    assert all(torch.equal(state[name], whole[name]) for name in whole)


def _wait_for_progress(state: Path, more_s: float) -> None:
    deadline = time.monotonic() + 30
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(more_s * 0.3)


def test_packs_decode_as_their_own_reader_does(shared: Path) -> None:
    spec = importlib.util.spec_from_file_location("pack", shared / "mocap" / "mocap_pack.py")
    assert spec is not None
    assert spec.loader is not None
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    path = shared / "mocap" / "cmu_actions120.mcp"
    _, clips = oracle.load(str(path), ["LWrist", "RFoot"])
    pack = read_pack(path)
    assert len(pack.clips) == len(clips)
    for ours, (entry, xyz) in zip(pack.clips, clips, strict=True):
        assert ours.name == entry["name"]
        picked = ours.xyz[:, [JOINT["left_wrist"], JOINT["right_ankle"]]]
        assert np.array_equal(picked, xyz)


@pytest.mark.parametrize("content", [b"", b"MCP1", b"MCP1\xff\xff\xff\xff", b"BVH nonsense"])
def test_broken_packs_are_errors_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mcp"
    path.write_bytes(content)
    with pytest.raises(MixposeError, match="Cannot read the motion pack"):
        read_pack(path)
