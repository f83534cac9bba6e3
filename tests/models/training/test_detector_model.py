"""The fitted detector model: what a fit recovers, and what the shipped one answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.skeleton import JOINT, MIRROR, PELVIS
from models.training import cameras, detector_model
from models.training.bodies import to_canonical_size
from models.training.detector_model import FITTED, DetectorModel, fitted, look
from models.training.fit_detector import fit, read_study
from models.training.motion import MotionBank, Pack
from tests.support.walking import walker

WRIST, FOCAL, SIZE = JOINT["left_wrist"], 500.0, (640, 480)
BIAS, DEEPER, NOISE = 0.03, 0.1, 0.01


@pytest.fixture(scope="module")
def view() -> cameras.View:
    """80 windows of 20 frames of a walker, all of them inside the picture."""
    bank = MotionBank([Pack("p", "made here", "CC0", (walker(),))], [1.0], "train")
    windows = bank.windows(80, 20, 30.0, torch.Generator().manual_seed(0))
    seen = cameras.view(to_canonical_size(windows), torch.Generator().manual_seed(1))
    frame = torch.tensor([[SIZE[0] / 2 / FOCAL, SIZE[1] / 2 / FOCAL]]).expand(80, 2)
    camera = seen.camera.clone()
    camera[..., 2] += 6.0
    return cameras.View(camera, camera[..., :2] / camera[..., 2:], frame)


@pytest.fixture(scope="module")
def study(view: cameras.View, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up detector: it puts left wrists too far right and too deep, and errs by a noise."""
    described = look(view.camera, view.image, view.frame)
    rng = np.random.default_rng(0)
    size = described.size.numpy()[..., None, None]
    image = view.image.numpy() + size * rng.normal(0, NOISE, view.image.shape)
    image[:, :, WRIST, 0] += BIAS * size[..., 0, 0]
    world = described.pose.numpy().copy()
    world[:, :, WRIST, 2] += DEEPER
    conf = np.full(image.shape[:3], 0.9, np.float32)
    xy = image * FOCAL + np.array(SIZE) / 2
    tracked = np.ones(image.shape[:2], bool)
    tracked[:, 3] = False
    xy[:, 3] = np.nan
    xy[0] = xy[0][:, list(MIRROR)]  # left for right: not an error to be fitted
    path = tmp_path_factory.mktemp("study") / "study.npz"
    np.savez(
        path,
        xy=xy.astype(np.float32),
        conf=conf,
        world=world.astype(np.float32),
        tracked=tracked,
        truth=(1.1 * view.camera).numpy(),  # somebody taller, further away: the same picture
        size=np.tile(SIZE, (80, 1)),
        focal=np.full(80, FOCAL),
    )
    return path


def test_a_study_is_read_as_deviations_from_the_truth(study: Path) -> None:
    read = read_study(study)
    known = read.weight > 0
    assert not known[0].any()
    assert not known[:, 3].any()
    assert known[1:, [0, 1, 2, 4]].all()
    error = torch.where(known, read.target, torch.nan)
    assert error[..., WRIST, 0].nanmean() == pytest.approx(BIAS, abs=2e-3)
    assert error[..., WRIST, 3].nanmean() == pytest.approx(DEEPER, abs=2e-3)
    assert error[..., JOINT["nose"], 3].nanmean() == pytest.approx(0, abs=2e-3)
    assert error[..., 2].nanmean() == pytest.approx(np.log(9), abs=1e-3)


def test_a_fit_answers_like_the_detector_it_was_fitted_to(view: cameras.View, study: Path) -> None:
    model = fit(read_study(study), steps=400)
    described = look(view.camera, view.image, view.frame)
    answer = model.answer(described, view.image, torch.Generator().manual_seed(2))
    error = (answer.image - view.image) / described.size[..., None, None]
    assert error[..., WRIST, 0].mean() == pytest.approx(BIAS, abs=0.008)
    assert error[..., JOINT["right_wrist"], 0].mean() == pytest.approx(0, abs=0.008)
    assert error[..., JOINT["nose"], 1].std() == pytest.approx(NOISE, rel=0.4)
    depth = answer.depth - described.pose[..., 2]
    assert depth[..., WRIST].mean() == pytest.approx(DEEPER, abs=0.03)
    assert (answer.depth[..., PELVIS] == 0).all()


def test_the_shipped_model_is_small_and_plain() -> None:
    assert FITTED.stat().st_size < 1_000_000
    assert isinstance(fitted(), DetectorModel)
    assert fitted() is detector_model.fitted(), "it is read once"


def test_the_shipped_model_errs_by_plausible_amounts_and_slowly(view: cameras.View) -> None:
    described = look(view.camera, view.image, view.frame)
    answer = fitted().answer(described, view.image, torch.Generator().manual_seed(0))
    again = fitted().answer(described, view.image, torch.Generator().manual_seed(0))
    assert torch.equal(answer.image, again.image)
    error = (answer.image - view.image) / described.size[..., None, None]
    assert 0.008 < error.square().mean().sqrt() < 0.04
    assert 0.03 < (answer.depth - described.pose[..., 2]).std() < 0.2
    assert answer.conf.min() >= 0
    assert answer.conf[..., JOINT["left_shoulder"]].median() > 0.8
    # What is off by much stays off for a while.
    change = error.diff(dim=1).square().mean().sqrt()
    assert change < 0.9 * error.square().mean().sqrt()


def test_motion_is_part_of_a_pose_and_single_frames_have_none(view: cameras.View) -> None:
    moving = look(view.camera, view.image, view.frame).features
    still = look(view.camera[:, :1], view.image[:, :1], view.frame).features
    assert (still[..., detector_model.SPEEDS] == 0).all()
    assert moving[..., detector_model.SPEEDS].abs().max() > 0.05
    before = torch.cat([still[..., : detector_model.SPEEDS.start], still[..., -4:]], dim=-1)
    after = torch.cat([moving[..., : detector_model.SPEEDS.start], moving[..., -4:]], dim=-1)
    assert torch.allclose(before, after[:, :1], atol=1e-5)
