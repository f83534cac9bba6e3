"""MediaPipe's usage logs never leave the machine: seen from outside, by the system calls made."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.silence import environment_for_others, silenced
from tests.conftest import REPOSITORY

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_NOWHERE = "http://127.0.0.1:9"

# Runs in a process of its own: detect as the program does, with or without the silence.
_DETECT = """
import contextlib, sys, time
import numpy as np
import app.detector as detector
from app.packets import Frame

if sys.argv[1] == "loud":
    detector.silenced = contextlib.nullcontext
picture = np.zeros((120, 160, 3), np.uint8)
with detector.Detector() as running:
    start, index = time.monotonic(), 0
    while not index or time.monotonic() - start < float(sys.argv[2]):
        running.detect(Frame(index, time.monotonic() - start, picture, 0.0))
        index += 1
        time.sleep(0.25)
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
    strace: str, trace: Path, mode: str, *, seconds: float = 0.0, **variables: str
) -> list[str]:
    """Detect for ``seconds`` and return every attempt to connect or send, loopback's port 9 apart.

    A resolver on loopback or behind a local socket counts: it would ask the network in turn.
    """
    plain = {k: v for k, v in os.environ.items() if k.lower() not in _PROXIES}
    command = [strace, "-f", "-qq", "-e", "signal=none", "-o", str(trace)]
    command += ["-e", "trace=connect,sendto,sendmsg,sendmmsg"]
    command += [sys.executable, "-c", _DETECT, mode, str(seconds)]
    run = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=plain | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert run.stdout == "detected and closed\n", run.stderr
    calls = [line for line in trace.read_text().splitlines() if "(" in line]
    return [call for call in calls if not _HARMLESS.search(call)]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"no_proxy": "*"},
        {"NO_PROXY": "*"},
        {"no_proxy": "localhost, .googleapis.com", "NO_PROXY": "*"},
        {"no_proxy": "com"},
        {"HTTPS_PROXY": "http://192.0.2.1:3128"},
        {"https_proxy": "http://192.0.2.1:3128", "no_proxy": "PLAY.googleapis.com."},
        {"all_proxy": "socks5h://192.0.2.1:1080", "ALL_PROXY": "http://192.0.2.1:3128"},
    ],
    ids=str,
)
def test_nothing_is_looked_up_or_sent(
    strace: str, tmp_path: Path, variables: dict[str, str]
) -> None:
    assert traffic(strace, tmp_path / "trace", "silent", **variables) == []


def test_without_the_silence_the_same_check_hears_it(strace: str, tmp_path: Path) -> None:
    calls = traffic(strace, tmp_path / "trace", "loud")
    assert calls, "MediaPipe sends nothing any more: app.silence may go"
    # libcurl obeys the user's own proxy, which must not be trusted to keep a secret either.
    assert any("192.0.2.1" in call for call in traffic(
        strace, tmp_path / "trace", "loud", https_proxy="http://192.0.2.1:3128"
    ))  # fmt: skip


@pytest.mark.slow
def test_nothing_is_sent_in_the_middle_of_a_long_run(strace: str, tmp_path: Path) -> None:
    """Sixty seconds after its start a task sends from a thread of its own, if pictures come."""
    assert traffic(strace, tmp_path / "trace", "silent", seconds=63) == []


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
