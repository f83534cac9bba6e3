"""The videos in a folder, and the output file of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.cli.exits import UsageError
from app.cli.file_options import require
from app.cli.outputs import DEFAULT, require_writable
from app.export.file_options import AS_USUAL, FileOptions
from app.export.registry import FORMATS, Exporter
from app.export.sidecar_reading import is_export
from app.recording.names import SUFFIX as RECORDING
from app.system.files import VIDEO_SUFFIXES, plain_reason


@dataclass(frozen=True, slots=True)
class Plan:
    """The videos to lift."""

    kind: str
    pairs: tuple[tuple[Path, Path], ...]
    """Each video and its output file."""
    recordings: int
    """Recordings that were found; ``export`` handles them."""
    unreadable: tuple[tuple[Path, str], ...]
    """Folders that cannot be read, and the reasons."""


def plan(
    sources: Sequence[str], output: str, wanted: str | None, options: FileOptions = AS_USUAL
) -> Plan:
    """Find the videos in ``sources``, files and folders, and assign each a file in ``output``.

    Subfolders are mirrored in ``output``, in a folder for each source if there are several.

    Raises:
        UsageError: there are no videos, or ``output`` does not fit or is not writable.
        ExportError: the format needs a missing library, or does not allow the options.
    """
    kind = wanted or DEFAULT
    if kind not in FORMATS:
        raise UsageError(f"'{wanted}' is not a format. Choose one of: {', '.join(FORMATS)}.")
    require(kind, options)
    target = _folder_to_write(output)
    found = _Found()
    for source in sources:
        found.look_at(Path(source), alone=len(sources) == 1)
    if not found.videos:
        _refuse(sources, found)
    pairs = tuple(_paired(found.videos, target, FORMATS[kind]))
    return Plan(kind, pairs, found.recordings, tuple(found.unreadable))


def _folder_to_write(output: str) -> Path:
    target = Path(output)
    endings = tuple(each.suffix for each in FORMATS.values())
    if not target.is_dir() and target.name.lower().endswith(endings):
        raise UsageError(
            f"A folder or several sources need a folder after -o, not one file ({target})."
        )
    require_writable(target if os.path.lexists(target) else target.parent)
    return target


class _Found:
    """The videos found so far, each with its path relative to the source."""

    def __init__(self) -> None:
        self.videos: dict[Path, Path] = {}
        """Video -> its path relative to the output."""
        self.recordings = 0
        self.unreadable: list[tuple[Path, str]] = []
        self._names: set[str] = set()

    def look_at(self, source: Path, *, alone: bool) -> None:
        if not source.is_dir():
            # Also missing files: they are listed with the others that could not be lifted.
            self.videos.setdefault(source, Path(source.name))
            return
        below = Path() if alone else Path(source.resolve().name)
        if below.name and below.name.casefold() in self._names:
            raise UsageError(
                f"Two of the folders are called {below}, and their files would be mixed up. "
                "Lift one after the other, to different folders."
            )
        self._names.add(below.name.casefold())
        for video in self._walk(source):
            self.videos.setdefault(video, below / video.relative_to(source))

    def _walk(self, folder: Path) -> Iterator[Path]:
        def refused(error: OSError) -> None:
            self.unreadable.append((Path(error.filename), plain_reason(error)))

        for place, folders, files in os.walk(folder, onerror=refused):
            self.recordings += sum(name.endswith(RECORDING) for name in folders)
            # Changed in place, so that os.walk descends only into the remaining ones.
            folders[:] = sorted(name for name in folders if _is_wanted(name))
            for name in sorted(files):
                if _is_video(Path(place, name)):
                    yield Path(place, name)


def _is_video(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() not in VIDEO_SUFFIXES:
        return False
    return not is_export(path)  # such as an MP4 written by an earlier run


def _is_wanted(folder: str) -> bool:
    return not folder.startswith(".") and not folder.endswith(RECORDING)


def _refuse(sources: Sequence[str], found: _Found) -> None:
    for folder, reason in found.unreadable:
        raise UsageError(f"The folder {folder} cannot be looked into: {reason}.")
    raise UsageError(
        f"There is no video in {', '.join(sources)}: no file there ends in .mp4, .mov, .mkv or "
        "another ending of videos."
    )


def _paired(
    videos: dict[Path, Path], target: Path, exporter: Exporter
) -> Iterator[tuple[Path, Path]]:
    """Return each video with a unique output file.

    Videos that differ only in their extension keep it, so that names are the same in every run.
    Names are compared without case, as by the file systems of Windows and macOS.
    """
    stems = Counter(_folded(place.with_suffix("")) for place in videos.values())
    taken: dict[str, Path] = {}
    for video, place in videos.items():
        alone = stems[_folded(place.with_suffix(""))] == 1
        table = exporter.file(target / place.parent, place.stem if alone else place.name)
        if (other := taken.get(_folded(table))) is not None:
            raise UsageError(
                f"{other} and {video} would both become {table.name}. Rename one, or lift one "
                "after the other, to different folders."
            )
        if _folded(table) == _folded(video):
            raise UsageError(f"{video} would be overwritten. Choose another folder after -o.")
        taken[_folded(table)] = video
        yield video, table


def _folded(path: Path) -> str:
    return str(path).casefold()
