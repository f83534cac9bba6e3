"""A take and its estimates in camera axes: trajectory, vertical, floor, contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.motion.data import ANKLES, MotionData
from app.motion.ground import ANKLE_M, Floor, find_floor
from app.motion.placement.contacts import feet_on_floor, find_contacts, runs
from app.motion.placement.lens import Lens
from app.motion.placement.position import PositionEstimate, estimate_position
from app.motion.placement.trajectory import StepConstraint, track
from app.motion.placement.upright import Upright, levelled, of_level, refined, upright
from models.level import Level
from models.timing import LONGEST_GAP_S

_CORRELATED: Final = 10.0
"""Frames over which errors of the lifted pose are correlated; information is divided by it."""
_SLIDING: Final = 0.15
"""Apparent speed in m/s of a standing foot, due to errors of the lifted pose."""
_ROUNDS: Final = 3
"""Iterations: contacts depend on the floor, and the floor on contacts."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The input of N frames before placement."""

    time_s: NDArray[np.float64]
    joints: NDArray[np.float64]
    """(N, 17, 3) metres from the pelvis, camera axes."""
    slopes: NDArray[np.float64]
    """(N, 17, 2) the joints as detected; finite."""
    seen: NDArray[np.bool_]
    """(N, 17) which joints were seen."""
    body: PositionEstimate
    """The estimate from the body in each frame."""
    people: tuple[slice, ...]
    """The frames of each person, as :attr:`MotionData.people`."""
    level: Level | None = None
    """The camera's orientation relative to gravity, if the lifter estimated it or it was given."""

    @classmethod
    def of(cls, data: MotionData, lens: Lens) -> Scene:
        """Return the scene as seen through ``lens``."""
        slopes, joints = lens.slopes(data.xy), data.xyz.astype(np.float64)
        finite = data.seen & np.isfinite(slopes).all(axis=-1)
        weight = np.where(finite, data.conf, 0.0).astype(np.float64)
        slopes = np.nan_to_num(slopes)
        alone = estimate_position(joints, slopes, weight)
        body = PositionEstimate(alone.place, alone.information / _CORRELATED)
        return cls(data.time_s, joints, slopes, weight > 0, body, data.people, data.level)

    @property
    def segments(self) -> list[slice]:
        """Intervals from one detected frame to another of the same person, without long gaps."""
        parts: list[NDArray[np.intp]] = []
        for each in self.people:
            detected = each.start + np.flatnonzero(self.body.known[each])
            breaks = np.flatnonzero(np.diff(self.time_s[detected]) > LONGEST_GAP_S)
            parts += np.split(detected, breaks + 1)
        return [slice(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]

    @property
    def ankles_seen(self) -> NDArray[np.bool_]:
        """(N, 2) whether the left and the right ankle were seen."""
        return self.seen[:, ANKLES]

    def trajectory(
        self, feet: Sequence[PositionEstimate] = (), constraints: Sequence[StepConstraint] = ()
    ) -> NDArray[np.float64]:
        """Return (N, 3) positions of the pelvis from body and ``feet``; NaN outside segments."""
        places = np.full((len(self.time_s), 3), np.nan)
        for part in self.segments:
            steps = slice(part.start, part.stop - 1)
            places[part] = track(
                self.time_s[part],
                [PositionEstimate(s.place[part], s.information[part]) for s in (self.body, *feet)],
                [
                    StepConstraint(constraint.step[steps], constraint.weight[steps])
                    for constraint in constraints
                ],
            )
        return places

    def contacts(
        self, places: NDArray[np.float64], up: NDArray[np.float64], floor: Floor
    ) -> NDArray[np.bool_]:
        """Return (N, 2) which feet stand."""
        stands = np.zeros((len(self.time_s), 2), bool)
        for part in self.segments:
            stands[part] = find_contacts(
                self.time_s[part],
                self.slopes[part][:, ANKLES],
                places[part, None] + self.joints[part][:, ANKLES],
                self.ankles_seen[part],
                up,
                floor.below_m,
            )
        return stands

    def standing_rows(
        self, places: NDArray[np.float64], stands: NDArray[np.bool_]
    ) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
        """Return slopes (F, 2) and depths (F,) of the ankle in each contact."""
        slopes, depths = [], []
        for foot, joint in enumerate(ANKLES):
            depth = places[:, 2] + self.joints[:, joint, 2]
            for each in self.people:
                for start, end in runs(stands[each, foot]):
                    rows = np.arange(each.start + start, each.start + end)
                    rows = rows[self.seen[rows, joint]]
                    slopes.append(self.slopes[rows, joint])
                    depths.append(depth[rows])
        return slopes, depths


@dataclass(frozen=True, slots=True, eq=False)
class SceneEstimate:
    """The result of :func:`estimate_scene`."""

    places: NDArray[np.float64]
    """(N, 3) the pelvis in metres from the lens, camera axes; NaN where unknown."""
    upright: Upright
    floor: Floor
    stands: NDArray[np.bool_]
    """(N, 2) which feet stand, left and right."""


def estimate_scene(
    scene: Scene, height_m: float | None, camera_height_m: float | None
) -> SceneEstimate:
    """Estimate all of a scene in which the person is detected in at least one frame.

    Vertical and floor are estimated from the trajectory of the body alone, so that the constraints
    that the floor then puts on the trajectory do not feed back into the floor.
    """
    guess = of_level(scene.level) if scene.level else upright(scene.joints, scene.seen)
    alone = scene.trajectory()
    stands = np.zeros((len(scene.time_s), 2), bool)
    best, floor = _room(scene, alone, guess, stands, height_m, camera_height_m)
    for _ in range(_ROUNDS):
        stands = scene.contacts(alone, best.up, floor)
        better = refined(guess, *scene.standing_rows(alone, stands))
        best, floor = _room(scene, alone, better, stands, height_m, camera_height_m)
    places = scene.trajectory(*_foot_constraints(scene, stands, best, floor))
    return SceneEstimate(places, best, floor, scene.contacts(places, best.up, floor))


def _room(
    scene: Scene,
    places: NDArray[np.float64],
    guess: Upright,
    stands: NDArray[np.bool_],
    height_m: float | None,
    camera_height_m: float | None,
) -> tuple[Upright, Floor]:
    """Return the vertical and the floor from standing feet, seen feet, or without any."""
    ankles = places[:, None] + scene.joints[:, ANKLES]
    seen = scene.ankles_seen & np.isfinite(ankles).all(axis=-1)
    stands = stands & seen
    if camera_height_m is not None and not seen.any():
        return guess, Floor(camera_height_m, "given")
    if camera_height_m is not None and stands.any():
        guess = levelled(guess, ankles[stands], camera_height_m - ANKLE_M)
    return guess, find_floor(guess.up, places, ankles, seen, stands, height_m)


def _foot_constraints(
    scene: Scene, stands: NDArray[np.bool_], upright: Upright, floor: Floor
) -> tuple[list[PositionEstimate], list[StepConstraint]]:
    """Return the constraints from standing feet: their positions, and that they do not move."""
    feet, constraints = [], []
    for foot, joint in enumerate(ANKLES):
        ankle, rows = scene.joints[:, joint], stands[:, foot] & scene.seen[:, joint]
        feet.append(feet_on_floor(floor, upright.up, scene.slopes[:, joint], ankle, rows))
        lasting = stands[1:, foot] & stands[:-1, foot]
        weight = np.where(lasting, 1 / (_SLIDING * np.diff(scene.time_s)) ** 2, 0.0)
        constraints.append(StepConstraint(-np.diff(ankle, axis=0), weight))
    return feet, constraints
