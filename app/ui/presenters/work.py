"""What the window has done in the background; plain functions without Qt, heavy imports inside.

Each takes a ``Control``: ``report`` raises when the user has cancelled, and nothing half-written
is left behind then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.ui import words
from app.ui.preferences import Preferences
from app.ui.tasks import Control

if TYPE_CHECKING:
    from app.detection.following import Choice
    from app.motion.data import MotionData
    from app.motion.selection import Selection
    from app.recording.listing import RecordingEntry
    from app.recording.reader import Recording
    from models.lifter import Lifter

_NEWEST: Final = 12
"""Recordings listed in the menu."""
_DETECTING: Final = 0.85
"""Share of the whole work on a video that finding the joints takes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What has been written."""

    files: tuple[Path, ...]
    remarks: tuple[str, ...]
    """Sentences about what is not as one might think."""


def cameras() -> tuple[str, ...]:
    """Names of the cameras connected now."""
    from app.sources import list_cameras

    return tuple(camera.name for camera in list_cameras())


def weights() -> list[tuple[str, str]]:
    """(words, name) of the installed weights."""
    from models.checkpoint import available_weights

    return [(path.stem, path.stem) for path in available_weights()]


def devices() -> list[tuple[str, str]]:
    """(words, name) of the compute devices this machine has."""
    import torch

    found = [("Processor", "cpu")]
    if torch.cuda.is_available():
        found.append((f"GPU ({torch.cuda.get_device_name(0)})", "cuda"))
    if torch.backends.mps.is_available():
        found.append(("Apple GPU", "mps"))
    return found


def diagnostics(extra: dict[str, str]) -> str:
    """What a fault report needs, as text."""
    from app import logs

    return logs.diagnostics(extra)


def recordings(folder: Path) -> list[tuple[str, str]]:
    """(words, path) of the newest recordings in the folder."""
    from app.recording.listing import list_recordings

    return [
        (f"{entry.name}   {words.clock(entry.duration_s)}", str(entry.path))
        for entry in list_recordings(folder)[:_NEWEST]
    ]


def interrupted(folder: Path) -> list[tuple[Path, float]]:
    """Path and length in seconds of each recording that was cut off, newest first."""
    from app.recording.listing import interrupted_recordings

    return [(entry.path, entry.duration_s) for entry in interrupted_recordings(folder)]


def all_recordings(folder: Path) -> list[RecordingEntry]:
    """Every recording in the folder, newest first."""
    from app.recording.listing import list_recordings

    return list_recordings(folder)


def rename_recording(path: Path, name: str) -> Path:
    """Its new path.  Raises RecordingError."""
    from app.recording.moving import renamed

    return renamed(path, name)


def trash_recording(path: Path, trash: Callable[[Path], Path | None]) -> Path | None:
    """Where ``trash`` put it, as far as that is known.  Raises RecordingError."""
    from app.recording.moving import put_into_trash

    return put_into_trash(path, trash)


def bring_back_recording(trashed: Path, path: Path) -> None:
    """Take a recording out of the trash again.  Raises RecordingError."""
    from app.recording.moving import put_back

    put_back(trashed, path)


def write_notes(path: Path, text: str) -> None:
    """Keep what was written about a recording.  Raises RecordingError."""
    from app.recording import notes

    notes.write(path, text)


def open_recording(path: Path) -> Recording:
    """Raises RecordingError."""
    from app.recording.reader import Recording

    return Recording.open(path)


def lifter(preferences: Preferences) -> Lifter:
    """The network as chosen in the settings.  Raises WeightsError, DeviceError."""
    from models.lifter import Lifter

    height = preferences.height_m or None
    return Lifter(
        preferences.weights or None,
        preferences.device,
        height_m=height,
        use_depth=preferences.use_depth,
    )


def lift_recording(recording: Recording, preferences: Preferences, control: Control) -> Recording:
    """Lift a recording at full quality and save the poses beside it."""
    from app.recording import lifting

    control.report(0.0)
    lifting.lift(recording, lifter(preferences), control.report)
    return recording


def up_to_date(recording: Recording, preferences: Preferences) -> bool:
    """Whether the saved poses are those the settings of now would give.  Raises WeightsError."""
    from app.recording.lifting import made_with

    if recording.poses is None:
        return False
    info = recording.poses.info
    if info.get("use_depth", True) != preferences.use_depth:
        return False
    if info.get("height_m") != (preferences.height_m or None):
        return False
    return not preferences.weights or made_with(recording.poses, preferences.weights)


def export_recording(
    recording: Recording,
    path: Path,
    kind: str,
    preferences: Preferences,
    control: Control,
    part: Selection,
) -> Exported:
    """Write a table of ``part`` of a recording, lifting it first where needed.  Replaces ``path``.

    Raises ExportError if there is no frame in ``part``.
    """
    ready = up_to_date(recording, preferences)
    poses, file = _split(control, kind, ready=ready)
    if not ready:
        recording = lift_recording(recording, preferences, _Part(poses, 0.0, 0.9))
    from app.export.registry import export
    from app.motion.data import MotionData
    from app.motion.selection import select

    data, said = _processed(MotionData.from_recording(recording), preferences, poses)
    data = select(data, part, recording.keypoints.dropped)
    return Exported(export(path, data, kind, overwrite=True, progress=file.report), said)


def export_video(
    video: Path,
    path: Path,
    kind: str,
    preferences: Preferences,
    control: Control,
    choices: Sequence[Choice] = (),
) -> Exported:
    """Lift a whole video file at full quality and write a table of it.  Replaces ``path``.

    ``choices`` say whom of several people to follow.
    """
    from app.export.registry import export
    from app.pictures import refuse_source

    refuse_source(path, video)
    poses, file = _split(control, kind, ready=False)
    lifted, warnings = lift_video(video, preferences, poses, choices)
    data, said = _processed(lifted, preferences, poses)
    files = export(path, data, kind, overwrite=True, progress=file.report)
    return Exported(files, (*warnings, *said))


def _split(control: Control, kind: str, *, ready: bool) -> tuple[_Part, _Part]:
    """The work on the poses, which may be ``ready`` but for processing; and writing the file."""
    from app.export.registry import FORMATS

    share = (0.1 if ready else 0.5) if FORMATS[kind].slow else 0.98
    return _Part(control, 0.0, share), _Part(control, share, 1.0)


def _processed(
    data: MotionData, preferences: Preferences, control: Control
) -> tuple[MotionData, tuple[str, ...]]:
    """What the preferences want done to the poses, and what of it could not be.

    It is the last tenth of the work on them.
    """
    from app.motion.processing import process, remarks
    from app.ui.presenters.processing import wanted

    data = process(data, wanted(preferences), _Part(control, 0.9, 1.0).report)
    return data, remarks(data)


def lift_video(
    video: Path, preferences: Preferences, control: Control, choices: Sequence[Choice] = ()
) -> tuple[MotionData, tuple[str, ...]]:
    """The 3D poses of a whole video file, and what is wrong with it.

    ``choices`` say whom of several people to follow.
    """
    from app.clip import Progress, Stage, detect_clip, lift_clip
    from app.detection.detector import Detector
    from app.detection.models import FOR_FILMS
    from app.pictures import SourcePictures
    from app.sources import open_source

    network = lifter(preferences)
    parts = {
        Stage.DETECTING: _Part(control, 0.0, _DETECTING),
        Stage.LIFTING: _Part(control, _DETECTING, 0.9),
    }

    def progress(done: Progress) -> None:
        parts[done.stage].report(done.frames / done.total if done.total else 0.0)

    with (
        open_source(str(video)) as source,
        Detector(FOR_FILMS, several=preferences.several, choices=choices) as detector,
    ):
        clip = detect_clip(source, detector, progress=progress)
    pictures = SourcePictures(partial(open_source, str(video)))
    return lift_clip(clip, network, progress=progress, pictures=pictures), clip.warnings


class _Part:
    """A stretch of the whole progress, for one step of the work."""

    def __init__(self, control: Control, start: float, end: float) -> None:
        self._control, self._start, self._end = control, start, end

    @property
    def cancelled(self) -> bool:
        return self._control.cancelled

    def report(self, share: float) -> None:
        self._control.report(self._start + (self._end - self._start) * share)
