"""Functions that run in background jobs; without Qt, and with slow imports inside.

The long ones take a ``Control``, whose ``report`` raises if the user has cancelled; then no
partially written file is left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from app.system import paths
from app.ui import words
from app.ui.preferences import Preferences
from app.ui.tasks import Cancelled, Control

if TYPE_CHECKING:
    from app.export.file_options import FileOptions
    from app.lifting.exporting import Exported
    from app.lifting.options import LiftOptions
    from app.lifting.progress import Progress, ProgressCallback
    from app.lifting.video import VideoClip
    from app.motion.selection import Selection
    from app.recording.listing import RecordingEntry
    from app.recording.preview import Preview
    from app.recording.reader import Recording
    from models.lifter import Lifter

_NEWEST: Final = 12
"""Number of recordings listed in the menu."""
_LOADING: Final = threading.Lock()


def _load_network() -> None:
    """Import the lifting network, in one thread at a time.

    Two threads that import PyTorch at the same time meet partially initialised modules, and fail
    ("operator prims::empty does not exist").
    """
    with _LOADING:
        import models.lifter  # noqa: F401


class PeopleScope(Enum):
    """Which of several people in a video are exported."""

    SELECTED = "selected"
    EACH = "each"
    """All people, one file for each."""
    TABLE = "table"
    """All people, in one long table."""


def lifting_of(preferences: Preferences) -> LiftOptions:
    """Return the lifting options that the settings ask for."""
    from app.lifting.options import LiftOptions

    given = preferences.camera_told
    return LiftOptions(
        weights=preferences.weights or None,
        device=preferences.device,
        height_m=preferences.height_m or None,
        camera_pitch_deg=preferences.camera_pitch_deg if given else None,
        camera_roll_deg=preferences.camera_roll_deg if given else None,
        several=preferences.several,
    )


def cameras() -> tuple[str, ...]:
    """Return the names of the connected cameras."""
    from app.sources import list_cameras

    return tuple(camera.name for camera in list_cameras())


def weights() -> list[tuple[str, str]]:
    """Return (label, name) of the installed weights."""
    _load_network()
    from models.checkpoint import available_weights

    return [(path.stem, path.stem) for path in available_weights()]


def devices() -> list[tuple[str, str]]:
    """Return (label, name) of the available compute devices."""
    _load_network()
    import torch

    found = [("Processor", "cpu")]
    if torch.cuda.is_available():
        found.append((f"GPU ({torch.cuda.get_device_name(0)})", "cuda"))
    if torch.backends.mps.is_available():
        found.append(("Apple GPU", "mps"))
    return found


def diagnostics(extra: dict[str, str]) -> str:
    """Return the diagnostics for a fault report, as text."""
    from app.sources import camera_lines
    from app.system import logs

    return logs.diagnostics(camera_lines, extra)


def recordings(folder: Path) -> list[tuple[str, str]]:
    """Return (label, path) of the newest recordings in the folder."""
    from app.recording.listing import list_recordings

    return [
        (f"{entry.name}   {words.clock(entry.duration_s)}", str(entry.path))
        for entry in list_recordings(folder)[:_NEWEST]
    ]


def interrupted(folder: Path) -> list[tuple[Path, float]]:
    """Return path and duration in seconds of each interrupted recording, newest first."""
    from app.recording.listing import interrupted_recordings

    return [(entry.path, entry.duration_s) for entry in interrupted_recordings(folder)]


def all_recordings(folder: Path) -> list[RecordingEntry]:
    """Return every recording in the folder, newest first, including unreadable ones."""
    from app.recording.listing import list_recordings

    return list_recordings(folder, damaged=True)


def preview(path: Path, longest: int) -> Preview:
    """Return the thumbnail of a recording.  Raises RecordingError."""
    from app.recording import preview as looking

    return looking.preview(path, longest)


def rename_recording(path: Path, name: str) -> Path:
    """Rename a recording, and return its new path.  Raises RecordingError."""
    from app.recording.moving import renamed

    return renamed(path, name)


def trash_recording(path: Path, trash: Callable[[Path], Path | None]) -> Path | None:
    """Move a recording to the trash by ``trash``, and return its path there, None if unknown.

    Raises RecordingError.
    """
    from app.recording.moving import move_to_trash

    return move_to_trash(path, trash)


def bring_back_recording(trashed: Path, path: Path) -> None:
    """Restore a recording from the trash.  Raises RecordingError."""
    from app.recording.moving import put_back

    put_back(trashed, path)


def write_notes(path: Path, text: str) -> None:
    """Save the notes of a recording.  Raises RecordingError."""
    from app.recording import notes

    notes.write(path, text)


def open_recording(path: Path) -> Recording:
    """Open a recording.  Raises RecordingError."""
    from app.recording.reader import Recording

    return Recording.open(path)


def lifter(preferences: Preferences) -> Lifter:
    """Load the network chosen in the settings.  Raises WeightsError, DeviceError."""
    _load_network()
    from app.lifting.work import make_lifter

    return make_lifter(lifting_of(preferences))


def lift_recording(recording: Recording, preferences: Preferences, control: Control) -> Recording:
    """Lift a recording at full quality, and save the poses in it."""
    from app.lifting import recordings

    wanted = recordings.as_recorded(lifting_of(preferences), recording)
    wanted = replace(wanted, height_m=preferences.height_m or None)
    network = lifter(preferences)
    recordings.lift_recording(
        recording, network, wanted, lambda progress: control.report(progress.share)
    )
    return recording


def up_to_date(recording: Recording, preferences: Preferences) -> bool:
    """Whether the saved poses match the present settings.  Raises WeightsError."""
    _load_network()
    from app.lifting.recordings import is_current

    return is_current(recording, lifting_of(preferences))


def export_recording(
    recording: Recording,
    path: Path,
    kind: str,
    options: FileOptions,
    preferences: Preferences,
    control: Control,
    part: Selection,
) -> Exported:
    """Export ``part`` of a recording to ``path``, which is replaced; lift it first if needed.

    Raises ExportError if there is no frame in ``part``.
    """
    from app.export.registry import FORMATS
    from app.lifting.exporting import ExportRequest, process_and_export
    from app.lifting.progress import Overall, Stage
    from app.lifting.recordings import as_recorded, lift_recording
    from app.motion.data import MotionData
    from app.ui.presenters.processing import wanted

    ready = up_to_date(recording, preferences)
    begins = Stage.PROCESSING if ready else Stage.LIFTING
    overall = Overall(control.report, slow=FORMATS[kind].slow, begins=begins)
    if not ready:
        lifting = replace(
            as_recorded(lifting_of(preferences), recording),
            height_m=preferences.height_m or None,
        )
        lift_recording(recording, lifter(preferences), lifting, overall)
    return process_and_export(
        MotionData.from_recording(recording),
        ExportRequest(path, kind, wanted(preferences), overwrite=True, options=options),
        part=part,
        dropped=recording.keypoints.dropped,
        progress=overall,
    )


def open_video(path: Path) -> VideoClip:
    """Open a video.  Raises SourceError."""
    from app.lifting.video import VideoClip

    return VideoClip.open(path, paths.video_notes_dir())


def lift_video(
    video_clip: VideoClip,
    preferences: Preferences,
    control: Control,
    progress: ProgressCallback | None = None,
    around: tuple[float, float] | None = None,
) -> None:
    """Lift a video at full quality, or use the cached result.

    ``progress`` reports to ``control`` in place of the clip's own share, and ``around`` is the
    interval that was corrected, (start, end) in seconds.
    """
    from app.lifting import video
    from app.lifting.kept import Kept
    from app.lifting.progress import Stopped

    def share_of_clip(_done: Progress) -> None:
        control.report(video_clip.share)

    try:
        with video_clip.about_to_be_lifted():
            _load_network()
            video.lift_video(
                video_clip,
                lifting_of(preferences),
                Kept(paths.video_cache_dir()),
                around=around,
                stop=lambda: control.cancelled,
                progress=progress or share_of_clip,
            )
    except Stopped as error:
        raise Cancelled from error


def export_video(
    video_clip: VideoClip,
    path: Path,
    kind: str,
    options: FileOptions,
    preferences: Preferences,
    control: Control,
    part: Selection,
    scope: PeopleScope = PeopleScope.SELECTED,
) -> tuple[Exported, ...]:
    """Export ``part`` of a video, lifting it first if needed.  Replaces existing files."""
    from app.export.registry import FORMATS
    from app.lifting.exporting import ExportRequest, process_and_export
    from app.lifting.progress import Overall
    from app.sources.pictures import refuse_source
    from app.ui.presenters.processing import wanted

    refuse_source(path, video_clip.path)
    overall = Overall(control.report, slow=FORMATS[kind].slow)
    lift_video(video_clip, preferences, control, overall)
    request = ExportRequest(path, kind, wanted(preferences), overwrite=True, options=options)
    if scope is not PeopleScope.SELECTED:
        from app.lifting.clip_files import export_all_people

        # A bone's length and a heading are those of one person.
        for_several = replace(request.processing, bone=None, heading_deg=None)
        request = replace(request, processing=for_several, one_file=scope is PeopleScope.TABLE)
        only = None if part.whole else part
        written = export_all_people(
            video_clip.motions(), request, video_clip.path, overall, part=only
        )
    else:
        motion = video_clip.motion()
        lost = np.zeros(len(motion.frame), np.int64)
        written = (process_and_export(motion, request, part=part, dropped=lost, progress=overall),)
    first, *more = written
    return (replace(first, warnings=(*video_clip.warnings, *first.warnings)), *more)
