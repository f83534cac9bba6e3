"""A small software renderer: one person and some boxes, with a shadow map, over EGL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import ClothedError
from app.synthetic.clothed.body import load_extra, skin
from app.synthetic.clothed.boxes import Box
from app.synthetic.clothed.cameras import Camera
from app.synthetic.clothed.fabrics import Texture
from app.synthetic.clothed.people import Part, Person

LIT_VERTEX: Final = """#version 330
uniform mat4 camera; uniform mat4 sun;
in vec3 place; in vec3 normal; in vec2 uv;
out vec3 n; out vec2 t; out vec4 lit; out vec3 p;
void main() {
    gl_Position = camera * vec4(place, 1); lit = sun * vec4(place, 1);
    n = normal; t = uv; p = place;
}"""
LIT_FRAGMENT: Final = """#version 330
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
"""Directional light, with the shadow's edge averaged over four samples, and ambient light, more
from the sky than from the ground."""
PLAIN_VERTEX: Final = """#version 330
uniform mat4 camera; in vec3 place; void main() { gl_Position = camera * vec4(place, 1); }"""
FLAT_VERTEX: Final = """#version 330
uniform mat4 camera; uniform vec3 light; in vec3 place;
void main() { gl_Position = camera * vec4(place - light * (place.y / light.y), 1); }"""
"""Projects along the light onto the floor, y = 0."""
NO_FRAGMENT: Final = "#version 330\nvoid main() {}"
EMPTY_FRAGMENT: Final = "#version 330\nout vec4 result; void main() { result = vec4(0); }"
WHITE_FRAGMENT: Final = "#version 330\nout vec4 result; void main() { result = vec4(1); }"


Array = NDArray[np.float64]
Colour = tuple[float, float, float]

_SHADOW_SIDE: Final = 768
_BUFFER_SIDE: Final = 1408
_SHARP_PIXELS: Final = 260_000
"""Rectangles of fewer pixels are drawn at twice the resolution, which smooths their edges."""
_WHITE: Final = (1.0, 1.0, 1.0)
_DULL: Final = 0.02


class Light(NamedTuple):
    """One directional light and ambient light, linear RGB."""

    direction: Array
    """(3,) unit vector toward the light; upward."""
    colour: Colour
    sky: Colour
    ground: Colour
    hard: float
    """Strength of the shadows, from 0 to 1."""


class Rectangle(NamedTuple):
    """Part of a picture, in whole pixels; the right and the lower edge are outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def sharpness(self) -> int:
        """Return the factor of supersampling that is possible."""
        width, height = self.size
        fits = 2 * max(width, height) <= _BUFFER_SIDE and width * height < _SHARP_PIXELS
        return 2 if fits else 1


class Patch(NamedTuple):
    """The rectangle of the picture that contains the person."""

    place: Rectangle
    colour: NDArray[np.float32]
    """(h, w, 3) 0 to 255, multiplied by ``cover``."""
    cover: NDArray[np.float32]
    """(h, w, 1) 0 to 1."""


class Renderer:
    """The renderer; one per process.

    Raises:
        ClothedError: moderngl is missing, or nothing can be drawn here.
    """

    def __init__(self) -> None:
        moderngl = load_extra("moderngl")
        try:
            self.gl: Any = moderngl.create_context(standalone=True, backend="egl")
        except Exception as error:
            # moderngl raises a bare Exception when there is no EGL.
            raise ClothedError(f"Nothing can be drawn here: {error}") from error
        self.gl.enable(moderngl.DEPTH_TEST)
        self._filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self.lit = self._program(LIT_VERTEX, LIT_FRAGMENT)
        self.depth = self._program(PLAIN_VERTEX, NO_FRAGMENT)
        self.hole = self._program(PLAIN_VERTEX, EMPTY_FRAGMENT)
        self.flat = self._program(FLAT_VERTEX, WHITE_FRAGMENT)
        side = (_BUFFER_SIDE, _BUFFER_SIDE)
        self._buffer = self.gl.framebuffer(
            [self.gl.renderbuffer(side, 4)], self.gl.depth_renderbuffer(side)
        )
        self._shadow = self.gl.depth_texture((_SHADOW_SIDE, _SHADOW_SIDE))
        self._shadow.compare_func = "<="
        self._shadow_buffer = self.gl.framebuffer(depth_attachment=self._shadow)

    def scenery(
        self, boxes: Sequence[Box], camera: Camera, light: Light, backdrop: Texture
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return a picture of boxes in front of a backdrop (h, w, 3), and its visibility (h, w)."""
        width, height = camera.size
        self.begin(2 * width, 2 * height)
        self.shine(light, camera, camera.projection(0, 0, width, height), np.eye(4), shaded=0.0)
        for box in boxes:
            buffer = self.gl.buffer(box.triangles().tobytes())
            layout = (buffer, "3f 3f 2f", "place", "normal", "uv")
            array, texture = self.gl.vertex_array(self.lit, [layout]), self.texture(box.texture)
            self.material(texture, _WHITE, _DULL)
            array.render()
            for used in (array, buffer, texture):
                used.release()
        pixels = self.read(2 * width, 2 * height)
        drawn = cv2.resize(pixels, camera.size, interpolation=cv2.INTER_AREA).astype(np.float32)
        seen = 1 - drawn[..., 3:] / 255
        picture = np.clip(backdrop * seen + drawn[..., :3], 0, 255).astype(np.uint8)
        return picture, seen[..., 0]

    def begin(self, width: int, height: int) -> None:
        """Begin an empty picture."""
        self._buffer.use()
        self._buffer.viewport = self._buffer.scissor = (0, 0, width, height)
        self._buffer.clear(0.0, 0.0, 0.0, 0.0, viewport=(0, 0, width, height))

    def begin_shadow(self) -> None:
        """Begin an empty shadow map."""
        self._shadow_buffer.use()
        self._shadow_buffer.clear(depth=1.0)

    def read(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return (height, width, 4) what has been drawn since :meth:`begin`."""
        content = self._buffer.read(viewport=(0, 0, width, height), components=4)
        return np.frombuffer(content, np.uint8).reshape(height, width, 4)[::-1]

    def shine(
        self, light: Light, camera: Camera, matrix: Array, sun: Array, *, shaded: float
    ) -> None:
        """Set light and camera for the next drawing; ``sun`` is the shadow map's matrix."""
        program = self.lit
        set_matrix(program, "camera", matrix)
        set_matrix(program, "sun", sun)
        program["light"].value = tuple(light.direction)
        program["colour"].value = light.colour
        program["sky"].value, program["ground"].value = light.sky, light.ground
        program["eye"].value, program["shaded"].value = tuple(camera.eye), shaded
        program["cloth"].value, program["shadow"].value = 0, 1
        self._shadow.use(1)

    def material(self, texture: Any, tint: Colour, shine: float) -> None:
        """Set the material for the next drawing."""
        texture.use(0)
        self.lit["tint"].value, self.lit["shine"].value = tint, shine

    def texture(self, picture: Texture) -> Any:
        """Return a texture, to be released by the caller."""
        height, width = picture.shape[:2]
        upside_down = np.ascontiguousarray(picture[::-1])
        texture = self.gl.texture((width, height), 3, upside_down.tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.filter = self._filter
        return texture

    def _program(self, vertex: str, fragment: str) -> Any:
        return self.gl.program(vertex_shader=vertex, fragment_shader=fragment)


class _PartDrawing(NamedTuple):
    """The GPU resources of a part of a person."""

    texture: Any
    tint: Colour
    shine: float
    indices: Any
    lit: Any
    depth: Any
    flat: Any


class PersonDrawing:
    """The GPU resources of a person, for all frames; close it afterwards."""

    def __init__(self, renderer: Renderer, who: Person) -> None:
        self._renderer, self._who = renderer, who
        self._moving = renderer.gl.buffer(reserve=len(who.vertices) * 24, dynamic=True)
        self._steady = renderer.gl.buffer(who.uv.tobytes())
        self._parts = [self._load(part) for part in who.parts]
        self.vertices: Array = who.vertices
        """(V, 3) posed, world axes."""

    def _load(self, part: Part) -> _PartDrawing:
        renderer = self._renderer
        indices = renderer.gl.buffer(np.ascontiguousarray(part.faces).tobytes())
        places = [(self._moving, "3f 3x4", "place")]
        dressed = [(self._moving, "3f 3f", "place", "normal"), (self._steady, "2f", "uv")]
        return _PartDrawing(
            renderer.texture(part.texture),
            part.tint,
            part.shine,
            indices,
            renderer.gl.vertex_array(renderer.lit, dressed, indices),
            renderer.gl.vertex_array(renderer.depth, places, indices),
            renderer.gl.vertex_array(renderer.flat, places, indices),
        )

    def pose(self, matrices: Array) -> None:
        """Set the pose from the bones' matrices (B, 3, 4)."""
        who = self._who
        self.vertices, turned = skin(who.weights, who.vertices, matrices)
        normals = np.einsum("vij,vj->vi", turned, who.normals)
        data = np.concatenate([self.vertices, normals], axis=1).astype("f4")
        self._moving.write(data.tobytes())

    def draw(self, camera: Camera, light: Light, hiding: Sequence[Box], place: Rectangle) -> Patch:
        """Draw the person in one rectangle of the picture, without what boxes hide."""
        renderer, finer = self._renderer, place.sharpness()
        width, height = (finer * side for side in place.size)
        sun = _sun(light.direction, self.vertices)
        if light.hard > 0:
            renderer.begin_shadow()
            set_matrix(renderer.depth, "camera", sun)
            for part in self._parts:
                part.depth.render()
        renderer.begin(width, height)
        matrix = camera.projection(*place)
        self._draw_occluders(hiding, matrix)
        renderer.shine(light, camera, matrix, sun, shaded=light.hard)
        for part in self._parts:
            renderer.material(part.texture, part.tint, part.shine)
            part.lit.render()
        pixels = renderer.read(width, height)
        if finer > 1:
            pixels = cv2.resize(pixels, place.size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        drawn = pixels.astype(np.float32)
        return Patch(place, drawn[..., :3], drawn[..., 3:] / np.float32(255))

    def shadow(self, camera: Camera, light: Light) -> NDArray[np.float32]:
        """Return (h/2, w/2) the shadow on the floor, 0 to 1."""
        renderer, (width, height) = self._renderer, camera.size
        renderer.begin(width // 2, height // 2)
        set_matrix(renderer.flat, "camera", camera.projection(0, 0, width, height))
        renderer.flat["light"].value = tuple(light.direction)
        for part in self._parts:
            part.flat.render()
        mask = renderer.read(width // 2, height // 2)[..., 0].astype(np.float32)
        shaded: NDArray[np.float32] = mask / np.float32(255)
        return shaded

    def close(self) -> None:
        """Release the GPU resources."""
        for part in self._parts:
            for used in (part.lit, part.depth, part.flat, part.indices, part.texture):
                used.release()
        self._moving.release()
        self._steady.release()

    def _draw_occluders(self, boxes: Sequence[Box], matrix: Array) -> None:
        """Draw boxes as empty pixels with depth, so that the person behind them stays hidden."""
        if not boxes:
            return
        gl, program = self._renderer.gl, self._renderer.hole
        places = np.concatenate([box.triangles()[:, :3] for box in boxes])
        buffer = gl.buffer(places.tobytes())
        array = gl.vertex_array(program, [(buffer, "3f", "place")])
        set_matrix(program, "camera", matrix)
        array.render()
        array.release()
        buffer.release()


def set_matrix(program: Any, name: str, matrix: Array) -> None:
    """Set a (4, 4) matrix of a program."""
    program[name].write(matrix.T.astype("f4").tobytes())


def _sun(direction: Array, vertices: Array) -> Array:
    """Return the (4, 4) matrix from the world to the shadow map, which just fits the person."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    x = np.cross((0.0, 1.0, 0.013), direction)
    x /= np.linalg.norm(x)
    axes = np.stack([x, np.cross(direction, x), direction])
    radius = float(np.linalg.norm(high - low)) / 2
    matrix = np.eye(4)
    matrix[:3, :3] = axes * np.array([[1.0], [1.0], [-1.0]]) / radius
    matrix[:3, 3] = -matrix[:3, :3] @ ((low + high) / 2)
    return matrix
