"""The frames of a video file as FFmpeg, which PyAV brings, decodes them: whole ones alone.

What cannot be decoded is left out and counted; nothing stands in for it.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
from av.format import Flags

from app.errors import SourceError
from app.sources.headers import FOCAL_KEY, lacks_index
from app.sources.upright import pixel_aspect

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

READ_FAILURES: Final = 300
"""How many failures to read on, one after the other, end the reading."""
LONGEST_GAP_S: Final = 86400.0
"""A leap by more than a day is damage (one flipped bit made 12 frames last for years), no gap."""
SILENT: Final = ("hevc", "libdav1d", "vp8", "vp9", "mpeg2video")
"""Decoders that say nothing of a frame that begins with zeros, as a hole in a download leaves it,
and make something up for those that refer to it."""
ONE_FOR_ONE: Final = ("vp9", "mpeg2video")
"""Decoders that give a frame for each packet, but of some errors say nothing."""
SHOWING_AGAIN: Final = ("libdav1d",)
"""Decoders that, where a frame to be shown again is lost, show the last whole picture for it."""
SKIPPING: Final = ("h264",)
"""Decoders that hand out nothing before it is whole, and say so of no frame where pictures are
renewed piece by piece."""
LONGEST_GROUP: Final = 300
"""So many frames after a lost one the next is taken though it is not whole: encoders set whole ones
less than 250 apart by default, and those that set none renew the picture piece by piece."""


class Film:
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
            # the list a playlist, renamed or not, cannot make it load anything from elsewhere; and
            # "%d.png" is one picture, not the name of 1.png, 2.png and so on.
            self._container: InputContainer = av.open(
                f"file:{self._path}",
                container_options={"protocol_whitelist": "file", "pattern_type": "none"},
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
        decoder = self._stream.codec_context.name
        one_for_one = decoder in ONE_FOR_ONE
        account = _Account(begun=decoder in SKIPPING, shows_again=decoder in SHOWING_AGAIN)
        for packet in chain(packets, (None,)):
            account.sent(packet)
            try:
                frames = self._decode(packet)
            except av.error.FFmpegError:
                account.failed()
                continue
            for frame in frames:
                frame.time_base = self._stream.time_base  # at the end PyAV leaves it out
                if one_for_one and account.skips(frame):
                    account.failed()
                if account.is_good(frame):
                    self.lost += account.settle(frame)
                    yield frame
        if account.owes and not self._alone:
            yield from self._rest(account.shown)
        else:
            self.lost += account.settle(None)

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """What comes out when ``packet`` goes in, or at the end.  Raises FFmpegError."""
        silent = self._stream.codec_context.name in SILENT
        if packet is not None and silent and not any(bytes(packet)[:8]):
            raise av.error.InvalidDataError(errno.EINVAL, "There is nothing in this packet.")
        try:
            return self._stream.decode(packet)
        except av.error.BlockingIOError:  # VP9: full of what it could not decode, it takes no more
            self._stream.codec_context.flush_buffers()
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


class _Account:
    """Which of the frames that are coded have come out of the decoder, by their timestamps."""

    def __init__(self, *, begun: bool, shows_again: bool) -> None:
        """Args:
        begun: whether even the first frame is whole, whatever the first packet is.
        shows_again: whether a frame is whole only where its packet is.
        """
        self.shown = -math.inf
        """Stamp of the last good frame, infinite if it had none."""
        self._due: set[int] = set()
        self._left_out: set[int] = set()
        """Of those due after the last good frame what has come, but is not good."""
        self._failures = 0
        self._waits: int | None = 0 if begun else None
        """Frames to be left out unless a whole one comes; None before the first is coded."""
        self._keys: set[int] | None = set() if shows_again else None
        """Stamps of whole pictures to come, where no other frame can be one."""
        self._last_key = self._keys_before = -math.inf
        """Stamps of the last whole picture coded, and of the last one when a frame was lost."""

    @property
    def owes(self) -> bool:
        """Whether something has been sent that ought to have come after the last good frame."""
        awaited = self._failures > 0 or max(self._due, default=-math.inf) > self.shown
        return awaited and self.shown < math.inf

    def sent(self, packet: Packet[VideoStream] | None) -> None:
        """Take note of a packet that goes into the decoder.

        Where the first is no whole picture, as in a stream that ran before it was recorded, MPEG-4,
        H.263 and WMV make up what it was predicted from.
        """
        if packet is None:
            return
        if self._waits is None:
            self._waits = 0 if packet.is_keyframe else LONGEST_GROUP
        if packet.pts is None or packet.is_discard:
            return
        self._due.add(packet.pts)
        if packet.is_keyframe:
            self._last_key = packet.pts
            if self._keys is not None:
                self._keys.add(packet.pts)

    def failed(self) -> None:
        """A frame is lost."""
        self._failures += 1
        self._waits = LONGEST_GROUP
        self._keys_before = self._last_key

    def is_good(self, frame: VideoFrame) -> bool:
        """Whether a frame is whole, and so is all that it was predicted from."""
        whole = frame.key_frame and not frame.is_corrupt
        whole = whole and (self._keys is None or frame.pts in self._keys)
        if frame.is_corrupt:
            self._waits = LONGEST_GROUP
        elif not whole:
            self._waits = max(0, (self._waits or 0) - 1)
        elif frame.pts is None or frame.pts > self._keys_before or self._absent(frame.pts):
            self._waits = 0
        # Else it is shown late, and was coded before the one that is lost.
        good = whole or self._waits == 0
        if not good:
            self._failures += 1
            self._left_out |= set() if frame.pts is None else {frame.pts}
        return good

    def skips(self, frame: VideoFrame) -> bool:
        """Whether something was due before this frame that has not come, and no error told of."""
        if self._failures or frame.pts is None or not math.isfinite(self.shown):
            return False
        return bool(self._absent(frame.pts))

    def settle(self, frame: VideoFrame | None) -> int:
        """The number of frames lost before a good one, or before the end."""
        missed = self._missed(None if frame is None else frame.pts)
        to_come = frame is not None and bool(self._waits)
        lost = max(0 if to_come else self._failures, len(missed)) if self._failures else 0
        self._failures = max(0, self._failures - lost) if to_come else 0
        self._left_out.clear()
        self._due -= missed
        if frame is not None:
            self.shown = math.inf if frame.pts is None else frame.pts
        self._due -= {self.shown}
        if self._keys is not None:
            self._keys -= {self.shown}
        return lost

    def _missed(self, stamp: int | None) -> set[int]:
        """What was due after the last good frame and before ``stamp``."""
        end = math.inf if stamp is None else stamp
        return {due for due in self._due if due < end}

    def _absent(self, stamp: int) -> set[int]:
        """The same, but for what has come and is not good."""
        return self._missed(stamp) - self._left_out


def _plausible(value: float | Fraction | None, most: float, least: float) -> float | None:
    """Return ``value``, or ``None`` for what cannot be."""
    return float(value) if value is not None and least <= value <= most else None
