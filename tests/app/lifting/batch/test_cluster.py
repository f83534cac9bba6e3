"""``lift --ray`` on a real cluster of this machine, with a worker killed in the middle."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.cluster import cluster_of_two
from tests.support.program import Program
from tests.support.waiting import until

pytest.importorskip("ray", reason="pip install '.[ray]'")
pytestmark = [pytest.mark.timing, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    with cluster_of_two() as address:
        yield address


def lifting() -> list[psutil.Process]:
    """The cluster's processes that have a clip in their hands: Ray names them after it."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        title = " ".join(process.info["cmdline"] or ())
        if title.startswith("ray::_work"):
            found.append(process)
    return found


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_cluster_gives_the_same_and_a_killed_worker_is_replaced(
    cluster: str, folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    program = Program(home)
    with program.start("lift", folder, "-o", tmp_path / "far", "--ray", cluster) as process:
        until(lambda: lifting() != [], "a clip to be begun", 300)
        time.sleep(1)
        killed = lifting()[0]
        killed.kill()
        out, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, "")
    assert out.endswith("3 of 3 videos lifted.\n")
    near = program.run("lift", folder, "-o", tmp_path / "near", timeout_s=600)
    assert near.code == 0, near
    assert content(tmp_path / "far") == content(tmp_path / "near")
    again = program.run("lift", folder, "-o", tmp_path / "far", "--ray", cluster, timeout_s=300)
    assert (again.code, again.out) == (0, "0 of 3 videos lifted, 3 done before.\n")


def test_a_broken_file_is_listed(cluster: str, folder: Path, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "broken.mp4").write_text("a shopping list\n" * 100)
    (films / "a.mp4").write_bytes((folder / "a.mp4").read_bytes())
    ended = Program(tmp_path).run(
        "lift", films, "-o", tmp_path / "out", "--ray", cluster, timeout_s=600
    )
    assert ended.code == 1, ended
    assert ended.err.startswith("mixpose: 1 of 2 videos lifted. Not lifted:\n")
    assert "broken.mp4 is not a video" in ended.err
