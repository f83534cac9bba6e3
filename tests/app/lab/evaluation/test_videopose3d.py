"""Human3.6M and HumanEva from small files laid out as VideoPose3D's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.lab.evaluation import calibration
from app.lab.evaluation.joint_orders import COCO, reorder
from app.lab.evaluation.material import EvaluationError, Footage, Material
from app.lab.evaluation.methods import Answer, FlatGuess, Ours, as_published
from app.lab.evaluation.scoring import score_methods, shortened
from app.lab.evaluation.videopose3d import human36m, humaneva
from models import checkpoint
from models.lifter import Lifter
from models.skeleton import JOINT
from tests.support.datasets import Tree, write_human36m, write_humaneva
from tests.support.evaluation import walking_footage, write_weights

KEPT = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]


def turned(points: np.ndarray, orientation: tuple[float, ...]) -> np.ndarray:
    """Rotate by the inverse of a quaternion, by Hamilton's product itself."""
    w, x, y, z = orientation
    q, back = np.array([w, x, y, z]), np.array([w, -x, -y, -z])

    def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [[a[0] * b[0] - a[1:] @ b[1:]], a[0] * b[1:] + b[0] * a[1:] + np.cross(a[1:], b[1:])]
        )

    flat = [product(product(back, np.append(0, p)), q)[1:] for p in points.reshape(-1, 3)]
    return np.array(flat).reshape(points.shape)


def test_human36m_in_camera_axes(tmp_path: Path) -> None:
    written = write_human36m(tmp_path)
    material = human36m(tmp_path, "gt")
    assert len(material.footage) == 2 * 3 * 4
    assert material.published
    world = written["3d"]["S11"]["Photo"][:, KEPT]
    views = [each for each in material.footage[12:] if each.group == "Photo"]
    assert len(views) == 4
    for index, (view, camera) in enumerate(zip(views, calibration.HUMAN36M["S11"], strict=True)):
        expected = turned(world - np.array(camera.place), camera.orientation)
        np.testing.assert_allclose(view.true, expected, atol=1e-5)
        np.testing.assert_array_equal(view.xy, written["2d"]["S11"]["Photo"][index][: len(world)])
        assert view.size == camera.size
        np.testing.assert_allclose(np.diff(view.time_s), 1 / 50)
    assert {each.group for each in material.footage} == {"Walking", "Photo"}


def test_actions_count_the_same_whatever_their_length(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    material = human36m(tmp_path, "gt")

    class OffBy:
        name = "off by 10 cm in Photo, by 20 in Walking"

        def answer(self, footage: Footage, material: Material) -> Answer:
            error = np.full((17, 3), [0.1 if footage.group == "Photo" else 0.2, 0, 0])
            error[0] = 0.0
            return Answer(footage.true - footage.true[:, :1] + error)

    (row,) = score_methods(material, [OffBy()])
    assert row.scores.mpjpe == pytest.approx(150 * 16 / 17, rel=1e-4), "all 17, the pelvis at 0"
    assert dict(row.groups)["Photo"].scores.mpjpe == pytest.approx(100 * 16 / 17, rel=1e-4)
    assert row.scores.frames == 4 * 2 * (6 + 7 + 8)


@pytest.mark.parametrize("cameras", [calibration.HUMAN36M, calibration.HUMANEVA])
def test_the_cameras_look_at_the_people(cameras: dict[str, Any]) -> None:
    """The people are near the middle of the room, a metre above the floor."""
    for each in [camera for subject in cameras.values() for camera in subject]:
        assert np.linalg.norm(each.orientation) == pytest.approx(1, abs=1e-5)
        x, y, z = each.to_camera(np.array([0.0, 0.0, 0.9]))
        assert 3 < z < 7
        assert abs(x / z) < 0.25
        assert abs(y / z) < 0.25
        up = each.to_camera(np.array([0.0, 0.0, 1.9])) - [x, y, z]
        assert up[1] < -0.9, "y points down"
        np.testing.assert_allclose(each.up, up, atol=1e-9)


def forget_subject(true: Tree, detected: Tree) -> None:
    del detected["S11"]


def forget_action(true: Tree, detected: Tree) -> None:
    del detected["S9"]["Photo"]


def forget_camera(true: Tree, detected: Tree) -> None:
    detected["S9"]["Photo"].pop()


def too_short(true: Tree, detected: Tree) -> None:
    detected["S9"]["Photo"][2] = detected["S9"]["Photo"][2][:3]


def joints_of_others(true: Tree, detected: Tree) -> None:
    true["S9"]["Photo"] = true["S9"]["Photo"][:, :17]


def not_arrays(true: Tree, detected: Tree) -> None:
    true["S9"] = ["Photo"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (forget_subject, "subject S11 is not in both"),
        (forget_action, "S9 Photo .* lacks the 2D of its 4 cameras"),
        (forget_camera, "lacks the 2D of its 4 cameras"),
        (too_short, "has 3 frames, its 3D 8"),
        (joints_of_others, r"\(8, 17, 3\) instead of \(N, 32, 3\)"),
        (not_arrays, "not laid out as VideoPose3D's"),
    ],
)
def test_files_that_do_not_fit_are_explained(
    tmp_path: Path, change: Callable[[Tree, Tree], None], words: str
) -> None:
    write_human36m(tmp_path, change)
    with pytest.raises(EvaluationError, match=words):
        human36m(tmp_path, "gt")


def test_other_keypoints_are_other_files(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    with pytest.raises(EvaluationError, match=r"Cannot read .*data_2d_h36m_cpn_ft_h36m_dbb\.npz"):
        human36m(tmp_path, "cpn_ft_h36m_dbb")


def test_an_unknown_order_of_joints(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    np.savez(tmp_path / "data_2d_h36m_x.npz", positions_2d={}, metadata={"keypoints_symmetry": []})
    with pytest.raises(EvaluationError, match="order this program does not know"):
        human36m(tmp_path, "x")


def test_humaneva_validation_of_three_actions(tmp_path: Path) -> None:
    written = write_humaneva(tmp_path, "detectron_pt_coco")
    material = humaneva(tmp_path, "detectron_pt_coco")
    assert len(material.footage) == 3 * 3 * 3
    assert {each.group for each in material.footage} == {
        f"S{number} {action}" for number in (1, 2, 3) for action in ("Walking", "Jog", "Box")
    }
    assert len(material.joints) == 14 + 1
    first = material.footage[0]
    world = written["3d"]["Validate/S1"]["Walking 1 chunk0"]
    camera = calibration.HUMANEVA["S1"][0]
    expected = turned(world - np.array(camera.place), camera.orientation)
    for name, index in (("left_wrist", 4), ("right_ankle", 13), ("head", 14), ("pelvis", 0)):
        np.testing.assert_allclose(first.true[:, JOINT[name]], expected[:, index], atol=1e-5)
    coco = written["2d"]["Validate/S1"]["Walking 1 chunk0"][0]
    np.testing.assert_array_equal(first.xy[:, JOINT["left_knee"]], coco[:, 13])
    np.testing.assert_allclose(
        first.xy[:, JOINT["pelvis"]], (coco[:, 11] + coco[:, 12]) / 2, rtol=1e-6
    )
    rows = score_methods(material, [FlatGuess()])
    assert np.isfinite(rows[0].scores.mpjpe)
    assert rows[0].scores.frames == 3 * 3 * (9 + 5 + 4)


def test_coco_has_all_of_our_joints() -> None:
    assert np.isfinite(reorder(np.zeros((1, 17, 2)), COCO)).all()
    assert set(COCO) == set(JOINT)


@pytest.mark.parametrize("frames", [5, 9, 13, 18])
def test_published_weights_are_fed_as_published(tmp_path: Path, frames: int) -> None:
    """x / w * 2 - 1 and y / w * 2 - h / w in windows side by side, averaged with the mirror."""
    lifter = Lifter(write_weights(tmp_path / "w.safetensors", channels=2, rate=50.0, image=True))
    footage = walking_footage(frames, 50.0)
    network, _ = checkpoint.load(lifter.info.path)
    w, h = footage.size
    tokens = torch.from_numpy(footage.xy / w * 2 - [1, h / w]).float()
    mirror = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]

    def lift(window: torch.Tensor) -> torch.Tensor:
        flip = torch.tensor([-1.0, 1.0])
        both = network(torch.stack([window, window[:, mirror] * flip]))
        plain, mirrored = both[0], both[1][:, mirror] * torch.tensor([-1.0, 1.0, 1.0])
        return (plain + mirrored) / 2

    padded = torch.cat([tokens, tokens[-1:].expand(max(0, 9 - frames), 17, 2)])
    expected = torch.zeros(len(padded), 17, 3)
    for start in sorted({*range(0, len(padded) - 8, 9), len(padded) - 9}, reverse=True):
        expected[start : start + 9] = lift(padded[start : start + 9])
    expected = (expected - expected[:, :1])[:frames]
    found = as_published(lifter, footage)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_only_published_protocols_are_fed_that_way(tmp_path: Path) -> None:
    lifter = Lifter(write_weights(tmp_path / "w.safetensors", channels=2, rate=50.0, image=True))
    footage = walking_footage(20, 50.0)
    method = Ours("image", lifter)
    published = method.answer(footage, Material("", (footage,), published=True))
    ordinary = method.answer(footage, Material("", (footage,)))
    assert published is not None
    assert ordinary is not None
    np.testing.assert_array_equal(published.poses, as_published(lifter, footage))
    assert abs(published.poses - ordinary.poses).max() > 1e-3, "ordinary windows overlap"


def test_a_quick_look_takes_the_beginning(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    material = shortened(human36m(tmp_path, "gt"), 0.1)
    assert {len(each.xy) for each in material.footage} == {5}
    assert "first 0.1 s" in material.title
