"""Network streams: MJPEG over HTTP and RTSP, read by FFmpeg."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from app.errors import SourceError
from app.sources.base import Kind
from app.sources.interlacing import deinterlaced
from app.sources.newest import LiveSource, OpenedDevice
from app.sources.upright import UprightPictures, pixel_aspect

if TYPE_CHECKING:
    from av import VideoFrame

PORTS: Final = {"http": 80, "https": 443, "rtsp": 554}
OPEN_TIMEOUT_S: Final = 6.0
READ_TIMEOUT_S: Final = 3.0
STILL_PICTURES: Final = 8
ASK_TIMEOUT_S: Final = 1.5
"""To find out why a stream did not open; both together stay under ``OPEN_LIMIT_S``."""


def is_url(spec: str) -> bool:
    """Return whether ``spec`` is an address rather than a file or a camera."""
    return "://" in spec


def open_stream(url: str) -> LiveSource:
    """Open a stream and wait for its first picture.

    Raises:
        SourceError: the address is not one, or nothing usable answers there within 10 s.
    """
    parts = _split(url)
    return LiveSource(lambda: _open(url, parts), label=without_password(parts))


def wrong_with(url: str) -> str:
    """A sentence on what is wrong with an address as written; empty if nothing is."""
    try:
        _split(url)
    except SourceError as error:
        return str(error)
    return ""


KIND: Final = Kind(is_url, lambda spec, _: open_stream(spec.strip()))


def without_password(parts: SplitResult) -> str:
    """Return the address without user name and password: labels are shown, logged and recorded."""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _split(url: str) -> SplitResult:
    example = "An address looks like http://192.168.1.20:8080/video or rtsp://192.168.1.20/live."
    if has_unescaped(url):
        raise SourceError(
            "The user or the password in this address has a letter that means something else "
            "there. Write %40 for @, %23 for #, %2F for / and %3F for ?, as in "
            "rtsp://user:pass%40word@192.168.1.20/live."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"This is not a complete address. {example}") from error
    if parts.scheme not in PORTS:
        raise SourceError(f"“{parts.scheme}” is no kind of stream that can be read. {example}")
    if not parts.hostname or port == 0:
        raise SourceError(f"This is not a complete address. {example}")
    return parts


def has_unescaped(url: str) -> bool:
    """Whether an address seems to have an unescaped character in its user or password.

    ``user:pa/ss@host`` parses as the host ``user`` with the path ``ss@host``: part of the password
    would then be shown.
    """
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return authority.count("@") > 1 or ("@" in rest[len(authority) :] and ":" in authority)
    host, colon, port = authority.rpartition(":")
    real = port.isdecimal() and ("." in host or host == "localhost")
    return bool(colon) and not real and "@" in rest


def _open(url: str, parts: SplitResult) -> OpenedDevice:
    device = _capture(url)
    if not device.isOpened():
        raise SourceError(_why_not(parts))
    if parts.scheme != "rtsp" and device.get(cv2.CAP_PROP_FRAME_COUNT) > 1:
        device.release()
        raise SourceError(
            f"{without_password(parts)} is a video file, not a live stream. Download it and open "
            "the file."
        )
    # No rate: CAP_PROP_FPS says 25 for an MJPEG stream of 30 pictures a second.
    if not _stands_still(device):
        return OpenedDevice(device)
    device.release()
    try:
        return OpenedDevice(_Interlaced(url), rgb=True)
    except (av.error.FFmpegError, ValueError):
        pass  # FFmpeg's message is short, and contains the address with its password
    raise SourceError(_why_not(parts))


def _capture(url: str) -> cv2.VideoCapture:
    """Return a capture whose calls wait no longer than the limits above."""
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(OPEN_TIMEOUT_S * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(READ_TIMEOUT_S * 1000),
        # FFmpeg decodes as many frames at once as it has threads and hands out the oldest: H.264
        # over RTSP at 25/s came after 41 ms with one thread, 163 ms with four, 324 ms with eight.
        cv2.CAP_PROP_N_THREADS,
        1,
    ]
    return cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)


def _stands_still(device: cv2.VideoCapture) -> bool:
    """Whether the first pictures are identical to the bit.

    Those of a camera never are.  OpenCV cannot convert interlaced frames ("Cannot convert
    interlaced to progressive frames", which it does not report) and returns black pictures or
    uninitialised memory.
    """
    ok, first = device.read()
    for _ in range(STILL_PICTURES):
        if not ok:
            return False
        ok, picture = device.read()
        if ok and not np.array_equal(picture, first):
            return False
    return bool(ok)


class _Interlaced:
    """A stream read by PyAV, whose calls wait no longer than the limits above.

    As fast as OpenCV on its own, but it acquires the GIL ten times per picture and OpenCV once:
    next to a busy Python thread it delivered 1.4 of 30 pictures a second, OpenCV 26.

    Raises:
        FFmpegError, ValueError: it does not open, or has no picture.
    """

    def __init__(self, url: str) -> None:
        self._container = av.open(
            url,
            options={"rtsp_flags": "prefer_tcp"},
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
            metadata_errors="replace",
        )
        if not self._container.streams.video:
            self._container.close()
            raise ValueError("There is no picture.")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_type = "NONE"  # as above
        self._frames = deinterlaced(self._decoded())
        self._frame: VideoFrame | None = None
        self._pictures = UprightPictures()

    def grab(self) -> bool:
        """Wait for the next picture; False without one."""
        try:
            self._frame = next(self._frames, None)
        except av.error.FFmpegError:  # also when no data arrives in time
            self._frame = None
        return self._frame is not None

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Return whether there is one, and the grabbed picture: (height, width, 3) uint8 RGB."""
        if self._frame is None:
            return False, None
        return True, self._pictures.make(self._frame, pixel_aspect(self._stream), 0.0)

    def release(self) -> None:
        """Close the connection."""
        self._container.close()

    def _decoded(self) -> Iterator[VideoFrame]:
        """The intact frames.  Raises FFmpegError."""
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            yield from (frame for frame in frames if not frame.is_corrupt)


def _why_not(parts: SplitResult) -> str:
    """Return a sentence on why FFmpeg, which gives no reason, could not open the stream."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    address = f"{host}:{port}"
    try:
        socket.create_connection((host, port), ASK_TIMEOUT_S).close()
    except socket.gaierror:
        return f"The name {host} is not known in this network. Check the address."
    except ConnectionRefusedError:
        return f"Nothing is listening at {address}. Check that the camera's server is running."
    except TimeoutError:
        return f"{address} does not answer. Check that the camera is on, in this network."
    except OSError as error:
        return f"{address} cannot be reached ({error.strerror or error}). Check the network."
    if parts.scheme == "rtsp":
        refused = f"{address} answers, but not with this stream. Check its path, user and password."
        return f"{refused} {_password_again(parts, address)}" if _lacks_password(parts) else refused
    return _why_not_http(parts, address)


def _lacks_password(parts: SplitResult) -> bool:
    """Whether there is only a user, as in an address remembered by the window."""
    return bool(parts.username) and not parts.password


def _password_again(parts: SplitResult, address: str) -> str:
    return (
        "Passwords are not kept: type the whole address again, as in "
        f"{parts.scheme}://{parts.username}:password@{address}{parts.path}"
    )


def _why_not_http(parts: SplitResult, address: str) -> str:
    secure = parts.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=ASK_TIMEOUT_S)
    try:
        connection.request("GET", urlunsplit(("", "", parts.path or "/", parts.query, "")))
        answer = connection.getresponse()
    except TimeoutError:
        return f"{address} accepts a connection but sends nothing. Start the camera's server again."
    except (OSError, http.client.HTTPException) as error:
        return f"{address} does not answer as a web camera does ({error}). Check the address."
    finally:
        connection.close()
    if answer.status in (401, 403):
        if _lacks_password(parts):
            return f"{address} wants a password. {_password_again(parts, address)}"
        if parts.username:
            return f"{address} does not accept this user name and password."
        return (
            f"{address} wants a user name and a password, as in "
            f"{parts.scheme}://user:password@{address}{parts.path}"
        )
    if answer.status != 200:
        return f"{address} answers “{answer.status} {answer.reason}”. Check the path {parts.path}"
    kind = answer.headers.get_content_type()
    return f"{address}{parts.path} sends {kind}, not a video stream. Check the address."
