"""The 3D view's orbit camera: mouse and key input, and following the person."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.render.camera import LENS_DEG, MAX_DISTANCE_M, PRESETS, THREE_QUARTER, OrbitCamera, View

_FOLLOW_S: Final = 0.25
_BODY_RADIUS_M: Final = 0.5
"""Horizontal extent of a body from its pelvis."""


class OrbitPresenter:
    """One orbit camera, moved by drags, the wheel, presets and the person who is followed."""

    def __init__(self) -> None:
        self.camera: OrbitCamera = THREE_QUARTER
        self.follow = False
        self._person: tuple[float, float] | None = None
        """Position of the person on the floor, x and z; None while there is no person."""
        self._distances: tuple[float, float] | None = None
        """Camera distance before and after :meth:`make_room`; None if it was not called."""

    @property
    def view(self) -> View:
        return self.camera.view()

    def drag(self, dx: float, dy: float, height: int, *, pan: bool) -> None:
        """A drag by (dx, dy) logical pixels in a view ``height`` pixels high."""
        move = self.camera.panned if pan else self.camera.orbited
        self.camera = move(dx, dy, max(1, height))

    def zoom(self, steps: float) -> None:
        self.camera = self.camera.zoomed(steps)

    def reset(self) -> None:
        """Return to the default view, aimed at the person."""
        self.camera = self._with_room(THREE_QUARTER)
        self._aim()

    def set_follow(self, on: bool) -> None:
        """Keep the person in the middle, or stop that."""
        self.follow = on
        if on:
            self._aim()

    def forget(self) -> None:
        """Forget the person, and undo :meth:`make_room`."""
        self._person = None
        self.camera = replace(self.camera, distance=self._single_distance_m)
        self._distances = None

    def make_room(self, reach_m: float) -> None:
        """Move the camera back, once, to show people up to ``reach_m`` metres from the middle."""
        needed = (reach_m + _BODY_RADIUS_M) / math.tan(math.radians(LENS_DEG) / 2) + reach_m / 2
        if self._distances is None:
            before = self.camera.distance
            self.camera = replace(self.camera, distance=min(max(before, needed), MAX_DISTANCE_M))
            self._distances = before, self.camera.distance

    def _with_room(self, camera: OrbitCamera) -> OrbitCamera:
        """Return ``camera`` at the distance that several people need."""
        return camera if self._distances is None else replace(camera, distance=self._distances[1])

    @property
    def _single_distance_m(self) -> float:
        """Camera distance for one person: that before :meth:`make_room`, unless the user has zoomed
        since."""
        if self._distances is None or self.camera.distance != self._distances[1]:
            return self.camera.distance
        return self._distances[0]

    def preset(self, name: str) -> None:
        """Set the ``front``, ``side``, ``top`` or ``three-quarter`` view, and keep the person in
        the middle if following."""
        target = self.camera.target if self.follow else PRESETS[name].target
        self.camera = self._with_room(replace(PRESETS[name], target=target))
        if self.follow:
            self._aim()

    def track_person(self, pelvis: NDArray[np.floating], step_s: float) -> None:
        """Move the target toward the person, if following; its height is left to the user.

        Args:
            pelvis: (3,) metres in the view's axes.
            step_s: seconds since the last call.
        """
        first, self._person = self._person is None, (float(pelvis[0]), float(pelvis[2]))
        if not self.follow:
            return
        if first:
            self._aim()
        x, y, z = self.camera.target
        share = 1 - math.exp(-max(0.0, step_s) / _FOLLOW_S)
        moved = (x + share * (float(pelvis[0]) - x), y, z + share * (float(pelvis[2]) - z))
        self.camera = self.camera.aimed_at(moved)

    def _aim(self) -> None:
        """Aim at the person, without transition."""
        if self._person is not None:
            x, z = self._person
            self.camera = self.camera.aimed_at((x, self.camera.target[1], z))

    def state(self) -> tuple[float, ...]:
        """Return the camera as numbers for ``Preferences.orbit``."""
        camera = self.camera
        return (camera.azimuth, camera.elevation, self._single_distance_m, *camera.target)

    def restore(self, numbers: tuple[float, ...]) -> None:
        """Restore the camera from :meth:`state`; ignore anything but six finite numbers."""
        if len(numbers) != 6 or not all(math.isfinite(number) for number in numbers):
            return
        azimuth, elevation, distance, *target = numbers
        camera = OrbitCamera(azimuth, min(max(elevation, -0.5), math.pi / 2), distance)
        # A camera aimed far away from the person would show an empty view.
        near = [min(max(value, -5.0), 5.0) for value in target]
        self.camera = camera.zoomed(0.0).aimed_at(near)


class CoupledOrbit(OrbitPresenter):
    """The camera of a second view, coupled to that of the first; while following, it is aimed at
    its own person."""

    def __init__(self, first: OrbitPresenter) -> None:
        super().__init__()
        self._first = first

    @property
    def view(self) -> View:
        first = self._first.camera
        return (first.aimed_at(self.camera.target) if self._first.follow else first).view()

    def drag(self, dx: float, dy: float, height: int, *, pan: bool) -> None:
        """Rotate or pan both views."""
        self._first.drag(dx, dy, height, pan=pan)

    def zoom(self, steps: float) -> None:
        """Zoom both views."""
        self._first.zoom(steps)

    def reset(self) -> None:
        """Reset both views."""
        self._first.reset()
        self._aim()

    def track_person(self, pelvis: NDArray[np.floating], step_s: float) -> None:
        """Keep this view's person in the middle, if the first view follows its person."""
        self.follow = self._first.follow
        x, _, z = self.camera.target
        self.camera = self._first.camera.aimed_at((x, self._first.camera.target[1], z))
        super().track_person(pelvis, step_s)
