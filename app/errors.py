"""The errors of the outer rooms; ``models.errors`` holds the root and the weights' own."""

from __future__ import annotations

from models.errors import DeviceError, MixposeError, WeightsError

__all__ = [
    "ClothedError",
    "DetectorError",
    "DeviceError",
    "ExportError",
    "LiftingError",
    "LiveOutError",
    "MixposeError",
    "RecordingError",
    "SourceError",
    "WeightsError",
]


class SourceError(MixposeError):
    """A camera, video file or stream cannot be opened or has stopped for good."""


class DetectorError(MixposeError):
    """The 2D detector cannot start or has failed."""


class RecordingError(MixposeError):
    """A recording cannot be written, read or understood."""


class ExportError(MixposeError):
    """An export cannot be written, or read again."""


class LiftingError(MixposeError):
    """Clips cannot be lifted as asked, or the process that worked on one has ended."""


class LiveOutError(MixposeError):
    """Poses cannot be sent to another program."""


class ClothedError(MixposeError):
    """Clothed people cannot be drawn: a package or the folder of clothes is missing."""
