"""``stream``, and ``record`` that sends, with real receivers in processes of their own."""

from __future__ import annotations

import os
import re
import signal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from app.cli.arguments import parse
from app.recording.reader import Recording
from tests.support.live_receivers import Receiver
from tests.support.mjpeg import MjpegServer, clip_jpegs
from tests.support.program import Program

SUMMARY = re.compile(
    r"(?P<label>.*): (?P<sent>\d+) poses, (?P<rate>[\d.]+) a second, (?P<median>\d+) ms from "
    r"capture to sending \(95 % within (?P<slow>\d+) ms\), (?P<lost>\d+) lost"
    r"(, (?P<unheard>\d+) while nobody received)?"
)


def summaries(out: str) -> dict[str, dict[str, float]]:
    """What is printed at the end, by receiver."""
    found = {}
    for line in out.splitlines():
        match = SUMMARY.fullmatch(line)
        assert match, line
        figures = match.groupdict(default="0")
        label = figures.pop("label")
        found[label] = {name: float(value) for name, value in figures.items()}
    return found


@pytest.mark.timing
def test_real_receivers_get_every_pose_and_the_figures_are_printed(program: Program) -> None:
    name = f"stream-{os.getpid()}"
    with Receiver("vmc", 0) as avatar, Receiver("lsl", name) as recorder:
        ended = program.call(
            "stream", "--source", "performer", "--osc", str(avatar.port), "--lsl", name,
            "--seconds", "5",
        )  # fmt: skip
        frames, take = avatar.frames(), recorder.take()
    assert ended.code == 0, ended
    vmc = f"VMC to 127.0.0.1:{avatar.port}"
    told = summaries(ended.out)
    assert list(told) == [vmc, f"LSL stream {name}"]
    assert told[vmc]["lost"] == told[vmc]["unheard"] == 0
    # The receiver: nothing is lost on the way, and all of it in order.
    assert len(frames) == told[vmc]["sent"] > 1
    assert all(before.time_s < after.time_s for before, after in pairwise(frames))
    assert all(len(frame.bones) == 19 for frame in frames)
    # LSL finds its receivers while it is sending already.
    assert take is not None
    sent = told[f"LSL stream {name}"]
    assert len(take.stamps) >= sent["sent"] - sent["unheard"] - 1
    late_ms = 1000 * (np.array(take.arrived) - take.stamps)
    assert 0 < np.median(late_ms) < told[f"LSL stream {name}"]["slow"] + 100
    assert _off_s(take.stamps, [frame.time_s for frame in frames]) < 0.002, "stamped at capture"
    print(
        f"\nVMC: {len(frames)} of {told[vmc]['sent']:.0f} poses received, {told[vmc]['rate']} a "
        f"second, {told[vmc]['median']:.0f} ms from capture to sending; LSL: {len(take.stamps)} "
        f"received, {np.median(late_ms):.0f} ms from capture to the receiver"
    )
    assert f"mixpose: Sending Performer ({vmc} and LSL stream {name}); Ctrl-C ends it." in ended.err


def _off_s(stamps: list[float], captured_s: list[float]) -> float:
    """How far one of the stamps is off the captures it may be of, where the two clocks begin at
    times of their own."""
    one, other = np.array(stamps), np.array(captured_s)
    beginnings = one[0] - other
    apart = np.abs(one - beginnings[:, None] - other[:, None, None]).min(axis=0).max(axis=-1)
    return float(apart.min())


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_lost_stream_is_waited_for_and_ctrl_c_ends_it(program: Program, clips: Path) -> None:
    with (
        MjpegServer(clip_jpegs(clips / "person.mp4")) as server,
        Receiver("vmc", 0) as avatar,
        program.start("stream", "--source", server.url, "--osc", avatar.port) as process,
    ):
        assert process.stderr is not None
        assert "Sending" in process.stderr.readline()
        server.die()
        assert "has stopped sending pictures" in process.stderr.readline()
        server.come_back()
        assert "sends pictures again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        frames = avatar.frames()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert summaries(out)[f"VMC to 127.0.0.1:{avatar.port}"]["sent"] == len(frames)


@pytest.mark.slow
def test_a_video_ends_by_itself_and_nobody_need_receive(program: Program, clips: Path) -> None:
    with Receiver("vmc", 0) as gone:
        pass
    ended = program.call("stream", "--source", clips / "person.mp4", "--osc", gone.port)
    assert ended.code == 0, ended
    (told,) = summaries(ended.out).values()
    assert told["sent"] == told["unheard"] > 0
    assert told["lost"] == 0


@pytest.mark.slow
def test_a_recording_is_sent_while_it_is_made(program: Program, clips: Path, out: Path) -> None:
    with MjpegServer(clip_jpegs(clips / "person.mp4")) as server, Receiver("vmc", 0) as avatar:
        ended = program.call(
            "record", "--source", server.url, "-o", out / "walk", "--seconds", "6", "--no-lift",
            "--osc", avatar.port, "--height", "1.6",
        )  # fmt: skip
        frames = avatar.frames()
    assert ended.code == 0, ended
    sent, recorded = ended.out.splitlines()
    assert summaries(sent)[f"VMC to 127.0.0.1:{avatar.port}"]["sent"] == len(frames) > 0
    assert recorded.startswith(f"{out / 'walk.mixpose'}: ")
    recording = Recording.open(out / "walk.mixpose")
    assert recording.keypoints.time_s[-1] > 5.5
    assert recording.poses is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stream", "--osc"], ["needs --source"]),
        (["stream", "--source", "performer"], ["--osc, --lsl, or several"]),
        (["stream", "--source", "performer", "--osc", "a b"], ["'a b' is no address", "HOST:PORT"]),
        (["stream", "--source", "performer", "--lsl", "x@y"], ["no name of a stream", "@network"]),
        (["--osc=", "lift", "x.mp4", "-o", "x.csv"], ["--osc belongs to the window"]),
        (["--lsl", "mixpose", "export", "x", "-o", "x.csv"], ["--lsl belongs to the window"]),
    ],
)
def test_wrong_arguments_are_said_in_a_line(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    said = capsys.readouterr().err
    assert (end.value.code, said.count("\n")) == (2, 1)
    for word in words:
        assert word in said


def test_where_it_is_sent_to_unless_another_place_is_typed() -> None:
    assert parse([]).osc is parse([]).lsl is None, "off by default"
    for arguments in (["--osc", "--lsl"], ["stream", "--source", "0", "--osc", "--lsl"]):
        options = parse(arguments)
        assert (str(options.osc), str(options.lsl)) == ("127.0.0.1:39539", "mixpose")
    options = parse(["record", "--source", "0", "--osc", "10.0.0.7:4000", "--lsl", "lab@network"])
    assert (str(options.osc), str(options.lsl)) == ("10.0.0.7:4000", "lab@network")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--source", "gone.mp4", "--osc"), "gone.mp4"),
        (("--source", "performer", "--osc", "no..such"), "no computer named no..such"),
        pytest.param(
            ("--source", "performer", "--osc", "--weights", "nosuch"), "nosuch",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_what_cannot_begin_says_why_in_a_line(
    arguments: tuple[str, ...], word: str, program: Program
) -> None:
    program.call("stream", *arguments).check_refused(word)


_WITHOUT = """
import sys
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, package=None: (
    None if name in ("pythonosc", "pylsl") else found(name, package)
)
from app.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("where", ["--osc", pytest.param("--lsl", marks=pytest.mark.slow)])
def test_without_the_extra_it_says_what_to_install(where: str, program: Program) -> None:
    ended = program.run("stream", "--source", "performer", where, code=_WITHOUT)
    ended.check_refused("pip install '.[live]'")
