"""Whether a recording's writer is alive is known from another process, and from none."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import pytest

from app.errors import RecordingError
from app.recording.locks import WritingLock, has_writing_lock, is_being_written
from app.recording.writer import RecordingWriter
from app.system.files import lock
from tests.support.recordings import CAMERA, SIZE

REPOSITORY = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from app.recording.locks import WritingLock
mark = WritingLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_mark_of_a_living_process_and_of_a_killed_one(tmp_path: Path) -> None:
    assert (has_writing_lock(tmp_path), is_being_written(tmp_path)) == (False, False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        for _ in range(2):  # looking does not take it
            assert (has_writing_lock(tmp_path), is_being_written(tmp_path)) == (True, True)
        process.kill()
    assert (has_writing_lock(tmp_path), is_being_written(tmp_path)) == (True, False)


def test_removed_and_let_go(tmp_path: Path) -> None:
    mark = WritingLock(tmp_path)
    assert is_being_written(tmp_path)
    mark.release()
    assert (has_writing_lock(tmp_path), is_being_written(tmp_path)) == (True, False)
    mark.remove()
    assert not has_writing_lock(tmp_path)


@pytest.fixture
def prober(monkeypatch: pytest.MonkeyPatch) -> list[IO[bytes]]:
    """Somebody looks at each mark between its making and its locking; what they hold it with."""
    opened = Path.open
    held: list[IO[bytes]] = []

    def open_and_be_looked_at(path: Path, mode: str = "r", *given: Any, **named: Any) -> IO[Any]:
        file = opened(path, mode, *given, **named)
        if path.name == ".writing" and "x" in mode:
            held.append(opened(path, "rb"))
            assert lock(held[-1], exclusive=False)
        return file

    monkeypatch.setattr(Path, "open", open_and_be_looked_at)
    return held


def test_whoever_looks_at_the_wrong_moment_does_not_take_the_lock(
    tmp_path: Path, prober: list[IO[bytes]]
) -> None:
    ends = threading.Timer(0.3, lambda: prober[0].close())
    ends.start()
    mark = WritingLock(tmp_path)
    ends.join()
    assert is_being_written(tmp_path)
    mark.remove()


def test_a_recording_is_not_made_without_its_lock(
    tmp_path: Path, prober: list[IO[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.system.files._PATIENCE_S", 0.2)
    with pytest.raises(RecordingError, match="another program holds the file"):
        RecordingWriter.create(tmp_path, "take", source=CAMERA, size=SIZE)
    prober[0].close()
    assert list(tmp_path.iterdir()) == []
