"""The fitted detector model: what a fit recovers, and what the shipped one answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.skeleton import JOINT, MIRROR, PELVIS
from models.training import cameras, detector_model
from models.training.bodies import to_canonical_size
from models.training.detector_model import FITTED, SIZES, DetectorModel, Look, fitted, look
from models.training.detector_noise import midpoint_confidences
from models.training.fit_detector import Fitted, fit, read_study
from models.visibility import CALIBRATION
from tests.support.datasets import landmarks_of
from tests.support.walking import walking_repertoire

WRIST, FOCAL, SIZE = JOINT["left_wrist"], 500.0, (640, 480)
BIAS, ASTRAY, NOISE = 0.03, (0.05, -0.04, 0.1), 0.01
LITE, FULL, HEAVY = range(len(SIZES))
LITE_BIAS = 0.06
"""How much further to the right the smallest detector puts the left wrist."""


@pytest.fixture(scope="module")
def view() -> cameras.View:
    """80 windows of 20 frames of a walker, all of them inside the picture."""
    walk = walking_repertoire()
    windows, _ = walk.windows(80, 20, 30.0, torch.Generator().manual_seed(0))
    seen = cameras.view(to_canonical_size(windows), torch.Generator().manual_seed(1))
    frame = torch.tensor([[SIZE[0] / 2 / FOCAL, SIZE[1] / 2 / FOCAL]]).expand(80, 2)
    camera = seen.camera.clone()
    camera[..., 2] += 6.0
    return cameras.View(camera, camera[..., :2] / camera[..., 2:], frame, seen.up)


def described(view: cameras.View, detector: int = FULL) -> Look:
    every = torch.full((len(view.camera),), detector)
    return look(view.camera, view.image, view.frame, every)


@pytest.fixture(scope="module")
def study(view: cameras.View, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up detectors: they put left wrists too far right and elsewhere in 3D, and err by a
    noise; every second take is of the smallest one, who errs more."""
    seen = described(view)
    rng = np.random.default_rng(0)
    size = seen.size.numpy()[..., None, None]
    lite = np.arange(80) % 2 == 1
    image = view.image.numpy() + size * rng.normal(0, NOISE, view.image.shape)
    image[:, :, WRIST, 0] += (BIAS + LITE_BIAS * lite[:, None]) * size[..., 0, 0]
    world = seen.usual.numpy().copy()
    world[:, :, WRIST] += ASTRAY
    landmarks = np.full((80, 20, 33, 5), 0.9, np.float32)
    landmarks[..., :2] = landmarks_of(image * FOCAL + np.array(SIZE) / 2)
    tracked = np.ones(image.shape[:2], bool)
    tracked[:, 3] = False
    landmarks[:, 3, :, :2] = np.nan
    exchanged = image[0][:, list(MIRROR)]  # left for right: not an error to be fitted
    landmarks[0, ..., :2] = landmarks_of(exchanged * FOCAL + np.array(SIZE) / 2)
    path = tmp_path_factory.mktemp("study") / "study.npz"
    np.savez(
        path,
        detector=np.where(lite, SIZES[LITE], SIZES[FULL]),
        landmarks=landmarks,
        world=landmarks_of(world),
        tracked=tracked,
        truth=(1.1 * view.camera).numpy(),  # somebody taller, further away: the same picture
        feet=np.zeros((80, 20, 4, 3)),
        size=np.tile(SIZE, (80, 1)),
        focal=np.full(80, FOCAL),
        up=view.up.numpy(),
        rate=np.full(80, 30.0),
        kind=np.full(80, "gait"),
        people=np.full(80, "clothed"),
        split=np.full(80, "train"),
    )
    return path


def test_a_study_is_read_as_deviations_from_the_truth(study: Path) -> None:
    read = read_study([study])
    known = read.weight > 0
    assert not known[0].any()
    assert not known[:, 3].any()
    assert known[1:, [0, 1, 2, 4]].all()
    error = torch.where(known, read.target, torch.nan)
    assert error[::2, :, WRIST, 0].nanmean() == pytest.approx(BIAS, abs=2e-3)
    assert error[1::2, :, WRIST, 0].nanmean() == pytest.approx(BIAS + LITE_BIAS, abs=2e-3)
    for axis in range(3):
        astray = error[..., 3 + axis]
        assert astray[..., WRIST].nanmean() == pytest.approx(ASTRAY[axis], abs=2e-3)
        assert astray[..., JOINT["nose"]].nanmean() == pytest.approx(0, abs=2e-3)
    # The smallest detector says 0.9 where the usual one would say less.
    assert error[::2, ..., 2].nanmean() == pytest.approx(np.log(9), abs=1e-3)
    slope, offset = CALIBRATION["lite"]
    expected = slope * np.log(9) + offset
    assert error[1::2, ..., 2].nanmean() == pytest.approx(expected, abs=1e-3)


def test_frames_of_another_rate_are_shown_with_the_speed_at_30(
    view: cameras.View, study: Path, tmp_path: Path
) -> None:
    arrays = dict(np.load(study))
    np.savez(tmp_path / "slow.npz", **arrays | {"rate": np.full(80, 15.0)})
    usual, slow = (
        read_study([path]).features[..., detector_model.SPEEDS]
        for path in (study, tmp_path / "slow.npz")
    )
    assert torch.allclose(slow, usual / 2)
    assert usual.abs().max() > 0.05
    both = read_study([study, tmp_path / "slow.npz"])
    assert len(both.target) == 160


@pytest.mark.slow
def test_a_fit_answers_like_the_detectors_it_was_fitted_to(view: cameras.View, study: Path) -> None:
    model = fit(read_study([study]), steps=400)
    for detector, bias in ((FULL, BIAS), (LITE, BIAS + LITE_BIAS)):
        seen = described(view, detector)
        answer = model.answer(seen, view.image, torch.Generator().manual_seed(2))
        error = (answer.image - view.image) / seen.size[..., None, None]
        assert error[..., WRIST, 0].median() == pytest.approx(bias, abs=0.012)
        assert error[..., JOINT["right_wrist"], 0].median() == pytest.approx(0, abs=0.012)
        quarter, three_quarters = error[..., JOINT["nose"], 1].quantile(torch.tensor([0.25, 0.75]))
        assert (three_quarters - quarter) / 1.349 == pytest.approx(NOISE, rel=0.4)
        astray = (answer.world - seen.usual)[..., WRIST, :].flatten(0, 1).median(0).values
        assert astray.tolist() == pytest.approx(ASTRAY, abs=0.03)
        assert (answer.world[..., PELVIS, :] == 0).all()
        assert torch.equal(answer.conf, midpoint_confidences(answer.conf))


@pytest.mark.slow
def test_the_errors_drawn_are_as_large_as_of_takes_that_were_not_fitted() -> None:
    """What nothing tells of a pose cannot be learnt, but by heart."""
    generator = torch.Generator().manual_seed(0)
    takes, frames, true = 200, 6, 0.1
    features = torch.randn(takes, 1, 126, generator=generator).expand(takes, frames, 126)
    lasting = torch.randn(takes, 1, 17, 6, generator=generator).expand(takes, frames, 17, 6)
    target = (true * lasting).contiguous()
    everything = torch.ones_like(target)
    model = fit(Fitted(features, target, everything, torch.arange(takes)), steps=200)
    with torch.inference_mode():
        mean, spread = model(features)
    by_heart = float((target - mean).square().mean().sqrt())
    drawn = float(spread.square().mean().sqrt())
    assert by_heart < 0.75 * true
    assert drawn == pytest.approx(true, rel=0.25)


def test_the_shipped_model_is_small_and_plain() -> None:
    assert FITTED.stat().st_size < 1_000_000
    assert isinstance(fitted(), DetectorModel)
    assert fitted() is detector_model.fitted(), "it is read once"


def test_the_shipped_model_errs_by_plausible_amounts_and_slowly(view: cameras.View) -> None:
    seen = described(view, HEAVY)
    answer = fitted().answer(seen, view.image, torch.Generator().manual_seed(0))
    again = fitted().answer(seen, view.image, torch.Generator().manual_seed(0))
    assert torch.equal(answer.image, again.image)
    error = (answer.image - view.image) / seen.size[..., None, None]
    assert 0.008 < error.square().mean().sqrt() < 0.04
    astray = (answer.world - seen.usual).flatten(0, 2)
    assert (astray.std(0) > torch.tensor([0.015, 0.015, 0.03])).all()
    assert (astray.std(0) < torch.tensor([0.12, 0.12, 0.2])).all()
    assert answer.conf.min() >= 0
    assert answer.conf[..., JOINT["left_shoulder"]].median() > 0.8
    # What is off by much stays off for a while.
    change = error.diff(dim=1).square().mean().sqrt()
    assert change < 0.9 * error.square().mean().sqrt()


def test_motion_is_part_of_a_pose_and_single_frames_have_none(view: cameras.View) -> None:
    moving = described(view).features
    still = look(view.camera[:, :1], view.image[:, :1], view.frame, torch.ones(80).long()).features
    assert (still[..., detector_model.SPEEDS] == 0).all()
    assert moving[..., detector_model.SPEEDS].abs().max() > 0.05
    at_rest = [*range(detector_model.SPEEDS.start), *range(detector_model.SPEEDS.stop, 126)]
    assert torch.allclose(still[..., at_rest], moving[:, :1, at_rest], atol=1e-5)


def test_each_size_of_the_detector_is_another(view: cameras.View) -> None:
    shown = [described(view, detector).features for detector in (LITE, FULL, HEAVY)]
    assert all((shown[FULL] != each).any(-1).all() for each in (shown[LITE], shown[HEAVY]))
    assert ((shown[LITE] != shown[HEAVY]).sum(-1) == 2).all()
