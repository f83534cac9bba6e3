"""What is painted on the floor below a body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.render.floor import point_below
from app.render.request import Body
from models.skeleton import JOINT, JOINT_COUNT

LEFT, RIGHT = JOINT["left_ankle"], JOINT["right_ankle"]


def body() -> Body:
    """Somebody who leans far forward over feet that stand at x = 1."""
    joints = np.zeros((JOINT_COUNT, 3), np.float32)
    joints[:] = (1.0, 1.2, 0.6)
    joints[LEFT], joints[RIGHT] = (1.1, 0.08, 0.0), (0.9, 0.08, 0.0)
    return Body(joints, np.ones(JOINT_COUNT, bool), np.ones(JOINT_COUNT, np.float32))


def test_the_ring_lies_under_the_feet_not_under_the_middle_of_the_body() -> None:
    np.testing.assert_allclose(point_below(body()), (1.0, 0.0, 0.0), atol=1e-6)


def test_who_stands_on_one_leg_stands_over_that_foot() -> None:
    lifted = body()
    lifted.joints[LEFT] = (2.0, 0.6, 0.3)
    np.testing.assert_allclose(point_below(lifted), (0.9, 0.0, 0.0), atol=0.02)


def test_without_feet_it_is_below_the_middle_of_what_is_drawn() -> None:
    drawn = np.ones(JOINT_COUNT, bool)
    drawn[[LEFT, RIGHT]] = False
    np.testing.assert_allclose(
        point_below(replace(body(), drawn=drawn)), (1.0, 0.0, 0.6), atol=1e-6
    )
