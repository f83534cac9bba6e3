"""The picture of one frame: the surroundings, the light, and the effects of a webcam."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from app.synthetic.clothed.boxes import Box
from app.synthetic.clothed.cameras import Camera
from app.synthetic.clothed.drawing import Light, Patch, PersonDrawing, Rectangle, Renderer
from app.synthetic.clothed.surfaces import backdrop, surface

Array = NDArray[np.float64]
Picture = NDArray[np.uint8]

_NOISE_SIDE: Final = 700
_MARGIN_PX: Final = 6
_OCCLUDED: Final = {"whole": 0.06, "cut": 0.45, "any": 0.12}
"""Fraction of the takes of a framing with a desk or a chair's back in front of the person."""
_LOWEST_EYE_M: Final = 0.08
"""A lens below this height sees no floor: a person seen from so low stands on something."""


_UPPER: Final = slice(0, 9)
"""Face, shoulders and elbows among COCO's keypoints, which furniture must not hide."""


class Webcam(NamedTuple):
    """The degradations of a picture by a webcam."""

    gain: Array
    """(3,) factors of exposure and white balance."""
    soft: float
    """Blur, the standard deviation in pixels."""
    shutter: float
    """Exposure time as a fraction of the frame interval."""
    noise: float
    """Standard deviation, of 255."""
    quality: int
    """JPEG quality, 0 to 100."""


def webcam(random: np.random.Generator) -> Webcam:
    """Return a random webcam."""
    exposure = math.exp(random.normal(0.0, 0.22))
    return Webcam(
        gain=exposure * (1 + random.normal(0.0, 0.05, 3)),
        soft=float(random.choice([0.0, 0.5, 0.8, 1.3], p=[0.35, 0.3, 0.25, 0.1])),
        shutter=random.uniform(0.0, 0.5) if random.random() < 0.7 else 0.0,
        noise=float(random.choice([0.0, 2.0, 5.0, 10.0], p=[0.2, 0.4, 0.3, 0.1])),
        quality=int(random.integers(40, 96)),
    )


class Scene:
    """The surroundings of a take; call :meth:`picture` for each frame.

    Args:
        renderer: the renderer.
        camera: the static camera.
        keypoints: (T, K, 3) of the take, world axes, in COCO's order.
        framing: framing of the take; see :data:`~.cameras.Framing`.
        seat: the seat of a sitting person, or empty.
        random: source of all random choices.
    """

    def __init__(
        self,
        renderer: Renderer,
        camera: Camera,
        keypoints: Array,
        framing: str,
        seat: list[Box],
        random: np.random.Generator,
    ) -> None:
        self._camera, self._random = camera, random
        self._webcam = webcam(random)
        self._light = _light(random, camera)
        self._hiding = list(seat)
        floor = []
        if camera.eye[1] > _LOWEST_EYE_M:
            self._furnish(keypoints, framing)
            floor = [_floor(_Places(camera, keypoints), random)]
        sky = backdrop(random, camera.size)
        lit = camera, self._light, sky
        self._background, all_seen = renderer.scenery(self._hiding + floor, *lit)
        self._on_floor: NDArray[np.float32] | None = None
        if floor and self._light.hard > 0:
            self._on_floor = renderer.scenery(self._hiding, *lit)[1] - all_seen
        noise = random.normal(0.0, self._webcam.noise, (_NOISE_SIDE, _NOISE_SIDE, 3))
        self._noise = np.clip(np.rint(noise), -127, 127).astype(np.int16)

    def _furnish(self, keypoints: Array, framing: str) -> None:
        """Add furniture around the person and sometimes in front."""
        camera, random = self._camera, self._random
        places = _Places(camera, keypoints)
        points = keypoints[:: max(1, len(keypoints) // 4)]
        around = _surroundings(places, random)
        self._hiding += _not_hiding(around, camera, points.reshape(-1, 3))
        if random.random() < _OCCLUDED[framing]:
            upper = points[:, _UPPER].reshape(-1, 3)
            self._hiding += _not_hiding([_obstacle(places, random)], camera, upper)

    def picture(self, who: PersonDrawing, motion: Array) -> Picture:
        """Return (height, width, 3) RGB, as the webcam captures it.

        Args:
            who: the person, posed.
            motion: (2,) pixels that the person moves until the next frame.
        """
        picture = self._background
        if self._on_floor is not None:
            picture = self._shaded(picture, who, self._on_floor)
        place = self._place(who.vertices)
        if place is not None:
            patch = who.draw(self._camera, self._light, self._hiding, place)
            picture = _composited(picture, patch, motion * self._webcam.shutter)
        return self._degraded(picture)

    def _shaded(
        self, picture: Picture, who: PersonDrawing, on_floor: NDArray[np.float32]
    ) -> Picture:
        """Add the person's shadow where the floor is visible, ``on_floor`` (h, w)."""
        mask = cv2.GaussianBlur(who.shadow(self._camera, self._light), (0, 0), 1.5)
        mask = cv2.resize(mask, self._camera.size) * on_floor
        share = 1 - 0.6 * self._light.hard * mask
        result: Picture = (picture * share[..., None]).astype(np.uint8)
        return result

    def _place(self, vertices: Array) -> Rectangle | None:
        """Return the person's rectangle, or None if outside the picture."""
        seen = self._camera.to_camera(vertices)
        if seen[:, 2].min() < 0.1:
            return Rectangle(0, 0, *self._camera.size)
        pixels = self._camera.project(seen)
        low = np.maximum(np.floor(pixels.min(axis=0)) - _MARGIN_PX, 0).astype(int)
        high = np.minimum(np.ceil(pixels.max(axis=0)) + _MARGIN_PX, self._camera.size).astype(int)
        if (high <= low).any():
            return None
        return Rectangle(int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    def _degraded(self, picture: Picture) -> Picture:
        cam, random = self._webcam, self._random
        if cam.soft > 0:
            picture = cv2.GaussianBlur(picture, (0, 0), cam.soft).astype(np.uint8)
        table = np.clip(np.arange(256)[:, None] * cam.gain, 0, 255).astype(np.uint8)
        picture = cv2.LUT(picture, table[None]).astype(np.uint8)
        if cam.noise > 0:
            height, width = picture.shape[:2]
            y = int(random.integers(_NOISE_SIDE - height + 1))
            x = int(random.integers(_NOISE_SIDE - width + 1))
            noisy = picture + self._noise[y : y + height, x : x + width]
            picture = np.clip(noisy, 0, 255).astype(np.uint8)
        return _compressed(picture, cam.quality)


def _compressed(picture: Picture, quality: int) -> Picture:
    """Return the picture after JPEG compression."""
    options = [int(cv2.IMWRITE_JPEG_QUALITY), quality]
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)[1]
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    result: Picture = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    return result


def _composited(picture: Picture, patch: Patch, motion: Array) -> Picture:
    """Return a copy of the picture with the patch, blurred along its motion."""
    colour, cover = patch.colour, patch.cover
    length = float(np.linalg.norm(motion))
    if length > 1.0:
        kernel = _motion_kernel(motion, length)
        colour = cv2.filter2D(colour, -1, kernel)
        cover = cv2.filter2D(cover, -1, kernel)[..., None]
    result: Picture = picture.copy()
    left, top, right, bottom = patch.place
    window = result[top:bottom, left:right]
    # The colours of edge pixels are already multiplied by their coverage.
    window[:] = np.clip(window * (1 - cover) + colour, 0, 255).astype(np.uint8)
    return result


def _motion_kernel(motion: Array, length: float) -> NDArray[np.float32]:
    side = int(min(length, 21)) // 2 * 2 + 3
    kernel = np.zeros((side, side), np.float32)
    half = motion / length * min(length, 21) / 2
    middle = side // 2
    start = tuple(int(v) for v in np.rint(middle - half))
    end = tuple(int(v) for v in np.rint(middle + half))
    cv2.line(kernel, start, end, 1.0)
    even: NDArray[np.float32] = kernel / kernel.sum()
    return even


def _light(random: np.random.Generator, camera: Camera) -> Light:
    high, around = random.uniform(0.45, 1.4), random.uniform(-math.pi, math.pi)
    direction = np.array(
        [math.sin(around) * math.cos(high), math.sin(high), math.cos(around) * math.cos(high)]
    )
    warm = random.normal(0.0, 0.12)
    direct, ambient = random.uniform(0.4, 1.4), random.uniform(0.35, 0.9)
    if camera.eye @ direction < 0:
        ambient += 0.12

    def tinted(level: float, shift: float) -> tuple[float, float, float]:
        return level * (1 + shift), level, level * (1 - shift)

    return Light(
        direction,
        tinted(direct, warm),
        tinted(ambient, -0.5 * warm),
        tinted(ambient * random.uniform(0.3, 0.7), warm),
        float(random.choice([0.0, 0.5, 1.0], p=[0.2, 0.4, 0.4])),
    )


class _Places:
    """Positions around the person, relative to the camera's direction."""

    def __init__(self, camera: Camera, keypoints: Array) -> None:
        flat = keypoints.reshape(-1, 3)
        self.low, self.high = flat.min(axis=0), flat.max(axis=0)
        self.middle = (self.low + self.high) / 2 * (1, 0, 1)
        self.radius = float(np.hypot(*(self.high - self.low)[[0, 2]])) / 2
        toward = (camera.eye - self.middle) * (1, 0, 1)
        self.azimuth = math.atan2(toward[0], toward[2])
        self.away = float(np.linalg.norm(toward))

    def at(self, angle: float, distance: float) -> Array:
        """Return a position at this distance from the person, ``angle`` radians from the camera."""
        turned = self.azimuth + angle
        place: Array = self.middle + distance * np.array([math.sin(turned), 0, math.cos(turned)])
        return place


def _not_hiding(boxes: list[Box], camera: Camera, points: Array) -> list[Box]:
    """Return those boxes that hide none of (N, 3) points."""
    return [box for box in boxes if not box.hides(camera.eye, points).any()]


def _surroundings(places: _Places, random: np.random.Generator) -> list[Box]:
    """Return walls behind the person, and furniture not between camera and person."""
    boxes = []
    askew = random.normal(0.0, 0.4)
    if random.random() < 0.75:
        behind = places.radius + random.uniform(0.4, 4.0)
        tall = random.uniform(1.2, 1.6)
        for turn, distance in ((math.pi, behind), (math.pi + math.copysign(1.571, askew), 4.5)):
            angle = turn + askew
            centre = places.at(angle, distance + 0.1) + (0, tall, 0)
            boxes.append(_box(centre, (9.0, tall, 0.1), places.azimuth + angle, random, 0.4))
    for _ in range(int(random.integers(0, 8))):
        half = np.exp(random.uniform(np.log((0.1, 0.15, 0.1)), np.log((0.9, 1.0, 0.4))))
        size = float(np.hypot(half[0], half[2]))
        angle = random.uniform(0.9, 2 * math.pi - 0.9)
        distance = places.radius + size + random.uniform(0.1, 3.0)
        centre = places.at(angle, distance) + (0, half[1], 0)
        boxes.append(_box(centre, half, random.uniform(0, math.pi), random, 1.0))
    return boxes


def _floor(places: _Places, random: np.random.Generator) -> Box:
    centre = places.middle - (0, 0.5, 0)
    return _box(centre, (14.0, 0.5, 14.0), random.uniform(0, math.pi), random, 0.5)


def _obstacle(places: _Places, random: np.random.Generator) -> Box:
    """Return a desk or a chair's back in front of the person."""
    tall = places.high[1] - places.low[1]
    half = np.array([random.uniform(0.25, 0.9), 0.0, random.uniform(0.03, 0.35)])
    half[1] = tall * random.uniform(0.25, 0.5) / 2
    distance = places.radius + half[2] + random.uniform(0.05, 0.3)
    distance = min(distance, max(0.3, 0.75 * places.away))
    centre = places.at(random.normal(0.0, 0.15), distance) + (0, half[1], 0)
    return _box(centre, half, places.azimuth, random, 1.0)


def _box(
    centre: Array,
    half: Array | tuple[float, float, float],
    yaw: float,
    random: np.random.Generator,
    repeat: float,
) -> Box:
    return Box(centre, np.asarray(half, dtype=float), yaw, surface(random), repeat)


def seat(keypoints: dict[str, Array], random: np.random.Generator) -> list[Box]:
    """Return a stool or chair for a sitting person: (T, 3) joints in world axes; else empty."""
    hips = (keypoints["left_hip"] + keypoints["right_hip"]) / 2
    knees = (keypoints["left_knee"] + keypoints["right_knee"]) / 2
    ankles = (keypoints["left_ankle"] + keypoints["right_ankle"]) / 2
    thigh = knees - hips
    drop = np.abs(thigh[:, 1]) / np.linalg.norm(thigh, axis=1)
    still = float(np.ptp(hips, axis=0).max()) < 0.2
    if drop.max() > 0.6 or not still or (hips - ankles)[:, 1].min() < 0.2:
        return []
    top = float(hips[:, 1].min()) - 0.1
    forward = thigh.mean(axis=0) * (1, 0, 1)
    forward /= np.linalg.norm(forward)
    yaw = math.atan2(forward[0], forward[2])
    middle = hips.mean(axis=0) * (1, 0, 1) + 0.06 * forward
    boxes = [_box(middle + (0, top / 2, 0), (0.22, top / 2, 0.2), yaw, random, 1.0)]
    if random.random() < 0.6:
        back = middle - 0.3 * forward + (0, (top + 0.45) / 2, 0)
        boxes.append(_box(back, (0.22, (top + 0.45) / 2, 0.02), yaw, random, 1.0))
    return boxes
