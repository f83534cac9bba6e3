"""Recordings: captured data, written to disk during capture and opened again later.

A recording is a folder ``NAME.mixpose/``:

``recording.json``
    what was recorded, with which source and settings and when; finally how it ended (:mod:`.meta`)
``keypoints.bin``
    one checksummed row per captured frame (:mod:`.rows`)
``video.mkv``
    the pictures, if they were kept (:mod:`.matroska`)
``events.log``
    the marked moments, if any (:mod:`.events`)
``corrections.json``
    the user's corrections of the 2D keypoints, if any (:mod:`.corrections`)
``notes.txt``
    the user's notes, if any (:mod:`.notes`)
``poses.npz``
    the poses lifted from it at full quality (:mod:`.poses`)
``.writing``
    exists from the beginning until the recording is closed properly (:mod:`.locks`)

``keypoints.bin``, ``video.mkv`` and ``events.log`` are append-only; the other files are replaced as
a whole.  So a program killed, or a machine switched off, at any moment leaves a recording that can
be opened.
"""

from __future__ import annotations
