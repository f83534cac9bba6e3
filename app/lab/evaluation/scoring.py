"""Scores methods on material, as rows of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from app.lab.evaluation.angles import (
    UNKNOWN,
    Angles,
    LevelError,
    angle_errors,
    level_error,
    mean_angles,
)
from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Answer, Method
from models.scores import Scores, Take, mean_scores, score


@dataclass(frozen=True)
class Found:
    """Scores of one method on some takes."""

    scores: Scores
    angles: Angles = UNKNOWN
    level: LevelError | None = None


@dataclass(frozen=True)
class Row:
    """One method on one material."""

    on: str
    method: str
    found: Found
    groups: tuple[tuple[str, Found], ...] = ()
    """Scores of each group, if the report lists them."""

    @property
    def scores(self) -> Scores:
        """Scores of all takes."""
        return self.found.scores


def score_methods(material: Material, methods: Iterable[Method]) -> list[Row]:
    """Return a row for every method that can lift this material."""
    lifted = [(method.name, lift_all(material, method)) for method in methods]
    return [score_answers(material, name, each) for name, each in lifted if each is not None]


def lift_all(material: Material, method: Method) -> list[Answer] | None:
    """Lift all footage; None if the method cannot."""
    answers = [method.answer(footage, material) for footage in material.footage]
    given = [each for each in answers if each is not None]
    return given if len(given) == len(answers) else None


def score_answers(material: Material, name: str, answers: Sequence[Answer]) -> Row:
    """Return the row of a method that has lifted all footage; groups have equal weights."""
    lifted = list(zip(material.footage, answers, strict=True))
    groups = _grouped(material, lifted, lambda footage: footage.group)
    kinds = _grouped(material, lifted, lambda footage: footage.kind)
    total = Found(
        mean_scores([found.scores for _, found in groups]),
        mean_angles([found.angles for _, found in groups]),
        _level(lifted),
    )
    listed = [*groups, *sorted(kinds, key=itemgetter(0))] if kinds or len(groups) > 1 else []
    return Row(material.title, name, total, tuple(listed) if material.by_group else ())


_Lifted = tuple[Footage, Answer]


def _grouped(
    material: Material, lifted: Sequence[_Lifted], group_of: Callable[[Footage], str]
) -> list[tuple[str, Found]]:
    """Return the scores of each group; footage of the group "" is in none."""
    of_group: dict[str, list[_Lifted]] = {}
    for footage, answer in lifted:
        if group_of(footage):
            of_group.setdefault(group_of(footage), []).append((footage, answer))
    return [(group, _found(material, own)) for group, own in of_group.items()]


def _found(material: Material, lifted: Sequence[_Lifted]) -> Found:
    takes = [Take(answer.poses, footage.true, footage.time_s) for footage, answer in lifted]
    angles = angle_errors((answer.poses, footage.true, footage.up) for footage, answer in lifted)
    return Found(score_takes(material, takes), angles, _level(lifted))


def _level(lifted: Sequence[_Lifted]) -> LevelError | None:
    return level_error((answer.level, footage.up) for footage, answer in lifted)


def score_takes(material: Material, takes: Sequence[Take]) -> Scores:
    """Score by the material's protocol."""
    scores = score(takes, material.joints, material.pck_joints, material.root)
    return (
        scores if material.has_rate else replace(scores, mpjve=np.nan, jitter=np.nan, jerk=np.nan)
    )


def shortened(material: Material, seconds: float) -> Material:
    """Return the first seconds of all footage, for a quick evaluation."""
    footage: tuple[Footage, ...] = tuple(each.first(seconds) for each in material.footage)
    title = f"{material.title}, first {seconds:g} s of each"
    return replace(material, title=title, footage=footage)
