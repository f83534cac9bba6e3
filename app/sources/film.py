"""The intact frames of a video file, as decoded by PyAV (FFmpeg).

Frames that cannot be decoded are left out and counted; nothing is substituted for them.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import av
from av.format import Flags

from app.errors import SourceError
from app.sources.headers import FOCAL_KEY, lacks_index
from app.sources.strictness import ERR_DETECT
from app.sources.upright import pixel_aspect

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

READ_FAILURES: Final = 300
"""Consecutive read failures after which reading ends."""
LONGEST_GAP_S: Final = 86400.0
"""A jump of more than a day is damage (one flipped bit made 12 frames last for years), no gap."""
SILENT: Final = ("hevc", "libdav1d", "vp8", "vp9", "mpeg2video")
"""Decoders that report no error for a frame that begins with zeros, as a hole in a download leaves
it, and conceal the frames that refer to it."""
ONE_FOR_ONE: Final = ("vp9", "mpeg2video")
"""Decoders that return one frame per packet, but do not report some errors."""
SHOWING_AGAIN: Final = ("libdav1d",)
"""Decoders that, if a frame to be shown again is lost, return the last key frame instead."""
SKIPPING: Final = ("h264",)
"""Decoders that return nothing before an intact frame, and flag no key frame in streams that
refresh the picture gradually."""
PROBED: Final = 4
"""Packets at the beginning in which a strict decoder must find no damage: some cameras never write
a clean picture, or write malformed metadata with each."""
ALL_KEY_FRAMES: Final = ("h263",)
"""Decoders of packets that AVI calls key frames, all of them: only the decoded frames tell."""
LONGEST_GROUP: Final = 300
"""After this many frames since a lost one the next is accepted without a key frame: encoders set
key frames less than 250 apart by default; those that set none refresh the picture gradually."""


class Film:
    """The frames of a file that FFmpeg decodes without damage.

    Raises:
        SourceError: the file cannot be opened, or has no picture.
    """

    def __init__(self, path: Path) -> None:
        self.lost = 0
        self._path = path
        self._alone = False
        """Whether a single thread decodes."""
        self._strict = False
        """Whether the decoder reports damage that it otherwise conceals."""
        self._open()
        if self._stream.codec_context.name in ERR_DETECT:
            self._strict = self._begins_clean()
            self.close()
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
        """Width of a pixel relative to its height."""
        return pixel_aspect(self._stream)

    def focal_mm(self) -> float | None:
        """The lens' 35 mm equivalent focal length, if stated for the whole file."""
        try:
            return float(self._container.metadata.get(FOCAL_KEY, ""))
        except ValueError:
            return None

    def close(self) -> None:
        """Close the file; may be called more than once."""
        self._container.close()

    def begin(self) -> Iterator[VideoFrame]:
        """Reopen the file and return its frames.  Raises SourceError."""
        self.close()
        self._open()
        return self.frames()

    def jump(self, stamp_s: float) -> Iterator[VideoFrame] | None:
        """The frames from a key frame before ``stamp_s``; ``None`` if seeking fails."""
        assert self._stream.time_base is not None
        try:
            self._container.seek(round(stamp_s / self._stream.time_base), stream=self._stream)
        except (av.error.FFmpegError, OverflowError):
            return None
        return self._from_key_frame(self._packets())

    def frames(self) -> Iterator[VideoFrame]:
        """The frames from the current position on, in presentation order."""
        return self._decoded(self._packets())

    def _open(self) -> None:
        try:
            # Without "file:" FFmpeg takes "http:x.mp4" in the current folder for a protocol; the
            # whitelist keeps a playlist, renamed or not, from loading anything from elsewhere; and
            # without the pattern type "%d.png" would open 1.png, 2.png and so on.
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
        if self._strict:
            self._be_strict()

    def _be_strict(self) -> None:
        decoder = self._stream.codec_context
        decoder.options = {"err_detect": ERR_DETECT[decoder.name]}

    def _begins_clean(self) -> bool:
        """Whether a strict decoder finds no damage in the first packets."""
        self._be_strict()
        decoder = self._stream.codec_context
        decoder.thread_type = "NONE"
        try:
            for packet in islice(self._packets(), PROBED):
                decoder.decode(packet)
        except av.error.FFmpegError:
            return False
        return True

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
        """The number of frames implied by duration and rate."""
        stream, total = self._stream, self._container.duration
        if self.rate is None:
            return None
        if stream.duration is not None and stream.time_base is not None:
            return round(stream.duration * stream.time_base * Fraction(self.rate))
        return None if total is None else round(total / av.time_base * self.rate)

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets from the current position on, skipping what is damaged.

        Raises:
            SourceError: the file can no longer be read, as its disk was removed.
        """
        failures = 0
        reason: Exception | None = None
        while failures < READ_FAILURES:
            try:
                for packet in self._container.demux(self._stream):
                    if packet.size:  # to FFmpeg, an empty one is the end
                        failures = 0
                        yield packet
                return
            except av.error.FFmpegError as error:
                failures += 1
                reason = error
        # Of damage some of FFmpeg's readers say no more than -1, which is EPERM.
        if isinstance(reason, OSError) and not isinstance(reason, PermissionError):
            raise SourceError(
                f"{self._path.name} can no longer be read ({reason.strerror}). Was its disk or "
                "network drive removed?"
            ) from reason

    def _from_key_frame(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        """The frames from the first key frame on.

        Frames shown before it but coded after it refer to frames that were skipped.
        """
        coded = dropwhile(lambda packet: not packet.is_keyframe, packets)
        first = next(coded, None)
        if first is None:
            return
        for frame in self._decoded(chain((first,), coded)):
            if first.pts is None or frame.pts is None or frame.pts >= first.pts:
                yield frame

    def _decoded(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        """The intact frames of ``packets``; lost ones are counted.

        Frames after a lost one, up to the next key frame, count as lost too: they are predicted
        from grey, from the previous picture or from whatever was in memory, and FFmpeg returns them
        as good.  For a picture that moves sideways their mean error was up to 58 of 255.
        """
        decoder = self._stream.codec_context.name
        one_for_one = decoder in ONE_FOR_ONE
        doubtful = decoder in ALL_KEY_FRAMES
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
                if (one_for_one and account.skips(frame)) or (doubtful and not frame.key_frame):
                    account.failed()
                doubtful = False
                if account.is_good(frame):
                    self.lost += account.settle(frame)
                    yield frame
        if account.owes and not self._alone:
            yield from self._rest(account.shown)
        else:
            self.lost += account.settle(None)

    def _decode(self, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
        """Decode ``packet``; None flushes the decoder at the end.  Raises FFmpegError."""
        silent = self._stream.codec_context.name in SILENT
        if packet is not None and silent and not any(bytes(packet)[:8]):
            raise av.error.InvalidDataError(errno.EINVAL, "There is nothing in this packet.")
        try:
            return self._stream.decode(packet)
        except av.error.BlockingIOError:  # VP9: full of packets it could not decode
            self._stream.codec_context.flush_buffers()
            return self._stream.decode(packet)

    def _rest(self, shown: float) -> Iterator[VideoFrame]:
        """The frames after the one with the timestamp ``shown``, decoded by a single thread.

        At the end PyAV flushes all threads at once; it reports neither an error among their frames
        nor the frames after it.
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
    """Compares the timestamps of packets with those of decoded frames, to count lost frames."""

    def __init__(self, *, begun: bool, shows_again: bool) -> None:
        """
        Args:
            begun: whether the first frame is intact even without a key frame.
            shows_again: whether only frames of key packets count as key frames.
        """
        self.shown = -math.inf
        """Timestamp of the last good frame, infinite if it had none."""
        self._due: set[int] = set()
        self._left_out: set[int] = set()
        """Timestamps of frames since the last good one that were decoded, but are not good."""
        self._failures = 0
        self._waits: int | None = 0 if begun else None
        """Frames to be left out unless a key frame follows; None before the first packet."""
        self._keys: set[int] | None = set() if shows_again else None
        """Timestamps of key packets, if only their frames count as key frames."""
        self._last_key = self._keys_before = -math.inf
        """Timestamps of the last key packet, and of the last one when a frame was lost."""

    @property
    def owes(self) -> bool:
        """Whether packets were sent whose frames should have followed the last good one."""
        awaited = self._failures > 0 or max(self._due, default=-math.inf) > self.shown
        return awaited and self.shown < math.inf

    def sent(self, packet: Packet[VideoStream] | None) -> None:
        """Register a packet that is sent to the decoder.

        If the first one is no key frame, as in a stream whose recording started later, MPEG-4,
        H.263 and WMV make up the frame that it was predicted from.
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
        """Register a lost frame."""
        self._failures += 1
        self._waits = LONGEST_GROUP
        self._keys_before = self._last_key

    def is_good(self, frame: VideoFrame) -> bool:
        """Whether a frame and all frames it was predicted from are intact."""
        whole = frame.key_frame and not frame.is_corrupt
        whole = whole and (self._keys is None or frame.pts in self._keys)
        if frame.is_corrupt:
            self._waits = LONGEST_GROUP
        elif not whole:
            self._waits = max(0, (self._waits or 0) - 1)
        elif frame.pts is None or frame.pts > self._keys_before or self._absent(frame.pts):
            self._waits = 0
        # Else it is shown late, and was coded before the lost frame.
        good = whole or self._waits == 0
        if not good:
            self._failures += 1
            self._left_out |= set() if frame.pts is None else {frame.pts}
        return good

    def skips(self, frame: VideoFrame) -> bool:
        """Whether frames due before this one are absent without a reported error."""
        if self._failures or frame.pts is None or not math.isfinite(self.shown):
            return False
        return bool(self._absent(frame.pts))

    def settle(self, frame: VideoFrame | None) -> int:
        """The number of frames lost before the good ``frame``, or before the end."""
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
        """The timestamps due after the last good frame and before ``stamp``."""
        end = math.inf if stamp is None else stamp
        return {due for due in self._due if due < end}

    def _absent(self, stamp: int) -> set[int]:
        """The same, without the frames that were decoded but are not good."""
        return self._missed(stamp) - self._left_out


def _plausible(value: float | Fraction | None, most: float, least: float) -> float | None:
    """Return ``value`` as float, or ``None`` if outside ``least`` to ``most``."""
    return float(value) if value is not None and least <= value <= most else None
