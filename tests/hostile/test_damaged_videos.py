"""A thousand damaged videos: each gives a sentence, or frames, and never a crash or a hang."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.errors import LiftingError, MixposeError
from app.lifting.batch.run import run
from app.lifting.batch.task import BatchOptions, Result, Task
from app.lifting.options import LiftOptions
from app.lifting.pool import Pool, cores
from app.lifting.progress import never
from models.checkpoint import resolve_weights
from tests.hostile.conftest import FRAMES
from tests.support.damage import damaged

LONGEST_S = 10.0
STATE_THEIR_LENGTH = (".mp4", ".mov", ".mkv", ".avi", ".3gp")

READ_ALL = """
import faulthandler, json, sys, time
from pathlib import Path
from app.errors import MixposeError
from app.sources import VideoFile
for line in sys.stdin:
    path = Path(line.rstrip())
    faulthandler.dump_traceback_later(60, exit=True)
    began = time.process_time()
    said = {"frames": 0, "warnings": [], "error": None, "increasing": True}
    try:
        with VideoFile(path) as video:
            times = [frame.time_s for frame in iter(video.read, None)]
            said["frames"], said["warnings"] = len(times), video.warnings
            said["increasing"] = all(a < b for a, b in zip(times, times[1:]))
            for time_s in (0.1, 1e6, -1.0):
                video.seek(time_s)
                video.read()
    except MixposeError as error:
        said["error"] = str(error)
    said["took_s"] = time.process_time() - began
    print(json.dumps(said), flush=True)
"""


@dataclass(frozen=True)
class Case:
    path: Path
    damage: str


@pytest.fixture(scope="module")
def broken(films: list[Path], cases: range, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """One damaged file a case, through all containers in turn."""
    folder, made = tmp_path_factory.mktemp("broken"), []
    for seed in cases:
        film = films[seed % len(films)]
        data, damage = damaged(film.read_bytes(), seed)
        path = folder / f"{seed:04}-{damage}-{film.name}"
        path.write_bytes(data)
        made.append(Case(path, damage))
    return made


@pytest.mark.timeout(1200)
def test_reading_ends_in_frames_or_a_sentence(broken: list[Case]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL],
        input="".join(f"{case.path}\n" for case in broken),
        capture_output=True,
        text=True,
        check=False,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{broken[len(said)].path.name}: {done.stderr}"
    assert done.stderr == "", "nothing of FFmpeg's reaches the terminal"
    for case, found in zip(broken, said, strict=True):
        name = case.path.name
        assert found["took_s"] < LONGEST_S, name
        assert found["increasing"], name
        assert (found["frames"] > 0) == (found["error"] is None), name
        cut_off = case.damage == "cut_off" and case.path.suffix in STATE_THEIR_LENGTH
        if cut_off and 0 < found["frames"] < FRAMES:
            assert any("cut off" in warning for warning in found["warnings"]), name
    frames = [found["frames"] for found in said]
    assert frames.count(0) < len(frames) / 2, "damage that leaves nothing proves little"
    assert len([count for count in frames if count < FRAMES]) > len(frames) / 5, "nor does none"


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_lifting_ends_in_a_table_or_a_sentence(
    films: list[Path], broken: list[Case], full: bool, tmp_path: Path
) -> None:
    sha256 = hashlib.sha256(resolve_weights().read_bytes()).hexdigest()
    wanted = BatchOptions(sha256, lifting=LiftOptions(device="cpu", detector="lite"))
    sources = [*films, *(case.path for case in (broken if full else broken[::5]))]
    tasks = [Task(source, tmp_path / f"{source.name}.csv") for source in sources]
    jobs = cores()
    with Pool(jobs) as pool:
        found = {
            event.index: event
            for event in run(tasks, wanted, pool, never)
            if isinstance(event, Result)
        }
    whole = [found[index] for index in range(len(films))]
    assert [(result.error, result.frames) for result in whole] == [(None, FRAMES)] * len(films)
    # What a whole film takes tells how busy the machine is; the first ones load the network.
    slow = max(result.took_s for result in whole[jobs:])
    for index, task in enumerate(tasks):
        result = found[index]
        assert result.took_s < max(LONGEST_S, 10 * slow), task.source.name
        assert task.table.is_file() == (result.error is None), task.source.name
        if result.error is not None:
            assert isinstance(result.error, MixposeError)
            # Neither a crash of the process nor a fault of the program's.
            assert not isinstance(result.error, LiftingError), result.error
