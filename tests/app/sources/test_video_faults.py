"""Files that are damaged, no videos, or not there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from app.errors import SourceError
from app.packets import Frame
from app.sources import VideoFile
from app.sources.headers import is_cut_off, lacks_index
from tests.support.av_clips import X265, cut, write_clip, write_sound

STAMPS = [33 * i for i in range(120)]
INDEX_FIRST = {"movflags": "+faststart"}
GROUPS = {"bf": "3", "g": "12"}


def read_all(path: Path) -> list[Frame]:
    with VideoFile(path) as video:
        return list(iter(video.read, None))


def read_to_end(path: Path) -> tuple[int, list[str]]:
    """Return the number of frames and the warnings."""
    with VideoFile(path) as video:
        count = sum(1 for _ in iter(video.read, None))
        assert video.read() is None
        return count, video.warnings


@pytest.mark.parametrize(
    ("name", "muxing"),
    [("a.mp4", INDEX_FIRST), ("a.mov", INDEX_FIRST), ("a.mkv", {}), ("a.avi", {})],
)
def test_a_file_cut_off_gives_what_is_left_and_says_so(
    tmp_path: Path, name: str, muxing: dict[str, str]
) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    stamps = range(120) if name.endswith("avi") else STAMPS
    path = write_clip(tmp_path / name, stamps, codec=codec, options=GROUPS, muxing=muxing)
    whole, warnings = read_to_end(path)
    assert (whole, warnings) == (120, [])
    cut(path, 0.6)
    left, warnings = read_to_end(path)
    assert 20 < left < 110
    assert len(warnings) == 1
    assert "cut off after" in warnings[0]
    assert f"; {left} frames were read." in warnings[0]


def test_damage_in_the_middle_does_not_end_the_reading(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", STAMPS, options=GROUPS, muxing=INDEX_FIRST)
    data = bytearray(path.read_bytes())
    begin = data.index(b"mdat") + len(data) // 3
    noise = random.Random(4)
    data[begin : begin + 1500] = noise.randbytes(1500)
    path.write_bytes(data)
    with VideoFile(path) as video:
        frames = list(iter(video.read, None))
        warnings = video.warnings
    assert 60 < len(frames) < 120
    assert frames[-1].time_s > STAMPS[-20] / 1000, "the frames after the damage are there"
    steps = [b.time_s - a.time_s for a, b in pairwise(frames)]
    assert min(steps) > 0
    assert len(warnings) == 1
    assert "is damaged at" in warnings[0]


CODED = {
    "a.mp4": ("libx264", {"g": "30", "bf": "2"}),
    "hevc.mp4": ("libx265", {"x265-params": f"keyint=30:{X265}"}),
    "av1.mp4": ("libsvtav1", {"g": "30", "preset": "12"}),
    "a.webm": ("libvpx-vp9", {"g": "30", "deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.mp4": ("mpeg4", {"g": "30", "bf": "2"}),
    "mpeg2.mkv": ("mpeg2video", {"g": "30", "bf": "2"}),
    "jpeg.mov": ("mjpeg", {}),
}
CONCEALED = {
    "mpeg1.mkv": ("mpeg1video", {"g": "30", "bf": "2"}),
    "wmv1.asf": ("wmv1", {"g": "30"}),
    "h263.avi": ("h263p", {"g": "30"}),
    "bare.hevc": CODED["hevc.mp4"],
}


def write_rolling(path: Path) -> Path:
    """90 frames of a pattern that moves, so that each shows from where it was predicted."""
    path.write_bytes(_rolling(path.name))
    return path


@cache
def _rolling(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return _encode_rolling(Path(folder) / name).read_bytes()


def _encode_rolling(path: Path) -> Path:
    codec, options = {**CODED, **CONCEALED}[path.name]
    noise = np.random.default_rng(5).integers(0, 256, (15, 20, 3)).astype(np.uint8)
    ground = cv2.resize(noise, (320, 240), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        if codec == "mjpeg":
            stream.pix_fmt = "yuvj420p"
        stream.bit_rate = 2_000_000
        for number in range(90):
            picture = np.roll(ground, (number, 3 * number), (0, 1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def packets(path: Path) -> list[tuple[int, int]]:
    """Where the coded frames begin and how long they are, in bytes."""
    head = 8 if path.suffix in (".webm", ".mkv") else 0
    with av.open(str(path)) as container:
        return [
            (packet.pos + head, packet.size - head)
            for packet in container.demux(video=0)
            if packet.pos is not None and packet.size
        ]


def overwrite(path: Path, start: int, noise: bytes) -> None:
    data = bytearray(path.read_bytes())
    data[start : start + len(noise)] = noise
    path.write_bytes(data)


def off_by(image: NDArray[np.uint8], whole: NDArray[np.uint8]) -> float:
    return float(np.abs(image.astype(int) - whole).mean())


@pytest.mark.parametrize("packet", [31, 40])
@pytest.mark.parametrize("name", CODED)
def test_what_was_not_decoded_is_left_out_and_counted(
    tmp_path: Path, name: str, packet: int
) -> None:
    path = write_rolling(tmp_path / name)
    with VideoFile(path) as video:
        whole = {round(30 * frame.time_s): frame.image for frame in iter(video.read, None)}
        assert (sorted(whole), video.warnings) == (list(range(90)), [])
    start, length = packets(path)[packet]
    overwrite(path, start, bytes(length))
    with VideoFile(path) as video:
        left = {round(30 * frame.time_s): frame.image for frame in iter(video.read, None)}
        (warning,) = video.warnings
    # The last ones of the group before are shown late, behind the error.
    assert {*range(24), *range(61, 90)} <= set(left), "the whole groups before and after"
    lost = 90 - len(left)
    assert lost >= 1
    assert "is damaged at" in warning
    assert f" s: {lost} frame" in warning
    for number, image in left.items():
        assert off_by(image, whole[number]) < 12, f"frame {number} shows something else"


def test_what_is_predicted_from_a_frame_that_was_patched_up_is_left_out(tmp_path: Path) -> None:
    path = write_rolling(tmp_path / "a.mp4")
    whole, coded = [frame.image for frame in read_all(path)], path.read_bytes()
    start, length = packets(path)[37]
    for seed in range(4):
        dice = random.Random(seed)
        for place in dice.choices(range(start + 8, start + length), k=3):
            overwrite(path, place, bytes([coded[place] ^ 1 << dice.randrange(8)]))
        left = {round(30 * frame.time_s): frame.image for frame in read_all(path)}
        wrong = [number for number in left if off_by(left[number], whole[number]) > 12]
        assert len(wrong) <= 2, "those that are shown before it"
        path.write_bytes(coded)


@pytest.mark.parametrize(
    ("name", "noisy", "most"),
    [
        ("hevc.mp4", True, 3),
        ("mpeg1.mkv", True, 1),
        ("mpeg2.mkv", False, 1),
        ("jpeg.mov", False, 1),
        ("wmv1.asf", True, 1),
    ],
)
def test_damage_that_ffmpeg_conceals_is_left_out_too(
    tmp_path: Path, name: str, most: int, *, noisy: bool
) -> None:
    path = write_rolling(tmp_path / name)
    whole, coded, places = [each.image for each in read_all(path)], path.read_bytes(), packets(path)
    with_wrong_ones = 0
    for seed in range(12):
        dice = random.Random(seed)
        start, length = places[dice.randrange(40, 50)]
        size = min(16 if noisy else 64, length // 4)
        overwrite(path, start + length // 2, dice.randbytes(size) if noisy else bytes(size))
        left = {round(30 * frame.time_s): frame.image for frame in read_all(path)}
        with_wrong_ones += any(off_by(left[each], whole[each]) > 3 for each in left)
        path.write_bytes(coded)
    assert with_wrong_ones <= most, "of 12 files; some damage is another valid picture"


@pytest.mark.parametrize("name", ["hevc.mp4", "bare.hevc"])
def test_malformed_metadata_of_hevc_costs_no_frame(tmp_path: Path, name: str) -> None:
    """An SEI message that is longer than its unit, before each picture."""
    path = write_rolling(tmp_path / name)
    message = bytes([39 << 1, 1, 5, 60, 1, 2, 3, 4, 0x80])
    odd = tmp_path / f"odd-{name}"
    with av.open(str(path)) as film, av.open(str(odd), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0])
        for packet in [each for each in film.demux(video=0) if each.size]:
            head = b"\0\0\0\1" if name == "bare.hevc" else len(message).to_bytes(4, "big")
            more = av.Packet(head + message + bytes(packet))
            more.stream, more.time_base, more.is_keyframe = (
                stream,
                packet.time_base,
                packet.is_keyframe,
            )
            more.pts, more.dts = packet.pts, packet.dts
            container.mux(more)
    count, warnings = read_to_end(odd)
    assert (count, warnings) == (90, [])


def test_a_camera_whose_every_picture_ends_too_early_is_no_damaged_file(tmp_path: Path) -> None:
    path = write_rolling(tmp_path / "jpeg.mov")
    whole = path.read_bytes()
    data = bytearray(whole)
    for start, length in packets(path):
        end = whole.rindex(b"\xff\xd9", start, start + length)
        data[end - 60 : end] = b"\xff\xd9" * 30
    path.write_bytes(data)
    assert read_to_end(path) == (90, [])


@pytest.mark.parametrize("name", ["mpeg4.mp4", "a.webm", "a.mp4", "h263.avi"])
def test_a_film_that_begins_between_two_whole_pictures_begins_at_the_next(
    tmp_path: Path, name: str
) -> None:
    path, late = write_rolling(tmp_path / name), tmp_path / f"late-{name}"
    whole = [frame.image for frame in read_all(path)]
    with av.open(str(path)) as film, av.open(str(late), "w") as container:
        stream = container.add_stream_from_template(film.streams.video[0])
        for packet in [each for each in film.demux(video=0) if each.size][12:]:
            packet.stream = stream
            container.mux(packet)
    frames = read_all(late)
    assert 57 <= len(frames) <= 60
    for frame, image in zip(frames, whole[-len(frames) :], strict=True):
        assert off_by(frame.image, image) < 1


@pytest.mark.parametrize("back", [1, 2, 4])
@pytest.mark.parametrize("name", ["a.mp4", "hevc.mp4", "a.webm"])
def test_damage_just_before_the_end_is_said_and_costs_nothing_else(
    tmp_path: Path, name: str, back: int
) -> None:
    path = write_rolling(tmp_path / name)
    start, length = packets(path)[-back]
    overwrite(path, start, bytes(length))
    count, warnings = read_to_end(path)
    assert 90 - back - 3 <= count < 90, "up to three were to be shown behind it"
    assert len(warnings) == 1
    assert f": {90 - count} frame" in warnings[0]


def test_a_cut_file_is_told_from_a_whole_one_by_every_container(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.mkv", "a.avi"):
        path = write_clip(tmp_path / name, range(10), codec="mpeg4", muxing={})
        assert not is_cut_off(path)
        assert not lacks_index(path)
        path.write_bytes(path.read_bytes()[:-1])
        assert is_cut_off(path), name


@pytest.mark.parametrize(
    ("head", "without_index"),
    [
        (b"", False),
        (b"RI", False),
        (b"RIFF", False),
        (b"\x1aE\xdf\xa3", False),
        (b"\0\0\0\1ftyp", True),  # begins as an MP4 does
        (b"\0\0\0\1gd\0\x1f", False),
        (b"Buy milk. " * 40, False),
    ],
)
def test_arbitrary_bytes_are_no_container(tmp_path: Path, head: bytes, without_index: bool) -> None:
    path = tmp_path / "noise"
    path.write_bytes(head)
    assert not is_cut_off(path)
    assert lacks_index(path) is without_index


@pytest.mark.parametrize("first", [b"free", b"moov"])
def test_a_file_made_of_millions_of_boxes_is_refused_at_once(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "crafted.mp4"
    with path.open("wb") as file:
        file.write(b"\0\0\0\x08ftyp\0\0\0\x08" + first + b"\0\0\0\x08free" * 3_000_000)
    start = time.process_time()
    assert "crafted.mp4" in refusal(path)
    assert time.process_time() - start < 1.5


def test_a_film_in_thousands_of_pieces_is_told_whole_from_cut(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    pieces = b"\0\0\0\x08moof\0\0\0\x10mdat12345678" * 30_000
    path.write_bytes(b"\0\0\0\x08ftyp\0\0\0\x08moov" + pieces)
    assert not is_cut_off(path)
    path.write_bytes(path.read_bytes()[:-1])
    assert is_cut_off(path)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        VideoFile(path)
    return str(caught.value)


def test_no_such_file(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "nope.mp4")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty.mp4 is empty" in refusal(path)


def test_a_text(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("Buy milk.\n" * 100)
    assert "not a video that can be read" in refusal(path)


def test_only_sound(tmp_path: Path) -> None:
    assert "only sound" in refusal(write_sound(tmp_path / "song.m4a"))


def test_a_recording_that_was_never_closed(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "crash.mp4", STAMPS, options=GROUPS)
    cut(path, 0.6)
    assert "has no index" in refusal(path)


def test_no_frame_in_it(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "head.mp4", STAMPS, options=GROUPS, muxing=INDEX_FIRST)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 8])
    assert "head.mp4" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "mine.mp4", [0, 33])
    path.chmod(0)
    assert "may not read" in refusal(path)


@pytest.mark.parametrize(
    "name", ["naïve Übung 漢字 🏃.mp4", "100%d.mp4", "a#b?c.mp4", "http:x.mp4", "-i.mp4"]
)
def test_any_name_will_do(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Ordner ä"
    folder.mkdir()
    write_clip(folder / "plain.mp4", [0, 33, 66]).rename(folder / name)
    assert read_to_end(folder / name) == (3, [])
    monkeypatch.chdir(folder)
    assert read_to_end(Path(name)) == (3, [])


def test_a_picture_called_like_a_row_of_pictures_is_itself_alone(tmp_path: Path) -> None:
    for number in range(3):
        picture = np.full((48, 64, 3), 60 * number, np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{number:03}.png"), picture)
    (tmp_path / "002.png").rename(tmp_path / "%03d.png")
    (frame,) = read_all(tmp_path / "%03d.png")
    assert frame.image.min() == 120


def test_reading_after_closing_ends(tmp_path: Path) -> None:
    video = VideoFile(write_clip(tmp_path / "a.mp4", STAMPS))
    assert video.read() is not None
    video.close()
    video.close()
    assert video.read() is None
    video.seek(1.0)
    assert video.read() is None


def test_closing_lets_go_of_the_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", STAMPS)

    def is_open() -> bool:
        return str(path) in [file.path for file in psutil.Process().open_files()]

    video = VideoFile(path)
    assert is_open()
    video.close()
    assert not is_open()


def test_a_file_that_disappears_while_it_is_open(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.h264", range(30), Fraction(1, 25), rate=25)
    with VideoFile(path) as video:
        video.seek(1.0)  # without timestamps only the beginning can be found again
        path.rename(tmp_path / "b.h264")
        with pytest.raises(SourceError, match="can no longer be opened"):
            video.seek(0)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that fails to read")
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.webm"])
def test_a_disk_that_is_removed_meanwhile_is_no_end_of_the_film(tmp_path: Path, name: str) -> None:
    codec = "libvpx-vp9" if name == "a.webm" else "mpeg4"
    stamps = range(120) if name == "a.avi" else STAMPS
    path = write_clip(tmp_path / name, stamps, codec=codec, size=(640, 480), options={"b": "8M"})
    with VideoFile(path) as video:
        assert video.read() is not None
        (disk,) = [each.fd for each in psutil.Process().open_files() if each.path == str(path)]
        without_disk = os.open("/proc/self/mem", os.O_RDONLY)  # whose first bytes give EIO
        os.dup2(without_disk, disk)
        os.close(without_disk)
        expected = rf"{name} can no longer be read \(Input/output error\). Was its disk"
        with pytest.raises(SourceError, match=expected):
            deque(iter(video.read, None))
        assert video.read() is None


def test_closing_from_another_thread_during_reads(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", STAMPS)
    for wait_s in (0.0, 0.002, 0.01, 0.03):
        video = VideoFile(path)
        closer = threading.Timer(wait_s, video.close)
        closer.start()
        while video.read() is not None:
            pass
        closer.join()


def test_damage_is_not_reported_on_the_terminal_as_well(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", STAMPS, options=GROUPS, muxing=INDEX_FIRST)
    cut(path, 0.6)
    program = (
        "import sys; from pathlib import Path\n"
        "from app.errors import SourceError; from app.sources import VideoFile\n"
        "video = VideoFile(Path(sys.argv[1]))\n"
        "while video.read(): pass\n"
        "try: VideoFile(Path(sys.argv[0]).parent / 'missing')\n"
        "except SourceError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert done.stderr == ""
