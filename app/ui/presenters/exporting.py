"""Export: what can be exported now, where to, and doing it in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.errors import MixposeError
from app.export.registry import FORMATS, require
from app.files import free_name, safe_name
from app.ui.preferences import Preferences
from app.ui.presenters import work
from app.ui.presenters.live import LiveStage
from app.ui.presenters.news import News, NewsButton
from app.ui.presenters.playback import PlaybackStage
from app.ui.presenters.window import WindowPresenter
from app.ui.tasks import Control, Job

if TYPE_CHECKING:
    from app.recording.reader import Recording

EXPLAINED: Final = (
    "Where 17 joints are in 3D, picture by picture. A second file beside it states units, axes and "
    "origin. Joints that were not seen are not made up."
)


@dataclass(frozen=True, slots=True)
class Target:
    """What would be exported."""

    name: str
    path: Path
    """A recording's folder or a video file."""
    recording: Recording | None = None
    """The recording, if it is open."""

    @property
    def is_video(self) -> bool:
        return self.path.is_file()


@dataclass(frozen=True, slots=True)
class Format:
    """One line of the format list."""

    kind: str
    label: str
    suffix: str


class ExportPresenter:
    """Exports whatever is on stage, or else the last recording."""

    def __init__(
        self, window: WindowPresenter, preferences: Preferences, show: Callable[[Path], None]
    ) -> None:
        """``show`` opens the folder of a file for the user."""
        self._window, self._preferences, self._show = window, preferences, show

    @property
    def formats(self) -> list[Format]:
        return [Format(kind, each.label, each.suffix) for kind, each in FORMATS.items()]

    @property
    def target(self) -> Target | None:
        stage = self._window.stage
        if isinstance(stage, PlaybackStage):
            return Target(stage.label, stage.recording.path, stage.recording)
        if isinstance(stage, LiveStage) and stage.is_file:
            path = Path(stage.spec)
            return Target(path.name, path)
        last = self._window.last_recording
        return Target(last.stem, last) if last is not None else None

    @property
    def explained(self) -> str:
        """The tip of the export button."""
        target = self.target
        if target is None:
            return "Record something first, or open a video or a recording"
        return f"Save the 3D poses of {target.name} as a table (Ctrl+E)"

    def suggestion(self, target: Target, suffix: str) -> Path:
        """A file name that is free, in the folder used last."""
        last = Path(self._preferences.last_folder) if self._preferences.last_folder else None
        folder = last if last is not None and last.is_dir() else target.path.parent
        return free_name(folder / f"{safe_name(target.path.stem)}{suffix}")

    def export(self, target: Target, path: Path, kind: str) -> Job:
        """Write ``path`` in the background; it and its sidecar are replaced if they exist."""
        preferences = replace(self._preferences)
        self._preferences.last_folder = str(path.parent)

        def write(control: Control) -> tuple[Path, ...]:
            require(kind)  # before a long video is lifted for nothing
            if target.is_video:
                return work.export_video(target.path, path, kind, preferences, control)
            recording = target.recording or work.open_recording(target.path)
            return work.export_recording(recording, path, kind, preferences, control)

        return self._window.jobs.start(
            Job(
                f"Exporting {path.name}",
                write,
                done=self._done,
                failed=self._failed,
                stopped=lambda: self._window.tell("The export was cancelled; nothing was written"),
                precious=True,
            )
        )

    def _done(self, files: tuple[Path, ...]) -> None:
        beside = f"; {files[1].name} describes it" if len(files) > 1 else ""
        show = NewsButton("Show in folder", lambda: self._show(files[0]))
        away = NewsButton("Dismiss", self._window.clear_news)
        self._window.announce(News(f"Saved {files[0].name}{beside}", (show, away)))

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, MixposeError):
            raise error
        self._window.tell(str(error))
