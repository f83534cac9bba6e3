"""Export: what can be exported now, where to, and doing it in the background."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.errors import ExportError
from app.export.file_options import FileOptions, NoBlenderError
from app.export.people_names import files_there
from app.export.registry import FORMATS, require
from app.lifting.video import VideoClip
from app.motion.selection import Selection
from app.system.files import names_in_turn, safe_name
from app.ui import words
from app.ui.notices import Message, MessageButton
from app.ui.preferences import Preferences
from app.ui.presenters import background
from app.ui.presenters.background import Whose
from app.ui.presenters.playback import PlaybackPresenter
from app.ui.presenters.processing import PRINTER, file_options, for_preset
from app.ui.presenters.window import WindowPresenter
from app.ui.tasks import Control, Job
from app.ui.theme import pick, system_is_dark

if TYPE_CHECKING:
    from app.lifting.exporting import Exported
    from app.ui.presenters.clips import Clip

EXPLAINED: Final = (
    "Joints in 3D, picture by picture; those that were not seen are not made up. A second file "
    "beside it says what the numbers mean and what was done to them. The original stays as it is."
)


@dataclass(frozen=True, slots=True)
class Target:
    """What would be exported."""

    name: str
    path: Path
    """A recording's folder or a video file."""
    clip: Clip | None = None
    """What is shown, if it is that."""
    part: Selection = field(default_factory=Selection)
    """What of it."""
    whose: Whose = Whose.SELECTED
    hidden: bool = False
    """Whether somebody in it is not shown; they are exported with all others."""

    @property
    def people(self) -> list[tuple[str, Whose]]:
        """(words, who) of what can be exported of several people; nothing where there are not."""
        clip = self.clip
        if not isinstance(clip, VideoClip) or not clip.selected:
            return []
        everybody = "All people, hidden ones too" if self.hidden else "All people"
        return [
            (f"Person {clip.selected}", Whose.SELECTED),
            (f"{everybody}, a file each", Whose.EACH),
            (f"{everybody}, one table", Whose.TABLE),
        ]

    @property
    def part_in_words(self) -> str:
        """Which part it is; empty for the whole."""
        if self.part.whole or self.clip is None:
            return ""
        time_s = self.clip.found().track.time_s
        ends = self.part.bounds(float(time_s[-1] - time_s[0]))
        return "Only the selection, {} to {}".format(*map(words.clock, ends))


def suits(kind: str, whose: Whose) -> bool:
    """Whether they can be exported in this format."""
    return FORMATS[kind].people or whose is not Whose.TABLE


def taken(file: Path, kind: str, whose: Whose) -> bool:
    """Whether an export to ``file`` would replace anything."""
    if whose is Whose.EACH:
        return bool(files_there(file, kind))
    return os.path.lexists(file)


def _of_people(written: tuple[Exported, ...]) -> str:
    """What is said behind the first file's name of those of several people."""
    files = dict.fromkeys(each.files[0].name for each in written)
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    said = dict.fromkeys(sentence for each in written for sentence in each.warnings)
    return " ".join([f"{others}: {len(written)} people.", *said])


class ExportPresenter:
    """Exports whatever is shown, or else the last recording."""

    def __init__(
        self, window: WindowPresenter, preferences: Preferences, show: Callable[[Path], None]
    ) -> None:
        """``show`` opens the folder of a file for the user."""
        self._window, self.preferences, self._show = window, preferences, show

    @property
    def kind(self) -> str:
        """The format to begin with: the one exported last."""
        kind = self.preferences.export_kind
        return kind if kind in FORMATS else Preferences().export_kind

    def lacking(self, kind: str) -> str:
        """What this format needs and this computer does not have, in words; empty if nothing."""
        try:
            require(kind, self._needed(kind))
        except NoBlenderError as error:
            return f"{error} If it is elsewhere, choose its program."
        except ExportError as error:
            return str(error)
        return ""

    def lacks_blender(self, kind: str) -> bool:
        """Whether it is the program that writes this format that is not found."""
        return FORMATS[kind].blender and bool(self.lacking(kind))

    def use_blender(self, program: Path) -> None:
        """Remember where Blender is; an application's folder of macOS stands for what is in it."""
        inside = program / "Contents" / "MacOS" / "Blender"
        self.preferences.blender = str(inside if inside.is_file() else program)

    def _needed(self, kind: str) -> FileOptions:
        """Of what a format is written with, the part that may not be there any more."""
        blender = self.preferences.blender if FORMATS[kind].blender else ""
        return FileOptions(printer=PRINTER, blender=blender or None)

    @property
    def why_not(self) -> str:
        """Why what is shown, or was to be shown, cannot be exported; empty if nothing is known."""
        if self._window.unopened:
            return f"{self._window.unopened} cannot be opened, so there is nothing to export"
        current = self._window.playback
        if current is None or current.lifted:
            return ""
        found = current.clip.found()
        nobody = found.complete and not found.track.tracked.any()
        return f"Nobody was found in {current.label}: there is nothing to export" if nobody else ""

    @property
    def target(self) -> Target | None:
        current = self._window.current
        if self.why_not:
            return None
        if isinstance(current, PlaybackPresenter):
            return self.target_of(current.clip.path)
        last = self._window.last_recording
        return self.target_of(last) if last is not None else None

    def target_of(self, path: Path) -> Target:
        """A recording, be it shown or not."""
        current = self._window.current
        if isinstance(current, PlaybackPresenter) and current.clip.path == path:
            hidden = bool(current.people.hidden)
            return Target(current.label, path, current.clip, current.selection, hidden=hidden)
        return Target(path.stem, path)

    @property
    def explained(self) -> str:
        """The tip of the export button."""
        target = self.target
        if target is None:
            return self.why_not or "Record something first, or open a video or a recording"
        return f"Save the 3D poses of {target.name} (Ctrl+E)"

    def suggestion(self, target: Target, kind: str, folder: Path | None = None) -> Path:
        """A file name for a format that is free in ``folder``, or else in the folder used last."""
        if folder is None:
            last = Path(self.preferences.last_folder) if self.preferences.last_folder else None
            folder = last if last is not None and last.is_dir() else target.path.parent
        exporter = FORMATS[kind]
        stems = names_in_turn(Path(f"{safe_name(target.path.stem)}{exporter.tag}"), "")
        files = (folder / exporter.file(folder, stem.name).name for stem in stems)
        return next(file for file in files if not taken(file, kind, target.whose))

    def remember(self, values: Mapping[str, Any]) -> None:
        """Keep the format, and what is to be done to the poses: preferences by name."""
        for name, value in values.items():
            setattr(self.preferences, name, value)

    def export(self, target: Target, path: Path, kind: str, preset: str = "") -> Job:
        """Write ``path`` in the background; it and its sidecar are replaced if they exist.

        What is done to the poses is as last chosen, or as the ``preset`` has it.
        """
        preferences = replace(self.preferences)
        if preset:
            preferences = for_preset(preferences, preset)
        dark = pick(preferences.theme, system_dark=system_is_dark()).dark
        options = file_options(preferences, kind, dark=dark)
        self.preferences.last_folder = str(path.parent)

        def write(control: Control) -> tuple[Exported, ...]:
            require(kind, self._needed(kind))  # before a long video is lifted for nothing
            wanted = (path, kind, options, preferences, control, target.part)
            if isinstance(target.clip, VideoClip):
                return background.export_video(target.clip, *wanted, whose=target.whose)
            recording = target.clip and target.clip.recording
            recording = recording or background.open_recording(target.path)
            return (background.export_recording(recording, *wanted),)

        return self._window.jobs.start(
            Job(
                f"Exporting {path.name}",
                write,
                done=self._done,
                failed=self._window.job_failed,
                stopped=lambda: self._window.tell("The export was cancelled; nothing was written"),
                precious=True,
                about=target.path,
            )
        )

    def _done(self, all_written: tuple[Exported, ...]) -> None:
        written, files = all_written[0], all_written[0].files
        quality = f"{written.quality[:1].upper()}{written.quality[1:]}."
        if len(all_written) > 1:
            beside = _of_people(all_written)
        elif written.warnings:
            beside = f". {' '.join(written.warnings)} {quality}"
        elif len(files) > 1:
            beside = f"; {files[1].name} describes it. {quality}"
        else:
            beside = f". {quality}"
        show = MessageButton("Show in folder", lambda: self._show(files[0]))
        self._window.announce(Message(f"Saved {files[0].name}{beside}", (show,)))
