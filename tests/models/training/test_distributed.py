"""Two processes under the real ``torchrun`` train as one does, and stop together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from models import train
from models.training import motion_file
from models.training.state import read_state
from tests.support.waiting import until
from tests.support.walking import walking_pack

REPOSITORY = Path(__file__).resolve().parents[3]
ONE = ["-m", "models.train"]
TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "models.train"]


@pytest.fixture
def motion(tmp_path: Path) -> Path:
    motion_file.write_motion(tmp_path / "walk.npz", [walking_pack()], 60.0)
    return tmp_path / "walk.npz"


def places(motion: Path, work: Path) -> list[str]:
    """What is trained where, and how."""
    out = work / "w.safetensors"
    return [
        *("--motion", str(motion), "--work", str(work), "--out", str(out)),
        *("--recipe", "tiny", "--device", "cpu"),
    ]


def start(how: list[str], motion: Path, work: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *how, *places(motion, work), *options],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def finish(child: subprocess.Popen[str]) -> str:
    said = child.communicate(timeout=240)[1]
    assert child.returncode == 0, said
    return said


@pytest.mark.slow
def test_two_processes_end_with_the_weights_of_one(motion: Path, tmp_path: Path) -> None:
    options = ["--precision", "float32", "--steps", "0.1"]
    # The run of two is cut after its first step: resuming hands the state to both.
    torch.set_num_threads(1)
    assert train.main([*places(motion, tmp_path / "one"), *options]) == 0
    finish(start(TWO, motion, tmp_path / "two", *options, "--minutes", "0"))
    said = finish(start(TWO, motion, tmp_path / "two", *options))
    assert said.count("Finished.") == 1, "only the first process speaks"
    one, two = (read_state(tmp_path / name / "state.pt") for name in ("one", "two"))
    assert (one["stage"], one["step"]) == (two["stage"], two["step"]) == (1, 3)
    for name, own in one["network"].items():
        tensor, others = own, two["network"][name]
        if name.endswith("attn.qkv.bias"):
            # A key's bias adds the same to all scores of a query, so its gradient is nothing but
            # rounding, which AdamW blows up to the learning rate's size.
            tensor, others = (_without_keys(bias) for bias in (tensor, others))
        assert torch.allclose(tensor, others, rtol=0, atol=1e-5), name
    assert len((tmp_path / "two" / "log.csv").read_text().splitlines()) == len(
        (tmp_path / "one" / "log.csv").read_text().splitlines()
    )


def _without_keys(bias: torch.Tensor) -> torch.Tensor:
    query, _, value = bias.chunk(3)
    return torch.cat([query, value])


@pytest.mark.slow
def test_a_signal_to_torchrun_saves_and_ends_both(motion: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    child = start(TWO, motion, work, "--steps", "100")
    wait_until_it_trains(work)
    child.send_signal(signal.SIGTERM)
    said = child.communicate(timeout=120)[1]
    assert "Stopped after step" in said
    assert read_state(work / "state.pt")["step"] >= 1


@pytest.mark.slow
def test_ctrl_c_reaches_workers_too_and_ends_in_words(motion: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    child = start(ONE, motion, work, "--steps", "100", "--workers", "1")
    wait_until_it_trains(work)
    os.killpg(child.pid, signal.SIGINT)
    said = child.communicate(timeout=120)[1]
    assert child.returncode == 130, said
    assert "Stopped after step" in said
    assert "Traceback" not in said
    assert read_state(work / "state.pt")["step"] >= 1


def wait_until_it_trains(work: Path) -> None:
    """Until a first validation has been logged."""
    log = work / "log.csv"
    until(lambda: log.exists() and log.read_text().count("\n") >= 2, "a first validation", 180)
