"""A small software renderer: one person and some boxes, with a shadow map, over EGL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import ClothedError
from app.synthetic.clothed.body import skin
from app.synthetic.clothed.cameras import Camera
from app.synthetic.clothed.extras import load_extra
from app.synthetic.clothed.fabrics import Texture
from app.synthetic.clothed.people import Person

Array = NDArray[np.float64]

_SHADOW_SIDE: Final = 768
_BUFFER_SIDE: Final = 1408
_SHARP_PIXELS: Final = 260_000
"""Boxes of fewer pixels are drawn at twice the resolution, which smooths their edges."""
_NEAR_M: Final = 0.05
_FAR_M: Final = 60.0

_VERTEX: Final = """#version 330
uniform mat4 camera; uniform mat4 sun;
in vec3 place; in vec3 normal; in vec2 uv;
out vec3 n; out vec2 t; out vec4 lit; out vec3 p;
void main() {
    gl_Position = camera * vec4(place, 1); n = normal; t = uv; lit = sun * vec4(place, 1); p = place;
}"""
_FRAGMENT: Final = """#version 330
uniform sampler2D cloth; uniform sampler2DShadow shadow;
uniform vec3 tint; uniform float shine; uniform vec3 light; uniform vec3 colour;
uniform vec3 sky; uniform vec3 ground; uniform vec3 eye; uniform float shaded;
in vec3 n; in vec2 t; in vec4 lit; in vec3 p; out vec4 result;
void main() {
    vec3 across = normalize(n); if (!gl_FrontFacing) across = -across;
    vec3 q = lit.xyz * .5 + .5; float open = 0;
    for (int i = -1; i <= 1; i += 2) for (int j = -1; j <= 1; j += 2)
        open += texture(shadow, vec3(q.xy + vec2(i, j) / 1100., q.z - .006));
    open = mix(1., open / 4., shaded);
    vec3 back = normalize(eye - p);
    float gloss = pow(max(dot(across, normalize(back + light)), 0), 22) * shine;
    vec3 base = pow(texture(cloth, t).rgb * tint, vec3(2.2));
    vec3 around = mix(ground, sky, across.y * .5 + .5);
    vec3 sum = base * (around + colour * max(dot(across, light), 0) * open) + gloss * open * colour;
    result = vec4(pow(clamp(sum, 0, 1), vec3(1 / 2.2)), 1);
}"""
_PLAIN_VERTEX: Final = """#version 330
uniform mat4 camera; in vec3 place; void main() { gl_Position = camera * vec4(place, 1); }"""
_FLAT_VERTEX: Final = """#version 330
uniform mat4 camera; uniform vec3 light; in vec3 place;
void main() { gl_Position = camera * vec4(place - light * (place.y / light.y), 1); }"""
_NOTHING: Final = "#version 330\nvoid main() {}"
_CLEAR: Final = "#version 330\nout vec4 result; void main() { result = vec4(0); }"
_WHITE: Final = "#version 330\nout vec4 result; void main() { result = vec4(1); }"


class Light(NamedTuple):
    """One direct light and what comes from all around, linear RGB."""

    direction: Array
    """(3,) unit, toward the light; upward."""
    colour: tuple[float, float, float]
    sky: tuple[float, float, float]
    ground: tuple[float, float, float]
    hard: float
    """0 without shadows to 1."""


class Box(NamedTuple):
    """A cuboid, turned about the vertical: a desk, a wall, a chair."""

    centre: Array
    """(3,) metres, world axes."""
    half: Array
    """(3,) metres."""
    yaw: float
    texture: Texture
    repeat: float
    """How often the texture is repeated in a metre."""


    def hides(self, eye: Array, points: Array) -> NDArray[np.bool_]:
        """Which of (N, 3) points cannot be seen from ``eye`` (3,) because of it."""
        turn = _about_y(self.yaw)
        start, end = (eye - self.centre) @ turn, (points - self.centre) @ turn
        way = end - start
        way = np.where(np.abs(way) < 1e-9, 1e-9, way)
        one, other = (-self.half - start) / way, (self.half - start) / way
        enters = np.minimum(one, other).max(axis=-1)
        leaves = np.maximum(one, other).min(axis=-1)
        hidden: NDArray[np.bool_] = (enters < leaves) & (leaves > 0) & (enters < 1)
        return hidden


class Patch(NamedTuple):
    """The rectangle of the picture that holds the person."""

    left: int
    top: int
    colour: NDArray[np.float32]
    """(h, w, 3) 0 to 255, times ``cover``."""
    cover: NDArray[np.float32]
    """(h, w, 1) 0 to 1."""


@dataclass(eq=False)
class _Drawn:
    """A person on the graphics side."""

    moving: Any
    steady: Any
    parts: list[tuple[Any, Any, tuple[float, float, float], float]]
    """Indices, texture, tint and shine."""


class Renderer:
    """Draws; one per process.

    Raises:
        ClothedError: moderngl is missing, or nothing can be drawn here.
    """

    def __init__(self) -> None:
        moderngl = load_extra("moderngl")
        try:
            self._gl: Any = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:
            # moderngl raises a bare Exception when there is no EGL.
            raise ClothedError(f"Nothing can be drawn here: {error}") from error
        gl, side = self._gl, (_BUFFER_SIDE, _BUFFER_SIDE)
        gl.enable(moderngl.DEPTH_TEST)
        self._lit = gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._depth = gl.program(vertex_shader=_PLAIN_VERTEX, fragment_shader=_NOTHING)
        self._hole = gl.program(vertex_shader=_PLAIN_VERTEX, fragment_shader=_CLEAR)
        self._flat = gl.program(vertex_shader=_FLAT_VERTEX, fragment_shader=_WHITE)
        self._filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self._buffer = gl.framebuffer([gl.renderbuffer(side, 4)], gl.depth_renderbuffer(side))
        self._shadow = gl.depth_texture((_SHADOW_SIDE, _SHADOW_SIDE))
        self._shadow.compare_func = "<="
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow)
        self._textures: dict[int, tuple[Texture, Any]] = {}

    def scenery(
        self, boxes: Sequence[Box], camera: Camera, light: Light, sky: Texture
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """A picture of boxes in front of a backdrop (h, w, 3), and how much of it is seen (h, w)."""
        width, height = camera.size
        self._use(2 * width, 2 * height)
        self._light(light, camera, np.eye(4), shaded=0.0)
        self._matrix(self._lit, "camera", camera.projection(0, 0, width, height))
        meshes = [_cuboid(box) for box in boxes]
        for box, (places, normals, uv) in zip(boxes, meshes, strict=True):
            data = np.concatenate([places, normals, uv], axis=1).astype("f4")
            buffer = self._gl.buffer(data.tobytes())
            array = self._gl.vertex_array(
                self._lit, [(buffer, "3f 3f 2f", "place", "normal", "uv")]
            )
            texture = self._texture(box.texture)
            self._material(texture, (1.0, 1.0, 1.0), 0.02)
            array.render()
            for used in (array, buffer, texture):
                used.release()
        drawn = cv2.resize(
            self._read(2 * width, 2 * height, 4), camera.size, interpolation=cv2.INTER_AREA
        ).astype(np.float32)
        seen = 1 - drawn[..., 3:] / 255
        picture = np.clip(sky * seen + drawn[..., :3], 0, 255).astype(np.uint8)
        return picture, seen[..., 0]

    def person(self, who: Person) -> PersonDrawing:
        """Prepare to draw somebody; close it afterwards."""
        return PersonDrawing(self, who)

    def load(self, who: Person) -> _Drawn:
        gl = self._gl
        parts = []
        for part in who.parts:
            indices = gl.buffer(np.ascontiguousarray(part.faces).tobytes())
            parts.append((indices, self._texture(part.texture), part.tint, part.shine))
        moving = gl.buffer(reserve=len(who.vertices) * 24, dynamic=True)
        return _Drawn(moving, gl.buffer(who.uv.tobytes()), parts)

    def draw(
        self,
        drawn: _Drawn,
        vertices: Array,
        camera: Camera,
        light: Light,
        hiding: Sequence[Box],
        box: tuple[int, int, int, int],
    ) -> Patch:
        """The person within ``box`` (left, top, right, bottom), minus what boxes hide."""
        left, top, right, bottom = box
        sharp = 2 if (right - left) * (bottom - top) < _SHARP_PIXELS else 1
        sharp = sharp if 2 * max(right - left, bottom - top) <= _BUFFER_SIDE else 1
        sun = _sun(light.direction, vertices)
        if light.hard > 0:
            self._cast(drawn, sun)
        self._use((right - left) * sharp, (bottom - top) * sharp)
        matrix = camera.projection(left, top, right, bottom)
        self._hide(hiding, matrix)
        self._light(light, camera, sun, shaded=light.hard)
        self._matrix(self._lit, "camera", matrix)
        for indices, texture, tint, shine in drawn.parts:
            self._material(texture, tint, shine)
            array = self._gl.vertex_array(
                self._lit,
                [(drawn.moving, "3f 3f", "place", "normal"), (drawn.steady, "2f", "uv")],
                indices,
            )
            array.render()
            array.release()
        pixels = self._read((right - left) * sharp, (bottom - top) * sharp, 4)
        small = pixels.astype(np.float32)
        if sharp > 1:
            small = cv2.resize(
                pixels, (right - left, bottom - top), interpolation=cv2.INTER_AREA
            ).astype(np.float32)
        return Patch(left, top, small[..., :3], small[..., 3:] / 255)

    def shadow(self, drawn: _Drawn, camera: Camera, light: Light) -> NDArray[np.float32]:
        """(h/2, w/2) the shadow on the floor, 0 to 1."""
        width, height = camera.size
        self._use(width // 2, height // 2)
        self._matrix(self._flat, "camera", camera.projection(0, 0, width, height))
        self._flat["light"].value = tuple(light.direction)
        self._plain(drawn, self._flat)
        mask = self._read(width // 2, height // 2, 3)[..., 0]
        return mask.astype(np.float32) / 255

    def _cast(self, drawn: _Drawn, sun: Array) -> None:
        self._shadow_buffer.use()
        self._shadow_buffer.clear(depth=1.0)
        self._matrix(self._depth, "camera", sun)
        self._plain(drawn, self._depth)

    def _plain(self, drawn: _Drawn, program: Any) -> None:
        for indices, *_ in drawn.parts:
            array = self._gl.vertex_array(program, [(drawn.moving, "3f 3x4", "place")], indices)
            array.render()
            array.release()

    def _hide(self, boxes: Sequence[Box], matrix: Array) -> None:
        """They leave the picture empty, and only what is before them is drawn over it."""
        if not boxes:
            return
        places = np.concatenate([_cuboid(box)[0] for box in boxes]).astype("f4")
        buffer = self._gl.buffer(places.tobytes())
        array = self._gl.vertex_array(self._hole, [(buffer, "3f", "place")])
        self._matrix(self._hole, "camera", matrix)
        array.render()
        array.release()
        buffer.release()

    def _use(self, width: int, height: int) -> None:
        self._buffer.use()
        self._buffer.viewport = self._buffer.scissor = (0, 0, width, height)
        self._buffer.clear(0.0, 0.0, 0.0, 0.0, viewport=(0, 0, width, height))

    def _read(self, width: int, height: int, channels: int) -> NDArray[np.uint8]:
        content = self._buffer.read(viewport=(0, 0, width, height), components=channels)
        return np.frombuffer(content, np.uint8).reshape(height, width, channels)[::-1]

    def _light(self, light: Light, camera: Camera, sun: Array, *, shaded: float) -> None:
        program = self._lit
        self._matrix(program, "sun", sun)
        program["light"].value = tuple(light.direction)
        program["colour"].value = light.colour
        program["sky"].value, program["ground"].value = light.sky, light.ground
        program["eye"].value = tuple(camera.eye)
        program["shaded"].value = shaded
        program["cloth"].value, program["shadow"].value = 0, 1
        self._shadow.use(1)

    def _material(self, texture: Any, tint: tuple[float, float, float], shine: float) -> None:
        texture.use(0)
        self._lit["tint"].value, self._lit["shine"].value = tint, shine

    def _matrix(self, program: Any, name: str, matrix: Array) -> None:
        program[name].write(matrix.T.astype("f4").tobytes())

    def _texture(self, picture: Texture) -> Any:
        height, width = picture.shape[:2]
        upside_down = np.ascontiguousarray(picture[::-1])
        texture = self._gl.texture((width, height), 3, upside_down.tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.filter = self._filter
        return texture


class PersonDrawing:
    """Somebody on the graphics side, frame after frame."""

    def __init__(self, renderer: Renderer, who: Person) -> None:
        self._renderer, self._who = renderer, who
        self._drawn = renderer.load(who)
        self.vertices: Array = who.vertices

    def pose(self, matrices: Array) -> None:
        """Take the pose of the bones' matrices (B, 3, 4)."""
        who = self._who
        self.vertices, turned = skin(who.weights, who.vertices, matrices)
        # Not exact where bones stretch, which they do not after the body was built.
        normals = np.einsum("vij,vj->vi", turned, who.normals)
        data = np.concatenate([self.vertices, normals], axis=1).astype("f4")
        self._drawn.moving.write(data.tobytes())

    def draw(
        self,
        camera: Camera,
        light: Light,
        hiding: Sequence[Box],
        box: tuple[int, int, int, int],
    ) -> Patch:
        """See :meth:`Renderer.draw`."""
        return self._renderer.draw(self._drawn, self.vertices, camera, light, hiding, box)

    def shadow(self, camera: Camera, light: Light) -> NDArray[np.float32]:
        """See :meth:`Renderer.shadow`."""
        return self._renderer.shadow(self._drawn, camera, light)

    def close(self) -> None:
        """Free what the graphics side holds."""
        self._drawn.moving.release()
        self._drawn.steady.release()
        for indices, texture, *_ in self._drawn.parts:
            indices.release()
            texture.release()


def _sun(direction: Array, vertices: Array) -> Array:
    """(4, 4) from the world to the shadow map, which just holds the person."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    x = np.cross((0.0, 1.0, 0.013), direction)
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(direction, x), direction])
    radius = float(np.linalg.norm(high - low)) / 2
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [1.0], [-1.0]]) / radius
    matrix[:3, 3] = -matrix[:3, :3] @ ((low + high) / 2)
    return matrix


def _about_y(angle: float) -> Array:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


_FACES: Final = tuple(
    (axis, sign) for axis in range(3) for sign in (-1.0, 1.0)
)


def _cuboid(box: Box) -> tuple[Array, Array, Array]:
    """(36, 3) corners of its triangles, (36, 3) normals and (36, 2) texture coordinates."""
    places, normals, uv = [], [], []
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, -1), (1, 1), (-1, 1)], dtype=float)
    for axis, sign in _FACES:
        others = [each for each in range(3) if each != axis]
        corner = np.zeros((6, 3))
        corner[:, axis] = sign
        corner[:, others] = square if sign * (-1) ** axis > 0 else square[::-1]
        normal = np.zeros((6, 3))
        normal[:, axis] = sign
        places.append(corner * box.half)
        normals.append(normal)
        uv.append((corner * box.half)[:, others] * box.repeat)
    turn = _about_y(box.yaw)
    return (
        np.concatenate(places) @ turn.T + box.centre,
        np.concatenate(normals) @ turn.T,
        np.concatenate(uv),
    )
