"""Streams from a real server on loopback, read by the real FFmpeg."""

from __future__ import annotations

import base64
import http.server
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.errors import SourceError
from app.sources import open_source
from app.sources.newest import LiveSource
from app.sources.stream import open_stream
from tests.support.av_clips import write_clip
from tests.support.mjpeg import MjpegProcess, MjpegServer, numbered_jpeg, read_number
from tests.support.rtsp import RtspServer
from tests.support.sources import read_until
from tests.support.waiting import until


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer(fps=30) as server:
        yield server


def refusal(url: str) -> str:
    began = time.perf_counter()
    with pytest.raises(SourceError) as caught:
        open_stream(url)
    assert time.perf_counter() - began < 11
    return str(caught.value)


@pytest.mark.timing
def test_thirty_frames_a_second_with_little_delay(server: MjpegServer) -> None:
    with open_source(server.url) as source:
        assert source.live
        assert (source.size, source.label, source.rate) == ((640, 480), server.url, None)
        frames = [source.read() for _ in range(60)]
        dropped = source.dropped
        sent = sorted(server.sent_at)
    delays = []
    for frame in frames:
        assert frame is not None
        delays.append(frame.captured_at - server.sent_at[read_number(frame.image)])
    assert np.median(delays) < 0.05
    numbers = [read_number(frame.image) for frame in frames if frame is not None]
    lost = sent.index(numbers[-1]) - sent.index(numbers[0]) - 59
    assert lost <= dropped <= lost + 1, "the one after the last may be overwritten by now"
    assert frames[-1] is not None
    assert frames[-1].time_s == pytest.approx((numbers[-1] - numbers[0]) / 30, abs=0.15)


@pytest.mark.timing
def test_a_reader_that_slept_gets_the_present(server: MjpegServer) -> None:
    with open_stream(server.url) as source:
        source.read()
        before = len(server.sent_at)
        until(lambda: len(server.sent_at) >= before + 45, "a second and a half of pictures")
        source.read()  # the newest there is, at most one frame old
        frame = source.read()
        assert frame is not None
        assert time.perf_counter() - server.sent_at[read_number(frame.image)] < 0.25
        assert source.dropped > 30


def test_a_stall_is_a_timeout_and_passes(server: MjpegServer) -> None:
    with open_stream(server.url) as source:
        assert source.read() is not None
        server.stall()
        read_until(TimeoutError, source, 0.5)
        server.resume()
        assert source.read() is not None


def test_a_long_stall_ends_the_stream(server: MjpegServer) -> None:
    with open_stream(server.url) as source:
        server.stall()
        began = time.perf_counter()
        read_until(SourceError, source, 10)
        assert time.perf_counter() - began < 8


def test_a_server_that_dies_and_comes_back(server: MjpegServer) -> None:
    with open_stream(server.url) as source:
        server.die()
        read_until(SourceError, source, 10)
    assert "Nothing is listening" in refusal(server.url)
    server.come_back()
    with open_stream(server.url) as source:
        assert source.read() is not None


def test_the_server_in_a_process_of_its_own() -> None:
    with MjpegProcess(fps=50) as server:
        with open_stream(server.url) as source:
            frames = [source.read() for _ in range(25)]
            assert all(frame is not None for frame in frames)
            server.die()
            read_until(SourceError, source, 10)
        server.come_back()
        with open_stream(server.url) as source:
            assert source.read() is not None


@pytest.mark.timing
def test_closing_during_a_stall_does_not_wait_for_it(server: MjpegServer) -> None:
    source = open_stream(server.url)
    server.stall()
    until(lambda: time.perf_counter() - max(server.sent_at.values()) > 0.1, "the stall")
    began = time.perf_counter()
    source.close()
    assert time.perf_counter() - began < 2
    assert source.read() is None
    server.resume()


def test_closing_while_another_thread_reads(server: MjpegServer) -> None:
    for wait_s in (0.0, 0.03, 0.1):
        source = open_stream(server.url)
        closer = threading.Timer(wait_s, source.close)
        closer.start()
        while source.read() is not None:
            pass
        closer.join()


def test_opening_from_several_threads(server: MjpegServer) -> None:
    opened: list[LiveSource] = []
    threads = [
        threading.Thread(target=lambda: opened.append(open_stream(server.url))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 3
    for source in opened:
        assert source.read() is not None
        source.close()


def test_a_server_that_says_nothing(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sources.stream.OPEN_TIMEOUT_S", 1.0)
    server.stall()
    assert "sends nothing" in refusal(server.url)
    server.resume()


@pytest.mark.slow
def test_nothing_hangs_longer_than_ten_seconds(server: MjpegServer) -> None:
    server.stall()
    assert "sends nothing" in refusal(server.url)
    server.resume()


@pytest.mark.timing
def test_rtsp_with_little_delay() -> None:
    with RtspServer(fps=25) as server, open_source(server.url) as source:
        assert (source.live, source.size) == (True, (320, 240))
        frames = [source.read() for _ in range(40)]
    delays = []
    for frame in frames[-20:]:
        assert frame is not None
        delays.append(frame.captured_at - server.sent_at[read_number(frame.image)])
    # One frame, 40 ms, is FFmpeg's own; two threads in the decoder would make it two.
    assert np.median(delays) < 0.075


def test_interlaced_pictures_come_whole() -> None:
    with RtspServer(fps=25, interlaced=True) as server, open_source(server.url) as source:
        numbers = [read_number(frame.image) for _ in range(30) if (frame := source.read())]
    assert len(numbers) == 30
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= 29


def test_a_picture_that_stands_still_is_a_stream_too() -> None:
    still = numbered_jpeg(77)
    with MjpegServer(lambda _: still, fps=30) as server, open_stream(server.url) as source:
        for _ in range(20):
            frame = source.read()
            assert frame is not None
            assert read_number(frame.image) == 77


def test_rtsp_that_ends() -> None:
    with RtspServer(fps=25) as server:
        source = open_stream(server.url)
    with source:
        read_until(SourceError, source, 10)


def test_addresses_that_are_none() -> None:
    for url in ("http://", "http://[::1/x", "http://h:99999/", "rtsp:///live"):
        assert "not a complete address" in refusal(url)
    assert "“gopher” is no kind of stream" in refusal("gopher://host/x")


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    for scheme in ("http", "rtsp"):
        message = refusal(f"{scheme}://127.0.0.1:{port}/x")
        assert f"Nothing is listening at 127.0.0.1:{port}" in message


def test_a_name_that_nobody_knows() -> None:
    message = refusal("http://no-such-camera.invalid/video")
    assert "no-such-camera.invalid" in message


def test_passwords_are_not_shown(server: MjpegServer) -> None:
    with open_stream(server.url.replace("//", "//me:secret@")) as source:
        assert source.label == server.url
    server.die()
    assert "secret" not in refusal(server.url.replace("//", "//me:secret@"))


@pytest.mark.parametrize(
    "password", ["top@secret", "top#secret", "top/secret", "12/secret", "a@b/c"]
)
@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_password_that_means_something_else_is_to_be_escaped(scheme: str, password: str) -> None:
    message = refusal(f"{scheme}://anna:{password}@127.0.0.1/live")
    assert "Write %40 for @, %23 for #, %2F for /" in message
    for part in ("anna", "top", "secret", "12", "a@b", "b/c", "127.0.0.1"):
        assert part not in message.replace("192.168.1.20", "")


@pytest.mark.parametrize(
    "path", ["/@live", "/v?user=a@b.c", "/a@b/c@d", "/#@"], ids=["path", "query", "both", "mark"]
)
def test_an_at_sign_elsewhere_is_left_alone(path: str, server: MjpegServer) -> None:
    with open_stream(server.url.replace("/video.mjpg", path)) as source:
        assert source.read() is not None


def test_an_escaped_password_is_sent_as_it_is() -> None:
    asked: list[str | None] = []

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        message = refusal(f"http://anna:a%40b%2Fc%23d@127.0.0.1:{web.server_address[1]}/live")
        web.shutdown()
        thread.join()
    assert "does not accept this user name and password" in message
    sent = base64.b64encode(b"anna:a@b/c#d").decode()
    assert f"Basic {sent}" in asked


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/secret": 401, "/gone": 404}.get(self.path, 200)
        video = self.path == "/clip.mp4"
        body = self.server.clip if video else b"<html>Hello</html>"  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Type", "video/mp4" if video else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Return the address of a page on an ordinary web server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as web:
        web.clip = write_clip(  # type: ignore[attr-defined]
            tmp_path / "a.mp4", [0, 33, 66], muxing={"movflags": "+faststart"}
        ).read_bytes()
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        yield lambda path: f"http://127.0.0.1:{web.server_address[1]}{path}"
        web.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "sends text/html, not a video stream"),
        ("/gone", "404 Not Found"),
        ("/secret", "wants a user name and a password"),
        ("/clip.mp4", "is a video file, not a live stream"),
    ],
)
def test_web_pages_that_are_no_stream(pages: Callable[[str], str], path: str, said: str) -> None:
    assert said in refusal(pages(path))


def test_a_wrong_password_is_called_wrong(pages: Callable[[str], str]) -> None:
    url = pages("/secret").replace("//", "//me:wrong@")
    assert "does not accept this user name and password" in refusal(url)


class HangsUp(socketserver.BaseRequestHandler):
    """A camera that does not say why."""

    def handle(self) -> None:
        self.request.recv(1000)


def test_a_password_that_was_not_kept_is_asked_for_again(pages: Callable[[str], str]) -> None:
    plain = pages("/secret")
    message = refusal(plain.replace("//", "//me@"))
    assert "wants a password. Passwords are not kept: type the whole address again" in message
    assert plain.replace("//", "//me:password@") in message
    with socketserver.TCPServer(("127.0.0.1", 0), HangsUp) as camera:
        threading.Thread(target=camera.serve_forever, args=(0.01,), daemon=True).start()
        address = f"127.0.0.1:{camera.server_address[1]}"
        message = refusal(f"rtsp://me@{address}/live")
        assert "Passwords are not kept: type the whole address again, as in rtsp://me:p" in message
        assert "not kept" not in refusal(f"rtsp://me:wrong@{address}/live")
        camera.shutdown()


@pytest.mark.parametrize("stalled", [False, True])
def test_a_program_may_end_without_closing(server: MjpegServer, stalled: bool) -> None:
    program = (
        "import sys; from app.sources import open_source\n"
        "source = open_source(sys.argv[1]); source.read(); print('open', flush=True); input()\n"
    )
    command = [sys.executable, "-c", program, server.url]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        if stalled:
            server.stall()
        _, errors = process.communicate("\n", timeout=20)
        server.resume()
    assert (process.returncode, errors) == (0, "")


def test_the_proxy_that_keeps_mediapipe_quiet_leaves_streams_alone(server: MjpegServer) -> None:
    program = (
        "import sys; from app.sources import open_source\n"
        "with open_source(sys.argv[1]) as source: print(source.read().size)\n"
    )
    nowhere = "http://127.0.0.1:9"
    done = subprocess.run(
        [sys.executable, "-c", program, server.url],
        env={"PATH": "", "https_proxy": nowhere, "HTTPS_PROXY": nowhere},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "(640, 480)"
    assert done.stderr == ""
