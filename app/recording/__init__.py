"""Recordings: what was captured, on disk while it happens, and opened again later.

A recording is a folder ``NAME.mixpose/``:

``recording.json``
    what was recorded, with what and when; at last how it ended (:mod:`.meta`)
``keypoints.bin``
    one checksummed row a captured frame (:mod:`.rows`)
``video.mkv``
    the pictures, if they were kept (:mod:`.matroska`)
``events.log``
    the moments that were marked, if any were (:mod:`.events`)
``corrections.json``
    what somebody put right in the 2D, if anything was (:mod:`.corrections`)
``notes.txt``
    what somebody wrote about it, if anything (:mod:`.notes`)
``poses.npz``
    the poses lifted from it at full quality (:mod:`.poses`)
``.writing``
    there from the beginning until the recording was closed in order (:mod:`.mark`)

``keypoints.bin``, ``video.mkv`` and ``events.log`` only grow, and what has reached them is never
touched again; the others are replaced as a whole.  So a program killed, or a machine switched off,
at any moment leaves a recording that opens.
"""

from __future__ import annotations
