"""Training learns, logs, stops when told, and goes on as if it had never been stopped."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from models import checkpoint
from models.errors import MixposeError
from models.training.batches import Draws, Share, default_workers, feed, seed_of
from models.training.curriculum import Cosine, Recipe, Size, Stage
from models.training.distributed import Group
from models.training.state import read_start, read_state
from models.training.stopping import Reason, Stopper
from models.training.trainer import Settings, Trainer
from tests.support.waiting import until
from tests.support.walking import walking_repertoire

REPOSITORY = Path(__file__).resolve().parents[3]
CPU = Group(torch.device("cpu"))
TINY = Recipe(
    "test",
    "for a test",
    width=16,
    depth=2,
    heads=2,
    channels=3,
    stages=(Stage(1, 16, 6, 1e-3), Stage(3, 4, 6, 3e-4)),
    schedule=Cosine(warm_up=2),
    validate_every=4,
    validation_poses=96,
    drop_path=0.2,
)


def trainer(folder: Path, recipe: Recipe = TINY, **options: Any) -> Trainer:
    settings = options.pop("settings", Settings())
    walk = walking_repertoire()
    return Trainer(recipe, walk, walk, folder, CPU, settings, **options)


class Ticks:
    """A clock that moves on by a minute whenever it is looked at."""

    def __init__(self) -> None:
        self._minutes = 0

    def __call__(self) -> float:
        self._minutes += 1
        return 60.0 * self._minutes


def weights_of(folder: Path) -> dict[str, Tensor]:
    return dict(read_state(folder / "state.pt")["averaged"])


def assert_same(left: dict[str, Tensor], right: dict[str, Tensor]) -> None:
    assert left.keys() == right.keys()
    assert all(torch.equal(left[name], right[name]) for name in left)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "log.csv").open(newline="") as file:
        return [{**row, "minutes": ""} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run from beginning to end."""
    folder = tmp_path_factory.mktemp("whole")
    assert trainer(folder).run(Stopper()) is Reason.NONE
    return folder


def test_training_learns(tmp_path: Path) -> None:
    recipe = replace(TINY, width=32, stages=(Stage(1, 16, 40, 1e-2),), drop_path=0.0)
    learner = trainer(tmp_path, recipe)
    before = learner.validate()
    learner.run(Stopper())
    assert learner.validate()["mpjpe"] < 0.7 * before["mpjpe"]


@pytest.mark.slow
def test_training_learns_where_up_is_besides_the_pose(tmp_path: Path) -> None:
    """From the picture alone: what it is told of up is not among the first three channels."""
    recipe = replace(TINY, width=32, stages=(Stage(1, 64, 200, 1e-2),), drop_path=0.0)
    learner = trainer(tmp_path, recipe)
    before = learner.validate()
    learner.run(Stopper())
    after = learner.validate()
    assert after["up"] < 0.5 * before["up"]
    assert after["up"] < 30
    assert after["mpjpe"] < 0.7 * before["mpjpe"]


@pytest.mark.slow
def test_sparse_windows_teach_to_lift_whole_ones(tmp_path: Path) -> None:
    sparse = Stage(5, 24, 80, 1e-2, sparse=True)
    learner = trainer(tmp_path, replace(TINY, width=32, stages=(sparse,), drop_path=0.0))
    before = learner.validate()
    learner.run(Stopper())
    after = learner.validate()
    assert after["mpjpe"] < 0.7 * before["mpjpe"]
    assert after["mpjve"] < before["mpjve"]


def test_the_log_has_a_row_for_each_validation(whole: Path) -> None:
    logged = [(int(row["stage"]), int(row["step"]), int(row["total_step"])) for row in rows(whole)]
    assert logged == [(1, 4, 4), (1, 6, 6), (2, 4, 10), (2, 6, 12)]
    assert (whole / "log.csv").read_text().startswith("frames,step,loss,mpjpe,n,p,all,mpjve,up")
    # Velocity needs a second frame.
    assert [row["mpjve"] != "" for row in rows(whole)] == [False, False, True, True]
    assert all(0 <= float(row["up"]) <= 180 for row in rows(whole))


@pytest.mark.parametrize("minutes", [2.5, pytest.param(4.5, marks=pytest.mark.slow)])
def test_slices_of_a_run_end_with_the_weights_and_log_of_a_whole_one(
    whole: Path, tmp_path: Path, minutes: float
) -> None:
    slices = 0
    # The clock moves once at the start, and once a step.
    while trainer(tmp_path).run(Stopper(minutes, now=Ticks())) is Reason.TIME:
        slices += 1
    assert slices == 12 // round(minutes + 0.5)
    assert_same(weights_of(tmp_path), weights_of(whole))
    assert rows(tmp_path) == rows(whole)


def test_a_finished_run_has_nothing_left_to_do(whole: Path) -> None:
    again = trainer(whole)
    assert (again.stage, again.step) == (1, 6)
    before = rows(whole)
    assert again.run(Stopper()) is Reason.NONE
    assert rows(whole) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_run_after_its_step_and_saved(tmp_path: Path, number: int) -> None:
    handler = signal.getsignal(number)
    with Stopper() as stopper:
        os.kill(os.getpid(), number)
        assert trainer(tmp_path).run(stopper) is Reason.SIGNAL
    assert signal.getsignal(number) is handler
    assert read_state(tmp_path / "state.pt")["step"] == 1


@pytest.mark.slow
def test_what_was_logged_after_the_last_save_is_not_logged_twice(
    whole: Path, tmp_path: Path
) -> None:
    first = trainer(tmp_path)
    first.run(Stopper(3.5, now=Ticks()))
    saved = (tmp_path / "state.pt").read_bytes()
    first.run(Stopper(3.5, now=Ticks()))
    (tmp_path / "state.pt").write_bytes(saved)  # as a kill before the next save leaves it
    trainer(tmp_path).run(Stopper())
    assert rows(tmp_path) == rows(whole)


@pytest.mark.slow
def test_another_seed_is_another_run(whole: Path, tmp_path: Path) -> None:
    trainer(tmp_path, settings=Settings(seed=2)).run(Stopper())
    mine, others = weights_of(tmp_path), weights_of(whole)
    assert not any(torch.equal(mine[name], others[name]) for name in ("head.1.weight",))


def test_a_state_of_another_run_is_refused_in_words(whole: Path) -> None:
    for recipe, settings in (
        (replace(TINY, width=32), Settings()),
        (replace(TINY, name="other"), Settings()),
        (TINY, Settings(seed=2)),
        (replace(TINY, stages=TINY.stages[:1]), Settings()),
    ):
        with pytest.raises(MixposeError, match="another recipe or seed"):
            trainer(whole, recipe, settings=settings)


@pytest.mark.slow
def test_a_state_from_before_recipes_had_names_goes_on(whole: Path, tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.run(Stopper(3.5, now=Ticks()))
    state = read_state(tmp_path / "state.pt")
    for key in ("recipe", "seed", "losses"):
        del state[key]
    state.update(sampler=torch.Generator().get_state(), random=torch.get_rng_state())
    torch.save(state, tmp_path / "state.pt")
    assert trainer(tmp_path).run(Stopper()) is Reason.NONE
    assert_same(weights_of(tmp_path), weights_of(whole))


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_state_is_an_error_in_words(
    whole: Path, tmp_path: Path, content: bytes | None
) -> None:
    state = (whole / "state.pt").read_bytes()
    (tmp_path / "state.pt").write_bytes(state[:-300] if content is None else content)
    with pytest.raises(MixposeError, match=r"The training state .*state.pt is damaged"):
        trainer(tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_and_spoils_nothing(tmp_path: Path) -> None:
    trainer(tmp_path).run(Stopper(2.5, now=Ticks()))
    sound = (tmp_path / "state.pt").read_bytes()

    def broken(predicted: Tensor, target: Tensor, seen: Tensor) -> Tensor:
        return predicted.mean() * torch.nan

    with pytest.raises(MixposeError, match="The loss is no longer a number at step 4"):
        trainer(tmp_path, replace(TINY, loss=broken)).run(Stopper())
    assert (tmp_path / "state.pt").read_bytes() == sound


def test_a_run_starts_from_anothers_weights_at_the_stage_that_fits(
    whole: Path, tmp_path: Path
) -> None:
    wider = replace(TINY, channels=8)
    start = read_start(str(whole / "state.pt"), wider, None)
    assert start.stage == 1
    begun = trainer(tmp_path, wider, start=start)
    weights = weights_of(whole)
    for name, tensor in begun.averaged.state_dict().items():
        if name == "Spatial_patch_to_embedding.weight":
            assert torch.equal(tensor[:, :3], weights[name])
            assert (tensor[:, 3:] == 0).all()
        else:
            assert torch.allclose(tensor, weights[name])


def test_a_state_is_known_under_any_name(whole: Path, tmp_path: Path) -> None:
    for name in ("best.pt", "tuesday"):
        shutil.copy(whole / "state.pt", tmp_path / name)
        found = read_start(str(tmp_path / name), TINY, None)
        for key, tensor in weights_of(whole).items():
            assert torch.equal(found.weights[key], tensor)
    (tmp_path / "damaged.pt").write_bytes((whole / "state.pt").read_bytes()[:-100])
    with pytest.raises(MixposeError, match="damaged"):
        read_start(str(tmp_path / "damaged.pt"), TINY, None)


def test_a_run_starts_from_a_weights_file_at_the_stage_asked_for(
    whole: Path, tmp_path: Path
) -> None:
    network = trainer(whole).averaged
    info = checkpoint.WeightsInfo("w", 3, 16, 2, heads=2, channels=3)
    checkpoint.save(tmp_path / "w.safetensors", network, info)
    longer = replace(TINY, stages=(*TINY.stages, Stage(9, 2, 2, 1e-4)))
    start = read_start(str(tmp_path / "w.safetensors"), longer, 2)
    assert Size.of(trainer(tmp_path / "run", longer, start=start).averaged.state_dict()) == Size(
        9, 16, 2, 3
    )
    with pytest.raises(MixposeError, match="attention heads"):
        read_start(str(tmp_path / "w.safetensors"), replace(TINY, heads=4), None)
    with pytest.raises(MixposeError, match="stages 1 to 2, not 3"):
        read_start(str(tmp_path / "w.safetensors"), TINY, 2)


@pytest.mark.slow
def test_without_averaging_the_last_weights_are_the_result(tmp_path: Path) -> None:
    plain = trainer(tmp_path, replace(TINY, averaging=0.0, clip=None))
    plain.run(Stopper())
    assert_same(plain.averaged.state_dict(), plain.network.state_dict())


def test_processes_share_the_batch_that_one_would_draw() -> None:
    stage = Stage(3, 8, 10, 1e-3)
    drawn = [
        Draws(walking_repertoire(), 30.0, stage, 5, share)[7]
        for share in (Share(), *(Share(rank, 4) for rank in range(4)))
    ]
    for one, *several in zip(*drawn, strict=True):
        assert torch.equal(one, torch.cat(several))
    with pytest.raises(MixposeError, match="8 windows a step cannot be divided"):
        Draws(walking_repertoire(), 30.0, stage, 5, Share(0, 3))


def test_every_step_has_a_batch_of_its_own() -> None:
    draws = Draws(walking_repertoire(), 30.0, Stage(1, 4, 9, 1e-3), 5)
    assert not torch.equal(draws[0][0], draws[1][0])
    assert torch.equal(draws[1][0], draws[1][0])
    assert len({seed_of(1, stage, step) for stage in range(4) for step in range(500)}) == 2000


@pytest.mark.slow
def test_worker_processes_draw_the_same_batches_in_order() -> None:
    draws = Draws(walking_repertoire(), 30.0, Stage(1, 4, 9, 1e-3), 5)
    fed = list(feed(draws, range(3, 9), torch.device("cpu"), workers=2))
    assert len(fed) == 6
    for step, batch in enumerate(fed, start=3):
        assert torch.equal(batch.keypoints, draws[step][0])


def test_only_a_gpu_is_fed_by_workers() -> None:
    assert default_workers(torch.device("cpu"), 1) == 0
    assert 1 <= default_workers(torch.device("cuda"), 1) <= 8
    assert default_workers(torch.device("cuda"), 1000) == 1


def test_curves_are_written_where_tensorboard_is_installed(whole: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(whole / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("mpjpe")] == [4, 6, 10, 12]


_CHILD = """
import sys; sys.path[:0] = [{root!r}]
from pathlib import Path
import torch; torch.set_num_threads(1)
from dataclasses import replace
from models.training.trainer import Settings
from models.training.stopping import Stopper
from tests.models.training import test_trainer as t
t.trainer(Path({folder!r}), t.LONGER, settings=Settings(save_every_s=0.0)).run(Stopper())
"""
LONGER = replace(TINY, stages=(Stage(1, 16, 12, 1e-3), Stage(9, 4, 12, 3e-4)))


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    trainer(tmp_path / "whole", LONGER).run(Stopper())
    folder = tmp_path / "killed"
    script = _CHILD.format(root=str(REPOSITORY), folder=str(folder))
    kills = 0
    for steps in (3, 15):
        child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        until(
            lambda steps=steps, child=child: (
                _steps_done(folder) >= steps or child.poll() is not None
            ),
            f"{steps} steps",
            120,
        )
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        child.wait()
    assert kills == 2
    subprocess.run([sys.executable, "-c", script], check=True, stderr=subprocess.DEVNULL)
    assert_same(weights_of(folder), weights_of(tmp_path / "whole"))
    assert rows(folder) == rows(tmp_path / "whole")


def _steps_done(folder: Path) -> int:
    if not (folder / "state.pt").exists():
        return 0
    state = read_state(folder / "state.pt")
    return int(state["step"]) + sum(stage.steps for stage in LONGER.stages[: state["stage"]])
