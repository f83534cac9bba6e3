"""What the detector said of drawn people, as the network is trained on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from app.study.files import save
from app.study.observe import Observation
from models.checkpoint import PERSON_BOX, WeightsInfo
from models.errors import MixposeError
from models.geometry import ASSUMED_FOCAL, CHANNELS, ray_rotation
from models.lifter import prepare_track
from models.mixste import MixSTE
from models.skeleton import MIRROR, depth_of_joints
from models.training.batches import Draws, Share
from models.training.bodies import canonical_factor
from models.training.curriculum import Stage
from models.training.observed import Observed
from models.training.samples import Batch
from models.windows import WindowLifter
from tests.models.training.test_slices import run
from tests.support.datasets import SIZE, observation
from tests.support.walking import walking_bank

FRAMES = 5
DEPTH = CHANNELS.index("depth")


def take(index: int, **changes: object) -> Observation:
    """Ten frames of somebody walking, whose detector errs by some pixels and centimetres."""
    random = np.random.default_rng(index)
    right = observation(index, "whole", "train")
    xy = right.xy + random.normal(0, 3, right.xy.shape)
    world = right.world + random.normal(0, 0.05, right.world.shape)
    conf = random.uniform(0.6, 1, right.conf.shape)
    noisy = replace(
        right,
        xy=xy.astype(np.float32),
        world=world.astype(np.float32),
        conf=conf.astype(np.float32),
    )
    return replace(noisy, **changes)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    save(tmp_path / "study.npz", [take(index) for index in range(4)])
    return tmp_path / "study.npz"


class Remembering(MixSTE):
    """A network that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__(FRAMES, width=16, depth=1, heads=2, channels=8)
        self.shown: list[Tensor] = []

    def forward(self, keypoints: Tensor) -> Tensor:
        self.shown.append(keypoints.clone())
        return super().forward(keypoints)


def shown_in_use(one: Observation) -> Tensor:
    """(windows, T, 17, 8): what the program shows the network of every window, and mirrored."""
    times = np.arange(len(one.xy)) / 30
    track = prepare_track(one.xy, one.conf, SIZE, times, depth_of_joints(one.world))
    evidence = torch.from_numpy(track.evidence).unfold(0, FRAMES, 1).permute(0, 3, 1, 2)
    network = Remembering().eval()
    info = WeightsInfo("test", FRAMES, 16, 1, 2, 8, 30.0, PERSON_BOX)
    WindowLifter(network, info, torch.device("cpu"))(evidence.contiguous(), SIZE)
    (shown,) = network.shown
    return shown


def distances(these: Tensor, those: Tensor) -> Tensor:
    return torch.cdist(these, those, compute_mode="donot_use_mm_for_euclid_dist")


def untouched(keypoints: Tensor) -> Tensor:
    """Which windows (B,) have all joints, and the detector's depth."""
    return (keypoints[..., 2] >= 0.5).all((1, 2)) & (keypoints[..., DEPTH + 1] == 1).all((1, 2))


def answers(batch: Batch) -> Tensor:
    """The poses of a batch in the camera's axes: the box's place says how they were turned."""
    middle = batch.keypoints[:, 0, 0, 5:7] * 0.5 / ASSUMED_FOCAL
    return torch.einsum("bji,btkj->btki", ray_rotation(middle), batch.pose)


def truths() -> Tensor:
    """What every take really was, and that in the mirror: (2, T, 17, 3)."""
    truth = torch.from_numpy(take(0).truth)
    truth = (truth - truth[:, :1]) * canonical_factor(truth[None])
    return torch.stack([truth, truth[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])])


def test_the_network_is_shown_what_it_will_be_shown_in_use_and_told_the_truth(study: Path) -> None:
    batch = Observed([study], 0.5).draw(2000, FRAMES, 1, torch.Generator().manual_seed(0))
    shown = torch.stack([shown_in_use(take(index)) for index in range(4)]).flatten(2)
    windows = truths().unfold(1, FRAMES, 1).permute(0, 1, 4, 2, 3).flatten(0, 1)
    held = (batch.keypoints[:, :-1] == batch.keypoints[:, 1:]).all((2, 3)).any(1)
    plain = untouched(batch.keypoints) & ~held
    apart, which = distances(batch.keypoints[plain].flatten(1), shown.flatten(0, 1)).min(dim=1)
    assert apart.max() < 1e-4
    assert len(which.unique()) > 0.9 * 4 * len(windows), "every window comes, and its mirror image"
    assert torch.allclose(answers(batch)[plain], windows[which % len(windows)], atol=1e-5)


def test_what_is_hidden_is_to_be_answered_all_the_same(study: Path) -> None:
    batch = Observed([study], 0.5).draw(200, FRAMES, 1, torch.Generator().manual_seed(0))
    known = truths().flatten(0, 1).flatten(1)
    apart = distances(answers(batch).flatten(0, 1).flatten(1), known).min(dim=1).values
    assert apart.max() < 1e-4


def test_single_frames_stand_in_the_boxes_of_windows(study: Path) -> None:
    observed, size = Observed([study], 0.5), CHANNELS.index("box size")
    own = observed.draw(300, 1, 1, torch.Generator().manual_seed(0)).keypoints
    shared = observed.draw(300, 1, 9, torch.Generator().manual_seed(0)).keypoints
    assert own.shape == shared.shape == (300, 1, 17, 8)
    assert shared[..., size].mean() > own[..., size].mean() + 0.02


def test_joints_and_depth_are_hidden_now_and_then(study: Path) -> None:
    batch = Observed([study], 0.5).draw(500, FRAMES, 1, torch.Generator().manual_seed(0))
    silent = (batch.keypoints[..., DEPTH + 1] == 0).all((1, 2)).double().mean()
    assert silent == pytest.approx(0.4, abs=0.07)
    assert 0.5 < batch.seen.double().mean() < 0.98
    assert batch.keypoints.isfinite().all()


def test_a_take_shorter_than_the_window_is_held(study: Path) -> None:
    batch = Observed([study], 0.5).draw(20, 14, 1, torch.Generator().manual_seed(0))
    assert torch.equal(batch.pose[:, 10], batch.pose[:, 13])
    assert not torch.equal(batch.pose[:, 5], batch.pose[:, 6])


def test_a_part_of_every_batch_is_observed(study: Path) -> None:
    still = take(0)
    still = replace(still, truth=np.repeat(still.truth[:1], 10, 0))
    save(study, [still])
    stage, observed = Stage(FRAMES, 16, 9, 1e-3), Observed([study], 0.75)
    draws = Draws(walking_bank(), 30.0, stage, 5, observed=observed)
    moves = draws[3][1].diff(dim=1).abs().amax((1, 2, 3)) > 1e-3
    assert moves.tolist() == [True] * 4 + [False] * 12
    nearly_all = Draws(
        walking_bank(), 30.0, replace(stage, windows=4), 5, observed=Observed([study], 0.9)
    )
    assert len(nearly_all[3][0]) == 4, "one of them from motion"
    assert all(map(torch.equal, draws[3], draws[3]))
    halves = [Draws(walking_bank(), 30.0, stage, 5, Share(rank, 2), observed)[3] for rank in (0, 1)]
    assert torch.equal(torch.cat([half[0] for half in halves]), draws[3][0])


def test_training_with_observed_windows_goes_on_as_if_never_stopped(
    study: Path, tmp_path: Path
) -> None:
    observed = ["--observed", str(study)]
    slices = {"once": [observed], "twice": [[*observed, "--minutes", "0"], observed], "none": [[]]}
    ended = {}
    for name, runs in slices.items():
        (tmp_path / name).mkdir()
        for options in runs:
            run(tmp_path / name, "--steps", "0.05", *options)
        ended[name] = load_file(tmp_path / name / "out" / "walk.safetensors")
    same = {
        name: all(torch.equal(tensor, ended["once"][key]) for key, tensor in tensors.items())
        for name, tensors in ended.items()
    }
    assert same == {"once": True, "twice": True, "none": False}


@pytest.mark.parametrize("share", ["0", "1", "-0.5", "nan"])
def test_a_share_that_leaves_one_side_nothing_is_refused(study: Path, share: str) -> None:
    with pytest.raises(MixposeError, match="above 0 and below 1"):
        Observed([study], float(share))


def test_files_that_are_no_study_are_refused_in_words(tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    np.savez(other, xy=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    (tmp_path / "torn.npz").write_bytes(other.read_bytes()[:80])
    for path in (other, tmp_path / "text.npz", tmp_path / "torn.npz", tmp_path / "absent.npz"):
        with pytest.raises(MixposeError, match=rf"{path.name} is no study.*python -m app.study"):
            Observed([path], 0.5)


def test_takes_in_which_nobody_is_found_teach_nothing(tmp_path: Path) -> None:
    lost = np.arange(10) < 7
    save(tmp_path / "lost.npz", [take(0, tracked=lost)])
    with pytest.raises(MixposeError, match="found nobody"):
        Observed([tmp_path / "lost.npz"], 0.5)
