"""Training material is anatomically sound, and the network sees what it is to tell."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import MixposeError
from models.geometry import CHANNELS, MAX_UP_STD_DEG, UP_CHANNELS
from models.skeleton import JOINT, MIRROR, PELVIS
from models.training import bodies, cameras, detector_noise
from models.training.kinds import Repertoire
from models.training.motion import read_pack
from models.training.samples import Batch, Sampler
from tests.support.bones import bone_lengths
from tests.support.walking import walking_repertoire

DEPTH = CHANNELS.index("depth")
ACROSS = [CHANNELS.index("world x"), CHANNELS.index("world y")]


@pytest.fixture(scope="module")
def walk() -> Repertoire:
    return walking_repertoire()


def cut(walk: Repertoire, count: int, frames: int) -> tuple[torch.Tensor, torch.Generator]:
    """Windows, and the generator that drew them."""
    generator = torch.Generator().manual_seed(0)
    return walk.windows(count, frames, 30.0, generator)[0], generator


def test_bodies_keep_rigid_symmetric_bones_of_the_canonical_size(walk: Repertoire) -> None:
    windows, generator = cut(walk, 64, 27)
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


def test_bodies_have_the_proportions_of_people(walk: Repertoire) -> None:
    windows, _ = cut(walk, 400, 3)
    stretched = windows.clone()
    for side in ("left", "right"):  # shanks half as long again, as retargeting makes them
        knee, ankle = JOINT[f"{side}_knee"], JOINT[f"{side}_ankle"]
        stretched[:, :, ankle] += 0.5 * (windows[:, :, ankle] - windows[:, :, knee])
    varied = bodies.vary_proportions(stretched, torch.Generator().manual_seed(1))
    lengths = bone_lengths(varied)
    thigh, shank = lengths[..., 0], lengths[..., 2]
    assert (shank / thigh).mean() == pytest.approx(0.73 / 0.77, abs=0.03)
    assert 0.05 < (shank / thigh)[:, 0].std() < 0.2
    # Children's legs are as much shorter, and some adults' longer: both bones of a leg alike.
    torso = (varied[:, 0, JOINT["thorax"]] - varied[:, 0, PELVIS]).norm(dim=-1)
    legs = (thigh + shank)[:, 0] / torso
    assert 0.07 < legs.std() / legs.mean() < 0.12
    assert (legs < 0.86 * legs.mean()).float().mean() > 0.03
    plain = bone_lengths(bodies.usual_proportions(stretched))
    assert (plain[..., 2] / plain[..., 0])[:, 0].std() < 0.02


def test_mirroring_exchanges_sides_of_half_the_windows(walk: Repertoire) -> None:
    windows, generator = cut(walk, 200, 3)
    mirrored = bodies.mirror_half(windows, generator)
    unchanged = (mirrored == windows).all(dim=(1, 2, 3))
    assert 60 < unchanged.sum() < 140
    others = mirrored[~unchanged][:, :, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])
    assert torch.equal(others, windows[~unchanged])


def test_cameras_see_people_in_front_of_them_as_they_are(walk: Repertoire) -> None:
    windows, generator = cut(walk, 500, 2)
    seen = cameras.view(windows, generator)
    assert (seen.camera[..., 2] >= 0.24).all()
    # A rotation and a shift keep all distances; y points down for most.
    assert bone_lengths(seen.camera) == pytest.approx(bone_lengths(windows), abs=1e-4)
    down = seen.camera[:, :, JOINT["left_hip"], 1] - seen.camera[:, :, JOINT["left_shoulder"], 1]
    assert (down > 0).float().mean() > 0.88
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


def test_up_is_where_the_vertical_of_the_room_is_in_the_camera(walk: Repertoire) -> None:
    windows, generator = cut(walk, 500, 2)
    seen = cameras.view(windows, generator)
    # The walker's trunk is upright to the last digit.
    trunk = seen.camera[:, :, JOINT["thorax"]] - seen.camera[:, :, PELVIS]
    along = torch.nn.functional.normalize(trunk, dim=-1)
    assert (along - seen.up[:, None]).abs().max() < 1e-5


def test_cameras_look_down_and_up_as_far_as_people_put_them_and_some_lie_on_their_side(
    walk: Repertoire,
) -> None:
    windows, generator = cut(walk, 4000, 2)
    up = cameras.view(windows, generator).up
    pitch = torch.rad2deg(torch.asin(-up[:, 2]))
    roll = torch.rad2deg(torch.atan2(-up[:, 0], -up[:, 1])).abs()
    shares = torch.histogram(pitch, bins=torch.arange(-25.0, 51.0, 15.0)).hist / len(pitch)
    assert (shares > 0.06).all(), "every pitch from -25 to 50 degrees is met"
    assert float(shares.sum()) > 0.93
    assert (roll < 15).float().mean() > 0.8
    for low in (30, 80, 130):
        assert ((roll > low) & (roll < low + 50)).float().mean() > 0.02


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
    told = detector_noise.input_confidence(conf, image, torch.full((500, 2), 0.4))
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


@pytest.fixture(scope="module")
def batch(walk: Repertoire) -> Batch:
    return Sampler(walk, 30.0, seed=3).draw(400, 9)


def test_network_sees_what_it_is_to_tell(batch: Batch) -> None:
    xy, conf, known = (batch.keypoints[..., channels] for channels in (slice(2), 2, DEPTH + 1))
    assert batch.keypoints.shape == (400, 9, 17, len(CHANNELS))
    assert batch.keypoints.isfinite().all()
    assert xy.abs().max() <= 1 + 1e-5
    assert torch.equal(conf >= 0.5, batch.seen)
    assert (batch.keypoints[..., [0, 1, 2, 3, 4, *ACROSS]][conf == 0] == 0).all()
    assert (batch.keypoints[..., [DEPTH, *ACROSS]][known == 0] == 0).all()
    # Along the ray through the box, what is right of another joint is so in the picture too.
    both = batch.seen[..., JOINT["left_hip"]] & batch.seen[..., JOINT["left_shoulder"]]
    drawn = (batch.keypoints[..., JOINT["left_hip"], 1] - batch.keypoints[..., 11, 1])[both]
    real = (batch.pose[..., JOINT["left_hip"], 1] - batch.pose[..., 11, 1])[both]
    assert (torch.sign(drawn) == torch.sign(real)).float().mean() > 0.97
    # A person further away is smaller; nobody fills less than a thirtieth of the picture.
    size = batch.keypoints[:, 0, 0, 7].exp()
    assert 0.03 < size.min() < size.max() < 3


def test_the_detectors_own_3d_is_near_the_truth_and_now_and_then_there_is_none(
    batch: Batch,
) -> None:
    known = batch.keypoints[..., DEPTH + 1] == 1
    whole = known & (batch.keypoints[..., ACROSS] != 0).any(dim=-1)
    whole[..., PELVIS] = False  # the origin
    world = batch.keypoints[..., [*ACROSS, DEPTH]]
    for axis, least in enumerate((0.02, 0.02, 0.04)):
        error = (world - batch.pose)[..., axis][whole]
        assert least < error.std() < 0.9 * batch.pose[..., axis].std()
    # Half of the windows whose depth alone is known have nothing hidden.
    untold = (~known).all(dim=-1).all(dim=-1)
    depth_alone = known.any(dim=-1).any(dim=-1) & ~whole.any(dim=-1).any(dim=-1)
    assert untold.float().mean() == pytest.approx(0.15, abs=0.06)
    assert depth_alone.float().mean() == pytest.approx(0.10, abs=0.05)


def test_where_up_is_is_asked_of_every_window_and_told_to_some(batch: Batch) -> None:
    up, told = batch.pose[:, 0, PELVIS], batch.keypoints[:, 0, 0, UP_CHANNELS]
    everywhere = batch.keypoints[..., UP_CHANNELS]
    assert torch.equal(everywhere, told[:, None, None].expand_as(everywhere))
    assert up.norm(dim=-1) == pytest.approx(torch.ones(400), abs=1e-5)
    assert torch.equal(batch.pose[:, :, PELVIS], up[:, None].expand(-1, 9, -1))
    length = told.norm(dim=-1)
    assert (length == 0).float().mean() == pytest.approx(0.4, abs=0.08)
    measured = (length - (1 - 1 / MAX_UP_STD_DEG)).abs() < 1e-4
    assert 0.08 < measured.float().mean() < 0.24
    off = torch.rad2deg(torch.acos(torch.cosine_similarity(told, up, dim=-1).clamp(-1, 1)))
    assert off[measured].median() < 2.5
    vague = (length > 0) & (length < 0.6)
    assert 6 < off[vague].median() < 18
    assert length[length > 0].min() > 0.35


def test_anybody_who_lies_in_the_picture_is_shown_upright(batch: Batch) -> None:
    """Whom the camera sees rolled, or upside down: of the middles of legs and shoulders."""
    legs = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    upper = [JOINT[name] for name in ("nose", "head", "left_shoulder", "right_shoulder")]
    whole = batch.seen.all(dim=-1).all(dim=-1)
    xy = batch.keypoints[whole][..., :2]
    axis = (xy[:, :, upper].mean(2) - xy[:, :, legs].mean(2)).mean(1)
    lean = torch.rad2deg(torch.atan2(axis[:, 0], -axis[:, 1])).abs()
    assert whole.sum() > 50
    assert lean.max() < 27  # of what was told before sides were exchanged
    # And up leans against the picture where the camera was rolled by less than is undone.
    assert batch.pose[whole][:, 0, PELVIS, 1].max() < 0.3


def test_single_frames_stand_in_the_box_of_a_longer_window(walk: Repertoire) -> None:
    def filled(batch: Batch) -> float:
        """How much of its box a person fills along its longer side, where nothing is hidden."""
        xy = batch.keypoints[batch.seen.all(-1)][..., :2]
        return float(((xy.amax(1) - xy.amin(1)).amax(-1) / 2).median())

    own, shared = (Sampler(walk, 30.0, seed=3).draw_single(500, span) for span in (1, 27))
    window = Sampler(walk, 30.0, seed=3).draw(120, 27)
    assert own.keypoints.shape == shared.keypoints.shape == (500, 1, 17, len(CHANNELS))
    assert shared.pose.shape == (500, 1, 17, 3)
    assert shared.seen.shape == (500, 1, 17)
    assert filled(own) == pytest.approx(1, abs=1e-3)
    assert filled(window) < filled(shared) < 0.97


def test_sparse_windows_are_frames_of_windows_at_places_that_differ(walk: Repertoire) -> None:
    sampler = Sampler(walk, 30.0, seed=3)
    batches = [sampler.draw_sparse(4, 27) for _ in range(25)]
    places = torch.stack([batch.places for batch in batches if batch.places is not None])
    assert places.shape == (25, 3)
    assert places.min() == 0
    assert places.max() == 26
    assert (places.diff(dim=1) > 0).all()
    assert batches[0].keypoints.shape == (4, 3, 17, len(CHANNELS))
    assert batches[0].single_frames().pose.shape == (12, 1, 17, 3)


def test_recombined_bodies_keep_their_bones_and_face_one_way(walk: Repertoire) -> None:
    windows, _ = cut(walk, 300, 3)
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
