"""A run away from home: packed motion, slices, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models import checkpoint, train
from models.errors import MixposeError
from models.geometry import CHANNELS
from models.training import motion_file
from models.training.motion import Clip, Pack
from tests.support.walking import walker, walking_pack

REPOSITORY = Path(__file__).resolve().parents[3]
TINY = ["--recipe", "tiny", "--device", "cpu", "--threads", "1"]


def run(folder: Path, *options: str, code: int = 0) -> None:
    """Train in this process on ``folder``/walk.npz."""
    motion = folder / "walk.npz"
    if not motion.exists():
        motion_file.write_motion(motion, [walking_pack()], 60.0)
    places = ["--motion", str(motion), "--work", str(folder / "w"), "--out", str(weights(folder))]
    assert train.main([*places, *TINY, *options]) == code


def weights(folder: Path) -> Path:
    return folder / "out" / "walk.safetensors"


def test_motion_comes_back_as_it_was_packed(tmp_path: Path) -> None:
    still = Clip("still", "val", 24.0, np.ones((3, 17, 3), np.float32))
    far = replace(walker(), xyz=walker().xyz + np.float32([30, 0, -50]))
    packs = [Pack("a", "somewhere", "CC0", (walker(), still)), Pack("b", "", "", (far,))]
    size = motion_file.write_motion(tmp_path / "m.npz", packs, 60.0)
    assert size == (tmp_path / "m.npz").stat().st_size
    back = motion_file.read_motion_file(tmp_path / "m.npz")
    assert [replace(pack, clips=()) for pack in back] == [replace(pack, clips=()) for pack in packs]
    for pack, original in zip(back, packs, strict=True):
        for clip, before in zip(pack.clips, original.clips, strict=True):
            assert (clip.name, clip.split, clip.rate) == (before.name, before.split, before.rate)
            error = np.abs(clip.xyz - before.xyz).max()
            assert error <= np.abs(before.xyz).max() / 32767 + 1e-6


def test_fast_motion_is_thinned_out(tmp_path: Path) -> None:
    motion_file.write_motion(tmp_path / "m.npz", [walking_pack()], 25.0)
    (pack,) = motion_file.read_motion_file(tmp_path / "m.npz")
    clip = pack.clips[0]
    assert clip.rate == 20.0
    assert np.abs(clip.xyz - walker().xyz[::3]).max() < 1e-3


def test_motion_too_large_to_carry_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motion_file, "LARGEST_PACK", 1000)
    with pytest.raises(MixposeError, match="--highest-rate"):
        motion_file.write_motion(tmp_path / "m.npz", [walking_pack()], 60.0)
    assert not list(tmp_path.iterdir())


def test_broken_motion_files_are_errors_in_words(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    motion_file.write_motion(path, [walking_pack()], 60.0)
    whole = path.read_bytes()
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    pickled = np.array([{"code": "of a stranger"}], dtype=object)
    np.savez(tmp_path / "pickle.npz", header=pickled, differences=pickled)
    others = [(tmp_path / name).read_bytes() for name in ("other.npz", "pickle.npz")]
    for content in (b"", b"PK nonsense", whole[:-40], *others):
        path.write_bytes(content)
        with pytest.raises(MixposeError, match="Cannot read the motion file"):
            motion_file.read_motion_file(path)
    with pytest.raises(MixposeError, match="Cannot read the motion file"):
        motion_file.read_motion_file(tmp_path / "nowhere.npz")


def test_a_run_out_of_time_says_how_to_go_on_and_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = ["--steps", "0.1"]
    run(tmp_path, *short, "--minutes", "0")
    said = capsys.readouterr().err
    assert "The time is up after step 1 of stage 1 of 2" in said
    assert "The same command goes on from there." in said
    assert checkpoint.load(weights(tmp_path))[1].frames == 1
    run(tmp_path, *short)
    assert "Finished." in capsys.readouterr().err
    network, info = checkpoint.load(weights(tmp_path))
    assert (network.frames, info.width, info.channels) == (9, 16, len(CHANNELS))
    assert info.says_up
    assert "Recipe tiny. walking: made here (CC0)." in info.training
    # One command away from a model of one's own: from those weights, only the last stage.
    own = [*short, "--init", str(weights(tmp_path)), "--work", str(tmp_path / "own")]
    run(tmp_path, *own)
    assert (tmp_path / "own" / "log.csv").read_text().splitlines()[1].startswith("9,3,")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from-stage", "2"], "--init"),
        (["--init", "nothing-like-that"], "no weights called"),
        (["--width", "15"], "not a multiple"),
        (["--steps", "0"], "above zero"),
        (["--device", "abacus"], "no device"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    run(tmp_path, *options, code=2)
    assert words in capsys.readouterr().err


@pytest.mark.slow
def test_the_half_hour_on_a_borrowed_machine_in_miniature(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # On the thread that the command's are given: results are the same to the bit.
    torch.set_num_threads(1)

    def command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "models.train", *words],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr.splitlines()[-1]

    motion_file.write_motion(tmp_path / "home.npz", [walking_pack()], 60.0)
    motion, out = tmp_path / "m.npz", tmp_path / "w.safetensors"
    packed = ["pack-motion", "--motion", str(tmp_path / "home.npz"), "-o", str(motion)]
    assert train.main(packed) == 0
    assert capsys.readouterr().err.splitlines()[-1].startswith("0 minutes of motion")
    words = ["--motion", str(motion), "--work", str(tmp_path / "w"), "--out", str(out), *TINY]
    words += ["--steps", "0.1"]
    assert "The time is up" in command(*words, "--minutes", "0")
    assert "Finished" in command(*words)
    run(tmp_path, "--steps", "0.1", "--work", str(tmp_path / "uncut"))
    uncut = checkpoint.load(weights(tmp_path))[0].state_dict()
    for name, tensor in checkpoint.load(out)[0].state_dict().items():
        assert torch.equal(tensor, uncut[name]), name
