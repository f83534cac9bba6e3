"""The renderer's programs in GLSL."""

from __future__ import annotations

from typing import Final

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
