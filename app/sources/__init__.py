"""Sources of pictures: cameras, streams, video files and the performer.

:func:`open_source` opens what the user typed, and returns a :class:`Source`.
"""

from __future__ import annotations

from app.sources.base import SOURCE_SILENT_S, Camera, Source
from app.sources.camera import camera_lines, list_cameras
from app.sources.paced import PacedSource
from app.sources.performer import PERFORMER, is_performer
from app.sources.registry import default_source, open_source, reopener
from app.sources.stream import is_url
from app.sources.video import VideoFile

__all__ = [
    "PERFORMER",
    "SOURCE_SILENT_S",
    "Camera",
    "PacedSource",
    "Source",
    "VideoFile",
    "camera_lines",
    "default_source",
    "is_performer",
    "is_url",
    "list_cameras",
    "open_source",
    "reopener",
]
