"""Training material is anatomically sound, and the network sees what it is to tell."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import MixposeError
from models.skeleton import JOINT, MIRROR, PELVIS
from models.training import bodies, cameras, detector_noise, postures
from models.training.motion import MotionBank, Pack, read_pack
from models.training.samples import Batch, Sampler
from tests.support.walking import walker


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
    # Children's legs are as much shorter, and some adults' longer: both bones of a leg alike.
    torso = (varied[:, 0, JOINT["thorax"]] - varied[:, 0, PELVIS]).norm(dim=-1)
    legs = (thigh + shank)[:, 0] / torso
    assert 0.07 < legs.std() / legs.mean() < 0.12
    assert (legs < 0.86 * legs.mean()).float().mean() > 0.03
    plain = bone_lengths(bodies.vary_proportions(stretched, torch.Generator(), spread=False))
    assert (plain[..., 2] / plain[..., 0])[:, 0].std() < 0.02


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


def test_hidden_joints_are_guessed_at_or_not_told() -> None:
    generator = torch.Generator().manual_seed(0)
    conf = detector_noise.hide(torch.ones(2000, 9, 17), generator)
    assert 0.9 < (conf == 1).float().mean() < 0.98
    assert ((conf == 1) | (conf <= 0.5)).all()
    silent, guessed = (conf == 0).float().mean(), ((conf > 0) & (conf < 1)).float().mean()
    assert silent == pytest.approx(float(guessed), rel=0.3)


def test_the_network_is_told_what_it_would_be_told_in_use() -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(500, 9, 17, 2, generator=generator) - 0.5
    conf = torch.rand(500, 9, 17, generator=generator)
    told = detector_noise.told(conf, image, torch.full((500, 2), 0.4))
    joint = JOINT["left_wrist"]
    inside = (image[:, :, joint].abs() < 0.4).all(-1)
    certain, invented = conf[..., joint] >= 0.5, conf[..., joint] < 0.1
    assert (told[..., joint][certain] > 0).all()
    assert (told[..., joint][~certain & ~inside] == 0).all()
    assert (told[..., joint][invented] == 0).all()
    assert torch.equal(told[..., joint][inside & ~invented], conf[..., joint][inside & ~invented])
    hips = torch.minimum(told[..., JOINT["left_hip"]], told[..., JOINT["right_hip"]])
    assert torch.equal(told[..., PELVIS], hips)


def test_exchanged_sides_are_the_bodys_or_the_limbs() -> None:
    image = torch.rand(3000, 9, 17, 2, generator=torch.Generator().manual_seed(0))
    exchanged = detector_noise.exchange_sides(image, torch.Generator().manual_seed(1))
    changed = (exchanged != image).any(-1)
    kinds = {tuple(row.tolist()) for row in changed.flatten(0, 1)}
    assert len(kinds) == 4  # nothing, all pairs, arms, legs
    assert 0.01 < changed.any(-1).any(-1).float().mean() < 0.05
    assert torch.equal(exchanged[changed], image[:, :, list(MIRROR)][changed])
    single = image[:, :1]
    assert detector_noise.exchange_sides(single, torch.Generator()) is single


def test_network_sees_what_it_is_to_tell(bank: MotionBank) -> None:
    batch = Sampler(bank, 30.0, seed=3).draw(256, 9)
    xy, conf, depth, known = (batch.keypoints[..., channels] for channels in (slice(2), 2, 3, 4))
    assert xy.abs().max() <= 1 + 1e-5
    assert torch.equal(conf >= 0.5, batch.seen)
    assert (batch.keypoints[..., :5][conf == 0] == 0).all()
    assert (depth[known == 0] == 0).all()
    assert (batch.pose[:, :, PELVIS] == 0).all()
    # Along the ray through the box, what is right of another joint is so in the picture too.
    both = batch.seen[..., JOINT["left_hip"]] & batch.seen[..., JOINT["left_shoulder"]]
    drawn = (batch.keypoints[..., JOINT["left_hip"], 1] - batch.keypoints[..., 11, 1])[both]
    real = (batch.pose[..., JOINT["left_hip"], 1] - batch.pose[..., 11, 1])[both]
    assert (torch.sign(drawn) == torch.sign(real)).float().mean() > 0.97
    # The depth is evidence: near the truth, not the truth; in some windows there is none.
    error = (depth - batch.pose[..., 2])[known == 1]
    assert 0.04 < error.std() < 0.8 * batch.pose[..., 2].std()
    assert 0.2 < (known == 0).all(-1).all(-1).float().mean() < 0.6
    # A person further away is smaller; nobody fills less than a thirtieth of the picture.
    size = batch.keypoints[:, 0, 0, 7].exp()
    assert 0.03 < size.min() < size.max() < 3


def test_single_frames_stand_in_the_box_of_a_longer_window(bank: MotionBank) -> None:
    def filled(batch: Batch) -> float:
        """How much of its box a person fills along its longer side, where nothing is hidden."""
        xy = batch.keypoints[batch.seen.all(-1)][..., :2]
        return float(((xy.amax(1) - xy.amin(1)).amax(-1) / 2).median())

    own, shared = (Sampler(bank, 30.0, seed=3).draw_single(500, span) for span in (1, 27))
    window = Sampler(bank, 30.0, seed=3).draw(120, 27)
    assert own.keypoints.shape == shared.keypoints.shape == (500, 1, 17, 8)
    assert shared.pose.shape == (500, 1, 17, 3)
    assert shared.seen.shape == (500, 1, 17)
    assert filled(own) == pytest.approx(1, abs=1e-3)
    assert filled(window) < filled(shared) < 0.97


def test_recombined_bodies_keep_their_bones_and_face_one_way(bank: MotionBank) -> None:
    windows = bank.windows(300, 3, 30.0, torch.Generator().manual_seed(0))
    mixed = bodies.recombine(windows, torch.Generator().manual_seed(1))
    changed = ((mixed - windows).abs().amax(dim=(1, 2, 3)) > 1e-4).float().mean()
    assert 0.3 < changed < 0.6
    # The walkers' bones are all alike, so mixing them changes none.
    assert bone_lengths(mixed) == pytest.approx(bone_lengths(windows), abs=1e-4)
    hips, shoulders = (
        mixed[:, :, JOINT[f"left_{name}"]] - mixed[:, :, JOINT[f"right_{name}"]]
        for name in ("hip", "shoulder")
    )
    cosine = torch.nn.functional.cosine_similarity(hips, shoulders, dim=-1)
    assert cosine.min() > 0.5


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
