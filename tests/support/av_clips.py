"""Video files of any kind for the tests, made and read back with PyAV (libav's own library)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.support.mjpeg import numbered_picture

MILLISECOND = Fraction(1, 1000)
NTSC = Fraction(30000, 1001)
X265 = "log-level=none:pools=1:frame-threads=1"
"""Parameters of x265 in all tests: with more threads, its last frames never came in one of some
hundred runs (an endless loop in ``RateControl::setFinalFrameCount``)."""


def write_clip(
    path: Path,
    stamps: Sequence[int],
    time_base: Fraction = MILLISECOND,
    *,
    codec: str = "libx264",
    rate: Fraction | int = 30,
    size: tuple[int, int] = (320, 240),
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    muxing: dict[str, str] | None = None,
    aspect: Fraction | None = None,
    turned: int = 0,
) -> Path:
    """Write numbered pictures, picture i shown at ``stamps[i]`` (in units of ``time_base``).

    ``size`` is that of the upright picture; it is stored ``turned`` degrees anticlockwise.
    """
    stored = (size[1], size[0]) if turned % 180 else size
    with av.open(str(path), "w", options=muxing or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height = stored
        stream.pix_fmt = pixels
        stream.time_base = stream.codec_context.time_base = time_base
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        for number, stamp in enumerate(stamps):
            picture = np.rot90(numbered_picture(number, size), turned // 90)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_interlaced(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    *,
    codec: str,
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
) -> Path:
    """Write (height, width, 3) RGB pictures at 25 frames/s, tagged as interlaced, upper line first.

    The picture's even lines should be of a moment before that of its odd ones.
    """
    height, width = pictures[0].shape[:2]
    tagged = av.filter.Graph()
    source = tagged.add_buffer(
        width=width, height=height, format=av.VideoFormat("yuv444p"), time_base=Fraction(1, 25)
    )
    steps = [source, tagged.add("setfield", "mode=tff"), tagged.add("format", pixels)]
    tagged.link_nodes(*steps, tagged.add("buffersink")).configure()
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv444p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            tagged.vpush(frame)
            container.mux(stream.encode(tagged.vpull()))
        container.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """Write a file that holds a second of silence and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for start in range(0, 44100, 1024):
            samples = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.rate, frame.pts = 44100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shown_at(path: Path) -> NDArray[np.float64]:
    """Return the times of all frames that libav can decode, from the first, in seconds."""
    times: list[float] = []
    with av.open(f"file:{path}") as container:
        for packet in container.demux(video=0):
            try:
                times += [float(frame.pts * frame.time_base) for frame in packet.decode()]
            except av.error.InvalidDataError:
                continue
    return np.array(times) - times[0]


def tag_rotation(path: Path, degrees: int) -> None:
    """Write the display matrix of an MP4 or MOV file: turn it ``degrees`` clockwise to show it."""
    tag_matrix(path, {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[degrees])


def tag_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Write an MP4 or MOV file's display matrix: (x, y) is shown at (a x + c y, b x + d y)."""
    a, b, c, d = (value << 16 for value in matrix)
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    long_times = data[header] == 1
    matrix = header + 4 + (32 if long_times else 20) + 16
    struct.pack_into(">9i", data, matrix, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def cut(path: Path, part: float) -> None:
    """Keep the first ``part`` (0 to 1) of a file's bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])


def write_film(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    *,
    codec: str,
    muxing: dict[str, str] | None = None,
) -> Path:
    """Write (height, width, 3) RGB pictures at 30 frames/s in any codec; every sixth is whole."""
    with av.open(str(path), "w", options=muxing or {}) as container:
        stream = container.add_stream(codec, rate=30, options={"g": "6"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.bit_rate = 800_000
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def write_again_and_again(film: Path, path: Path, times: int) -> Path:
    """Write ``film``, which has no sound, ``times`` times one after the other, as it is coded."""
    with av.open(str(path), "w") as container:
        stream, begin = None, 0
        for _ in range(times):
            with av.open(str(film)) as given:
                (video,) = given.streams.video
                stream = stream or container.add_stream_from_template(video)
                length = 0
                for packet in given.demux(video):
                    if packet.dts is None:
                        continue
                    length = max(length, packet.pts + packet.duration)
                    packet.pts, packet.dts = packet.pts + begin, packet.dts + begin
                    packet.stream = stream
                    container.mux(packet)
                begin += length
    return path
