"""Detections of synthetic people, saved by ``python -m app.lab.study``, grouped by camera.

Only frames that contain the whole body are scored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.detection.models import FOR_VIDEOS
from app.lab.evaluation.material import EvaluationError, Footage, Material
from models.level import Level
from models.training.detector_model import SIZES
from models.training.study import Study, study_files

PITCHES: Final = (
    (-10.0, "camera below -10°"),
    (10.0, "camera -10 to 10°"),
    (25.0, "camera 10 to 25°"),
    (math.inf, "camera above 25°"),
)
"""Largest downward pitch in degrees of the cameras of each group, and its name."""
_WHOM: Final = {"clothed": "clothed people", "performer": "the performer"}


class _Take(NamedTuple):
    people: str
    detector: str
    split: str
    footage: Footage


def drawn_people(path: Path, most: int | None = None) -> list[Material]:
    """Return a material for each detector of a study.

    Groups are camera pitches; for the default detector of videos also kinds of posture.

    Args:
        path: a file, or a folder of them.
        most: number of takes of each material, evenly selected; None for all.

    Raises:
        EvaluationError: there is no study.
        MixposeError: a file is not a study.
    """
    takes = [take for file in study_files([path]) for take in _takes(Study.read(file))]
    if not takes:
        raise EvaluationError(f"{path} holds no study. Make one with python -m app.lab.study.")
    materials = []
    for people in dict.fromkeys(take.people for take in takes):
        for detector in SIZES:
            chosen = [t for t in takes if (t.people, t.detector) == (people, detector)]
            step = 1 if most is None else max(1, math.ceil(len(chosen) / most))
            if chosen:
                materials.append(_material(people, detector, chosen[::step]))
    return materials


def _material(people: str, detector: str, takes: Sequence[_Take]) -> Material:
    names = [name for _, name in PITCHES]
    footage = sorted((take.footage for take in takes), key=lambda each: names.index(each.group))
    splits = "/".join(sorted({take.split for take in takes}))
    whom = _WHOM.get(people, people)
    title = f"{whom} seen whole by {detector}, {len(takes)} takes of {splits} motion"
    return Material(title, tuple(footage), by_group=True)


def _takes(study: Study) -> Iterator[_Take]:
    for row, (people, detector) in enumerate(zip(study.people, study.detector, strict=True)):
        whole = _whole(study, row)
        if not whole.any():
            continue
        width, height = (int(side) for side in study.size[row])
        pitch_deg = Level(study.up[row], 0.0).pitch_deg
        footage = Footage(
            group=next(name for most_deg, name in PITCHES if pitch_deg <= most_deg),
            kind=study.kind[row] if detector == FOR_VIDEOS else "",
            size=(width, height),
            time_s=np.arange(len(study.xy[row])) / float(study.rate[row]),
            xy=study.xy[row],
            conf=study.conf[row],
            true=np.where(whole[:, None, None], study.truth[row], np.nan),
            world=study.world[row],
            up=study.up[row],
            foot_evidence=study.foot_evidence[row],
            feet=np.where(np.tile(study.feet_inside(row), 2)[..., None], study.feet[row], np.nan),
        )
        yield _Take(people, detector, study.split[row], footage)


def _whole(study: Study, row: int) -> NDArray[np.bool_]:
    """Return (T,) whether all joints of a take are inside the picture."""
    true, half = study.truth[row], study.size[row] / 2
    off = np.abs(true[..., :2] / true[..., 2:] * study.focal[row])
    return np.asarray((off < half).all(axis=(1, 2)))
