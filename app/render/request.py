"""The window's requests to the skeleton scene; small, frozen, and cheap to pickle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.render.camera import View
from app.render.colours import SceneTheme
from models.skeleton import BONES, FOOT_JOINT_COUNT, FOOT_PARENTS


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One pose, placed in the world."""

    joints: NDArray[np.float32]
    """(17, 3) metres in world axes (y up, the floor at 0); arbitrary for joints not drawn."""
    drawn: NDArray[np.bool_]
    """(17,) which joints are drawn; a bone is drawn if both its joints are."""
    opacity: NDArray[np.float32]
    """(17,) 0 to 1; less than 1 fades toward the background."""
    feet: NDArray[np.floating] | None = None
    """(4, 3) heels and toes as :data:`models.skeleton.FOOT_JOINT_NAMES`, likewise; NaN where they
    are not known.  None: there are none."""
    feet_opacity: NDArray[np.floating] | None = None
    """(4,) their opacity relative to their ankles; None: 1."""
    colour: str | None = None
    """``#rrggbb`` of the person, drawn in shades, if there are several; None: the usual colours of
    left, right and middle."""

    number: int = 0
    """Number of the person, if there are several."""

    @property
    def whole(self) -> Body:
        """The body with heels and toes as joints 17 to 20, drawn as their ankles are.

        Joints without a bone are left out: a wrist whose elbow is hidden would be a ball floating
        in the air.
        """
        attached = _attached(self.drawn)
        feet = np.full((FOOT_JOINT_COUNT, 3), np.nan) if self.feet is None else self.feet
        ankles = list(FOOT_PARENTS)
        firm = 1.0 if self.feet_opacity is None else self.feet_opacity
        known = np.isfinite(feet).all(axis=-1) & attached[ankles]
        return Body(
            np.concatenate([self.joints, feet]).astype(np.float32),
            np.concatenate([attached, known]),
            np.concatenate([self.opacity, firm * self.opacity[ankles]]).astype(np.float32),
            colour=self.colour,
            number=self.number,
        )


def _attached(drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return those of (17,) drawn joints that have a drawn bone; all if there is no bone."""
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
    """The person selected.  Without any person the floor is empty."""
    others: tuple[Body, ...] = ()

    @property
    def bodies(self) -> list[Body]:
        """All bodies with anything to draw, the farthest from the eye first."""
        there = [each for each in (self.body, *self.others) if each is not None]
        drawn = [each for each in there if each.drawn.any()]
        return sorted(drawn, key=lambda each: -self._depth(each))

    def _depth(self, body: Body) -> float:
        joints = body.joints[body.drawn].astype(np.float64)
        return float(np.median(self.view.to_camera(joints)[:, 2]))
