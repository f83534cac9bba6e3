"""Anny's bodies: their shape at rest, and linear blend skinning in NumPy.

Anny itself is evaluated only once per person, for the shape at rest; its forward pass for every
frame would take five times as long as the drawing.  Axes here, as everywhere in the program, are in
metres, x to the person's left, y up, z forward; Anny's z is up and its -y forward.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sparse
import torch
from numpy.typing import NDArray

from app.errors import ClothedError


def load_extra(name: str) -> Any:
    """Import ``anny`` or ``moderngl``.

    Raises:
        ClothedError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ClothedError(
            f"Drawing clothed people needs the package {name}. "
            "Install it with: pip install '.[clothed]'"
        ) from error


Array = NDArray[np.float64]

_AXES: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""From Anny's axes to the program's."""
_LIMBS: Final = {
    "legs": ("upperleg01", "upperleg02", "lowerleg01", "lowerleg02"),
    "arms": ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02"),
}


class Phenotype(NamedTuple):
    """Anny's parameters, each from 0 to 1."""

    gender: float
    """0 is a man, 1 a woman."""
    age: float
    """0 a newborn, 1/3 a child, 2/3 a young adult, 1 old."""
    muscle: float
    weight: float
    height: float
    proportions: float


class Rig:
    """The data shared by all bodies: bones, skin weights, faces, texture and detector joints.

    Takes a few seconds to load, and a minute the first time.

    Raises:
        ClothedError: Anny is not installed.
    """

    def __init__(self) -> None:
        anny = load_extra("anny")
        model: Any = anny.Anny(topology="anny-full", pose_parameterization="world-orient").float()
        regressor = anny.KeypointsRegressor.coco(model)
        self._model = model
        self.bones: Final = {label: i for i, label in enumerate(model.bone_labels)}
        self.parents: Final = [int(parent) for parent in model.bone_parents]
        self.faces: NDArray[np.int64] = model.faces.numpy()
        self.uv: NDArray[np.float32] = model.texture_coordinates.numpy()
        self.face_uv: NDArray[np.int64] = model.face_texture_coordinate_indices.numpy()
        bones, weights = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
        rows = np.repeat(np.arange(len(bones)), bones.shape[1])
        shape = len(bones), len(self.bones)
        self.weights: Any = sparse.csr_matrix(
            (weights.ravel(), (rows, bones.ravel())), shape=shape, dtype=np.float64
        )
        self.weights.eliminate_zeros()
        self.keypoints: Final = {label: i for i, label in enumerate(regressor.labels)}
        self.regressor: Any = sparse.csr_matrix(regressor.regression_weights.numpy().astype(float))

    def figure(self, phenotype: Phenotype) -> Figure:
        """Return the body of that shape, at rest, standing with its arms half raised."""
        values = {k: torch.tensor([v]) for k, v in phenotype._asdict().items()}
        still = torch.eye(4)[None, None].repeat(1, len(self.bones), 1, 1)
        with torch.no_grad():
            out = self._model(
                pose_parameters=still, phenotype_kwargs=values, pose_parameterization="local-ref"
            )
        vertices = out["rest_vertices"][0].numpy().astype(float) @ _AXES.T
        heads = out["rest_bone_poses"][0, :, :3, 3].numpy().astype(float) @ _AXES.T
        return Figure(self, vertices, heads)


@dataclass(frozen=True, eq=False)
class Figure:
    """One body in its rest pose."""

    rig: Rig
    vertices: Array
    """(V, 3) metres."""
    heads: Array
    """(B, 3) heads (roots) of the bones."""

    def keypoints(self) -> dict[str, Array]:
        """Return the detector's joints at rest, (3,) each."""
        places = self.rig.regressor @ self.vertices
        return {name: places[i] for name, i in self.rig.keypoints.items()}

    def moments(self) -> Array:
        """Return (K, B, 4) coefficients that give each keypoint from the bones' transforms.

        A keypoint is a weighted mean of vertices, each of which is a weighted mean of bone
        transforms, so keypoints are linear in the transforms and need no mesh.
        """
        vertices = np.concatenate([self.vertices, np.ones((len(self.vertices), 1))], axis=1)
        parts = [
            (self.rig.regressor @ self.rig.weights.multiply(column[:, None]).tocsr()).toarray()
            for column in vertices.T
        ]
        return np.stack(parts, axis=-1)

    def transforms(self, linear: Array, root: Array) -> Array:
        """Compute the bones' transforms from their rotations (forward kinematics).

        Args:
            linear: (T, B, 3, 3) linear part of each bone's transform.
            root: (T, 3) head of the root bone.

        Returns:
            (T, B, 3, 4): from rest positions to posed positions.
        """
        begins = np.zeros((*linear.shape[:2], 3))
        for bone, parent in enumerate(self.rig.parents):
            if parent < 0:
                begins[:, bone] = root
            else:
                along = self.heads[bone] - self.heads[parent]
                begins[:, bone] = begins[:, parent] + linear[:, parent] @ along
        moved = begins - (linear @ self.heads[..., None])[..., 0]
        return np.concatenate([linear, moved[..., None]], axis=-1)

    def stretched(self, legs: float, arms: float) -> Figure:
        """Return the body with limbs scaled in length, standing on the same floor."""
        linear = np.broadcast_to(np.eye(3), (1, len(self.heads), 3, 3)).copy()
        for limb, factor in (("legs", legs), ("arms", arms)):
            for side in "LR":
                for name, following in zip(_LIMBS[limb], _LIMBS[limb][1:] + ("",), strict=True):
                    last = "foot" if limb == "legs" else "wrist"
                    bone = self.rig.bones[f"{name}.{side}"]
                    end = self.rig.bones[f"{following or last}.{side}"]
                    along = self.heads[end] - self.heads[bone]
                    along = along / np.linalg.norm(along)
                    linear[0, bone] += (factor - 1) * np.outer(along, along)
        matrices = self.transforms(linear, self.heads[None, 0])
        vertices = skin(self.rig.weights, self.vertices, matrices[0])[0]
        heads = (matrices[0, :, :, :3] @ self.heads[..., None])[..., 0] + matrices[0, :, :, 3]
        sunk = vertices[:, 1].min() - self.vertices[:, 1].min()
        return Figure(self.rig, vertices - (0, sunk, 0), heads - (0, sunk, 0))


def skin(weights: Any, vertices: Array, matrices: Array) -> tuple[Array, Array]:
    """Apply linear blend skinning for one pose.

    Args:
        weights: (V, B) sparse, rows summing to 1.
        vertices: (V, 3) at rest.
        matrices: (B, 3, 4) transforms of the bones.

    Returns:
        (V, 3) posed vertices, and (V, 3, 3) the linear part of each vertex' transform.
    """
    blended = (weights @ matrices.reshape(len(matrices), 12)).reshape(-1, 3, 4)
    posed = np.einsum("vij,vj->vi", blended[..., :3], vertices) + blended[..., 3]
    return posed, blended[..., :3]
