"""A take from a seed: person, motion and camera; its pictures and its ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.synthetic.clothed.body import Rig
from app.synthetic.clothed.cameras import Camera, place_camera
from app.synthetic.clothed.drawing import PersonDrawing, Renderer
from app.synthetic.clothed.people import Wardrobe, person
from app.synthetic.clothed.posing import pose
from app.synthetic.clothed.scene import Scene, seat
from app.synthetic.performer.retargeting import heading
from models.skeleton import JOINT_NAMES

Array = NDArray[np.float64]

_MIDDLES: Final = {
    "pelvis": ("left_hip", "right_hip"),
    "thorax": ("left_shoulder", "right_shoulder"),
    "spine": ("left_hip", "right_hip", "left_shoulder", "right_shoulder"),
    "head": ("left_ear", "right_ear"),
}
"""Joints that are mid-points, as those of the detector in ``models.skeleton``."""
_FEET: Final = (
    ("left_heel",),
    ("right_heel",),
    ("left_big_toe", "left_small_toe"),
    ("right_big_toe", "right_small_toe"),
)


class Studio:
    """Resources that are shared by takes; one per process.

    Args:
        assets: the folder of clothes, hair and skin.

    Raises:
        ClothedError: a package or the folder is missing, or nothing can be drawn here.
    """

    def __init__(self, assets: Path) -> None:
        self.wardrobe = Wardrobe(assets)
        self.rig = Rig()
        self.renderer = Renderer()


class ClothedTake:
    """One take.

    Args:
        studio: the shared resources.
        xyz: (T, 17, 3) the motion, metres, +Y up.
        rate: frames per second.
        seed: seed of the person.
        random: source of random choices of the camera and the surroundings.
    """

    def __init__(
        self,
        studio: Studio,
        xyz: NDArray[np.floating],
        rate: float,
        seed: int,
        random: np.random.Generator,
    ) -> None:
        self._studio, self._random = studio, random
        self._who = person(studio.rig, studio.wardrobe, seed)
        self._posed = pose(self._who.figure, xyz, rate, self._who.manner)
        self.camera: Camera
        self.camera, self.framing = place_camera(self._posed.keypoints, heading(xyz), random)

    def keypoints(self) -> dict[str, Array]:
        """Return the keypoints by name, (T, 3) each, metres from the lens, camera axes."""
        seen = self.camera.to_camera(self._posed.keypoints)
        return {name: seen[:, i] for name, i in self._studio.rig.keypoints.items()}

    def truth(self) -> NDArray[np.float32]:
        """Return (T, 17, 3) joints, metres from the lens, camera axes (x right, y down, z away)."""
        places = self.keypoints()
        joints = [_middle(places, _MIDDLES.get(name, (name,))) for name in JOINT_NAMES]
        return np.stack(joints, axis=1).astype(np.float32)

    def feet(self) -> NDArray[np.float32]:
        """Return (T, 4, 3) left heel, right heel, left toes and right toes, as :meth:`truth`."""
        places = self.keypoints()
        return np.stack([_middle(places, names) for names in _FEET], axis=1).astype(np.float32)

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        """Yield T pictures, (height, width, 3) RGB."""
        studio, posed = self._studio, self._posed
        world = {name: posed.keypoints[:, i] for name, i in studio.rig.keypoints.items()}
        scene = Scene(
            studio.renderer,
            self.camera,
            posed.keypoints,
            self.framing,
            seat(world, self._random),
            self._random,
        )
        middle = self.camera.project(self.truth().astype(float)).mean(axis=1)
        motion = np.diff(middle, axis=0, append=middle[-1:])
        drawing = PersonDrawing(studio.renderer, self._who)
        try:
            for matrices, moved in zip(posed.matrices, motion, strict=True):
                drawing.pose(matrices)
                yield scene.picture(drawing, moved)
        finally:
            drawing.close()


def _middle(places: dict[str, Array], names: tuple[str, ...]) -> Array:
    result: Array = np.mean([places[name] for name in names], axis=0)
    return result
