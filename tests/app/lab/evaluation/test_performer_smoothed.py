"""What smoothing is worth, measured on the performer through the detector, against its promises."""

from __future__ import annotations

import pytest

from app.lab.evaluation.material import Material
from app.lab.evaluation.methods import DETECTOR_NAME, Ours
from app.lab.evaluation.performer import SEEDS, performer_acts
from app.lab.evaluation.processing_study import CHOICES, processing_study
from app.lab.evaluation.studies import delay_study
from models.lifter import Lifter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def acts() -> Material:
    return performer_acts(SEEDS[1:2], 6.0, "full", lambda _: None)


@pytest.fixture(scope="module")
def ours() -> Ours:
    return Ours("w", Lifter(device="cpu"))


def test_live_the_newest_frame_has_half_the_detector_s_jitter_and_an_error_near_the_calmest(
    acts: Material, ours: Ours
) -> None:
    rows = delay_study(acts, [ours], (0, 8), lambda _: None)
    found = {(row.method, row.frames_back): row.scores for row in rows}
    calm, raw = found["w, smoothed", 0], found["w", 0]
    assert calm.jitter < 0.5 * found[DETECTOR_NAME, None].jitter
    assert calm.jitter < 0.8 * raw.jitter
    assert calm.mpjpe < 1.15 * found["w", 8].mpjpe
    assert calm.p_mpjpe < 1.15 * found["w", 8].p_mpjpe
    assert calm.mpjve < raw.mpjve, "what is calmed away is noise, not movement"


def test_offline_smoothing_takes_jitter_away_and_no_accuracy(acts: Material, ours: Ours) -> None:
    rows = processing_study(acts, [ours])
    found = {words: row.scores for (words, _), row in zip(CHOICES, rows, strict=True)}
    raw, smooth, rigid = (found[name] for name in ("as lifted", "smoothed, 6 Hz", "rigid bones"))
    # 0.78 here: the steadier the network is by itself, the less is left to take away.
    assert smooth.jitter < 0.85 * raw.jitter
    assert smooth.mpjve < raw.mpjve
    assert smooth.p_mpjpe < 1.005 * raw.p_mpjpe
    assert rigid.bones < 0.3 * raw.bones
    assert rigid.p_mpjpe < 1.05 * raw.p_mpjpe
