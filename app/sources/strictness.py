"""Settings by which FFmpeg's decoders report damage that they otherwise conceal.

Frames of 24 mutated files of 90 frames each that came out wrong, by more than 3 of 255, and in how
many of the files, before and with ``err_detect`` as set here:

=============  ========  =======      ==========  =========  ========
codec          before    with         codec       before     with
=============  ========  =======      ==========  =========  ========
HEVC           72 (18)   50 (4)       WMV1        160 (12)   26 (1)
HEVC, 10 bit   71 (13)   30 (2)       WMV2        81 (5)     13 (1)
MJPEG          14 (14)   2 (2)        MS MPEG-4   166 (11)   0
MPEG-1         14 (7)    0            MPEG-2      8 (4)      0
=============  ========  =======      ==========  =========  ========

HEVC was encoded by x265 with wavefronts, whose rows check each other; without, damage showed in 10
instead of 12 files.  In 331 readings of intact files of 37 encoders none lost a frame by it.  In
VP8 (255 frames of 18 files), VP9 (274 of 22) and FFV1 any bits can be decoded, and no setting
changes anything.  In H.264 "explode" would help with B-frames, but makes a video that refreshes
gradually and begins late unreadable.
"""

from __future__ import annotations

from typing import Final

ERR_DETECT: Final = {
    "hevc": "explode+crccheck",
    "mjpeg": "explode",
    "mpeg1video": "explode",
    "mpeg2video": "explode",
    "msmpeg4": "buffer",
    "wmv1": "buffer",
    "wmv2": "buffer",
}
"""By decoder: FFmpeg's ``err_detect``."""
