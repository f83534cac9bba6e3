"""What smoothing does to a known shiver, by the evaluation's own figures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.lab.evaluation.material import Footage, Material
from app.lab.evaluation.methods import Ours
from app.lab.evaluation.processing_study import CHOICES, processing_study
from models.lifter import Lifted
from tests.support.evaluation import walking_footage

FRAMES = 240


@dataclass(frozen=True)
class _Info:
    name: str = "shivering"


@dataclass(frozen=True)
class _Shivering:
    """A lifter that knows the truth but for 2 cm on every joint."""

    footage: Footage
    info: _Info = _Info()
    use_depth: bool = True

    def lift(self, *_given: object, **_named: object) -> Lifted:
        true: NDArray[np.floating] = self.footage.true - self.footage.true[:, :1]
        shiver = np.random.default_rng(0).normal(0, 0.02, true.shape)
        shiver[:, 0] = 0.0
        nothing = np.zeros(true.shape[:2], np.bool_)
        missing = nothing.copy()
        missing[:5] = True
        return Lifted((true + shiver).astype(np.float32), nothing, missing, nothing[:, 0])


def test_every_choice_is_scored_on_the_same_frames_and_does_what_it_says() -> None:
    footage = walking_footage(FRAMES, rate=60.0)
    ours = Ours("w", _Shivering(footage))  # type: ignore[arg-type]
    rows = processing_study(Material("walk", (footage, replace(footage, group="again"))), [ours])
    assert [row.method for row in rows] == [f"w, {words}" for words, _ in CHOICES]
    assert {(row.scores.frames, row.scores.missing) for row in rows} == {(2 * (FRAMES - 5), 10)}
    found = {words: row.scores for (words, _), row in zip(CHOICES, rows, strict=True)}
    raw, smooth = found["as lifted"], found["smoothed, 6 Hz"]
    assert smooth.jitter < 0.3 * raw.jitter
    assert smooth.mpjpe < 0.7 * raw.mpjpe
    assert found["smoothed, 3 Hz"].jitter < smooth.jitter < found["smoothed, 10 Hz"].jitter
    assert found["rigid bones"].bones < 0.1 < 1.0 < raw.bones
    assert found["smoothed, 6 Hz, rigid bones"].bones < 0.1
