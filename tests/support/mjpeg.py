"""A real MJPEG camera on loopback: one HTTP server that can stall, die and come back.

In a thread of the test::

    with MjpegServer(fps=30) as server:
        source = open_source(server.url)

or as a process of its own, which keeps the test's GIL out of the measurement::

    with MjpegProcess(fps=30, video=clip) as server: ...

or by hand: ``python tests/support/mjpeg.py --fps 30 --video clip.mp4`` prints the URL and obeys
``stall``, ``resume``, ``die``, ``back`` and ``quit`` on standard input.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

CODE_BITS = 16
BOUNDARY = "mixpose"


def numbered_picture(number: int, size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
    """Return an RGB picture, red on the left and blue on the right, that carries ``number``."""
    width, height = size
    picture = np.full((height, width, 3), 90, np.uint8)
    picture[height // 2 :, : width // 2] = (230, 20, 20)
    picture[height // 2 :, width // 2 :] = (20, 20, 230)
    for bit in range(CODE_BITS):
        left, right = bit * width // CODE_BITS, (bit + 1) * width // CODE_BITS
        picture[: height // 4, left:right] = 255 if number >> bit & 1 else 0
    return picture


def read_number(picture: NDArray[np.uint8]) -> int:
    """Return the number that :func:`numbered_picture` put into ``picture`` (low 16 bits)."""
    height, width = picture.shape[:2]
    columns = ((np.arange(CODE_BITS) + 0.5) * width / CODE_BITS).astype(int)
    bits = picture[height // 8, columns].mean(axis=-1) > 127
    return int(sum(1 << int(bit) for bit in np.flatnonzero(bits)))


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Encode an RGB picture."""
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert ok
    return bytes(data.tobytes())


def numbered_jpeg(number: int) -> bytes:
    """Return the JPEG of :func:`numbered_picture`."""
    return jpeg(numbered_picture(number))


def clip_jpegs(video: Path) -> Callable[[int], bytes]:
    """Return the pictures of a video file as JPEGs, endlessly; all are encoded beforehand."""
    capture = cv2.VideoCapture(str(video))
    jpegs = []
    while True:
        ok, picture = capture.read()
        if not ok:
            break
        jpegs.append(jpeg(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))
    capture.release()
    assert jpegs, f"no pictures in {video}"
    return lambda number: jpegs[number % len(jpegs)]


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True
    camera: MjpegServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client has gone away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.camera.serve(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class MjpegServer:
    """Serves ``picture(number)`` at ``fps`` pictures a second; every client sees the newest.

    Attributes:
        sent_at: ``time.perf_counter()`` of the first sending of each picture, by its number.
    """

    def __init__(
        self,
        picture: Callable[[int], bytes] = numbered_jpeg,
        *,
        fps: float = 30.0,
        port: int = 0,
        content_type: str = f"multipart/x-mixed-replace; boundary={BOUNDARY}",
    ) -> None:
        self._picture = picture
        self._fps = fps
        self._port = port
        self._content_type = content_type
        self._running = threading.Event()
        self._stopping = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._started = time.perf_counter()
        self.sent_at: dict[int, float] = {}

    @property
    def url(self) -> str:
        """Address of the stream, the same after :meth:`come_back`."""
        return f"http://127.0.0.1:{self._port}/video.mjpg"

    def come_back(self) -> None:
        """Listen, on the same port as before."""
        self._stopping.clear()
        self._running.set()
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.camera = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="mjpeg-server"
        )
        self._thread.start()

    def die(self) -> None:
        """Close every connection and listen no more."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._running.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = None

    def stall(self) -> None:
        """Keep the connections open and send nothing, not even headers to a new client."""
        self._running.clear()

    def resume(self) -> None:
        """Send again after :meth:`stall`."""
        self._running.set()

    def serve(self, request: _Handler) -> None:
        """Send pictures to one client until it goes away or the server dies."""
        self._running.wait()
        request.send_response(200)
        request.send_header("Content-Type", self._content_type)
        request.end_headers()
        number = self._due()
        while not self._stopping.is_set():
            data = self._picture(number)
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
            head += f"Content-Length: {len(data)}\r\n\r\n"
            self.sent_at.setdefault(number, time.perf_counter())
            request.wfile.write(head.encode() + data + b"\r\n")
            request.wfile.flush()
            number = max(number + 1, self._due())
            self._stopping.wait(max(0.0, self._started + number / self._fps - time.perf_counter()))
            self._running.wait()

    def _due(self) -> int:
        return int((time.perf_counter() - self._started) * self._fps)

    def __enter__(self) -> MjpegServer:
        self.come_back()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.die()


class MjpegProcess:
    """The same server in a process of its own."""

    def __init__(self, *, fps: float = 30.0, video: Path | None = None, port: int = 0) -> None:
        command = [sys.executable, __file__, "--fps", str(fps), "--port", str(port)]
        self._command = command + (["--video", str(video)] if video is not None else [])
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def stall(self) -> None:
        """See :meth:`MjpegServer.stall`."""
        self._tell("stall")

    def resume(self) -> None:
        """See :meth:`MjpegServer.resume`."""
        self._tell("resume")

    def die(self) -> None:
        """See :meth:`MjpegServer.die`."""
        self._tell("die")

    def come_back(self) -> None:
        """See :meth:`MjpegServer.come_back`."""
        self._tell("back")

    def _tell(self, word: str) -> None:
        pipes = self._pipes()
        pipes[0].write(word + "\n")
        pipes[0].flush()
        assert pipes[1].readline().strip() == word

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        return process.stdin, process.stdout

    def __enter__(self) -> MjpegProcess:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self._pipes()[1].readline().strip()
        assert self.url, "the MJPEG server did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.communicate(timeout=20)  # closes its standard input, which ends it


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="An MJPEG camera on loopback.")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--video", type=Path, help="send this clip, endlessly")
    options = parser.parse_args()
    picture = clip_jpegs(options.video) if options.video else numbered_jpeg
    with MjpegServer(picture, fps=options.fps, port=options.port) as server:
        print(server.url, flush=True)
        actions = {
            "stall": server.stall,
            "resume": server.resume,
            "die": server.die,
            "back": server.come_back,
        }
        for line in sys.stdin:
            word = line.strip()
            if word == "quit":
                break
            actions[word]()
            print(word, flush=True)


if __name__ == "__main__":
    main()
