"""What the window sends to the skeleton scene; small, frozen, and cheap to pickle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from app.render.colours import SceneTheme
from models.skeleton import BONES, FOOT_JOINT_COUNT, FOOT_PARENTS


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One pose, standing in the world."""

    joints: NDArray[np.float32]
    """(17, 3) metres in world axes (y up, the floor at 0); not-drawn joints may be anything."""
    drawn: NDArray[np.bool_]
    """(17,) a bone appears when both its joints do."""
    opacity: NDArray[np.float32]
    """(17,) 0 to 1; less than 1 fades toward the background."""
    feet: NDArray[np.floating] | None = None
    """(4, 3) heels and toes as :data:`models.skeleton.FOOT_JOINT_NAMES`, likewise; NaN where they
    are not known.  None: there are none."""
    feet_firm: NDArray[np.floating] | None = None
    """(4,) how firmly they are drawn, beside their ankles; None: as firmly as these."""
    colour: str | None = None
    """``#rrggbb`` of which all of it has shades, where there are several people; None: left, right
    and middle have their own."""

    number: int = 0
    """Of the person, where there are several."""

    @property
    def whole(self) -> Body:
        """The same with heels and toes as joints 17 to 20: drawn, and as firm, as their ankles.

        Joints to which no bone leads are left out: a wrist whose elbow is hidden would be a ball
        that hangs in the air.
        """
        attached = _attached(self.drawn)
        feet = np.full((FOOT_JOINT_COUNT, 3), np.nan) if self.feet is None else self.feet
        ankles = list(FOOT_PARENTS)
        firm = 1.0 if self.feet_firm is None else self.feet_firm
        known = np.isfinite(feet).all(axis=-1) & attached[ankles]
        return Body(
            np.concatenate([self.joints, feet]).astype(np.float32),
            np.concatenate([attached, known]),
            np.concatenate([self.opacity, firm * self.opacity[ankles]]).astype(np.float32),
            colour=self.colour,
            number=self.number,
        )


def _attached(drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of (17,) drawn joints those with a drawn bone; all of them where there is no bone at all."""
    ends = np.array(BONES)
    result = np.zeros_like(drawn)
    result[ends[drawn[ends].all(axis=1)]] = True
    return result if result.any() else drawn


@dataclass(frozen=True, slots=True)
class SkeletonRequest:
    """One picture of the 3D view."""

    view: View
    theme: SceneTheme
    body: Body | None = None
    """The person selected.  Nobody at all shows the empty floor."""
    others: tuple[Body, ...] = ()

    @property
    def bodies(self) -> list[Body]:
        """Everybody of whom there is anything to draw, the farthest from the eye first."""
        there = [each for each in (self.body, *self.others) if each is not None]
        drawn = [each for each in there if each.drawn.any()]
        return sorted(drawn, key=lambda each: -self._depth(each))

    def _depth(self, body: Body) -> float:
        joints = body.joints[body.drawn].astype(np.float64)
        return float(np.median(self.view.to_camera(joints)[:, 2]))
