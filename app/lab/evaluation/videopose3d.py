"""Human3.6M and HumanEva in the files of VideoPose3D (Pavllo et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation import calibration, joint_orders
from app.lab.evaluation.calibration import Viewpoint
from app.lab.evaluation.joint_orders import ELSEWHERE, Order, of_detections, reorder
from app.lab.evaluation.material import EvaluationError, Footage, Material, certainty
from app.lab.evaluation.object_arrays import as_array, read_object
from models.skeleton import JOINT

HUMAN36M_RATE: Final = 50.0
HUMANEVA_RATE: Final = 60.0
HUMANEVA_ACTIONS: Final = ("Walk", "Jog", "Box")

_MOVING: Final = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
"""The 17 of Human3.6M's 32 joints used in papers; the rest are copies, fingers and toes."""
_ALL: Final = 32
_HUMANEVA_JOINTS: Final = 15
_HUMANEVA_SCORED: Final = tuple(JOINT[name] for name in joint_orders.HUMANEVA if name != "spine")


def human36m(folder: Path, keypoints: str) -> Material:
    """Human3.6M's test subjects, S9 and S11: protocol 1 (MPJPE) and 2 (P-MPJPE).

    Actions have equal weights; all 50 frames per second and four cameras are scored, on 17 joints,
    the pelvis at the origin.

    Args:
        folder: contains ``data_3d_h36m.npz`` and ``data_2d_h36m_<keypoints>.npz``.
        keypoints: gt, cpn_ft_h36m_dbb, or another file's name.

    Raises:
        EvaluationError: a file is absent, unsafe or damaged, or does not fit the other.
    """
    files = _Files.read(folder, "h36m", keypoints)
    footage = [
        view
        for subject, viewpoints in calibration.HUMAN36M.items()
        for action, world in files.actions(subject)
        for view in files.views(
            subject, action, _human36m_joints(world), viewpoints, HUMAN36M_RATE, action.split()[0]
        )
    ]
    title = f"Human3.6M, S9 and S11, 2D: {keypoints}"
    return Material(title, tuple(footage), published=True, by_group=True, remark=ELSEWHERE)


def humaneva(folder: Path, keypoints: str) -> Material:
    """HumanEva-I's validation part: S1 to S3 walking, jogging and boxing, with three cameras.

    Papers report P-MPJPE.  15 joints are scored, at 60 frames per second.

    Args:
        folder: contains ``data_3d_humaneva15.npz`` and ``data_2d_humaneva15_<keypoints>.npz``.
        keypoints: gt, detectron_pt_coco, or another file's name.

    Raises:
        EvaluationError: as for ``human36m``.
    """
    files = _Files.read(folder, "humaneva15", keypoints)
    footage = [
        view
        for subject, viewpoints in calibration.HUMANEVA.items()
        for action, world in files.actions(f"Validate/{subject}")
        if action.startswith(HUMANEVA_ACTIONS)
        for view in files.views(
            f"Validate/{subject}", action, _humaneva_joints(world), viewpoints, HUMANEVA_RATE,
            f"{subject} {action.split()[0]}",
        )
    ]  # fmt: skip
    if not footage:
        raise EvaluationError(f"{folder} holds nothing of {', '.join(HUMANEVA_ACTIONS)}.")
    title = f"HumanEva, S1 to S3, 2D: {keypoints}"
    return Material(title, tuple(footage), joints=_HUMANEVA_SCORED, by_group=True, remark=ELSEWHERE)


@dataclass(frozen=True)
class _Files:
    """A pair of files: dictionaries by subject, then by action."""

    true: Mapping[str, Any]
    detected: Mapping[str, Any]
    order: Order
    joints: int
    detected_in: Path

    @staticmethod
    def read(folder: Path, dataset: str, keypoints: str) -> _Files:
        true, detected = (
            folder / f"data_3d_{dataset}.npz",
            folder / f"data_2d_{dataset}_{keypoints}.npz",
        )
        order, joints = of_detections(read_object(detected, "metadata"), detected)
        return _Files(
            _dictionary(read_object(true, "positions_3d"), true),
            _dictionary(read_object(detected, "positions_2d"), detected),
            order,
            joints,
            detected,
        )

    def actions(self, subject: str) -> Iterator[tuple[str, Any]]:
        """Yield name and 3D of every action of a subject."""
        if subject not in self.true or subject not in self.detected:
            raise EvaluationError(
                f"The subject {subject} is not in both files beside {self.detected_in}."
            )
        yield from _dictionary(self.true[subject], self.detected_in).items()

    def views(
        self,
        subject: str,
        action: str,
        world: NDArray[np.float32],
        viewpoints: Sequence[Viewpoint],
        rate: float,
        group: str,
    ) -> Iterator[Footage]:
        """Yield one action by every camera; ``world`` (N, 17, 3)."""
        what = f"{subject} {action} in {self.detected_in}"
        cameras = _dictionary(self.detected[subject], self.detected_in).get(action)
        if not isinstance(cameras, list) or len(cameras) != len(viewpoints):
            raise EvaluationError(f"{what} lacks the 2D of its {len(viewpoints)} cameras.")
        for viewpoint, points in zip(viewpoints, cameras, strict=True):
            xy = reorder(as_array(points, (None, self.joints, 2), what), self.order)
            if len(xy) < len(world):
                raise EvaluationError(f"{what} has {len(xy)} frames, its 3D {len(world)}.")
            xy = xy[: len(world)]  # some videos are longer than the motion capture
            yield Footage(
                group=group,
                size=viewpoint.size,
                time_s=np.arange(len(xy)) / rate,
                xy=xy,
                conf=certainty(xy),
                true=viewpoint.to_camera(world).astype(np.float32),
                up=viewpoint.up,
            )


def _human36m_joints(world: Any) -> NDArray[np.float32]:
    return as_array(world, (None, _ALL, 3), "An action of Human3.6M")[:, _MOVING]


def _humaneva_joints(world: Any) -> NDArray[np.float32]:
    points = as_array(world, (None, _HUMANEVA_JOINTS, 3), "An action of HumanEva")
    return reorder(points, joint_orders.HUMANEVA)


def _dictionary(tree: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(tree, dict):
        raise EvaluationError(f"{path} is not laid out as VideoPose3D's files are.")
    return tree
