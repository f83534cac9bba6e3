"""The schedule of the performance: a path over the floor, and gestures that fade in and out.

Each act begins and ends at the same spot, with the same heading, at rest, so that acts can follow
each other in any order, and the last one leads back to the first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from app.synthetic.performer.gait import Place
from app.synthetic.performer.rotations import Array
from app.synthetic.performer.variation import Act

_PAUSE_S: Final = 0.7
_SWELL_S: Final = 0.75
_SOFTEN_S: Final = 0.3
"""Half the time over which corners of the path are rounded."""
_SAMPLES_PER_S: Final = 60
_CIRCLE_M: Final = 0.48
_ACROSS_M: Final = 0.8
_SPEED_M_S: Final = 0.85
_TURN_RAD_S: Final = 1.75
_SQUAT_S: Final = 2.6


@dataclass(frozen=True, slots=True)
class Gesture:
    """A gesture of the upper body, or a squat, from ``begin`` to ``end`` seconds."""

    act: Act
    begin: float
    end: float

    def weight(self, time_s: float) -> float:
        """Return the gesture's weight: 0 outside, 1 in the middle, smooth in between."""
        rise = min(1.0, max(0.0, (time_s - self.begin) / _SWELL_S))
        fall = min(1.0, max(0.0, (self.end - time_s) / _SWELL_S))
        share = min(rise, fall)
        return share * share * (3 - 2 * share)

    def depth(self, time_s: float) -> float:
        """Return the depth of a squat: 0 standing, 1 lowest."""
        share = min(max((time_s - self.begin) / (self.end - self.begin), 0.0), 1.0)
        # A raised cosine, flattened so that it stays longer at the bottom.
        swing = math.sin(math.pi * share) ** 2
        return swing * (1.5 - 0.5 * swing)


@dataclass(slots=True)
class _Draft:
    """A performance under construction."""

    tempo: float
    keys: list[tuple[float, float, float, float]] = field(
        default_factory=lambda: [(0.0, 0.0, 0.0, 0.0)]
    )
    """(time, x, z, heading), joined by straight lines."""
    moving: list[tuple[float, float]] = field(default_factory=list)
    gestures: list[Gesture] = field(default_factory=list)

    @property
    def now(self) -> float:
        return self.keys[-1][0]

    def rest(self, seconds: float) -> None:
        _, x, z, heading = self.keys[-1]
        self.keys.append((self.now + seconds, x, z, heading))

    def gesture(self, act: Act, seconds: float) -> None:
        begin = self.now
        self.rest(seconds / self.tempo)
        self.gestures.append(Gesture(act, begin, self.now))

    def move(self, places: list[Place]) -> None:
        """Pass through the places, each in the time that its distance and rotation take."""
        begin = self.now
        for place in places:
            _, x, z, heading = self.keys[-1]
            distance = math.hypot(place.x - x, place.z - z)
            turn = abs(place.heading - heading)
            seconds = max(distance / _SPEED_M_S, turn / _TURN_RAD_S) / self.tempo
            self.keys.append((self.now + seconds, *place))
        self.moving.append((begin - _SOFTEN_S, self.now + _SOFTEN_S))


class Choreography:
    """The whole performance, which repeats after :attr:`duration_s`."""

    def __init__(self, acts: tuple[Act, ...], tempo: float = 1.0) -> None:
        draft = _Draft(tempo)
        draft.rest(_PAUSE_S)
        for number, act in enumerate(acts):
            _add_act(draft, act, 1 if number % 2 else -1)
            draft.rest(_PAUSE_S)
        self.duration_s = draft.now
        self.moving = draft.moving
        self.gestures = draft.gestures
        self._times = np.arange(0.0, self.duration_s + 1 / _SAMPLES_PER_S, 1 / _SAMPLES_PER_S)
        self._path = _smoothed(np.array(draft.keys), self._times)

    def path(self, time_s: float) -> Place:
        """Return the position and heading of the body."""
        x, z, heading = (float(np.interp(time_s, self._times, row)) for row in self._path)
        return Place(x, z, heading)


def _add_act(draft: _Draft, act: Act, side: int) -> None:
    """Add an act; ``side`` is 1 if it begins to the left, -1 to the right."""
    if act == "stand":
        draft.rest(2.0 / draft.tempo)
    elif act == "squat":
        for _ in range(2):
            draft.gesture(act, _SQUAT_S)
    elif act == "turn_around":
        _turn_around(draft, side)
    elif act == "walk_circle":
        _walk_circle(draft, side)
    elif act == "walk_across":
        _walk_across(draft, side)
    else:
        draft.gesture(act, 4.2)


def _turn_around(draft: _Draft, side: int) -> None:
    _, x, z, heading = draft.keys[-1]
    draft.move([Place(x, z, heading + side * math.pi)])
    draft.rest(1.4 / draft.tempo)
    draft.move([Place(x, z, heading + side * 2 * math.pi)])


def _walk_circle(draft: _Draft, side: int) -> None:
    _, x, z, heading = draft.keys[-1]
    turns = np.linspace(0.0, 2 * math.pi, 25)[1:]
    places = [
        Place(
            x + side * _CIRCLE_M * (1 - math.cos(turn)),
            z + _CIRCLE_M * math.sin(turn),
            heading + side * turn,
        )
        for turn in turns
    ]
    draft.move(places)


def _walk_across(draft: _Draft, side: int) -> None:
    _, x, z, heading = draft.keys[-1]
    far = side * _ACROSS_M
    out, back = heading + side * math.pi / 2, heading - side * math.pi / 2
    draft.move(
        [
            Place(x, z, out),
            Place(x + far, z, out),
            Place(x + far, z, back),
            Place(x - far, z, back),
            Place(x - far, z, out),
            Place(x, z, out),
            Place(x, z, heading),
        ]
    )


def _smoothed(keys: Array, times: Array) -> Array:
    """Return (3, N) x, z and heading at the sample times, smoothed with a triangular kernel."""
    half = round(_SOFTEN_S * _SAMPLES_PER_S)
    kernel = np.bartlett(2 * half + 1)
    kernel /= kernel.sum()
    rows = []
    for column in (1, 2, 3):
        row = np.interp(times, keys[:, 0], keys[:, column])
        padded = np.pad(row, half, mode="edge")
        rows.append(np.convolve(padded, kernel, mode="valid"))
    return np.stack(rows)
