"""MP4 films on the command line: pictures beside poses, and stopping what takes long."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.support.films import number_shown, read_film, take
from tests.support.program import Program

if os.name == "nt":
    pytest.skip("POSIX signals and terminals", allow_module_level=True)

from tests.app.cli.test_stopping import on_terminal


@pytest.mark.slow
def test_a_clip_becomes_a_film_with_its_own_pictures(
    program: Program, clips: Path, out: Path
) -> None:
    ended = program.call("lift", clips / "person.mp4", "-o", out / "x.mp4", "--seconds", "0.4")
    assert (ended.code, ended.err) == (0, ""), ended
    film, clip = read_film(out / "x.mp4"), read_film(clips / "person.mp4")
    np.testing.assert_allclose(film.time_s, np.arange(12) / 30, atol=1e-4)
    height, width, _ = clip.pictures[0].shape
    scale = film.size[1] / height
    pane = film.pictures[11][:, : round(width * scale)]
    # Away from the person, and so from what is drawn over the picture.
    ours, theirs = pane[: pane.shape[0] // 8], clip.pictures[11][: height // 8]
    np.testing.assert_allclose(ours.mean((0, 1)), theirs.mean((0, 1)), atol=4)
    said = json.loads((out / "x.mp4.json").read_text())
    assert said["video"]["picture"]["own"] == 12
    assert said["video"]["view"]["rendered"] + said["video"]["view"]["painted"] == 12


def test_a_video_is_never_replaced_by_its_own_film(
    program: Program, clips: Path, out: Path
) -> None:
    clip = Path(shutil.copy(clips / "person.mp4", out))
    before = clip.read_bytes()
    ended = program.call("lift", clip, "-o", clip, "--force")
    assert ended.code != 0, ended
    assert "is the video itself. Choose another name" in ended.err
    assert clip.read_bytes() == before


@pytest.mark.slow
def test_a_recording_becomes_a_film(program: Program, out: Path) -> None:
    path = take(out, [index / 20 for index in range(8)]).path
    ended = program.call("export", path, "--to", "mp4", "-o", out / "x.mp4", "--from", "0.1")
    assert ended.code == 0, ended
    film = read_film(out / "x.mp4")
    assert [number_shown(each[:, :480]) for each in film.pictures] == [2, 3, 4, 5, 6, 7]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["export", "lift"])
def test_ctrl_c_stops_a_film_and_leaves_nothing(
    command: str, program: Program, out: Path, tmp_path: Path
) -> None:
    if command == "export":
        asked = [take(tmp_path, [index / 30 for index in range(150)]).path]
    else:
        asked = ["performer", "--seconds", "3"]
    with on_terminal(program, command, *asked, "-o", out / "x.mp4") as (terminal, process):
        terminal.read_until(r"writing.*\|[1-9]\d*/")
        os.killpg(process.pid, signal.SIGINT)
        terminal.read_until("")
        process.communicate(timeout=20)
    assert process.returncode == 130, terminal.text
    assert f"{out / 'x.mp4'}" in terminal.text.rpartition("mixpose: Stopped")[2]
    assert list(out.iterdir()) == []
