"""H.264 in MP4, each picture at its own time.

Written with PyAV: OpenCV's wheels have no H.264 encoder, and no browser plays their MPEG-4 Part 2.
A 1440 x 720 video of a real clip cost 12 ms of one core and 9 kB per frame
(``veryfast``, CRF 20); ``fast`` cost 28 ms and 11 kB.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.video.layout import Size

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer

TICKS: Final = 90_000
"""Ticks per second, as in transport streams: half a tick is 6 microseconds."""
_ENCODING: Final = {
    "preset": "veryfast",
    "crf": "20",
    # Without B-frames the file's first time is 0 also for readers that ignore edit lists.
    "bf": "0",
    # Every picture can be reached by decoding at most two seconds.
    "g": "60",
    # Players assume BT.709 for untagged HD and BT.601 for smaller pictures; so it is tagged.
    "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709",
}
_BT_709: Final = 1


class Encoder:
    """Encodes pictures; made by :func:`encoding`."""

    def __init__(self, container: OutputContainer, size: Size, rate: float | None) -> None:
        stated = Fraction(rate or 30.0).limit_denominator(1001)
        self._container = container
        self._stream: Any = container.add_stream("libx264", rate=stated, options=dict(_ENCODING))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        ticks = Fraction(1, TICKS)
        self._stream.time_base = self._stream.codec_context.time_base = ticks
        self._next = 0
        self._lengths: dict[int, int] = {}

    def write(self, picture: NDArray[np.uint8], time_s: float, until_s: float) -> None:
        """Encode (height, width, 3) RGB shown from ``time_s`` until ``until_s``."""
        import av

        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=_BT_709)
        # Times that round to the same tick would be rejected.
        begin = max(self._next, round(time_s * TICKS))
        self._next = begin + 1
        frame.pts, frame.time_base = begin, Fraction(1, TICKS)
        self._lengths[begin] = max(1, round(until_s * TICKS) - begin)
        self._mux(frame)

    def finish(self) -> None:
        """Encode the pending pictures."""
        self._mux(None)

    def _mux(self, frame: VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            # FFmpeg would use the mean duration; the last one's is the end of the video.
            packet.duration = self._lengths.pop(packet.pts)
            self._container.mux(packet)


@contextmanager
def encoding(
    path: Path, size: Size, rate: float | None, about: dict[str, str]
) -> Iterator[Encoder]:
    """Write a video to ``path``, which may exist; complete when the block ends without an error.

    Args:
        size: (width, height), both even.
        rate: frames per second to be stated; the frames have their own times.
        about: metadata of the container.

    Raises OSError as the system gives it, and ExportError if the encoder fails.
    """
    import av

    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ExportError(
            "The name of that folder has broken letters. Rename it, or choose another one."
        ) from error
    # The index goes to the front, so that a player over a network can begin at once.
    options = {"movflags": "+faststart", "video_track_timescale": str(TICKS)}
    try:
        with av.open(f"file:{path}", "w", format="mp4", options=options) as container:
            container.metadata.update(about)
            encoder = Encoder(container, size, rate)
            yield encoder
            encoder.finish()
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):
            raise
        raise ExportError(
            f"The film cannot be encoded ({error}). Export a table instead."
        ) from error
