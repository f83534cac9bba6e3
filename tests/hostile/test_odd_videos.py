"""Videos that are whole but not what they seem: no frames, odd sizes, wrong tags, ten hours."""

from __future__ import annotations

import hashlib
import socket
import struct
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from app.errors import DetectorError, SourceError
from app.lifting.batch.run import run as run_all
from app.lifting.batch.task import BatchOptions, Result, Task
from app.lifting.options import LiftOptions
from app.lifting.progress import never
from app.packets import Frame
from app.sources import VideoFile
from models.checkpoint import resolve_weights
from tests.support.av_clips import write_clip, write_sound
from tests.support.clips import performer_pictures
from tests.support.engines import Inline

LONGEST_S = 10.0
TEN_HOURS_S = 36_000


def read(path: Path) -> tuple[list[Frame], list[str]]:
    with VideoFile(path) as video:
        return list(iter(video.read, None)), video.warnings


@pytest.fixture(scope="module")
def lift() -> Callable[[Path], Result]:
    """Lift a video to a table beside it, with one network for all."""
    sha256 = hashlib.sha256(resolve_weights().read_bytes()).hexdigest()
    wanted = BatchOptions(sha256, lifting=LiftOptions(device="cpu", detector="lite"))

    def run(path: Path) -> Result:
        task = Task(path, path.with_suffix(".csv"))
        (result,) = (
            event for event in run_all([task], wanted, Inline(), never) if isinstance(event, Result)
        )
        return result

    return run


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "a.ts"])
def test_no_frames(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx" if name == "a.webm" else "mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        container.start_encoding()
    with pytest.raises(SourceError, match=name.replace(".", r"\.")):
        VideoFile(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.m4a"])
def test_only_sound(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="only sound"):
        VideoFile(write_sound(tmp_path / name))


@pytest.mark.parametrize("name", ["list.m3u8", "film.mp4", "film.sdp", "film.ffconcat"])
def test_a_file_that_names_an_address_opens_no_connection(name: str, tmp_path: Path) -> None:
    inside = write_clip(tmp_path / "inside.ts", range(6), Fraction(1, 30)).name
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        address = f"http://127.0.0.1:{port}/{inside}"
        texts = {
            ".sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
            f"m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
            ".ffconcat": f"ffconcat version 1.0\nfile {address}\n",
        }
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n"
        path = tmp_path / name
        path.write_text(texts.get(path.suffix, playlist))
        with pytest.raises(SourceError, match=name.replace(".", r"\.")):
            VideoFile(path)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (3, 5), (321, 243), (16, 2000), (2000, 16), (4096, 2)], ids=str
)
def test_odd_sizes(size: tuple[int, int], lift: Callable[[Path], Result], tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", [0, 33, 66], size=size, pixels="yuv444p")
    frames, warnings = read(path)
    assert ([frame.size for frame in frames], warnings) == ([size] * 3, [])
    assert isinstance(lift(path).error, DetectorError), "nobody fits into it"


@pytest.mark.parametrize(
    "matrix",
    [
        (40000, 30000, 0, -30000, 40000, 0, 0, 0, 1 << 30),
        (-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30),
        (0,) * 9,
        (2**31 - 1,) * 9,
    ],
    ids=["37 degrees", "mirrored", "all to nothing", "all to infinity"],
)
def test_turns_that_no_camera_makes(matrix: tuple[int, ...], tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    data = bytearray(path.read_bytes())
    header = data.index(b"tkhd") + 4
    struct.pack_into(">9i", data, header + 40, *matrix)
    path.write_bytes(data)
    frames, _ = read(path)
    assert len(frames) == 3
    assert frames[0].size in ((320, 240), (240, 320))


@pytest.mark.parametrize(
    ("scale", "rate", "believed"),
    [(1, 1_000_000, False), (1, 2**32 - 1, False), (1_000_000, 1, False), (0, 0, True)],
)
def test_frame_rates_that_cannot_be(scale: int, rate: int, believed: bool, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.avi", range(12), Fraction(1, 30), codec="mpeg4")
    data = bytearray(path.read_bytes())
    struct.pack_into("<II", data, data.index(b"strh") + 28, scale, rate)
    path.write_bytes(data)
    frames, warnings = read(path)
    assert len(frames) == 12
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))
    assert frames[-1].time_s < 60
    said = [warning for warning in warnings if "cannot be right" in warning]
    assert len(said) == (0 if believed else 1)


@pytest.mark.parametrize("scale", [0, 1, 2**32 - 1])
def test_time_units_that_cannot_be(scale: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    data = bytearray(path.read_bytes())
    struct.pack_into(">I", data, data.index(b"mdhd") + 4 + 12, scale)
    path.write_bytes(data)
    try:
        frames, _ = read(path)
    except SourceError:
        return
    assert all(a.time_s < b.time_s for a, b in pairwise(frames))


def test_one_flipped_bit_does_not_make_years(tmp_path: Path) -> None:
    stamps = [0, 33, 66, 99, 2**40, 2**40 + 33, 198, 231]
    path = write_clip(tmp_path / "a.mkv", sorted(stamps))
    frames, warnings = read(path)
    assert len(frames) == len(stamps)
    assert frames[-1].time_s < 1
    assert len([warning for warning in warnings if "cannot be right" in warning]) == 1


@pytest.mark.parametrize(("part", "said"), [(1.0, 0), (0.5, 1)])
def test_an_end_that_was_lost_in_the_middle_of_a_file_is_said(
    part: float, said: int, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / "a.mkv", [33 * i for i in range(90)])
    data = bytearray(path.read_bytes())
    lost = slice(int(part * len(data)), len(data))
    data[lost] = bytes(lost.stop - lost.start)  # as a download leaves it: as long as the whole
    path.write_bytes(data)
    frames, warnings = read(path)
    assert (len(frames) < 90) == bool(said)
    assert len([each for each in warnings if "says that it is 3.0 s long" in each]) == said


@pytest.mark.slow
def test_ten_hours_with_long_gaps_keep_their_times(
    lift: Callable[[Path], Result], tmp_path: Path
) -> None:
    pictures = performer_pictures(8, (320, 240))
    stamps = np.linspace(0, TEN_HOURS_S * 1000, len(pictures)).astype(int).tolist()
    path = tmp_path / "day.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for stamp, picture in zip(stamps, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    frames, warnings = read(path)
    np.testing.assert_allclose([frame.time_s for frame in frames], np.array(stamps) / 1000)
    assert warnings == []
    result = lift(path)
    assert (result.error, result.frames, result.length_s) == (None, 8, TEN_HOURS_S)


@pytest.mark.timeout(3600)
def test_ten_hours_of_frames_open_and_seek_at_once(full: bool, tmp_path: Path) -> None:
    if not full:
        pytest.skip("writing a million frames takes minutes: --full")
    path = tmp_path / "day.mp4"
    picture = np.zeros((32, 32, 3), np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30, options={"g": "300"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(30 * TEN_HOURS_S):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    began = time.monotonic()
    with VideoFile(path) as video:
        assert (video.frame_count, video.duration_s) == (30 * TEN_HOURS_S, TEN_HOURS_S)
        for time_s in (TEN_HOURS_S - 1.0, TEN_HOURS_S / 2, 1.0):
            video.seek(time_s)
            frame = video.read()
            assert frame is not None
            assert frame.time_s == pytest.approx(time_s, abs=0.001)
    assert time.monotonic() - began < LONGEST_S
