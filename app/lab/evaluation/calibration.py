"""Extrinsics of the cameras of Human3.6M and HumanEva, which VideoPose3D's files lack.

The numbers are the datasets' own calibration (Ionescu et al., TPAMI 2014; Sigal et al., IJCV 2010)
in the form in which VideoPose3D (Pavllo et al., CVPR 2019) publishes it: the camera's orientation
in the world as a unit quaternion, and its position in metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation


@dataclass(frozen=True)
class Viewpoint:
    """One camera."""

    size: tuple[int, int]
    """(width, height) of its pictures."""
    orientation: tuple[float, float, float, float]
    """w, x, y, z; rotates the camera's axes to the world's."""
    place: tuple[float, float, float]

    def to_camera(self, world: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 3) metres in the world -> (..., 3) x right, y down, z away from the camera."""
        camera: NDArray[np.float64] = (world - np.array(self.place)) @ self._to_world()
        return camera

    @property
    def up(self) -> NDArray[np.float64]:
        """(3,) up direction in camera axes; in both datasets' worlds z is up."""
        up: NDArray[np.float64] = self._to_world()[2]
        return up

    def _to_world(self) -> NDArray[np.float64]:
        w, x, y, z = self.orientation
        return np.asarray(Rotation.from_quat([x, y, z, w]).as_matrix())


_SIZES: Final = ((1000, 1002), (1000, 1000), (1000, 1000), (1000, 1002))
_HUMANEVA_SIZE: Final = (640, 480)


def _human36m(*cameras: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[Viewpoint, ...]:
    return tuple(_viewpoint(size, *camera) for size, camera in zip(_SIZES, cameras, strict=True))


def _humaneva(*cameras: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[Viewpoint, ...]:
    return tuple(_viewpoint(_HUMANEVA_SIZE, *camera) for camera in cameras)


def _viewpoint(
    size: tuple[int, int], orientation: tuple[float, ...], place: tuple[float, ...]
) -> Viewpoint:
    w, x, y, z = orientation
    east, north, up = place
    return Viewpoint(size, (w, x, y, z), (east, north, up))


HUMAN36M: Final = {
    "S9": _human36m(
        ((0.15540588, -0.15548216, -0.75320953, 0.6199595), (2.0444585, 4.9351172, 1.4812275)),
        ((0.6187845, -0.7634735, -0.14132239, 0.11933968), (1.9909597, -5.1238105, 1.5688048)),
        ((0.13357827, -0.13671005, 0.76894546, -0.61007386), (-1.6709922, 5.2119858, 1.5283879)),
        ((0.5879399, -0.7823407, 0.14276144, -0.1479487), (-1.6960435, -3.8270999, 1.5914127)),
    ),
    "S11": _human36m(
        ((0.15232472, -0.1544232, -0.75475633, 0.619107), (2.0984402, 4.9265547, 1.5002786)),
        ((0.61894494, -0.7600917, -0.15300633, 0.12552583), (2.0831824, -4.9121729, 1.5610786)),
        ((0.14943229, -0.15650228, 0.7681234, -0.60263044), (-1.6098153, 5.1773359, 1.5378967)),
        ((0.58942515, -0.7818877, 0.13991211, -0.14715362), (-1.590738, -3.8541689, 1.5780176)),
    ),
}
"""The four cameras (54138969, 55011271, 58860488, 60457274) for the test subjects."""

_FIRST_AND_THIRD: Final = _humaneva(
    ((0.424207, -0.4983646, -0.5802981, 0.4847012), (4.062227, 0.6632477, 1.528397)),
    ((0.6503354, -0.7481602, -0.0919284, 0.0941766), (0.8448131, -3.8052092, 1.5049929)),
    ((0.0664734, -0.0690535, 0.7416416, -0.6639132), (-0.7976738, 3.9163174, 1.4336602)),
)

HUMANEVA: Final = {
    "S1": _FIRST_AND_THIRD,
    "S2": _humaneva(
        ((0.4214752, -0.4961493, -0.5838273, 0.4851187), (4.1129121, 0.6264929, 1.5452988)),
        ((0.6501393, -0.7476588, -0.0954617, 0.0959808), (0.923574, -3.8779243, 1.5045518)),
        ((0.0699353, -0.0712403, 0.7421637, -0.662742), (-0.7814915, 3.8388853, 1.4449929)),
    ),
    "S3": _FIRST_AND_THIRD,
}
"""The three colour cameras C1 to C3."""
