"""From material and methods to rows of the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.evaluation.material import Footage, Material
from app.evaluation.methods import Method, Poses
from models.scores import Scores, Take, mean_scores, score


@dataclass(frozen=True)
class Row:
    """One method on one material."""

    on: str
    method: str
    scores: Scores
    groups: tuple[tuple[str, Scores], ...] = ()
    """The same for every group, where the report lists them."""


def score_methods(material: Material, methods: Iterable[Method]) -> list[Row]:
    """A row for every method that can lift this material."""
    lifted = [(method.name, lift_all(material, method)) for method in methods]
    return [score_poses(material, name, poses) for name, poses in lifted if poses is not None]


def lift_all(material: Material, method: Method) -> list[Poses] | None:
    """The poses of all footage; None if the method cannot lift it."""
    poses = [method.poses(footage, material) for footage in material.footage]
    given = [each for each in poses if each is not None]
    return given if len(given) == len(poses) else None


def score_poses(material: Material, name: str, poses: Sequence[Poses]) -> Row:
    """The row of a method that has lifted all footage; every group counts the same."""
    takes = [
        Take(predicted, footage.true, footage.time_s)
        for footage, predicted in zip(material.footage, poses, strict=True)
    ]
    groups = _grouped(material, takes, [footage.group for footage in material.footage])
    kinds = _grouped(material, takes, [footage.kind for footage in material.footage])
    total = mean_scores([scores for _, scores in groups])
    listed = [*groups, *sorted(kinds)] if kinds or len(groups) > 1 else []
    return Row(material.title, name, total, tuple(listed) if material.by_group else ())


def _grouped(
    material: Material, takes: Sequence[Take], names: Sequence[str]
) -> list[tuple[str, Scores]]:
    """The scores of the takes of each name; those without one are of none."""
    return [
        (
            name,
            score_takes(material, [t for t, own in zip(takes, names, strict=True) if own == name]),
        )
        for name in dict.fromkeys(filter(None, names))
    ]


def score_takes(material: Material, takes: Sequence[Take]) -> Scores:
    """Score as the material's protocol asks."""
    scores = score(takes, material.joints, material.pck_joints, material.root)
    return scores if material.has_rate else replace(scores, mpjve=np.nan, jitter=np.nan)


def shortened(material: Material, seconds: float) -> Material:
    """The first seconds of all footage, for a quick look."""
    footage: tuple[Footage, ...] = tuple(each.first(seconds) for each in material.footage)
    title = f"{material.title}, first {seconds:g} s of each"
    return replace(material, title=title, footage=footage)
