"""The errors of ``app``; ``models.errors`` defines the base class and those of ``models``."""

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
    """A camera, video file or stream cannot be opened or has stopped permanently."""


class DetectorError(MixposeError):
    """The 2D detector cannot start or has failed."""


class RecordingError(MixposeError):
    """A recording cannot be written or read."""


class ExportError(MixposeError):
    """An export cannot be written, or an exported file cannot be read."""


class LiftingError(MixposeError):
    """Videos cannot be lifted as requested, or a worker process has ended."""


class LiveOutError(MixposeError):
    """Poses cannot be sent to another program."""


class ClothedError(MixposeError):
    """Clothed people cannot be drawn: a package or the folder of clothing data is missing."""
