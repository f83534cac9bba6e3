"""A small RTSP camera on loopback: H.264 over RTP in the RTSP connection (RFC 2326, 3550, 6184).

::

    with RtspServer(fps=25) as server:
        source = open_source(server.url)
"""

from __future__ import annotations

import re
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Any

import av

from tests.support.mjpeg import numbered_picture

CLOCK_HZ = 90000
PAYLOAD = 96
LARGEST = 1400
SIZE = (320, 240)


def encoded(fps: float, *, interlaced: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """Yield number and H.264 units of one numbered picture after the other, at once."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, round(fps))
    encoder.options = {"tune": "zerolatency", "g": str(round(fps)), "preset": "ultrafast"}
    if interlaced:
        encoder.options |= {"x264-params": "interlaced=1:tff=1"}
    number = 0
    while True:
        frame = av.VideoFrame.from_ndarray(numbered_picture(number, SIZE), format="rgb24")
        frame.pts = number
        for packet in encoder.encode(frame):
            units = re.split(rb"\x00\x00\x00?\x01", bytes(packet))
            yield number, [unit for unit in units if unit]
        number += 1


def fragments(unit: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield RTP payloads of a unit and whether each is its last: whole, or in parts (FU-A)."""
    if len(unit) <= LARGEST:
        yield unit, True
        return
    indicator, kind = (unit[0] & 0xE0) | 28, unit[0] & 0x1F
    for start in range(1, len(unit), LARGEST):
        first, last = start == 1, start + LARGEST >= len(unit)
        header = bytes([indicator, (0x80 if first else 0) | (0x40 if last else 0) | kind])
        yield header + unit[start : start + LARGEST], last


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while (request := self._request()) is not None:
            method, headers = request
            answer = getattr(self, f"_{method.lower()}")(headers)
            status = "461 Unsupported Transport" if answer is None else "200 OK"
            self._say(status, headers, answer)
            if method == "PLAY":
                self._send_pictures()
                return

    def _request(self) -> tuple[str, dict[str, str]] | None:
        line = self.rfile.readline().decode()
        if not line:
            return None
        headers = {}
        while field := self.rfile.readline().decode().strip():
            name, _, value = field.partition(":")
            headers[name.lower()] = value.strip()
        return line.split()[0], headers

    def _say(self, status: str, headers: dict[str, str], answer: list[str] | None) -> None:
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers['cseq']}", "Session: 1"]
        self.wfile.write("\r\n".join([*lines, *(answer or ["", ""])]).encode())

    def _options(self, _: dict[str, str]) -> list[str]:
        return ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN", "", ""]

    def _describe(self, _: dict[str, str]) -> list[str]:
        body = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\na=control:*\r\n"
            f"m=video 0 RTP/AVP {PAYLOAD}\r\na=rtpmap:{PAYLOAD} H264/{CLOCK_HZ}\r\n"
            f"a=fmtp:{PAYLOAD} packetization-mode=1\r\na=control:track\r\n"
        )
        return ["Content-Type: application/sdp", f"Content-Length: {len(body)}", "", body]

    def _setup(self, headers: dict[str, str]) -> list[str] | None:
        if "TCP" not in headers["transport"]:
            return None
        return ["Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "", ""]

    def _play(self, _: dict[str, str]) -> list[str]:
        return ["", ""]

    def _send_pictures(self) -> None:
        sequence, fps, began = 0, self.server.fps, time.perf_counter()
        for number, units in encoded(fps, interlaced=self.server.interlaced):
            if self.server.stopping.wait(max(0.0, began + number / fps - time.perf_counter())):
                return
            self.server.sent_at[number] = time.perf_counter()
            stamp = int(number * CLOCK_HZ / fps)
            for unit in units:
                for payload, last in fragments(unit):
                    mark = 0x80 if last and unit is units[-1] else 0
                    head = struct.pack(">BBHII", 0x80, mark | PAYLOAD, sequence & 0xFFFF, stamp, 1)
                    packet = head + payload
                    self.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
                    sequence += 1


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    fps: float
    interlaced: bool
    stopping: threading.Event
    sent_at: dict[int, float]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client has gone away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class RtspServer:
    """Serves numbered pictures (see ``tests.support.mjpeg``), from 0 for every client.

    Attributes:
        sent_at: ``time.perf_counter()`` of the sending of each picture, by its number.
    """

    def __init__(self, fps: float = 25.0, *, interlaced: bool = False) -> None:
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.fps, self._server.interlaced = fps, interlaced
        self._server.stopping = threading.Event()
        self._server.sent_at = self.sent_at = {}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.url = f"rtsp://127.0.0.1:{self._server.server_address[1]}/live"

    def __enter__(self) -> RtspServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
