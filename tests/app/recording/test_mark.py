"""Whether a recording's writer is alive is known from another process, and from none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.recording.mark import WritingMark, is_being_written, is_marked

REPOSITORY = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from app.recording.mark import WritingMark
mark = WritingMark(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_the_mark_of_a_living_process_and_of_a_killed_one(tmp_path: Path) -> None:
    assert (is_marked(tmp_path), is_being_written(tmp_path)) == (False, False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        for _ in range(2):  # looking does not take it
            assert (is_marked(tmp_path), is_being_written(tmp_path)) == (True, True)
        process.kill()
    assert (is_marked(tmp_path), is_being_written(tmp_path)) == (True, False)


def test_removed_and_let_go(tmp_path: Path) -> None:
    mark = WritingMark(tmp_path)
    assert is_being_written(tmp_path)
    mark.let_go()
    assert (is_marked(tmp_path), is_being_written(tmp_path)) == (True, False)
    mark.remove()
    assert not is_marked(tmp_path)
