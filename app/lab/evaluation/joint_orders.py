"""Joint orders of other skeletons, mapped to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import EvaluationError
from models.skeleton import JOINT, JOINT_COUNT, JOINT_NAMES

_LIMBS: Final = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")

Order = Mapping[str, tuple[int, ...]]
"""For each of our joints that exists, the indices of which it is the mean."""


def _order(**joints: int | tuple[int, ...]) -> Order:
    return {
        name: (indices,) if isinstance(indices, int) else indices
        for name, indices in joints.items()
    }


_COCO_LIMBS: Final = {
    f"{side}_{limb}": 5 + 2 * index + offset
    for index, limb in enumerate(_LIMBS)
    for offset, side in enumerate(("left", "right"))
}

HUMAN36M: Final = _order(**{name: index for index, name in enumerate(JOINT_NAMES)})
"""The 17 joints used in papers.  Its "head" is the top of the head, ours is between the ears; its
"nose" is nearer to the neck; its spine is at the waist."""

ELSEWHERE: Final = (
    "Its head, neck and spine are not where MediaPipe's are, so networks trained on the latter "
    "start with a handicap."
)
"""The differences, for reports on the datasets below."""

COCO: Final = _order(
    **_COCO_LIMBS,
    nose=0,
    head=(3, 4),
    pelvis=(11, 12),
    thorax=(5, 6),
    spine=(5, 6, 11, 12),
)

HUMANEVA: Final = _order(
    pelvis=0, thorax=1, head=14,
    left_shoulder=2, left_elbow=3, left_wrist=4, right_shoulder=5, right_elbow=6, right_wrist=7,
    left_hip=8, left_knee=9, left_ankle=10, right_hip=11, right_knee=12, right_ankle=13,
    spine=(0, 1),
)  # fmt: skip
"""The 15 joints of VideoPose3D.  There is no spine; ours is halfway by definition."""

MPI_INF_3DHP: Final = _order(
    head=0, thorax=1, nose=16, spine=15, pelvis=14,
    right_shoulder=2, right_elbow=3, right_wrist=4, left_shoulder=5, left_elbow=6, left_wrist=7,
    right_hip=8, right_knee=9, right_ankle=10, left_hip=11, left_knee=12, left_ankle=13,
)  # fmt: skip
"""The 17 relevant joints of the test set, as aligned with Human3.6M's by those who train MixSTE on
it: the top of the head is our head, the head our nose, the neck our thorax."""

_BY_SYMMETRY: Final = {
    ((4, 5, 6, 11, 12, 13), (1, 2, 3, 14, 15, 16)): HUMAN36M,
    ((1, 3, 5, 7, 9, 11, 13, 15), (2, 4, 6, 8, 10, 12, 14, 16)): COCO,
    ((2, 3, 4, 8, 9, 10), (5, 6, 7, 11, 12, 13)): HUMANEVA,
}


def reorder(points: NDArray[np.floating], order: Order) -> NDArray[np.float32]:
    """(..., J, D) of another skeleton -> (..., 17, D), NaN for joints it does not have."""
    result = np.full((*points.shape[:-2], JOINT_COUNT, points.shape[-1]), np.nan, np.float32)
    for name, indices in order.items():
        result[..., JOINT[name], :] = points[..., list(indices), :].mean(axis=-2)
    return result


def of_detections(metadata: object, source: object) -> tuple[Order, int]:
    """Return order and number of joints in VideoPose3D's 2D files, by their left and right joints.

    Ground-truth files do not contain the layout's name, but all list these.

    Raises:
        EvaluationError: the skeleton is unknown to this program.
    """
    symmetry = metadata.get("keypoints_symmetry") if isinstance(metadata, Mapping) else None
    try:
        left, right = (tuple(int(joint) for joint in side) for side in symmetry or ())
        order = _BY_SYMMETRY[left, right]
    except (KeyError, TypeError, ValueError) as error:
        raise EvaluationError(
            f"The 2D joints of {source} are in an order this program does not know. It reads "
            "Human3.6M's 17, COCO's 17 and HumanEva's 15."
        ) from error
    return order, 1 + max(joint for indices in order.values() for joint in indices)
