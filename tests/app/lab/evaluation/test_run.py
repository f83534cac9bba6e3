"""The whole evaluation on a little of everything, and what happens where something is amiss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.errors import WeightsError
from app.export.registry import export
from app.lab.evaluation.methods import DETECTOR_NAME
from app.lab.evaluation.placement_study import CHOICES as PLACED
from app.lab.evaluation.processing_study import CHOICES
from app.lab.evaluation.report import markdown
from app.lab.evaluation.run import FULL, QUICK, Plan, Request, evaluate
from app.lab.evaluation.turned import TURNS_DEG
from models.live import LARGEST_DELAY
from tests.support.clips import performer_pictures, write_clip
from tests.support.datasets import (
    observation,
    write_human36m,
    write_humaneva,
    write_set,
    write_study,
)
from tests.support.drawn_walker import walker
from tests.support.evaluation import write_weights

TINY = replace(QUICK, acts_s=1.0, delay_s=1.0, delays=(0, 3), takes=2, turned_s=0.2)


@pytest.mark.slow
def test_everything_that_is_given_is_in_the_table(tmp_path: Path) -> None:
    write_set(tmp_path / "somebody")
    write_human36m(tmp_path)
    write_humaneva(tmp_path, "gt")
    sizes = ("full", "heavy", "heavy", "heavy")
    study = [observation(index, detector=size) for index, size in enumerate(sizes)]
    write_study(tmp_path / "study.npz", study)
    (tmp_path / "upright.py").write_text('MOMENTS = {"person": [(0.1, 0.4)]}')
    write_clip(tmp_path / "person.mp4", performer_pictures(20))
    (tmp_path / "motion").mkdir()
    export(tmp_path / "motion" / "walk.bvh", walker(), "bvh")
    request = Request(
        weights=(str(write_weights(tmp_path / "tiny.safetensors")),),
        device="cpu",
        detector="full",
        study=tmp_path / "study.npz",
        motion=tmp_path / "motion",
        footage=tmp_path,
        upright=tmp_path,
        human36m=tmp_path,
        humaneva=tmp_path,
        mpi_inf_3dhp=tmp_path,
        plan=TINY,
    )
    notes: list[str] = []
    found = evaluate(request, notes.append)
    rows = [(row.on.partition(",")[0], row.method) for row in found.rows]
    performer, drawn = "performer's acts through the detector", "clothed people seen whole by "
    ours, untold, flat = "tiny", "tiny, without the detector's depth", "flat guess (2D, right size)"
    for on in (performer, f"{drawn}full", f"{drawn}heavy", "somebody"):
        assert [method for title, method in rows if title == on][:4] == [
            ours,
            untold,
            DETECTOR_NAME,
            flat,
        ]
    for on in ("Human3.6M", "HumanEva"):
        assert [method for title, method in rows if title == on] == [ours, flat]
    assert all(np.isfinite(row.scores.mpjpe) for row in found.rows)
    assert {row.frames_back for row in found.delayed} == {0, 3, None}
    assert found.processed[0].method == "tiny, as lifted"
    assert len(found.processed) == len(CHOICES)
    assert [(row.on.partition(",")[0], row.method, row.told) for row in found.placed] == [
        (performer, ours, told) for told, _ in PLACED
    ]
    assert all(np.isfinite(row.placing.along_mm) for row in found.placed)
    assert {row.on.partition(",")[0] for row in found.hidden} == {performer, f"{drawn}heavy"}
    assert [(row.method, row.walks) for row in found.gait] == [(ours, 1)]
    assert [sentence.partition(":")[0] for sentence in found.skipped] == ["MPI-INF-3DHP"]
    assert "Give the folder mpi_inf_3dhp_test_set" in found.skipped[0]
    assert any("flatters MediaPipe" in remark for remark in found.remarks)
    assert f"Not measured: {found.skipped[0]}" in notes
    assert [(row.clip, row.method) for row in found.standing] == [
        ("person", ours),
        ("person", DETECTOR_NAME),
    ]
    assert [(row.method, row.degrees) for row in found.turned] == [
        (ours, degrees) for degrees in TURNS_DEG
    ]
    assert "## Human3.6M" in markdown(found)


def test_unknown_weights_end_it_at_once(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights called 'nothing'"):
        evaluate(Request(weights=("nothing",)), lambda _: None)


def test_quick_is_less_of_the_same() -> None:
    assert isinstance(FULL, Plan)
    assert FULL.delays == tuple(range(LARGEST_DELAY + 1))
    assert set(QUICK.delays) < set(FULL.delays)
    assert set(QUICK.seeds) < set(FULL.seeds)
    assert len(FULL.seeds) == 3
