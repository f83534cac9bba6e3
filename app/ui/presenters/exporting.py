"""Export: the target, the formats, the file name, and writing in the background."""

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
from app.ui.presenters.background import PeopleScope
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
    """The recording or video that would be exported."""

    name: str
    path: Path
    """A recording's folder or a video file."""
    clip: Clip | None = None
    """The clip, if it is the one shown."""
    part: Selection = field(default_factory=Selection)
    """The part that is exported."""
    scope: PeopleScope = PeopleScope.SELECTED
    hidden: bool = False
    """Whether a person in it is hidden; exports of all people include those too."""

    @property
    def people(self) -> list[tuple[str, PeopleScope]]:
        """(label, choice) of the people that can be exported; empty if there are not several."""
        clip = self.clip
        if not isinstance(clip, VideoClip) or not clip.selected:
            return []
        all_people = "All people, hidden ones too" if self.hidden else "All people"
        return [
            (f"Person {clip.selected}", PeopleScope.SELECTED),
            (f"{all_people}, a file each", PeopleScope.EACH),
            (f"{all_people}, one table", PeopleScope.TABLE),
        ]

    @property
    def part_in_words(self) -> str:
        """A sentence that says which part is exported; empty for the whole."""
        if self.part.whole or self.clip is None:
            return ""
        time_s = self.clip.found().track.time_s
        ends = self.part.bounds(float(time_s[-1] - time_s[0]))
        return "Only the selection, {} to {}".format(*map(words.clock, ends))


def suits(kind: str, scope: PeopleScope) -> bool:
    """Whether these people can be exported in this format."""
    return FORMATS[kind].people or scope is not PeopleScope.TABLE


def would_replace(file: Path, kind: str, scope: PeopleScope) -> bool:
    """Whether an export to ``file`` would replace a file."""
    if scope is PeopleScope.EACH:
        return bool(files_there(file, kind))
    return os.path.lexists(file)


def _people_details(written: tuple[Exported, ...]) -> str:
    """Return the text after the first file's name for an export of several people."""
    files = dict.fromkeys(each.files[0].name for each in written)
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    warnings = dict.fromkeys(sentence for each in written for sentence in each.warnings)
    return " ".join([f"{others}: {len(written)} people.", *warnings])


class ExportPresenter:
    """Exports the recording or video shown, or else the last recording."""

    def __init__(
        self, window: WindowPresenter, preferences: Preferences, show: Callable[[Path], None]
    ) -> None:
        """``show`` opens the folder of a file for the user."""
        self._window, self.preferences, self._show = window, preferences, show

    @property
    def kind(self) -> str:
        """The initial format: the one exported last."""
        kind = self.preferences.export_kind
        return kind if kind in FORMATS else Preferences().export_kind

    def lacking(self, kind: str) -> str:
        """Return a sentence about what this format needs and the computer lacks; else empty."""
        try:
            require(kind, self._needed(kind))
        except NoBlenderError as error:
            return f"{error} If it is elsewhere, choose its program."
        except ExportError as error:
            return str(error)
        return ""

    def lacks_blender(self, kind: str) -> bool:
        """Whether this format cannot be written because Blender was not found."""
        return FORMATS[kind].blender and bool(self.lacking(kind))

    def use_blender(self, program: Path) -> None:
        """Remember Blender's path; of a macOS application bundle, that of the program in it."""
        inside = program / "Contents" / "MacOS" / "Blender"
        self.preferences.blender = str(inside if inside.is_file() else program)

    def _needed(self, kind: str) -> FileOptions:
        """Return the options for :func:`require`: external tools that may be missing."""
        blender = self.preferences.blender if FORMATS[kind].blender else ""
        return FileOptions(printer=PRINTER, blender=blender or None)

    @property
    def why_not(self) -> str:
        """Why the source shown (or that failed to open) cannot be exported; empty if it can."""
        if self._window.failed_source:
            return f"{self._window.failed_source} cannot be opened, so there is nothing to export"
        current = self._window.playback
        if current is None or current.lifted:
            return ""
        found = current.clip.found()
        nobody_found = found.complete and not found.track.tracked.any()
        return (
            f"Nobody was found in {current.label}: there is nothing to export"
            if nobody_found
            else ""
        )

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
        """Return the target for a recording or video, whether it is shown or not."""
        current = self._window.current
        if isinstance(current, PlaybackPresenter) and current.clip.path == path:
            hidden = bool(current.people.hidden)
            return Target(current.label, path, current.clip, current.selection, hidden=hidden)
        return Target(path.stem, path)

    @property
    def explained(self) -> str:
        """The tooltip of the export button."""
        target = self.target
        if target is None:
            return self.why_not or "Record something first, or open a video or a recording"
        return f"Save the 3D poses of {target.name} (Ctrl+E)"

    def suggestion(self, target: Target, kind: str, folder: Path | None = None) -> Path:
        """Return a path for a format that does not exist yet, in ``folder`` or the last folder."""
        if folder is None:
            last = Path(self.preferences.last_folder) if self.preferences.last_folder else None
            folder = last if last is not None and last.is_dir() else target.path.parent
        exporter = FORMATS[kind]
        stems = names_in_turn(Path(f"{safe_name(target.path.stem)}{exporter.tag}"), "")
        files = (folder / exporter.file(folder, stem.name).name for stem in stems)
        return next(file for file in files if not would_replace(file, kind, target.scope))

    def remember(self, values: Mapping[str, Any]) -> None:
        """Store the choices of the export dialog: preferences by name."""
        for name, value in values.items():
            setattr(self.preferences, name, value)

    def export(self, target: Target, path: Path, kind: str, preset: str = "") -> Job:
        """Write ``path`` in the background; it and its sidecar are replaced if they exist.

        The poses are processed as chosen last, or as in the ``preset``.
        """
        preferences = replace(self.preferences)
        if preset:
            preferences = for_preset(preferences, preset)
        dark = pick(preferences.theme, system_dark=system_is_dark()).dark
        options = file_options(preferences, kind, dark=dark)
        self.preferences.last_folder = str(path.parent)

        def write(control: Control) -> tuple[Exported, ...]:
            require(kind, self._needed(kind))  # fail before a long video is lifted in vain
            wanted = (path, kind, options, preferences, control, target.part)
            if isinstance(target.clip, VideoClip):
                return background.export_video(target.clip, *wanted, scope=target.scope)
            recording = target.clip and target.clip.recording
            recording = recording or background.open_recording(target.path)
            return (background.export_recording(recording, *wanted),)

        return self._window.jobs.start(
            Job(
                f"Exporting {path.name}",
                write,
                done=self._done,
                failed=self._window.job_failed,
                stopped=lambda: self._window.notify(
                    "The export was cancelled; nothing was written"
                ),
                precious=True,
                about=target.path,
            )
        )

    def _done(self, all_written: tuple[Exported, ...]) -> None:
        written, files = all_written[0], all_written[0].files
        quality = f"{written.quality[:1].upper()}{written.quality[1:]}."
        if len(all_written) > 1:
            details = _people_details(all_written)
        elif written.warnings:
            details = f". {' '.join(written.warnings)} {quality}"
        elif len(files) > 1:
            details = f"; {files[1].name} describes it. {quality}"
        else:
            details = f". {quality}"
        show = MessageButton("Show in folder", lambda: self._show(files[0]))
        self._window.announce(Message(f"Saved {files[0].name}{details}", (show,)))
