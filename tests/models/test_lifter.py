"""Lifting sequences and live frames: shapes, times, masks, sizes; with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models import checkpoint
from models.checkpoint import WeightsInfo
from models.level import Level
from models.lifter import Lifter, prepare_track
from models.live import LiveLifter
from models.metrics import p_mpjpe
from models.mixste import MixSTE
from models.skeleton import JOINT, MIRROR
from tests.support.lifting import SIZE, random_lifter, standing, times

LEVEL = Level.from_angles(0.0)
"""Told, where parts of a clip are lifted by themselves: found out, it is that of the whole clip."""


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    torch.set_num_threads(1)
    return Lifter(device="cpu")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Lifter:
    """Where it does not matter what the poses are."""
    return random_lifter(tmp_path_factory.mktemp("weights") / "w.safetensors", channels=13)


@pytest.mark.parametrize("count", [1, 2, 26, 27, 28, 100])
def test_every_frame_gets_a_finite_pose_at_the_pelvis(lifter: Lifter, count: int) -> None:
    lifted = lifter.lift(standing(count), np.ones((count, 17)), SIZE, times(count))
    assert lifted.xyz.shape == (count, 17, 3)
    assert lifted.xyz.dtype == np.float32
    assert np.isfinite(lifted.xyz).all()
    assert (lifted.xyz[:, 0] == 0).all()
    assert not lifted.missing.any()
    assert not lifted.filled.any()


def test_pose_looks_like_the_person(lifter: Lifter) -> None:
    xyz = lifter.lift(standing(60), np.ones((60, 17)), SIZE, times(60)).xyz
    y = xyz[:, :, 1]
    assert (y[:, JOINT["head"]] < y[:, JOINT["thorax"]]).all()
    assert (y[:, JOINT["left_ankle"]] > y[:, JOINT["left_knee"]]).all()
    # Facing the camera, the person's left is at the image's right.
    assert (xyz[:, JOINT["left_shoulder"], 0] > xyz[:, JOINT["right_shoulder"], 0]).all()
    raised = np.sin(np.arange(60) / 12.0) > 0.8
    assert (y[raised][:, JOINT["left_wrist"]] < y[raised][:, JOINT["thorax"]]).all()


def test_mirrored_input_gives_the_mirrored_pose(lifter: Lifter) -> None:
    clip = standing(40)
    mirrored = clip[:, list(MIRROR)] * [-1, 1] + [SIZE[0], 0]
    one = lifter.lift(clip, np.ones((40, 17)), SIZE, times(40)).xyz
    other = lifter.lift(mirrored, np.ones((40, 17)), SIZE, times(40)).xyz
    assert other[:, list(MIRROR)] * [-1, 1, 1] == pytest.approx(one, abs=1e-4)


@pytest.mark.parametrize("rate", [12.0, 24.0, 60.0])
def test_frame_rate_changes_little(lifter: Lifter, rate: float) -> None:
    dense = times(121, 120.0)
    clip = np.stack(
        [np.interp(dense, times(31), values) for values in standing(31).reshape(31, -1).T], axis=1
    ).reshape(121, 17, 2)
    chosen = slice(None, None, int(120 / rate))
    reference = lifter.lift(clip[::4], np.ones((31, 17)), SIZE, dense[::4])
    lifted = lifter.lift(clip[chosen], np.ones((len(dense[chosen]), 17)), SIZE, dense[chosen])
    there = np.stack(
        [
            np.interp(dense[chosen], dense[::4], values)
            for values in reference.xyz.reshape(31, -1).T
        ],
        axis=1,
    ).reshape(-1, 17, 3)
    assert np.linalg.norm(lifted.xyz - there, axis=-1).mean() < 0.02


def test_height_scales_everything(lifter: Lifter) -> None:
    clip, conf = standing(30), np.ones((30, 17))
    plain = lifter.lift(clip, conf, SIZE, times(30)).xyz
    tall = Lifter(device="cpu", height_m=2 * lifter.info.height_m)
    assert tall.lift(clip, conf, SIZE, times(30)).xyz == pytest.approx(2 * plain, abs=1e-6)


def test_short_gaps_are_filled_and_hidden_legs_are_missing(lifter: Lifter) -> None:
    clip, conf = standing(90), np.ones((90, 17))
    legs = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    conf[:, legs] = 0.05
    clip[:, legs] = np.nan
    conf[30:38, JOINT["left_wrist"]] = 0.1
    conf[50:80, JOINT["right_wrist"]] = 0.1
    lifted = lifter.lift(clip, conf, SIZE, times(90))
    assert lifted.missing[:, legs].all()
    assert lifted.filled[30:38, JOINT["left_wrist"]].all()
    assert lifted.missing[50:80, JOINT["right_wrist"]].all()
    assert lifted.filled.sum() == 8
    assert np.isfinite(lifted.xyz).all()
    # What is hidden must not bend what is seen.
    whole = lifter.lift(standing(90), np.ones((90, 17)), SIZE, times(90)).xyz
    arms = [JOINT["left_shoulder"], JOINT["left_elbow"], JOINT["left_wrist"], JOINT["head"]]
    assert np.linalg.norm(lifted.xyz[:, arms] - whole[:, arms], axis=-1).mean() < 0.12


def test_a_guessed_joint_informs_the_network_but_is_not_exported(lifter: Lifter) -> None:
    wrist = JOINT["left_wrist"]

    def wrist_with(confidence: float) -> tuple[np.ndarray, np.ndarray]:
        conf = np.ones((30, 17))
        conf[:, wrist] = confidence
        lifted = lifter.lift(standing(30), conf, SIZE, times(30))
        live = LiveLifter(lifter, 0)
        for frame in range(30):
            live.push(standing(30)[frame], conf[frame], SIZE, float(times(30)[frame]))
        pose = live.lift()
        assert pose is not None
        assert lifted.missing[:, wrist].all() == pose.missing[wrist] == (confidence < 0.5)
        return lifted.xyz[:, wrist], pose.xyz[wrist]

    seen, guessed, hidden = wrist_with(1.0), wrist_with(0.3), wrist_with(0.05)
    for certain, guess, unknown in zip(seen, guessed, hidden, strict=True):
        off = [np.linalg.norm(wrist - certain, axis=-1).mean() for wrist in (guess, unknown)]
        assert off[0] < 0.6 * off[1]
        assert off[1] > 0.02


def test_a_person_beside_the_optical_axis_is_turned_by_the_angle_they_are_seen_at(
    tmp_path: Path,
) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels=5)  # not told the box's place
    clip, conf = standing(30), np.ones((30, 17))
    low, high = clip.min(axis=(0, 1)), clip.max(axis=(0, 1))
    centred = clip - (low + high) / 2 + np.array(SIZE) / 2
    ahead = lifter.lift(centred, conf, SIZE, times(30)).xyz
    aside = lifter.lift(centred + [150, 0], conf, SIZE, times(30)).xyz
    angle = np.arctan2(150, 0.85 * max(SIZE))
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    assert aside == pytest.approx(ahead @ turn.T, abs=1e-3)


def both_ways(
    lifter: Lifter, clip: np.ndarray, conf: np.ndarray, **evidence: np.ndarray
) -> np.ndarray:
    """(N + 1, 17, 3): the poses of the whole clip, and the last one live."""
    offline = lifter.lift(clip, conf, SIZE, times(len(clip)), **evidence)  # type: ignore[arg-type]
    live = LiveLifter(lifter, 0)
    for frame, time_s in enumerate(times(len(clip)).tolist()):
        row = {name: array[frame] for name, array in evidence.items()}
        live.push(clip[frame], conf[frame], SIZE, time_s, **row)
    pose = live.lift()
    assert pose is not None
    return np.append(offline.xyz, pose.xyz[None], axis=0)


@pytest.mark.parametrize(("channels", "axis"), [(8, 2), (13, 2), (13, 0), (13, 1)])
def test_the_detectors_3d_is_told_unless_it_is_not_wanted(
    tmp_path: Path, channels: int, axis: int
) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels)
    clip, conf, world = standing(40), np.ones((40, 17)), np.zeros((40, 17, 3))
    plain = both_ways(lifter, clip, conf, world=world)
    world[:, JOINT["left_wrist"], axis] = 0.3
    conf[:, JOINT["nose"]] = 0.01
    lifted = both_ways(lifter, clip, conf, world=world)
    assert np.abs(lifted - plain).max() > 1e-3
    without = both_ways(lifter, clip, conf)
    unknown = both_ways(lifter, clip, conf, world=np.full_like(world, np.nan))
    assert unknown == pytest.approx(without, abs=1e-6)
    # That of a joint which was not seen is not told.
    unseen = world.copy()
    unseen[:, JOINT["nose"]] = 5.0
    assert both_ways(lifter, clip, conf, world=unseen) == pytest.approx(lifted, abs=1e-6)
    lifter.use_depth = False
    assert both_ways(lifter, clip, conf, world=world) == pytest.approx(without, abs=1e-6)


def test_a_swap_exchanges_the_detectors_3d_too() -> None:
    clip, conf, world = standing(40), np.ones((40, 17)), np.zeros((40, 17, 3))
    world[:, JOINT["left_wrist"]] = 0.1, 0.2, 0.3
    told = prepare_track(clip, conf, SIZE, times(40), world)
    assert told.evidence.shape == (40, 17, 6)
    exchanged = [
        np.where((np.arange(40) // 5 == 3)[:, None, None], array[:, list(MIRROR)], array)
        for array in (clip, world)
    ]
    repaired = prepare_track(exchanged[0], conf, SIZE, times(40), exchanged[1])
    assert repaired.swapped.sum() == 5
    assert repaired.evidence == pytest.approx(told.evidence)


def test_depth_alone_is_a_3d_of_which_only_z_is_known(tmp_path: Path) -> None:
    lifter = random_lifter(tmp_path / "w.safetensors", channels=13)
    clip, conf = standing(40), np.ones((40, 17))
    depth = np.random.default_rng(0).normal(0, 0.2, (40, 17))
    world = np.full((40, 17, 3), np.nan)
    world[..., 2] = depth
    alone = both_ways(lifter, clip, conf, depth=depth)
    np.testing.assert_array_equal(alone, both_ways(lifter, clip, conf, world=world))
    assert np.abs(alone - both_ways(lifter, clip, conf)).max() > 1e-3
    world[..., :2] = 0.2
    both = both_ways(lifter, clip, conf, depth=depth, world=world)
    np.testing.assert_array_equal(both, both_ways(lifter, clip, conf, world=world))


@pytest.mark.parametrize("name", ["depth", "world"])
def test_evidence_of_another_shape_is_refused(lifter: Lifter, name: str) -> None:
    wrong = {name: np.zeros((3, 17))[: 2 + (name == "world")]}
    with pytest.raises(ValueError, match=f"{name} must be"):
        lifter.lift(standing(3), np.ones((3, 17)), SIZE, times(3), **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=f"{name} must be"):
        LiveLifter(lifter).push(standing(1)[0], np.ones(17), SIZE, 0.0, **wrong)


def test_nobody_in_view_is_all_missing(lifter: Lifter) -> None:
    lifted = lifter.lift(np.full((10, 17, 2), np.nan), np.zeros((10, 17)), SIZE, times(10))
    assert lifted.missing.all()
    assert np.isfinite(lifted.xyz).all()


def test_swapped_frames_are_repaired(lifter: Lifter) -> None:
    clip, conf = standing(60), np.ones((60, 17))
    swapped = clip.copy()
    swapped[20:25] = swapped[20:25][:, list(MIRROR)]
    lifted = lifter.lift(swapped, conf, SIZE, times(60))
    assert np.flatnonzero(lifted.swapped).tolist() == list(range(20, 25))
    assert lifted.xyz == pytest.approx(lifter.lift(clip, conf, SIZE, times(60)).xyz, abs=1e-5)


def test_a_hole_in_time_separates_takes(lifter: Lifter) -> None:
    clip, conf = standing(60), np.ones((60, 17))
    apart = times(60) + np.where(np.arange(60) < 30, 0.0, 1e6)
    lifted = lifter.lift(clip, conf, SIZE, apart, level=LEVEL).xyz
    first = lifter.lift(clip[:30], conf[:30], SIZE, times(30), level=LEVEL).xyz
    assert lifted[:30] == pytest.approx(first, abs=1e-5)


def test_another_person_is_another_motion(lifter: Lifter) -> None:
    """Even if they stand there the other way round, and a joint was not seen at the change."""
    clip, conf = standing(60), np.ones((60, 17))
    clip[45:] = clip[45:, list(MIRROR)] + (4, 2)
    conf[43:47, JOINT["left_wrist"]] = 0.05
    person = np.repeat([7, 8], [45, 15])
    both = lifter.lift(clip, conf, SIZE, times(60), person=person, level=LEVEL)
    for part in (slice(45), slice(45, 60)):
        alone = lifter.lift(clip[part], conf[part], SIZE, times(60)[part], level=LEVEL)
        assert both.xyz[part] == pytest.approx(alone.xyz, abs=1e-5)
        for name in ("filled", "missing", "swapped"):
            np.testing.assert_array_equal(getattr(both, name)[part], getattr(alone, name))
    assert not both.swapped.any()
    assert both.missing[43:47, JOINT["left_wrist"]].all()
    one = lifter.lift(clip, conf, SIZE, times(60), level=LEVEL)
    assert one.swapped[45:].all(), "of one person it would be a change of sides"
    same = lifter.lift(clip, conf, SIZE, times(60), person=np.full(60, 7), level=LEVEL)
    np.testing.assert_array_equal(same.xyz, one.xyz)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"xy": np.zeros((3, 16, 2))}, "xy must be"),
        ({"conf": np.zeros((2, 17))}, "conf must be"),
        ({"time_s": np.array([0.0, 0.0, 1.0])}, "increase strictly"),
        ({"time_s": np.array([0.0, np.nan, 1.0])}, "finite"),
        ({"size": (0, 10)}, "size must be positive"),
        ({"person": np.zeros(2, int)}, "person must be"),
    ],
)
def test_bad_arguments_are_named(lifter: Lifter, change: dict[str, object], words: str) -> None:
    good = {"xy": standing(3), "conf": np.ones((3, 17)), "size": SIZE, "time_s": times(3)}
    with pytest.raises(ValueError, match=words):
        lifter.lift(**{**good, **change})  # type: ignore[arg-type]


@pytest.mark.slow
def test_progress_rises_to_one_and_may_stop_the_work(lifter: Lifter) -> None:
    shares: list[float] = []
    clip, conf = standing(120), np.ones((120, 17))
    lifter.lift(clip, conf, SIZE, times(120), progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 2
    assert shares[-1] == 1.0

    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lifter.lift(clip, conf, SIZE, times(120), progress=stop)


def test_published_weights_lift_too(tmp_path) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    path = tmp_path / "best_epoch.bin"
    torch.save({"model_pos": MixSTE(27, width=32, depth=2).state_dict()}, path)
    lifter = Lifter(path, device="cpu")
    lifted = lifter.lift(standing(50), np.ones((50, 17)), SIZE, times(50))
    assert lifter.info.rate == 50
    assert np.isfinite(lifted.xyz).all()
    conf = np.ones((50, 17))
    conf[:, 3] = 0
    assert np.isfinite(lifter.lift(standing(50), conf, SIZE, times(50)).xyz).all()


class TestLive:
    def run(self, live: LiveLifter, count: int, rate: float = 30.0) -> list[object]:
        clip, moments = standing(count), times(count, rate)
        poses = []
        for frame in range(count):
            live.push(clip[frame], np.ones(17), SIZE, float(moments[frame]))
            poses.append(live.lift())
        return poses

    @pytest.mark.parametrize("delay", [0, 2, 5])
    def test_pose_belongs_to_the_frame_k_back(self, quick: Lifter, delay: int) -> None:
        live = LiveLifter(quick, delay)
        assert live.lift() is None
        for frame, pose in enumerate(self.run(live, 20)):
            assert pose is not None
            back = min(delay, frame)
            assert (pose.frames_back, pose.time_s) == (back, times(20)[frame - back])

    def test_live_agrees_with_the_whole_clip(self, lifter: Lifter) -> None:
        live = [pose.xyz for pose in self.run(LiveLifter(lifter, 2), 45)]
        whole = lifter.lift(standing(45), np.ones((45, 17)), SIZE, times(45)).xyz
        assert p_mpjpe(np.stack(live[2:]), whole[:-2]) < 0.03
        assert p_mpjpe(np.stack(live[2:6]), whole[:4]) < 0.05

    def test_vanished_joint_is_held_then_missing(self, quick: Lifter) -> None:
        live = LiveLifter(quick, 0)
        clip, conf, wrist = standing(40), np.ones((40, 17)), JOINT["left_wrist"]
        conf[10:, wrist] = 0.1
        states = []
        for frame in range(40):
            live.push(clip[frame], conf[frame], SIZE, float(times(40)[frame]))
            pose = live.lift()
            assert pose is not None
            states.append("filled" if pose.filled[wrist] else "gone" if pose.missing[wrist] else "")
        assert states == [""] * 10 + ["filled"] * 15 + ["gone"] * 15

    def test_memory_is_bounded_and_a_new_size_starts_afresh(self, lifter: Lifter) -> None:
        live, place = LiveLifter(lifter, 2), standing(1)[0]
        for frame in range(1500):
            live.push(place, np.ones(17), SIZE, frame / 1000)
        assert len(live._observations) <= 600, "half a thousand are enough for the window"
        live.push(standing(1)[0], np.ones(17), (1280, 720), 4.0)
        pose = live.lift()
        assert pose is not None
        assert pose.frames_back == 0

    def test_time_must_go_on(self, lifter: Lifter) -> None:
        live = LiveLifter(lifter)
        live.push(standing(1)[0], np.ones(17), SIZE, 1.0)
        with pytest.raises(ValueError, match="order of time"):
            live.push(standing(1)[0], np.ones(17), SIZE, 1.0)


def test_shipped_weights_describe_themselves() -> None:
    for path in checkpoint.available_weights():
        info: WeightsInfo = checkpoint.load(path)[1]
        assert info.name == path.stem
        assert "CMU" in info.training
        assert info.licence == "GPL-3.0-or-later"
        assert info.sha256 in path.with_suffix(".md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_where_up_is_is_asked_again_knowing_the_answer_and_not_of_all_of_a_long_clip(
    lifter: Lifter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[NDArray[np.float32] | None] = []
    real = lifter.lift_windows

    def watched(
        evidence: NDArray[np.float32], size: tuple[int, int], up: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        told.extend([up] * len(evidence))
        return real(evidence, size, up)

    monkeypatch.setattr(lifter, "lift_windows", watched)
    frames = 13 * lifter.info.frames
    found = lifter.lift(standing(frames), np.ones((frames, 17)), SIZE, times(frames))
    unasked = [up for up in told if up is None]
    assert 6 <= len(unasked) <= 12
    # What was answered first is told in the second look, and what that answered in the lifting.
    answers = [tuple(up.tolist()) for up in told if up is not None]
    first, last = answers[0], answers[-1]
    assert answers.count(first) == len(unasked)
    assert found.level is not None
    assert last == tuple(found.level.vector.tolist()) != first
