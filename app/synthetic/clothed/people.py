"""Random people from a seed: a body, its clothes, and the mesh of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from app.errors import ClothedError
from app.synthetic.clothed import fabrics
from app.synthetic.clothed.body import Figure, Phenotype, Rig
from app.synthetic.clothed.fabrics import Texture
from app.synthetic.clothed.garments import Garment, Mesh, read_garment
from app.synthetic.clothed.posing import Manner

Array = NDArray[np.float64]

_CHILD: Final = 0.1
_HAT: Final = 0.08
_BALD: Final = 0.06
_BAREFOOT: Final = 0.06
_LEGS_OVER_TRUNK: Final = (1.5, 0.14)
"""Mean and standard deviation, by the detector's joints, as in ``models.training.bodies``."""
_HEAD_DEG: Final = (12.0, 17.0, 6.0)
"""Standard deviations of head rotation beyond the motion: pitch, yaw, roll."""
_TEXTURE_SIDE: Final = 1024


class Part(NamedTuple):
    """The triangles of a person that have the same material."""

    faces: NDArray[np.int32]
    """(F, 3) rows of the person's vertices."""
    texture: Texture
    tint: tuple[float, float, float]
    shine: float


@dataclass(frozen=True, eq=False)
class Person:
    """A person that can be posed and drawn."""

    figure: Figure
    vertices: Array
    """(V, 3) of body and clothes at rest, duplicated at seams of the texture."""
    normals: Array
    """(V, 3)"""
    uv: NDArray[np.float32]
    """(V, 2)"""
    weights: Any
    """(V, B) sparse."""
    parts: tuple[Part, ...]
    manner: Manner


class Wardrobe:
    """The folder of clothes, hair and skin, with a cache of garments.

    Raises:
        ClothedError: the folder has no such content.
    """

    def __init__(self, folder: Path) -> None:
        def found(pattern: str) -> list[Path]:
            return sorted(folder.glob(pattern))

        self.suits: Final = found("clothes/*suit*/*.mhclo")
        self.shoes: Final = found("clothes/shoes*/*.mhclo")
        self.hats: Final = found("clothes/fedora*/*.mhclo")
        self.hair: Final = found("hair/*/*.mhclo")
        self._folder = folder
        self._read: dict[Path, Garment] = {}
        if not (self.suits and self.shoes and self.hats and self.hair):
            raise ClothedError(
                f"{folder} holds no clothes, shoes, hats and hair of MakeHuman (.mhclo files in "
                "clothes and hair). Name their folder with --people-assets."
            )

    def garment(self, path: Path) -> Garment:
        """Return a garment, read once."""
        if path not in self._read:
            self._read[path] = read_garment(path)
        return self._read[path]

    @cached_property
    def skin(self) -> Texture:
        """The texture of light skin, to be tinted."""
        path = self._folder / "skin_light_male.png"
        picture = cv2.imread(str(path))
        if picture is None:
            raise ClothedError(f"The picture of the skin is missing: {path}")
        small = cv2.resize(picture, (_TEXTURE_SIDE, _TEXTURE_SIDE), interpolation=cv2.INTER_AREA)
        result: Texture = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
        return result


def person(rig: Rig, wardrobe: Wardrobe, seed: int) -> Person:
    """Return the person of a seed, always the same.

    Raises:
        ClothedError: something of the wardrobe cannot be read.
    """
    random = np.random.default_rng([seed, 1])
    phenotype = _phenotype(random)
    figure = _proportioned(rig.figure(phenotype), phenotype, random)
    outfit = _Outfit(figure, wardrobe, random)
    outfit.dress(woman=phenotype.gender > 0.5, child=phenotype.age < 0.5)
    return outfit.person(_manner(random))


def _manner(random: np.random.Generator) -> Manner:
    turn = random.normal(0.0, 0.45, 2)
    curl = random.choice([0.12, 0.25, 0.4, 0.9], 2, p=[0.3, 0.35, 0.25, 0.1])
    head = np.radians(random.normal(0.0, _HEAD_DEG))
    head = head + np.radians(random.normal(0.0, 7.0, (2, 3)))
    return Manner((float(turn[0]), float(turn[1])), (float(curl[0]), float(curl[1])), head)


def _phenotype(random: np.random.Generator) -> Phenotype:
    gender = random.uniform(0.0, 0.15) if random.random() < 0.5 else random.uniform(0.85, 1.0)
    child = random.random() < _CHILD
    return Phenotype(
        gender=gender,
        age=random.uniform(0.3, 0.5) if child else random.uniform(0.6, 1.0),
        muscle=float(np.clip(random.normal(0.5, 0.18), 0.05, 0.95)),
        weight=float(np.clip(random.normal(0.5, 0.2), 0.05, 1.0)),
        height=float(np.clip(random.normal(0.5, 0.17), 0.1, 0.9)),
        proportions=random.uniform(0.25, 0.95),
    )


def _proportioned(figure: Figure, phenotype: Phenotype, random: np.random.Generator) -> Figure:
    """Scale limbs: legs relative to the trunk as measured on people, of children relative to their
    own proportions."""
    mean, spread = _LEGS_OVER_TRUNK
    wanted = float(np.clip(random.normal(mean, spread), mean - 2.6 * spread, mean + 2.6 * spread))
    legs = wanted / legs_over_trunk(figure.keypoints())
    if phenotype.age < 0.55:
        legs = 1 + (wanted - mean) / mean
    return figure.stretched(legs, float(np.clip(random.normal(1.0, 0.04), 0.9, 1.1)))


def legs_over_trunk(keypoints: dict[str, Array]) -> float:
    """Return the ratio of leg length (hip-knee-ankle) to trunk length (pelvis-thorax)."""

    def between(one: Array, other: Array) -> float:
        return float(np.linalg.norm(one - other))

    def middle(part: str) -> Array:
        return (keypoints[f"left_{part}"] + keypoints[f"right_{part}"]) / 2

    hip, knee, ankle = (keypoints[f"left_{part}"] for part in ("hip", "knee", "ankle"))
    legs = between(hip, knee) + between(knee, ankle)
    return legs / between(middle("hip"), middle("shoulder"))


class _Outfit:
    """Builds a person's mesh from garments, hair and skin."""

    def __init__(self, figure: Figure, wardrobe: Wardrobe, random: np.random.Generator) -> None:
        self._figure, self._wardrobe, self._random = figure, wardrobe, random
        self._hidden = np.zeros(len(figure.vertices), dtype=bool)
        self._vertices: list[Array] = []
        self._normals: list[Array] = []
        self._uv: list[Array] = []
        self._weights: list[Any] = []
        self._parts: list[Part] = []
        self._count = 0

    def dress(self, *, woman: bool, child: bool) -> None:
        """Add suit, shoes, hair, sometimes a hat, and the skin that is not covered."""
        random, wardrobe = self._random, self._wardrobe
        chosen = [path for path in wardrobe.suits if ("female" in path.name) == woman]
        if child and random.random() < 0.6:
            chosen = [path for path in wardrobe.suits if "casual" in path.name]
        self._suit(wardrobe.garment(chosen[random.integers(len(chosen))]))
        if random.random() > _BAREFOOT:
            shoes = wardrobe.garment(wardrobe.shoes[random.integers(len(wardrobe.shoes))])
            self._wear(
                shoes, [np.ones(len(shoes.mesh.faces), dtype=bool)], [fabrics.fabric(random)], 0.15
            )
        self._hair(woman)
        self._skin()

    def person(self, manner: Manner) -> Person:
        """Return the dressed person."""
        return Person(
            self._figure,
            np.concatenate(self._vertices),
            np.concatenate(self._normals),
            np.concatenate(self._uv).astype(np.float32),
            sparse.vstack(self._weights).tocsr(),
            tuple(self._parts),
            manner,
        )

    def _suit(self, garment: Garment) -> None:
        """Add shirts and trousers of different cloth; small parts match what they are sewn to."""
        fitted, part = garment.fitted(self._figure.vertices), garment.parts()
        keypoints = self._figure.keypoints()
        waist = 0.75 * keypoints["left_hip"][1] + 0.25 * keypoints["left_shoulder"][1]
        middle = np.bincount(part, fitted[:, 1]) / np.bincount(part)
        upper = (middle > waist)[part][garment.mesh.faces[:, 0]]
        cloth = [fabrics.fabric(self._random), fabrics.fabric(self._random)]
        self._wear(garment, [upper, ~upper], cloth, 0.03)

    def _hair(self, woman: bool) -> None:
        random, wardrobe = self._random, self._wardrobe
        if random.random() < _HAT:
            hat = wardrobe.garment(wardrobe.hats[random.integers(len(wardrobe.hats))])
            everything = np.ones(len(hat.mesh.faces), dtype=bool)
            self._wear(hat, [everything], [fabrics.fabric(random)], 0.05)
        if random.random() < _BALD and not woman:
            return
        short = [path for path in wardrobe.hair if "short" in path.name or "afro" in path.name]
        chosen = wardrobe.hair if woman else short
        locks = wardrobe.garment(chosen[random.integers(len(chosen))])
        everything = np.ones(len(locks.mesh.faces), dtype=bool)
        self._wear(locks, [everything], [fabrics.hair(random)], 0.12)

    def _skin(self) -> None:
        rig = self._figure.rig
        seen: NDArray[np.bool_] = ~np.all(self._hidden[rig.faces], axis=1)
        dark = self._random.uniform(0.35, 1.08)
        # Darker skin is also redder: blue is absorbed most.
        tint = (dark, dark**1.15, dark**1.3)
        mesh = Mesh(self._figure.vertices, rig.uv.astype(float), rig.faces, rig.face_uv)
        self._add(mesh, rig.weights, [seen], [self._wardrobe.skin], tint, 0.12)

    def _wear(
        self, garment: Garment, where: list[NDArray[np.bool_]], cloth: list[Texture], shine: float
    ) -> None:
        mesh = garment.mesh
        fitted = Mesh(garment.fitted(self._figure.vertices), mesh.uv, mesh.faces, mesh.face_uv)
        self._hidden[garment.hides[garment.hides < len(self._hidden)]] = True
        weights = garment.weights(self._figure.rig.weights)
        self._add(fitted, weights, where, cloth, (1.0, 1.0, 1.0), shine)

    def _add(
        self,
        mesh: Mesh,
        weights: Any,
        where: list[NDArray[np.bool_]],
        textures: list[Texture],
        tint: tuple[float, float, float],
        shine: float,
    ) -> None:
        normals = _normals(mesh)
        corners = np.stack([mesh.faces.ravel(), mesh.face_uv.ravel()], axis=1)
        kept, place = np.unique(corners, axis=0, return_inverse=True)
        faces = place.reshape(-1, 3) + self._count
        self._count += len(kept)
        self._vertices.append(mesh.vertices[kept[:, 0]])
        self._normals.append(normals[kept[:, 0]])
        self._uv.append(mesh.uv[kept[:, 1]])
        self._weights.append(weights[kept[:, 0]])
        for chosen, texture in zip(where, textures, strict=True):
            if chosen.any():
                self._parts.append(Part(faces[chosen].astype(np.int32), texture, tint, shine))


def _normals(mesh: Mesh) -> Array:
    """Return (V, 3) unit normals, weighted by the triangles' area."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.zeros_like(mesh.vertices)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(
                mesh.faces[:, corner], across[:, axis], len(mesh.vertices)
            )
    result: Array = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return result
