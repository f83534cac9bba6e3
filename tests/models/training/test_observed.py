"""What the detector said of drawn people, as the network is trained on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from models import ASSUMED_FOCAL
from models.checkpoint import PERSON_BOX, WeightsInfo
from models.errors import MixposeError
from models.geometry import CHANNELS, UP_CHANNELS, ray_rotation
from models.lifter import prepare_track
from models.mixste import MixSTE
from models.skeleton import JOINT, LANDMARK_NAMES, MIRROR, PELVIS
from models.training.batches import Draws, Share
from models.training.bodies import canonical_factor
from models.training.curriculum import Stage
from models.training.losses import without_pelvis
from models.training.observed import Observed
from models.training.samples import Batch
from models.windows import WindowLifter
from tests.models.training.test_slices import run
from tests.support.bones import bone_lengths
from tests.support.datasets import SIZE, ObservedTake, landmarks_of, observation, write_study
from tests.support.evaluation import FOCAL, project
from tests.support.walking import walking_repertoire

FRAMES = 5
DEPTH = CHANNELS.index("depth")
ACROSS = [CHANNELS.index("world x"), CHANNELS.index("world y")]


def take(index: int, **changes: object) -> ObservedTake:
    """Ten frames of somebody walking, whose detector errs by some pixels and centimetres."""
    random = np.random.default_rng(index)
    right = observation(index, split="train")
    landmarks = right.landmarks.copy()
    landmarks[..., :2] += random.normal(0, 3, landmarks[..., :2].shape)
    landmarks[..., 3] = random.uniform(0.6, 1, landmarks.shape[:2])
    world = right.world + random.normal(0, 0.05, right.world.shape).astype(np.float32)
    return replace(right, landmarks=landmarks, world=world, **changes)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study.npz", [take(index) for index in range(4)])


class Remembering(MixSTE):
    """A network that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__(FRAMES, width=16, depth=1, heads=2, channels=len(CHANNELS))
        self.shown: list[Tensor] = []

    def forward(self, keypoints: Tensor) -> Tensor:
        self.shown.append(keypoints.clone())
        return super().forward(keypoints)


def shown_in_use(one: ObservedTake) -> Tensor:
    """(windows, T, 17, 13): what the program shows the network of every window, and mirrored."""
    times = np.arange(len(one.xy)) / 30
    track = prepare_track(one.xy, one.conf, SIZE, times, one.world_joints)
    evidence = torch.from_numpy(track.evidence).unfold(0, FRAMES, 1).permute(0, 3, 1, 2)
    network = Remembering().eval()
    info = WeightsInfo("test", FRAMES, 16, 1, 2, len(CHANNELS), 30.0, PERSON_BOX)
    WindowLifter(network, info, torch.device("cpu"))(evidence.contiguous(), SIZE)
    (shown,) = network.shown
    return shown


def distances(these: Tensor, those: Tensor) -> Tensor:
    return torch.cdist(these, those, compute_mode="donot_use_mm_for_euclid_dist")


def untouched(keypoints: Tensor) -> Tensor:
    """Which windows (B,) have all joints, and the detector's own 3D."""
    known = (keypoints[..., DEPTH + 1] == 1).all((1, 2)) & (keypoints[..., ACROSS] != 0).any(
        (1, 2, 3)
    )
    return (keypoints[..., 2] >= 0.5).all((1, 2)) & known


def answers(batch: Batch) -> Tensor:
    """The poses of a batch in the camera's axes: the box's place says how they were turned."""
    middle = batch.keypoints[:, 0, 0, 5:7] * 0.5 / ASSUMED_FOCAL
    return torch.einsum("bji,btkj->btki", ray_rotation(middle), without_pelvis(batch.pose))


def ups(batch: Batch) -> Tensor:
    """(B, 3) where the network is to say that up is, in the camera's axes."""
    middle = batch.keypoints[:, 0, 0, 5:7] * 0.5 / ASSUMED_FOCAL
    return torch.einsum("bji,bj->bi", ray_rotation(middle), batch.pose[:, 0, PELVIS])


def truths() -> Tensor:
    """What every take really was, and that in the mirror: (2, T, 17, 3)."""
    truth = torch.from_numpy(take(0).truth)
    truth = (truth - truth[:, :1]) * canonical_factor(truth[None])
    return torch.stack([truth, truth[:, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0])])


def test_the_network_is_shown_what_it_will_be_shown_in_use_and_told_the_truth(study: Path) -> None:
    observed = Observed([study], 0.5, vary=False)
    batch = observed.draw(2000, FRAMES, torch.Generator().manual_seed(0))
    shown = torch.stack([shown_in_use(take(index)) for index in range(4)]).flatten(2)
    windows = truths().unfold(1, FRAMES, 1).permute(0, 1, 4, 2, 3).flatten(0, 1)
    held = (batch.keypoints[:, :-1] == batch.keypoints[:, 1:]).all((2, 3)).any(1)
    untold = (batch.keypoints[..., UP_CHANNELS] == 0).all((1, 2, 3))  # as a clip's first time
    plain = untouched(batch.keypoints) & untold & ~held
    apart, which = distances(batch.keypoints[plain].flatten(1), shown.flatten(0, 1)).min(dim=1)
    assert apart.max() < 1e-4
    assert len(which.unique()) > 0.9 * 4 * len(windows), "every window comes, and its mirror image"
    assert torch.allclose(answers(batch)[plain], windows[which % len(windows)], atol=1e-5)


def test_where_up_is_is_that_of_the_camera_that_looked(tmp_path: Path) -> None:
    up = np.array([0.2, -0.9, -0.3], np.float32)
    up /= np.linalg.norm(up)
    study = write_study(tmp_path / "tilted.npz", [take(0, up=up)])
    batch = Observed([study], 0.5).draw(200, FRAMES, torch.Generator().manual_seed(0))
    both = torch.from_numpy(np.stack([up, up * [-1, 1, 1]])).float()
    apart, which = distances(ups(batch), both).min(dim=1)
    assert apart.max() < 1e-5
    assert 60 < which.sum() < 140, "half are mirrored"


def rolled(one: ObservedTake, degrees: float) -> ObservedTake:
    """The same as a camera sees it that is turned about its axis."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    landmarks, middle = one.landmarks.copy(), np.array(one.size) / 2
    landmarks[..., :2] = (landmarks[..., :2] - middle) @ turn[:2, :2].T + middle
    return replace(
        one,
        landmarks=landmarks,
        **{
            name: (getattr(one, name) @ turn.T).astype(np.float32)
            for name in ("world", "truth", "up")
        },
    )


@pytest.mark.parametrize("degrees", [65, 120, -160])
def test_who_was_seen_by_a_rolled_camera_is_shown_upright(tmp_path: Path, degrees: float) -> None:
    right, batches = observation(split="train"), []
    for number, roll in enumerate((0, 90, degrees)):
        study = write_study(tmp_path / f"{number}.npz", [rolled(right, roll)])
        observed = Observed([study], 0.5, vary=False)
        batches.append(observed.draw(100, FRAMES, torch.Generator().manual_seed(0)))
    straight, lying, other = (all_told(batch).parts() for batch in batches)
    for whole, turned, slight in zip(lying, other, straight, strict=True):
        assert torch.allclose(whole.float(), turned.float(), atol=1e-4)
        # Who leans a little is left alone.
        assert torch.allclose(whole.float(), slight.float(), atol=0.06)


def test_what_is_hidden_is_to_be_answered_all_the_same(study: Path) -> None:
    observed = Observed([study], 0.5, vary=False)
    batch = observed.draw(200, FRAMES, torch.Generator().manual_seed(0))
    known = truths().flatten(0, 1).flatten(1)
    apart = distances(answers(batch).flatten(0, 1).flatten(1), known).min(dim=1).values
    assert apart.max() < 1e-4


def slopes(batch: Batch) -> Tensor:
    """(B, T, 17, 2) where the network is told that joints are, at the focal length assumed."""
    told = batch.keypoints.double()
    relative, place, size = told[..., :2], told[..., 5:7], told[..., 7:8].exp()
    return (place + relative * size) * 0.5 / ASSUMED_FOCAL


def all_told(batch: Batch) -> Batch:
    chosen = untouched(batch.keypoints)
    return Batch(*(part[chosen] for part in batch.parts()))


def drawn(path: Path, *takes: ObservedTake, count: int = 300) -> Batch:
    observed = Observed([write_study(path / "study.npz", takes)], 0.5)
    return all_told(observed.draw(count, FRAMES, torch.Generator().manual_seed(3)))


def legs_over_trunk(pose: Tensor) -> Tensor:
    def bone(upper: str, lower: str) -> Tensor:
        return (pose[:, 0, JOINT[upper]] - pose[:, 0, JOINT[lower]]).norm(dim=-1)

    legs = bone("left_hip", "left_knee") + bone("left_knee", "left_ankle")
    return legs / (2 * bone("spine", "thorax"))


def test_every_window_has_a_body_of_its_own_as_a_perfect_detector_would_see_it(
    tmp_path: Path,
) -> None:
    one = observation(split="train")
    to_pelvis = ray_rotation(torch.from_numpy(one.truth[:, 0, :2] / one.truth[:, 0, 2:])).numpy()
    along_ray = np.einsum("tij,tkj->tki", to_pelvis, one.truth - one.truth[:, :1])
    batch = drawn(tmp_path, replace(one, world=landmarks_of(along_ray)))
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
    # Its own 3D stays that of the body that was drawn, for it takes everybody to be built alike.
    world = batch.keypoints[..., [*ACROSS, DEPTH]].double()
    said = bone_lengths(torch.from_numpy(along_ray)[None])[0, 0]
    assert torch.allclose(bone_lengths(world), said.double(), atol=1e-4)


def test_the_detector_errs_by_as_much_on_another_body(tmp_path: Path) -> None:
    right = observation(split="train")
    joint = JOINT["nose"]  # inside the box, which it does not move
    landmarks, world = right.landmarks.copy(), right.world.copy()
    landmarks[:, 0, :2] += [4, 3]
    world[:, 0] += [0.05, -0.03, 0.1]
    other = replace(right, landmarks=landmarks, world=world)
    batches = drawn(tmp_path, right), drawn(tmp_path, other)
    moved = (slopes(batches[1]) - slopes(batches[0])).abs() * ASSUMED_FOCAL * max(SIZE)
    further = (batches[1].keypoints - batches[0].keypoints)[..., [*ACROSS, DEPTH]]
    others = [each for each in range(17) if each != joint]
    expected = torch.tensor([4.0, 3.0], dtype=torch.float64).expand_as(moved[:, :, joint])
    assert torch.allclose(moved[:, :, joint], expected, atol=1e-2)
    assert moved[:, :, others].abs().max() < 1e-2
    assert torch.allclose(further[:, :, joint].abs(), torch.tensor([0.05, 0.03, 0.1]), atol=1e-4)
    assert further[:, :, others].abs().max() < 1e-5


def bent(one: ObservedTake) -> ObservedTake:
    """The same person with knees and elbows at a right angle, rightly seen."""
    true = one.truth.astype(float).copy()
    for side in ("left", "right"):
        for root, middle, end in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            start, at, goal = (true[:, JOINT[f"{side}_{name}"]] for name in (root, middle, end))
            aside = np.cross(at - start, [1.0, 0, 0])
            length = np.linalg.norm(goal - at, axis=-1) / np.linalg.norm(aside, axis=-1)
            goal[:] = at + aside * length[:, None]
    landmarks = one.landmarks.copy()
    landmarks[..., :2] = landmarks_of(project(true))
    world = landmarks_of(true - true[:, :1])
    return replace(one, landmarks=landmarks, world=world, truth=true.astype(np.float32))


def bend(pose: Tensor, root: str, middle: str, end: str) -> Tensor:
    """(B,) degrees by which a left limb is bent in the first frame."""
    start, at, goal = (pose[:, 0, JOINT[f"left_{name}"]] for name in (root, middle, end))
    return torch.rad2deg(torch.acos(torch.cosine_similarity(at - start, goal - at).clamp(-1, 1)))


def test_arms_come_to_other_legs_with_what_was_said_of_them(tmp_path: Path) -> None:
    one = observation(split="train")
    right = bent(one)
    world, wrists = right.world.copy(), [JOINT["left_wrist"], JOINT["right_wrist"]]
    world[:, [LANDMARK_NAMES.index(f"{side}_wrist") for side in ("left", "right")], 2] += 0.2
    batches = [
        drawn(tmp_path, one, other, count=1000) for other in (right, replace(right, world=world))
    ]
    arms_bent = bend(batches[0].pose, "shoulder", "elbow", "wrist") > 60
    legs_bent = bend(batches[0].pose, "hip", "knee", "ankle") > 60
    assert (arms_bent != legs_bent).double().mean() == pytest.approx(0.2, abs=0.06)
    deeper = batches[1].keypoints[..., DEPTH] - batches[0].keypoints[..., DEPTH]
    assert torch.allclose(deeper[arms_bent][:, :, wrists], torch.tensor(0.2), atol=1e-4)
    assert deeper[~arms_bent].abs().max() < 1e-4


def astride(one: ObservedTake, degrees: float) -> ObservedTake:
    """The same person standing on straight legs, feet apart, rightly seen."""
    true = one.truth.astype(float).copy()
    left = true[:, JOINT["left_hip"]] - true[:, JOINT["right_hip"]]
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    trunk = true[:, JOINT["thorax"]] - true[:, PELVIS]
    trunk -= (trunk * left).sum(-1, keepdims=True) * left
    trunk /= np.linalg.norm(trunk, axis=-1, keepdims=True)
    for side, outward in (("left", 1), ("right", -1)):
        along = outward * np.sin(np.radians(degrees)) * left - np.cos(np.radians(degrees)) * trunk
        for parent, joint, length in (("hip", "knee", 0.43), ("knee", "ankle", 0.41)):
            true[:, JOINT[f"{side}_{joint}"]] = true[:, JOINT[f"{side}_{parent}"]] + length * along
    landmarks = one.landmarks.copy()
    landmarks[..., :2] = landmarks_of(project(true))
    return replace(
        one,
        landmarks=landmarks,
        world=landmarks_of(true - true[:, :1]),
        truth=true.astype(np.float32),
    )


def feet_apart(pose: Tensor) -> Tensor:
    """(B,) how far ankles are apart along the hips, over the hips, in the first frame."""
    hips = pose[:, 0, JOINT["left_hip"]] - pose[:, 0, JOINT["right_hip"]]
    ankles = pose[:, 0, JOINT["left_ankle"]] - pose[:, 0, JOINT["right_ankle"]]
    return (ankles * hips).sum(-1) / (hips**2).sum(-1)


def test_who_stands_on_straight_legs_is_met_with_feet_together_and_apart(tmp_path: Path) -> None:
    batch = drawn(tmp_path, astride(observation(split="train"), 3.0), count=1000)
    straight = bend(batch.pose, "hip", "knee", "ankle")
    assert straight.max() < 1, "and stays on straight legs"
    apart = feet_apart(batch.pose)
    assert 0.2 < (apart > 1.8).double().mean() < 0.6
    assert 0.05 < (apart < 1.1).double().mean() < 0.5
    crouching = drawn(tmp_path, bent(observation(split="train")), count=1000)
    assert feet_apart(crouching.pose).std() < 0.5 * apart.std(), "who crouches keeps the stance"


def test_knees_that_captured_people_bend_too_much_are_met_less_bent(tmp_path: Path) -> None:
    batch = drawn(tmp_path, bent(observation(split="train")), count=1000)
    knees = bend(batch.pose, "hip", "knee", "ankle")
    less = knees < 89
    assert less.double().mean() == pytest.approx(0.6, abs=0.06)
    # 90 degrees less 6 to 24: f - f² / (f + d).
    assert 90**2 / (90 + 24) - 1 < knees[less].min() < 74
    assert 82 < knees[less].max() < 90**2 / (90 + 6) + 1


def test_a_body_that_would_reach_the_lens_stays_as_it_was_drawn(tmp_path: Path) -> None:
    still = np.repeat(observation(split="train").truth[:1], 10, axis=0)
    near = still - np.array([0, 0, still[..., 2].min() - 0.05], np.float32)
    one = replace(observation(split="train"), truth=near)
    ratio, as_drawn = legs_over_trunk(drawn(tmp_path, one).pose), torch.from_numpy(near)[None]
    assert torch.allclose(ratio, legs_over_trunk(as_drawn), atol=1e-4)


def test_single_frames_stand_in_the_boxes_of_windows(study: Path) -> None:
    observed, size = Observed([study], 0.5), CHANNELS.index("box size")
    own = observed.draw_single(300, 1, torch.Generator().manual_seed(0)).keypoints
    shared = observed.draw_single(300, 9, torch.Generator().manual_seed(0)).keypoints
    assert own.shape == shared.shape == (300, 1, 17, len(CHANNELS))
    assert shared[..., size].mean() > own[..., size].mean() + 0.02


def test_joints_and_depth_are_hidden_now_and_then(study: Path) -> None:
    batch = Observed([study], 0.5).draw(500, FRAMES, torch.Generator().manual_seed(0))
    silent = (batch.keypoints[..., DEPTH + 1] == 0).all((1, 2)).double().mean()
    assert silent == pytest.approx(0.15, abs=0.05)
    assert 0.5 < batch.seen.double().mean() < 0.98
    assert batch.keypoints.isfinite().all()


def test_a_take_shorter_than_the_window_is_held(study: Path) -> None:
    batch = Observed([study], 0.5).draw(20, 14, torch.Generator().manual_seed(0))
    assert torch.equal(batch.pose[:, 10], batch.pose[:, 13])
    assert not torch.equal(batch.pose[:, 5], batch.pose[:, 6])


def test_a_part_of_every_batch_is_observed(study: Path) -> None:
    still = take(0)
    still = replace(still, truth=np.repeat(still.truth[:1], 10, 0))
    write_study(study, [still])
    stage, observed = Stage(FRAMES, 16, 9, 1e-3), Observed([study], 0.75)
    draws = Draws(walking_repertoire(), 30.0, stage, 5, observed=observed)
    moves = draws[3][1].diff(dim=1).abs().amax((1, 2, 3)) > 1e-3
    assert moves[:4].sum() >= 2, "but for those that are held, motion moves"
    assert not moves[4:].any()
    nearly_all = Draws(
        walking_repertoire(), 30.0, replace(stage, windows=4), 5, observed=Observed([study], 0.9)
    )
    assert len(nearly_all[3][0]) == 4, "one of them from motion"
    assert all(map(torch.equal, draws[3], draws[3]))
    halves = [
        Draws(walking_repertoire(), 30.0, stage, 5, Share(rank, 2), observed)[3] for rank in (0, 1)
    ]
    assert torch.equal(torch.cat([half[0] for half in halves]), draws[3][0])


@pytest.mark.slow
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


def test_takes_in_which_nobody_is_found_teach_nothing(tmp_path: Path) -> None:
    lost = np.arange(10) < 7
    study = write_study(tmp_path / "lost.npz", [take(0, tracked=lost)])
    with pytest.raises(MixposeError, match="found nobody"):
        Observed([study], 0.5)


def test_a_folder_is_all_its_studies(tmp_path: Path, study: Path) -> None:
    for index in range(3):
        write_study(tmp_path / "many" / f"{index}.npz", [take(index)])
    observed = Observed([tmp_path / "many", study], 0.5)
    assert len(observed._takes) == 7
