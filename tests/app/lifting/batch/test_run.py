"""Many films by one engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from app.lifting.batch import run as run_module
from app.lifting.batch.run import run
from app.lifting.batch.task import BatchOptions, Event, Moved, Result, Task
from app.lifting.options import LiftOptions
from app.lifting.progress import never
from app.lifting.segments import DetectSegment
from models.checkpoint import resolve_weights
from tests.support.engines import Inline

NAMES = ("a.mp4", "deep/b.mkv", "deep/c.avi")


@pytest.fixture(scope="module")
def wanted() -> BatchOptions:
    sha256 = hashlib.sha256(resolve_weights().read_bytes()).hexdigest()
    return BatchOptions(sha256, lifting=LiftOptions(device="cpu", detector="lite"))


@pytest.fixture
def tasks(folder: Path, tmp_path: Path) -> list[Task]:
    return [Task(folder / name, tmp_path / "out" / f"{Path(name).stem}.csv") for name in NAMES]


def results(events: Iterable[Event]) -> list[Result]:
    return [event for event in events if isinstance(event, Result)]


def test_every_film_becomes_a_file_or_a_sentence(
    tasks: list[Task], wanted: BatchOptions, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_text("a shopping list\n" * 100)
    tasks = [*tasks, Task(broken, tmp_path / "out" / "broken.csv")]
    events: list[Event] = list(run(tasks, wanted, Inline(), never))
    done = {event.index: event for event in events if isinstance(event, Result)}
    assert [done[index].error for index in range(3)] == [None] * 3
    assert [done[index].frames for index in range(3)] == [20] * 3
    assert "broken.mp4" in str(done[3].error)
    assert [task.table.is_file() for task in tasks] == [True, True, True, False]
    assert all(done[index].took_s > 0 for index in range(3))
    assert done[0].quality.startswith("3D off the picture by ")
    shares = [event.share for event in events if isinstance(event, Moved) and event.index == 0]
    assert shares == sorted(shares)
    said = json.loads(tasks[0].table.with_name("a.csv.json").read_text())
    assert said["detector"]["size"] == "lite"
    assert said["asked"]["detector"]["size"] == "lite"


@pytest.mark.slow
def test_no_more_films_are_begun_than_keep_the_engine_busy(
    tasks: list[Task], wanted: BatchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, most = Inline(), 0
    wanted = replace(wanted, lifting=replace(wanted.lifting, seconds=0.2))
    real = run_module._Job.poll

    def poll(self: run_module._Job, event: run_module.units.Event) -> Event | None:
        nonlocal most
        most = max(most, engine.waiting)
        return real(self, event)

    monkeypatch.setattr(run_module._Job, "poll", poll)
    assert sum(isinstance(event, Result) for event in run(tasks, wanted, engine, never)) == 3
    assert most <= engine.width


def test_stopping_gives_up_what_is_not_done(tasks: list[Task], wanted: BatchOptions) -> None:
    engine = Inline()

    def detected() -> bool:
        return any(isinstance(unit, DetectSegment) for unit in engine.units)

    assert not results(run(tasks, wanted, engine, detected))
    assert not any(task.table.exists() for task in tasks)


def test_other_weights_are_refused(tasks: list[Task]) -> None:
    other = BatchOptions("ab" * 32, lifting=LiftOptions(device="cpu", detector="lite"))
    (result,) = results(run(tasks[:1], other, Inline(), never))
    assert "not those of the machine that asks" in str(result.error)
