"""Takes with holes and at other frame rates, against plain loops and the footage's own scorer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from models.scores import Scores, Take, at_rate, mean_scores, score

LIMBS = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]


def random_take(
    frames: int, rate: float = 30.0, holes: tuple[int, ...] = (), seed: int = 0
) -> Take:
    rng = np.random.default_rng(seed)
    true = np.cumsum(rng.normal(0, 0.02, (frames, 17, 3)), axis=0) + rng.normal(size=(17, 3))
    predicted = true + rng.normal(0, 0.1, true.shape)
    predicted[list(holes)] = np.nan
    return Take(predicted, true, np.arange(frames) / rate)


def best_scaled(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    scale, *_ = np.linalg.lstsq(p.reshape(-1, 1), t.reshape(-1), rcond=None)
    return scale * p


def kabsch(p: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The best similarity, by the rotation's quaternion (Horn, 1987): no SVD."""
    p, centre = p - p.mean(0), t.mean(0)
    q = t - centre
    s = p.T @ q
    trace = np.trace(s)
    delta = np.array([s[1, 2] - s[2, 1], s[2, 0] - s[0, 2], s[0, 1] - s[1, 0]])
    n = np.block(
        [[np.array([[trace]]), delta[None]], [delta[:, None], s + s.T - trace * np.eye(3)]]
    )
    w, x, y, z = np.linalg.eigh(n)[1][:, -1]
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    turned = p @ turn.T
    return (turned * q).sum() / (turned**2).sum() * turned + centre


def test_every_number_against_loops() -> None:
    take = random_take(40, holes=(0, 7, 8, 21))
    p, t = take.predicted - take.predicted[:, :1], take.true - take.true[:, :1]
    seen = [i for i in range(40) if np.isfinite(p[i]).all()]

    def distance(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean([np.sqrt(((a[j] - b[j]) ** 2).sum()) for j in range(17)]))

    found = score([take])
    pairs = [i for i in range(39) if i in seen and i + 1 in seen]
    threes = [i for i in range(38) if {i, i + 1, i + 2} <= set(seen)]
    fours = [i for i in range(37) if {i, i + 1, i + 2, i + 3} <= set(seen)]

    def bends(i: int) -> np.ndarray:
        change: np.ndarray = p[i + 2] - 2 * p[i + 1] + p[i]
        return change

    assert (found.frames, found.missing) == (36, 4)
    assert found.missing_share == pytest.approx(0.1)
    expected = {
        "mpjpe": np.mean([distance(p[i], t[i]) for i in seen]),
        "n_mpjpe": np.mean([distance(best_scaled(p[i], t[i]), t[i]) for i in seen]),
        "p_mpjpe": np.mean([distance(kabsch(p[i], t[i]), t[i]) for i in seen]),
        "mpjve": np.mean([distance(p[i + 1] - p[i], t[i + 1] - t[i]) for i in pairs]),
        "jitter": np.mean([distance(p[i + 2] - p[i + 1], p[i + 1] - p[i]) for i in threes]),
        "jerk": np.mean([distance(bends(i + 1), bends(i)) for i in fours]),
    }
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(1000 * value), name
    errors = np.array([[np.linalg.norm(p[i, j] - t[i, j]) for j in range(17)] for i in seen])
    assert found.pck == pytest.approx(100 * np.mean(errors < 0.15))
    curve = [np.mean(errors < mm / 1000) for mm in range(0, 151, 5)]
    assert found.auc == pytest.approx(100 * np.mean(curve))


def test_only_the_joints_of_the_protocol_are_scored() -> None:
    take = random_take(10)
    wrong = take.predicted.copy()
    wrong[:, 9] += 5.0
    other = Take(wrong, take.true, take.time_s)
    joints = tuple(joint for joint in range(17) if joint != 9)
    assert score([other], joints).mpjpe == score([take], joints).mpjpe
    assert score([other], joints).pck == score([take], joints).pck
    only_pck = score([other], pck_joints=joints)
    assert only_pck.pck == score([take], joints).pck
    assert only_pck.mpjpe > score([take]).mpjpe + 100


def test_the_origin_can_be_the_middle_of_the_hips() -> None:
    take = random_take(10)
    shifted = take.predicted.copy()
    shifted[:, 0] += 1.0  # the pelvis alone: not one of the limbs
    other = Take(shifted, take.true, take.time_s)
    assert score([other], LIMBS, root=(1, 4)).mpjpe == score([take], LIMBS, root=(1, 4)).mpjpe
    assert score([other], LIMBS).mpjpe > score([take], LIMBS).mpjpe + 100


def test_frames_without_annotation_are_neither_scored_nor_missing() -> None:
    take = random_take(30, holes=(3, 12))
    true = take.true.copy()
    true[10:20] = np.nan
    found = score([Take(take.predicted, true, take.time_s)])
    assert (found.frames, found.missing) == (19, 1)
    halves = [
        Take(take.predicted[part], take.true[part], take.time_s[part])
        for part in (slice(0, 10), slice(20, 30))
    ]
    both = score(halves)
    for name in ("mpjpe", "p_mpjpe", "mpjve", "jitter", "jerk", "auc"):
        assert getattr(found, name) == pytest.approx(getattr(both, name)), name


def test_nothing_scored_is_not_a_number() -> None:
    found = score([random_take(5, holes=(0, 1, 2, 3, 4))])
    assert (found.frames, found.missing, found.missing_share) == (0, 5, 1.0)
    assert all(np.isnan([found.mpjpe, found.mpjve, found.jitter, found.bones, found.pck]))


def test_60_frames_a_second_are_every_second_one() -> None:
    poses = random_take(61, 60.0, holes=(5, 20)).predicted
    found = at_rate(poses, np.arange(61) / 60)
    np.testing.assert_array_equal(found, poses[::2])
    assert np.isfinite(found[2:4]).all(), "frame 5 lies between two that are taken"


@pytest.mark.parametrize("rate", [15.0, 25.0, 50.0, 120.0])
def test_steady_motion_is_the_same_at_any_rate(rate: float) -> None:
    def steady(at: float) -> np.ndarray:
        return np.arange(int(2 * at) + 1)[:, None, None] / at * np.ones((1, 17, 3))

    times = np.arange(int(2 * rate) + 1) / rate
    found = at_rate(steady(rate), times)
    np.testing.assert_allclose(found, steady(30.0)[: len(found)], atol=1e-9)
    assert len(found) in (60, 61)


def test_acceleration_is_the_same_at_any_rate() -> None:
    """Jitter is per frame at 30 frames/s: 2 m/s^2 are 2.2 mm/frame^2, however they were filmed."""
    for rate in (30.0, 50.0, 60.0, 25.0):
        time_s = np.arange(int(4 * rate)) / rate
        pose = np.linspace(0, 1, 17)[:, None] * [[1.0, 0.0, 0.0]]
        poses = pose * (time_s**2)[:, None, None]
        found = score([Take(poses, 0 * poses, time_s)])
        assert found.jitter == pytest.approx(1000 * 2 / 900 * 0.5, rel=0.02), rate
        assert found.mpjve == pytest.approx(1000 * 2 * 2 / 30 * 0.5, rel=0.05), rate


def test_nothing_is_invented_across_a_hole() -> None:
    poses = random_take(10).predicted
    time_s = np.append(np.arange(5) / 50, 0.5 + np.arange(5) / 50)
    found = at_rate(poses, time_s)
    known = np.isfinite(found).all(axis=(1, 2))
    assert known[0]
    assert not known[3:15].any()
    assert known[-1]


def test_a_webcam_that_is_nearly_at_30_is_left_alone() -> None:
    poses = random_take(20).predicted
    time_s = np.arange(20) / 29.97 + np.random.default_rng(0).uniform(0, 0.001, 20)
    assert at_rate(poses, time_s) is poses


def test_means_count_every_video_the_same() -> None:
    long, short = score([random_take(100)]), score([random_take(10, seed=2)])
    mean = mean_scores([long, short])
    assert mean.frames == 110
    assert mean.mpjpe == pytest.approx((long.mpjpe + short.mpjpe) / 2)
    pooled = score([random_take(100), random_take(10, seed=2)])
    assert pooled.mpjpe == pytest.approx((100 * long.mpjpe + 10 * short.mpjpe) / 110)
    unknown = Scores(0, 3, *[float("nan")] * 9)
    assert mean_scores([long, unknown]).mpjpe == long.mpjpe
    assert mean_scores([long, unknown]).missing == 3


@pytest.fixture(scope="module")
def oracle(shared: Path) -> ModuleType:
    """The scorer that comes with the real footage."""
    path = shared / "realeval" / "score.py"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    specification = importlib.util.spec_from_file_location("realeval_score", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("holes", [(), (4, 5, 17)])
def test_the_same_as_the_footage_s_own_scorer(oracle: ModuleType, holes: tuple[int, ...]) -> None:
    take = random_take(50, holes=holes)
    theirs = oracle.metrics(take.predicted, take.true)
    ours = score([take], LIMBS, root=(1, 4))
    assert (ours.frames, ours.missing) == (theirs["frames"], theirs["missing"])
    for mine, their in (
        ("mpjpe", "MPJPE"),
        ("n_mpjpe", "N_MPJPE"),
        ("p_mpjpe", "P_MPJPE"),
        ("mpjve", "MPJVE"),
        ("jitter", "JIT"),
    ):
        assert getattr(ours, mine) == pytest.approx(theirs[their]), mine
