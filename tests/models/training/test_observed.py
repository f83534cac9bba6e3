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
from models.skeleton import JOINT, MIRROR, depth_of_joints
from models.training.batches import Draws, Share
from models.training.bodies import canonical_factor
from models.training.curriculum import Stage
from models.training.observed import Observed
from models.training.samples import Batch
from models.windows import WindowLifter
from tests.models.training.test_slices import run
from tests.support.datasets import SIZE, observation
from tests.support.evaluation import FOCAL, project
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
    observed = Observed([study], 0.5, vary=False)
    batch = observed.draw(2000, FRAMES, 1, torch.Generator().manual_seed(0))
    shown = torch.stack([shown_in_use(take(index)) for index in range(4)]).flatten(2)
    windows = truths().unfold(1, FRAMES, 1).permute(0, 1, 4, 2, 3).flatten(0, 1)
    held = (batch.keypoints[:, :-1] == batch.keypoints[:, 1:]).all((2, 3)).any(1)
    plain = untouched(batch.keypoints) & ~held
    apart, which = distances(batch.keypoints[plain].flatten(1), shown.flatten(0, 1)).min(dim=1)
    assert apart.max() < 1e-4
    assert len(which.unique()) > 0.9 * 4 * len(windows), "every window comes, and its mirror image"
    assert torch.allclose(answers(batch)[plain], windows[which % len(windows)], atol=1e-5)


def test_what_is_hidden_is_to_be_answered_all_the_same(study: Path) -> None:
    observed = Observed([study], 0.5, vary=False)
    batch = observed.draw(200, FRAMES, 1, torch.Generator().manual_seed(0))
    known = truths().flatten(0, 1).flatten(1)
    apart = distances(answers(batch).flatten(0, 1).flatten(1), known).min(dim=1).values
    assert apart.max() < 1e-4


def slopes(batch: Batch) -> Tensor:
    """(B, T, 17, 2) where the network is told that joints are, at the focal length assumed."""
    told = batch.keypoints.double()
    relative, place, size = told[..., :2], told[..., 5:7], told[..., 7:].exp()
    return (place + relative * size) * 0.5 / ASSUMED_FOCAL


def all_told(batch: Batch) -> Batch:
    chosen = untouched(batch.keypoints)
    return Batch(*(part[chosen] for part in batch.parts()))


def drawn(path: Path, *takes: Observation, count: int = 300) -> Batch:
    save(path / "study.npz", takes)
    observed = Observed([path / "study.npz"], 0.5)
    return all_told(observed.draw(count, FRAMES, 1, torch.Generator().manual_seed(3)))


def legs_over_trunk(pose: Tensor) -> Tensor:
    def bone(upper: str, lower: str) -> Tensor:
        return (pose[:, 0, JOINT[upper]] - pose[:, 0, JOINT[lower]]).norm(dim=-1)

    legs = bone("left_hip", "left_knee") + bone("left_knee", "left_ankle")
    return legs / bone("pelvis", "thorax")


def test_every_window_has_a_body_of_its_own_as_a_perfect_detector_would_see_it(
    tmp_path: Path,
) -> None:
    batch = drawn(tmp_path, observation(0, "whole", "train"))
    ratio = legs_over_trunk(batch.pose)
    assert len(ratio) > 50
    assert 0.08 < ratio.std() < 0.2
    # Some pelvis, two numbers of a frame's depth and place apart, puts all joints where they are
    # told to be: x + X = slope (z + Z) for all of them.
    pose, seen = answers(batch).double(), slopes(batch) * ASSUMED_FOCAL * max(SIZE) / FOCAL
    one, none = torch.ones_like(seen[..., 0]), torch.zeros_like(seen[..., 0])
    across = torch.stack([one, none, -seen[..., 0]], dim=-1)
    down = torch.stack([none, one, -seen[..., 1]], dim=-1)
    wanted = seen * pose[..., 2:] - pose[..., :2]
    system, right = torch.cat([across, down], dim=2), torch.cat([*wanted.unbind(-1)], dim=-1)
    pelvis = torch.linalg.lstsq(system, right[..., None]).solution
    assert (pelvis[..., 2, 0] > 1).all()
    assert ((system @ pelvis)[..., 0] - right).abs().max() < 1e-4
    # Its depth is right too, in metres of the person's own size.
    depth = batch.keypoints[..., DEPTH].double()
    scale = (depth * pose[..., 2]).sum((1, 2)) / (pose[..., 2] ** 2).sum((1, 2))
    assert (depth - scale[:, None, None] * pose[..., 2]).abs().max() < 1e-4


def test_the_detector_errs_by_as_much_on_another_body(tmp_path: Path) -> None:
    right = observation(0, "whole", "train")
    joint = JOINT["spine"]  # inside the box, which it does not move
    xy, world = right.xy.copy(), right.world.copy()
    xy[:, joint] += [4, -3]
    world[:, joint, 2] += 0.1
    batches = drawn(tmp_path, right), drawn(tmp_path, replace(right, xy=xy, world=world))
    moved = (slopes(batches[1]) - slopes(batches[0])).abs() * ASSUMED_FOCAL * max(SIZE)
    deeper = batches[1].keypoints[..., DEPTH] - batches[0].keypoints[..., DEPTH]
    others = [each for each in range(17) if each != joint]
    expected = torch.tensor([4.0, 3.0], dtype=torch.float64).expand_as(moved[:, :, joint])
    assert torch.allclose(moved[:, :, joint], expected, atol=1e-2)
    assert moved[:, :, others].abs().max() < 1e-2
    assert torch.allclose(deeper[:, :, joint], torch.tensor(0.1), atol=1e-4)
    assert deeper[:, :, others].abs().max() < 1e-5


def bent(one: Observation) -> Observation:
    """The same person with knees and elbows at a right angle, rightly seen."""
    true = one.truth.astype(float).copy()
    for side in ("left", "right"):
        for root, middle, end in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            start, at, goal = (true[:, JOINT[f"{side}_{name}"]] for name in (root, middle, end))
            aside = np.cross(at - start, [1.0, 0, 0])
            length = np.linalg.norm(goal - at, axis=-1) / np.linalg.norm(aside, axis=-1)
            goal[:] = at + aside * length[:, None]
    world = (true - true[:, :1]).astype(np.float32)
    return replace(one, truth=true.astype(np.float32), xy=project(true), world=world)


def bend(pose: Tensor, root: str, middle: str, end: str) -> Tensor:
    """(B,) degrees by which a left limb is bent in the first frame."""
    start, at, goal = (pose[:, 0, JOINT[f"left_{name}"]] for name in (root, middle, end))
    return torch.rad2deg(torch.acos(torch.cosine_similarity(at - start, goal - at)))


def test_arms_come_to_other_legs_with_what_was_said_of_them(tmp_path: Path) -> None:
    one = observation(0, "whole", "train")
    right = bent(one)
    world, wrists = right.world.copy(), [JOINT["left_wrist"], JOINT["right_wrist"]]
    world[:, wrists, 2] += 0.2
    batches = [
        drawn(tmp_path, one, other, count=1000) for other in (right, replace(right, world=world))
    ]
    arms_bent = bend(batches[0].pose, "shoulder", "elbow", "wrist") > 89
    legs_bent = bend(batches[0].pose, "hip", "knee", "ankle") > 89
    assert (arms_bent != legs_bent).double().mean() == pytest.approx(0.2, abs=0.06)
    deeper = batches[1].keypoints[..., DEPTH] - batches[0].keypoints[..., DEPTH]
    assert torch.allclose(deeper[arms_bent][:, :, wrists], torch.tensor(0.2), atol=1e-4)
    assert deeper[~arms_bent].abs().max() < 1e-4


def test_a_body_that_would_reach_the_lens_stays_as_it_was_drawn(tmp_path: Path) -> None:
    still = np.repeat(observation(0, "whole", "train").truth[:1], 10, axis=0)
    near = still - np.array([0, 0, still[..., 2].min() - 0.05], np.float32)
    one = replace(observation(0, "whole", "train"), truth=near)
    ratio, as_drawn = legs_over_trunk(drawn(tmp_path, one).pose), torch.from_numpy(near)[None]
    assert torch.allclose(ratio, legs_over_trunk(as_drawn), atol=1e-4)


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
