"""MediaPipe's usage logs never leave the machine: seen from outside, by the system calls made."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

import psutil
import pytest

from app.detection.no_telemetry import _State, environment_for_others, reserve, silenced
from tests.conftest import REPOSITORY
from tests.support.clips import performer_pictures, write_clip

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_NOWHERE = "http://127.0.0.1:9"

# Runs in a process of its own: detect as the program does, with or without the silence; once for
# each set of variables.
_DETECT = """
import contextlib, json, os, sys, time
import numpy as np
import app.detection.detector as detector
from app.packets import Frame

if sys.argv[1] == "loud":
    detector.silenced = contextlib.nullcontext
picture = np.zeros((120, 160, 3), np.uint8)
for variables in json.loads(sys.argv[3]):
    os.environ.update(variables)
    with detector.Detector() as running:
        start, index = time.monotonic(), 0
        while not index or time.monotonic() - start < float(sys.argv[2]):
            running.detect(Frame(index, time.monotonic() - start, picture, 0.0))
            index += 1
            time.sleep(0.25)
    assert variables.items() <= os.environ.items()
    for name in variables:
        del os.environ[name]
    print("detected and closed")
"""
_HARMLESS = re.compile(r'connect\(\d+, \{sa_family=AF_INET, sin_port=htons\(9\), .*"127\.0\.0\.1"')


@pytest.fixture(scope="module")
def strace() -> str:
    path = shutil.which("strace")
    if path is None:
        pytest.skip("NOT PROVEN: strace is not installed (apt install strace)")
    tried = subprocess.run([path, "-f", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"NOT PROVEN: strace may not look at processes here: {tried.stderr.strip()}")
    return path


def traffic(
    strace: str,
    trace: Path,
    mode: str,
    *variables: dict[str, str],
    seconds: float = 0.0,
) -> list[str]:
    """Detect for ``seconds`` with each set of ``variables`` and return every attempt to connect or
    send, loopback's port 9 apart.

    A resolver on loopback or behind a local socket counts: it would ask the network in turn.
    """
    plain = {k: v for k, v in os.environ.items() if k.lower() not in _PROXIES}
    command = [strace, "-f", "-qq", "-e", "signal=none", "-o", str(trace)]
    command += ["-e", "trace=connect,sendto,sendmsg,sendmmsg"]
    command += [sys.executable, "-c", _DETECT, mode, str(seconds), json.dumps(variables)]
    run = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert run.stdout == "detected and closed\n" * len(variables), run.stderr
    calls = [line for line in trace.read_text().splitlines() if "(" in line]
    return [call for call in calls if not _HARMLESS.search(call)]


@pytest.mark.slow
def test_nothing_is_looked_up_or_sent(strace: str, tmp_path: Path) -> None:
    users = (
        {},
        {"no_proxy": "*"},
        {"NO_PROXY": "*"},
        {"no_proxy": "localhost, .googleapis.com", "NO_PROXY": "*"},
        {"no_proxy": "com"},
        {"HTTPS_PROXY": "http://192.0.2.1:3128"},
        {"https_proxy": "http://192.0.2.1:3128", "no_proxy": "PLAY.googleapis.com."},
        {"all_proxy": "socks5h://192.0.2.1:1080", "ALL_PROXY": "http://192.0.2.1:3128"},
    )
    assert traffic(strace, tmp_path / "trace", "silent", *users) == []


@pytest.mark.slow
def test_without_the_silence_the_same_check_hears_it(strace: str, tmp_path: Path) -> None:
    # libcurl obeys the user's own proxy, which must not be trusted to keep a secret either.
    proxy = {"https_proxy": "http://192.0.2.1:3128"}
    calls = traffic(strace, tmp_path / "trace", "loud", {}, proxy, {})
    told = ["192.0.2.1" in call for call in calls]
    assert any(told), "what a user has set while the program runs is obeyed"
    first = told.index(True)
    assert first > 0, "MediaPipe sends nothing any more: app.detection.no_telemetry may go"
    assert not all(told[first:]), "and so is what is set after that"


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_nothing_is_sent_in_the_middle_of_a_long_run(strace: str, tmp_path: Path) -> None:
    """Sixty seconds after its start a task sends from a thread of its own, if pictures come."""
    assert traffic(strace, tmp_path / "trace", "silent", {}, seconds=63) == []


_OWN_COMPUTER: Final = re.compile(
    r'sa_family=AF_(UNIX|NETLINK)|inet_addr\("127\.|inet_pton\(AF_INET6, "::1"'
)
_RESOLVER: Final = re.compile(r"htons\(53\)|htons\(5353\)|systemd/resolve")


def outward(trace: Path) -> list[str]:
    """Calls that leave the computer or ask for a name; what goes on inside it does not count."""
    calls = trace.read_text().splitlines()
    named = [call for call in calls if "sa_family=" in call or "sin6_" in call]
    return [c for c in named if not _OWN_COMPUTER.search(c) or _RESOLVER.search(c)]


def traced(strace: str, trace: Path, home: Path, *command: str) -> subprocess.Popen[str]:
    plain = {k: v for k, v in os.environ.items() if k.lower() not in _PROXIES}
    calls = "trace=connect,sendto,sendmsg,sendmmsg"
    return subprocess.Popen(
        [strace, "-f", "-qq", "-e", "signal=none", "-o", str(trace), "-e", calls, *command],
        cwd=REPOSITORY,
        env=plain | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_lifting_a_film_leaves_the_network_alone(strace: str, tmp_path: Path) -> None:
    film = write_clip(tmp_path / "performer.mp4", performer_pictures(12))
    table, trace = tmp_path / "poses.csv", tmp_path / "trace"
    command = (sys.executable, "run_app.py", "lift", str(film), "-o", str(table))
    with traced(strace, trace, tmp_path, *command) as lifting:
        _, said = lifting.communicate(timeout=500)
    assert lifting.returncode == 0, said
    assert len(table.read_text().splitlines()) == 13
    assert outward(trace) == []


@pytest.mark.slow
@pytest.mark.skipif("DISPLAY" not in os.environ, reason="there is no screen")
def test_a_window_leaves_the_network_alone(strace: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    command = (sys.executable, "run_app.py", "--source", "performer")
    with traced(strace, trace, tmp_path, *command) as tracer:
        assert tracer.stderr is not None
        said = iter(tracer.stderr)
        assert "ready\n" in said
        time.sleep(10)
        psutil.Process(tracer.pid).children()[0].terminate()
        rest = "".join(said)
    assert tracer.returncode == 0, rest
    assert "connect(" in trace.read_text(), "the screen at least was reached"
    assert outward(trace) == []


def test_what_would_leave_is_seen(strace: str, tmp_path: Path) -> None:
    script = (
        "import contextlib, socket\n"
        "for place in ('127.0.0.1', 9), ('192.0.2.1', 9), ('127.0.0.1', 53), ('::1', 9),"
        " ('2001:db8::1', 9):\n"
        "    family = socket.AF_INET6 if ':' in place[0] else socket.AF_INET\n"
        "    with socket.socket(family, socket.SOCK_DGRAM) as s, contextlib.suppress(OSError):\n"
        "        s.sendto(b'x', place)\n"
    )
    trace = tmp_path / "trace"
    with traced(strace, trace, tmp_path, sys.executable, "-c", script) as process:
        process.communicate(timeout=60)
    seen = outward(trace)
    assert [any(word in call for call in seen) for word in ("192.0.2.1", "(53)", "2001:db8")] == [
        True,
        True,
        True,
    ]
    assert len(seen) == 3


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A user without any proxy settings."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_the_environment_is_given_back(user: pytest.MonkeyPatch) -> None:
    user.setenv("https_proxy", "http://proxy.example:3128")
    user.setenv("NO_PROXY", "*")
    before = dict(os.environ)
    with contextlib.suppress(ZeroDivisionError), silenced():
        assert os.environ["https_proxy"] == _NOWHERE
        assert os.environ["NO_PROXY"] != "*"
        _ = 1 / 0
    assert dict(os.environ) == before


def test_the_silence_lasts_until_the_last_block_ends(user: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    first, second = silenced(), silenced()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert os.environ["https_proxy"] == _NOWHERE
    second.__exit__(None, None, None)
    assert dict(os.environ) == before


def test_other_programs_get_the_users_environment(user: pytest.MonkeyPatch) -> None:
    user.setenv("no_proxy", "*")
    before = dict(os.environ)
    with silenced():
        assert environment_for_others() == before
    assert environment_for_others() == before


@pytest.mark.parametrize(
    ("exceptions", "expected"),
    [
        ("localhost,10.0.0.0/8,.example.com", "localhost,10.0.0.0/8,.example.com"),
        ("*", "*,"),  # still everything for FFmpeg, nothing for libcurl
        ("camera.local, .googleapis.com", "camera.local"),
        ("Play.GoogleAPIs.com. camera.local", "camera.local"),
        ("apis.com", "apis.com"),  # no domain of the host's: libcurl compares whole labels
        ("com", "localhost"),  # an empty list would make libcurl read NO_PROXY
    ],
)
def test_only_what_names_the_host_leaves_no_proxy(
    user: pytest.MonkeyPatch, exceptions: str, expected: str
) -> None:
    """FFmpeg, too, reads no_proxy, for stream URLs; the user's exceptions go on working."""
    user.setenv("no_proxy", exceptions)
    user.setenv("http_proxy", "http://proxy.example:3128")
    with silenced():
        assert os.environ["no_proxy"] == expected
        assert os.environ["http_proxy"] == "http://proxy.example:3128"


def test_many_threads_leave_the_environment_as_it_was(user: pytest.MonkeyPatch) -> None:
    before = dict(os.environ)
    wrong = []

    def work() -> None:
        for _ in range(300):
            with silenced():
                if os.environ.get("https_proxy") != _NOWHERE:
                    wrong.append(threading.current_thread().name)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert dict(os.environ) == before


_TABLE = """
import ctypes, os
from app.detection.no_telemetry import _State, environment_for_others, reserve, silenced
# The program has set many variables by itself before, as cv2 and Qt do.
for number in range(64):
    os.environ[f"FILLER_{number}"] = "x"
before = dict(os.environ)
if RESERVED:
    reserve()
table = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "environ")
seen = set()
for _ in range(20):
    seen.add((table.value, len(os.environ)))
    with silenced():
        seen.add((table.value, len(os.environ)))
        assert os.environ["https_proxy"] == "http://127.0.0.1:9"
    assert environment_for_others() == before
print(len(seen))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's table")
@pytest.mark.parametrize("reserved", [True, False])
def test_the_table_of_variables_stays_where_it_is(reserved: bool, user: pytest.MonkeyPatch) -> None:
    """A thread that reads it meanwhile must not find it moved away."""
    script = _TABLE.replace("RESERVED", str(reserved))
    environment = {name: value for name, value in os.environ.items() if "_proxy" not in name}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    assert (int(ran.stdout) == 1) is reserved


@pytest.mark.parametrize("theirs", [{}, {"HTTPS_PROXY": "http://proxy:1"}, {"https_proxy": "x"}])
def test_what_is_reserved_changes_nothing(theirs: dict[str, str], user: pytest.MonkeyPatch) -> None:
    for name, value in theirs.items():
        user.setenv(name, value)
    before = dict(os.environ)
    user.setattr(_State, "reserved", False)
    user.setenv("https_proxy", before.get("https_proxy", ""))  # taken back after the test
    if "https_proxy" not in before:
        del os.environ["https_proxy"]
    reserve()
    assert os.environ["https_proxy"] == (theirs or {"": ""}).popitem()[1]
    assert environment_for_others() == before
