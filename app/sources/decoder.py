"""Decodes a video file with FFmpeg, which PyAV brings: upright pictures, each at its own time.

Pictures come as a player shows them: turned and mirrored by the display matrix, with square pixels,
deinterlaced where they are interlaced, all of one size.  What cannot be decoded is left out and
counted; nothing stands in for it.
"""

from __future__ import annotations

import errno
import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import av
import cv2
import numpy as np
from av.filter import Graph
from av.format import Flags
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from app.errors import SourceError
from app.sources.headers import FOCAL_KEY, is_cut_off, lacks_index, noted_focal_mm

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

READ_FAILURES: Final = 300
"""How many failures to read on, one after the other, end the reading."""
SEEK_MARGINS_S: Final = (0.0, 1.0, 5.0, 30.0)
"""How far before the moment sought to look for a whole picture.  Where there is no index, or a
group's first picture is shown late, the first try lands behind it."""
NEAR_S: Final = 0.5
"""A moment no farther ahead is reached by decoding on: at most half a second's frames, where the
whole picture before it may be ten seconds back."""
SAME_TIME_S: Final = 1e-6
LONGEST_GAP_S: Final = 86400.0
"""A leap by more than a day is damage (one flipped bit made 12 frames last for years), no gap."""
USUAL_RATE: Final = 25.0
"""What FFmpeg assumes where a file says nothing."""
WIDEST_PIXEL: Final = 4.0
"""Wider or narrower pixels are damage; those of the widest format (2.35:1 on DVD) are 2:1."""
SILENT: Final = ("hevc", "libdav1d")
"""Decoders that say nothing of a frame that begins with zeros, as a hole in a download leaves it,
and make something up for those that refer to it."""
LONGEST_GROUP: Final = 300
"""So many frames after a lost one the next is taken though it is not whole: encoders set whole ones
less than 250 apart by default, and those that set none renew the picture piece by piece."""
_FILM_DIAGONAL_MM: Final = 43.27
"""Of the 24 x 36 mm that a "35 mm equivalent" focal length is told for."""
_FOCAL_MM: Final = (5.0, 500.0)


_Timed = tuple[float, "VideoFrame"]
"""When it is shown, in seconds from the first one, and a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture."""

    time_s: float
    rgb: NDArray[np.uint8]
    """(height, width, 3)."""


class Decoder:
    """Decodes one file forward, over damaged places, and finds places in it.

    Times count from the first picture.

    Attributes:
        size: (width, height) of the first picture; later ones are fitted into it.
        resized_at_s: when the first picture of another size was shown, or None.
        rate: nominal frames a second, or None.
        count: number of frames as the container states or implies it, or None.
        states_length: whether the file's header says how long it lasts.
        cut_off: whether the file ends before its own headers say so.
        fov_deg: angle that the longer side of the picture spans, if the file says so, or None.
        damaged_at_s: time of the last picture before a place that could not be decoded, or None.

    Raises:
        SourceError: nothing in the file can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._film = _Film(path)
        self.rate, self.count = self._film.rate, self._film.count
        self.states_length = self._film.states_length
        self.cut_off = is_cut_off(path)
        self.damaged_at_s: float | None = None
        self._clock = FrameClock(1 / (self.rate or USUAL_RATE))
        self._easel = Easel()
        self._frames = deinterlaced(self._film.frames())
        self._zero_s = self._now_s = 0.0
        self._at: deque[_Timed] = deque()
        """The frame to be shown, and perhaps the one behind it."""
        self._handed_out = False
        """Whether it has been shown."""
        height, width = self._begin().rgb.shape[:2]
        self.size = (width, height)
        self.fov_deg = _fov_deg(self._film.focal_mm() or noted_focal_mm(path), self.size)

    def next(self) -> Picture | None:
        """Return the next picture in the order of showing, or ``None`` at the end."""
        while True:
            if self._at and self._handed_out:
                self._at.popleft()
            if not self._at and not self._decode():
                return None
            self._handed_out = True
            time_s, frame = self._at[0]
            try:
                return Picture(time_s, self._easel.paint(frame, self._film.pixel_aspect, time_s))
            except (av.error.FFmpegError, ValueError):  # no pixels, or of an unknown kind
                self._film.lost += 1
                self._note_damage()

    def seek(self, time_s: float) -> None:
        """Make :meth:`next` return the picture shown at ``time_s``: the last begun by then.

        Raises:
            SourceError: the file must be opened anew for that, and has disappeared.
        """
        damaged_at_s = self.damaged_at_s
        near = self._at and self._at[0][0] <= time_s <= self._at[0][0] + NEAR_S
        if not near and not self._land(time_s):
            self._start(self._film.begin())
            self._decode()
        while len(self._at) > 1 or (self._at and self._decode()):
            if self._at[1][0] > time_s + SAME_TIME_S:
                break
            self._at.popleft()
        self._handed_out = False
        # What was lost on the way there would not have been shown.
        self._film.lost, self.damaged_at_s = 0, damaged_at_s

    @property
    def times_leap(self) -> bool:
        """Whether timestamps were left aside because they leap."""
        return self._clock.leapt

    @property
    def resized_at_s(self) -> float | None:
        """When the first picture of another size was shown."""
        return self._easel.resized_at_s

    @property
    def lost(self) -> int:
        """How many frames could not be decoded since the file was opened or sought in."""
        return self._film.lost

    def release(self) -> None:
        """Close the file."""
        self._film.close()

    def _begin(self) -> Picture:
        """Show the first picture, from which times count, without taking it away."""
        first = self.next()
        if first is None:
            self._film.close()
            raise SourceError(f"{self._path.name} holds no picture that can be decoded.")
        self._zero_s = first.time_s
        self._at[0] = 0.0, self._at[0][1]
        self._handed_out = False
        return first

    def _start(self, frames: Iterator[VideoFrame]) -> None:
        self._at.clear()
        self._frames = deinterlaced(frames)
        self._clock.restart()

    def _decode(self) -> bool:
        """Put the next frame and its time to the others; False at the end."""
        lost_before = self._film.lost
        frame = next(self._frames, None)
        if self._film.lost > lost_before:
            self._note_damage()
        if frame is not None:
            self._now_s = self._clock.time(frame.time) - self._zero_s
            self._at.append((self._now_s, frame))
        return frame is not None

    def _note_damage(self) -> None:
        if self.damaged_at_s is None:
            self.damaged_at_s = self._now_s

    def _land(self, time_s: float) -> bool:
        """Jump to a frame at or before ``time_s``; False if that fails."""
        for margin_s in SEEK_MARGINS_S:
            if time_s <= margin_s:
                break
            frames = self._film.jump(time_s - margin_s + self._zero_s)
            if frames is None:
                break
            self._start(frames)
            if self._decode():
                landed_s, frame = self._at[0]
                # Without a stamp it is not known where this is.
                if frame.time is not None and landed_s <= time_s + SAME_TIME_S:
                    return True
        return False


class FrameClock:
    """Makes strictly increasing times out of a container's timestamps.

    FFmpeg gives none for the last frames of an AVI with B-frames, and for any frame of a bare H.264
    stream; spliced transport streams jump back, damaged files anywhere.  Such a frame follows the
    one before at the last distance that was real.
    """

    def __init__(self, step_s: float) -> None:
        self.leapt = False
        """Whether timestamps were not believed because they leap."""
        self._step_s = step_s
        self._last_s: float | None = None

    def restart(self) -> None:
        """Take the next timestamp as it is."""
        self._last_s = None

    def time(self, stamp_s: float | None) -> float:
        """Return the time of the next frame in seconds, from its timestamp if it has one."""
        if self._last_s is None:
            self._last_s = stamp_s or 0.0
        elif stamp_s is not None and self._last_s < stamp_s <= self._last_s + LONGEST_GAP_S:
            self._step_s, self._last_s = stamp_s - self._last_s, stamp_s
        else:
            self.leapt |= stamp_s is not None and stamp_s > self._last_s
            self._last_s += self._step_s
        return self._last_s


class _Film:
    """The frames in a file as FFmpeg decodes them, without those that it could not.

    Raises:
        SourceError: the file cannot be opened, or has no picture.
    """

    def __init__(self, path: Path) -> None:
        self.lost = 0
        self._path = path
        self._alone = False
        """Whether one thread decodes."""
        self._open()
        stream, container = self._stream, self._container
        timeless = bool(container.format.flags & cast("int", Flags.no_timestamps.value))
        # A bare stream's average is what FFmpeg assumes before it has read the stream's headers.
        rate = stream.guessed_rate if timeless else stream.average_rate or stream.guessed_rate
        self.rate = _plausible(rate, 1000, 1 / LONGEST_GAP_S)
        self.count = None if timeless else _plausible(stream.frames or self._implied(), 1e9, 1)
        self.states_length = "matroska" in container.format.name

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel in heights."""
        return pixel_aspect(self._stream)

    def focal_mm(self) -> float | None:
        """Focal length of the lens for 35 mm film, where it is noted for the whole film."""
        try:
            return float(self._container.metadata.get(FOCAL_KEY, ""))
        except ValueError:
            return None

    def close(self) -> None:
        """Close the file; may be called more than once."""
        self._container.close()

    def begin(self) -> Iterator[VideoFrame]:
        """Open the file anew, and give its frames.  Raises SourceError."""
        self.close()
        self._open()
        return self.frames()

    def jump(self, stamp_s: float) -> Iterator[VideoFrame] | None:
        """The frames from a whole one not far before ``stamp_s``; ``None`` if it cannot be done."""
        assert self._stream.time_base is not None
        try:
            self._container.seek(round(stamp_s / self._stream.time_base), stream=self._stream)
        except (av.error.FFmpegError, OverflowError):
            return None
        return self._from_key_frame(self._packets())

    def frames(self) -> Iterator[VideoFrame]:
        """The frames from where the file stands on, in the order of showing."""
        return self._decoded(self._packets())

    def _open(self) -> None:
        try:
            # Without "file:" FFmpeg takes "http:x.mp4" in the current folder for a protocol; with
            # the list a playlist, renamed or not, cannot make it load anything from elsewhere.
            self._container: InputContainer = av.open(
                f"file:{self._path}",
                container_options={"protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(self._why_not(error)) from error
        try:
            self._stream = self._pictures()
        except SourceError:
            self._container.close()
            raise
        self._stream.codec_context.thread_type = "NONE" if self._alone else "AUTO"

    def _pictures(self) -> VideoStream:
        """The stream of pictures that is no cover of a song.  Raises SourceError."""
        cover = av.stream.Disposition.attached_pic
        streams = [each for each in self._container.streams.video if not each.disposition & cover]
        if not streams:
            raise SourceError(f"{self._path.name} has only sound. Choose a file with a picture.")
        if cast("object | None", streams[0].codec_context) is None:
            raise SourceError(
                f"The picture in {self._path.name} is of a kind that cannot be decoded. Convert it "
                "to H.264."
            )
        return streams[0]

    def _why_not(self, error: Exception) -> str:
        name = self._path.name
        if isinstance(error, FileNotFoundError):
            return f"{name} can no longer be opened. Was it moved or deleted?"
        if lacks_index(self._path):
            return (
                f"{name} has no index: it was cut off while it was recorded or copied. Copy it "
                "again, or repair it with the program that recorded it."
            )
        return f"{name} is not a video that can be read: it is another kind of file, or damaged."

    def _implied(self) -> float | None:
        """The number of frames by length and rate."""
        stream, total = self._stream, self._container.duration
        if self.rate is None:
            return None
        if stream.duration is not None and stream.time_base is not None:
            return round(stream.duration * stream.time_base * Fraction(self.rate))
        return None if total is None else round(total / av.time_base * self.rate)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """What is coded, from where the file stands on, over places that cannot be read."""
        failures = 0
        while failures < READ_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    if packet.size:  # to FFmpeg, an empty one is the end
                        failures = 0
                        yield packet
                return
            except av.error.FFmpegError:
                failures += 1

    def _from_key_frame(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        """The frames from the first whole one on.

        Those shown before it but coded behind it refer to frames that were jumped over.
        """
        coded = dropwhile(lambda packet: not packet.is_keyframe, packets)
        first = next(coded, None)
        if first is None:
            return
        for frame in self._decoded(chain((first,), coded)):
            if first.pts is None or frame.pts is None or frame.pts >= first.pts:
                yield frame

    def _decoded(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        """The frames of ``packets``; what is lost is counted.

        So are the frames behind a lost one up to the next whole picture: they are predicted from
        grey, from the picture before or from whatever was in memory, and FFmpeg hands them out as
        good ones.  Of a picture that moves sideways they were up to 58 of 255 off on average.
        """
        books = _Books()
        for packet in chain(packets, (None,)):
            books.sent(packet)
            try:
                frames = self._decode(packet)
            except av.error.FFmpegError:
                books.failed()
                continue
            for frame in frames:
                frame.time_base = self._stream.time_base  # at the end PyAV leaves it out
                if books.is_good(frame):
                    self.lost += books.settle(frame)
                    yield frame
        if books.owes and not self._alone:
            yield from self._rest(books.shown)
        else:
            self.lost += books.settle(None)

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """What comes out when ``packet`` goes in, or at the end.  Raises FFmpegError."""
        silent = self._stream.codec_context.name in SILENT
        if packet is not None and silent and not any(bytes(packet)[:8]):
            raise av.error.InvalidDataError(errno.EINVAL, "There is nothing in this packet.")
        return self._stream.decode(packet)

    def _rest(self, shown: float) -> Iterator[VideoFrame]:
        """The frames after the one with the stamp ``shown``, decoded by one thread.

        At the end PyAV fetches what all threads have at once; of an error among these, and of the
        frames behind it, it says nothing.
        """
        self._alone = True
        lost = self.lost
        frames: Iterator[VideoFrame] | None = self.begin()
        if math.isfinite(shown):
            frames = self.jump(float(shown * (self._stream.time_base or 0)))
        for frame in frames or ():
            if frame.pts is None or frame.pts > shown:
                yield frame
            else:
                self.lost = lost


class _Books:
    """Which of the frames that are coded have come out of the decoder, by their timestamps."""

    def __init__(self) -> None:
        self.shown = -math.inf
        """Stamp of the last good frame, infinite if it had none."""
        self._due: set[int] = set()
        self._failures = 0
        self._waits = 0

    @property
    def owes(self) -> bool:
        """Whether something has been sent that ought to have come after the last good frame."""
        awaited = self._failures > 0 or max(self._due, default=-math.inf) > self.shown
        return awaited and self.shown < math.inf

    def sent(self, packet: Packet[VideoStream] | None) -> None:
        """Take note of a packet that goes into the decoder."""
        if packet is not None and packet.pts is not None and not packet.is_discard:
            self._due.add(packet.pts)

    def failed(self) -> None:
        """A frame is lost."""
        self._failures += 1
        self._waits = LONGEST_GROUP

    def is_good(self, frame: VideoFrame) -> bool:
        """Whether a frame is whole, and so is all that it was predicted from."""
        self._waits = 0 if frame.key_frame else max(0, self._waits - 1)
        good = self._waits == 0 and not frame.is_corrupt
        self._failures += not good
        return good

    def settle(self, frame: VideoFrame | None) -> int:
        """The number of frames lost before a good one, or before the end."""
        missed = self._missed(None if frame is None else frame.pts)
        lost = max(self._failures, len(missed)) if self._failures else 0
        self._failures = 0
        self._due -= missed
        if frame is not None:
            self.shown = math.inf if frame.pts is None else frame.pts
        self._due -= {self.shown}
        return lost

    def _missed(self, stamp: int | None) -> set[int]:
        """What was due after the last good frame and before ``stamp``."""
        end = math.inf if stamp is None else stamp
        return {due for due in self._due if due < end}


def pixel_aspect(stream: VideoStream) -> float:
    """Width of a pixel in heights; 1 where the stream says nothing, nonsense, or nearly 1."""
    aspect = float(stream.sample_aspect_ratio or 1)
    credible = 1 / WIDEST_PIXEL <= aspect <= WIDEST_PIXEL
    return aspect if credible and abs(aspect - 1) >= 0.01 else 1.0


def deinterlaced(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """The same number of frames at the same times, progressive where they were interlaced.

    An interlaced frame shows the odd and the even lines of two moments: a moving arm has two edges.
    """
    filters: _Deinterlacer | None = None
    for frame in frames:
        if filters is not None and not filters.fits(frame):
            yield from filters.through(None)
            filters = None
        if filters is None and frame.interlaced_frame and min(frame.width, frame.height) >= 4:
            filters = _Deinterlacer(frame)
        if filters is None:
            yield frame
        else:
            yield from filters.through(frame)
    if filters is not None:
        yield from filters.through(None)


class _Deinterlacer:
    """FFmpeg's ``bwdif``, which leaves frames that are not interlaced as they are.

    At 1920x1080 it costs 1 ms a frame, ``yadif`` 3 ms.
    """

    def __init__(self, like: VideoFrame) -> None:
        self._kind = _kind(like)
        self._graph = Graph()
        source = self._graph.add_buffer(
            width=like.width, height=like.height, format=like.format, time_base=like.time_base
        )
        bwdif = self._graph.add("bwdif", "mode=send_frame:deint=interlaced")
        self._graph.link_nodes(source, bwdif, self._graph.add("buffersink")).configure()

    def fits(self, frame: VideoFrame) -> bool:
        """Whether ``frame`` has the size and the colours of those before."""
        return _kind(frame) == self._kind

    def through(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """Give one in and take what is ready, one behind; ``None`` is the end."""
        self._graph.vpush(frame)
        while True:
            try:
                yield self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def _kind(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


class Easel:
    """Makes RGB pictures of one size, that of the first, out of frames."""

    def __init__(self) -> None:
        self.resized_at_s: float | None = None
        self._scaler = VideoReformatter()
        self._size: tuple[int, int] | None = None

    def paint(self, frame: VideoFrame, aspect: float, time_s: float) -> NDArray[np.uint8]:
        """The (height, width, 3) picture, upright; a later one of another shape has black borders.

        Args:
            aspect: width of a pixel in heights.

        Raises FFmpegError or ValueError if there are no pixels.
        """
        turns, mirrored = _turn(frame)
        sideways = turns % 2 == 1
        upright = (round(frame.width * aspect), frame.height)
        upright = upright[::-1] if sideways else upright
        if self._size is None:
            self._size = upright
        elif self.resized_at_s is None and upright != self._size:
            self.resized_at_s = time_s
        scale = min(self._size[0] / upright[0], self._size[1] / upright[1])
        width, height = (max(1, round(length * scale)) for length in upright)
        stored = (height, width) if sideways else (width, height)
        rgb = self._scaler.reformat(frame, *stored, format="rgb24").to_ndarray()
        return _within(_turned(_pixels(rgb), turns, mirrored), self._size)


def _turn(frame: VideoFrame) -> tuple[int, bool]:
    """By how many quarters a frame is turned clockwise to be shown, and whether mirrored before.

    The display matrix sends (x, y) to (a x + c y, b x + d y); what lies between is rounded.
    """
    try:
        side_data: Mapping[str, bytes] = cast("Any", frame.side_data)
        matrix = np.frombuffer(side_data["DISPLAYMATRIX"], np.int32)
    except KeyError:
        return 0, False
    a, b, c, d = (float(matrix[place]) for place in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    angle = math.atan2(-b, -a) if mirrored else math.atan2(b, a)
    return round(angle / (math.pi / 2)) % 4, mirrored


def _turned(rgb: NDArray[np.uint8], turns: int, mirrored: bool) -> NDArray[np.uint8]:
    if mirrored:
        rgb = _pixels(cv2.flip(rgb, 1))
    if turns:
        clockwise = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
        rgb = _pixels(cv2.rotate(rgb, clockwise[turns - 1]))
    return rgb


def _within(rgb: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture in the middle of one of ``size``."""
    height, width = rgb.shape[:2]
    if (width, height) == size:
        return rgb
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    whole = np.zeros((size[1], size[0], 3), np.uint8)
    whole[top : top + height, left : left + width] = rgb
    return whole


def _pixels(array: object) -> NDArray[np.uint8]:
    return np.ascontiguousarray(array, dtype=np.uint8)


def _plausible(value: float | Fraction | None, most: float, least: float) -> float | None:
    """Return ``value``, or ``None`` for what cannot be."""
    return float(value) if value is not None and least <= value <= most else None


def _fov_deg(focal_mm: float | None, size: tuple[int, int]) -> float | None:
    """The angle that the longer side of pictures of ``size`` spans."""
    if focal_mm is None or not _FOCAL_MM[0] <= focal_mm <= _FOCAL_MM[1]:
        return None
    share = max(size) / math.hypot(*size)
    return 2 * math.degrees(math.atan(0.5 * share * _FILM_DIAGONAL_MM / focal_mm))
