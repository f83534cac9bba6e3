"""The formats poses can be exported to, and the one way to do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

from app.errors import ExportError
from app.system.files import plain_reason, write_together

if TYPE_CHECKING:
    from app.motion.data import MotionData


class Write(Protocol):
    """Writes poses to an open file and returns what its sidecar says unlike that of the table.

    ``name`` is the file's.  Calls ``progress`` with the share done, 0 to 1; an exception it raises
    cancels.  Raises OSError.
    """

    def __call__(
        self, file: BinaryIO, data: MotionData, *, name: str, progress: Callable[[float], None]
    ) -> Mapping[str, object]: ...


class WritePeople(Protocol):
    """The same for several people, who have the same frames; each ``provenance.person`` says who.

    The column ``person`` has their numbers.
    """

    def __call__(
        self,
        file: BinaryIO,
        people: Sequence[MotionData],
        *,
        name: str,
        progress: Callable[[float], None],
    ) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format."""

    label: str
    """As a person chooses it."""
    suffix: str
    module: str
    """Of this package; imported when it is needed, since filters and NumPy take their time."""
    needs: str | None = None
    """The library it is written with, if that is not always there."""
    slow: bool = False
    """Whether writing takes about as long as lifting."""
    angles: bool = False
    """Whether it has room for joint angles beside the joints."""
    people: bool = False
    """Whether it has room for several people: its module has ``write_people``."""

    @property
    def write(self) -> Write:
        """The module's ``write``."""
        found: Write = import_module(f"app.export.{self.module}").write
        return found

    @property
    def write_people(self) -> WritePeople:
        """The module's ``write_people``, of formats that have room for several."""
        found: WritePeople = import_module(f"app.export.{self.module}").write_people
        return found


FORMATS: Final = {
    "csv": Exporter("Table (CSV)", ".csv", "csv_table", angles=True),
    "csv-long": Exporter(
        "Long table, a row for each joint (CSV)", ".csv", "csv_long", angles=True, people=True
    ),
    "json": Exporter("JSON", ".json", "json_frames", angles=True),
    "npz": Exporter("NumPy arrays (NPZ)", ".npz", "npz", angles=True),
    "parquet": Exporter(
        "Long table (Parquet)", ".parquet", "parquet", "pyarrow", angles=True, people=True
    ),
    "trc": Exporter("Markers for OpenSim (TRC)", ".trc", "trc"),
    "mot": Exporter("Joint angles for OpenSim (MOT)", ".mot", "mot"),
    "c3d": Exporter("Motion capture (C3D)", ".c3d", "c3d"),
    "bvh": Exporter("Animated skeleton (BVH)", ".bvh", "bvh"),
    "gltf": Exporter("Animated skeleton (glTF)", ".glb", "gltf"),
    "report": Exporter("Report on one page (HTML)", ".html", "report.html"),
    "numbers": Exporter("The report's numbers (CSV)", ".numbers.csv", "report.table"),
    "mp4": Exporter("Video, picture and 3D side by side (MP4)", ".mp4", "mp4", slow=True),
}


def formats_of(path: Path) -> list[str]:
    """The formats with the longest ending that fits the name, in the order of the registry."""
    name = path.name.lower()
    fitting = [kind for kind, each in FORMATS.items() if name.endswith(each.suffix)]
    longest = max((len(FORMATS[kind].suffix) for kind in fitting), default=0)
    return [kind for kind in fitting if len(FORMATS[kind].suffix) == longest]


def endings() -> str:
    """All endings, for a sentence."""
    return " or ".join(dict.fromkeys(each.suffix for each in FORMATS.values()))


def require(kind: str) -> None:
    """Raise ExportError if a library is missing for the format ``kind``; KeyError if unknown.

    For those who would otherwise work for an hour before :func:`export` says the same.
    """
    exporter = FORMATS[kind]
    if exporter.needs is not None and find_spec(exporter.needs) is None:
        raise ExportError(
            f"{exporter.label} needs {exporter.needs}: pip install '.[formats]'. "
            "Other formats work without."
        )


def export(
    path: Path,
    data: MotionData,
    kind: str = "csv",
    *,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Path, ...]:
    """Write ``data`` to ``path`` in the format ``kind``, and its sidecar; return both, or neither.

    The folder must exist.  Files there are replaced only if ``overwrite`` says so, and on any error
    they are as they were.  Raises ExportError if a file cannot be written, KeyError for an unknown
    format, and whatever ``progress`` raises to cancel.
    """
    from app.export.sidecar import describe  # NumPy: not before anything is exported

    def write(file: BinaryIO) -> bytes:
        differs = FORMATS[kind].write(file, data, name=path.name, progress=progress)
        return describe(data, table_name=path.name, **differs)

    require(kind)
    return _written(path, write, overwrite=overwrite)


def export_people(
    path: Path,
    people: Sequence[MotionData],
    kind: str,
    *,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Path, ...]:
    """The same of several people, who have the same frames, in one file.

    ``kind`` is one whose exporter has room for them.
    """
    from app.export.sidecar import describe_people

    def write(file: BinaryIO) -> bytes:
        differs = FORMATS[kind].write_people(file, people, name=path.name, progress=progress)
        return describe_people(people, table_name=path.name, **differs)

    require(kind)
    return _written(path, write, overwrite=overwrite)


def _written(
    path: Path, write: Callable[[BinaryIO], bytes], *, overwrite: bool
) -> tuple[Path, ...]:
    """A file and the sidecar that ``write`` returns; raises as :func:`export`."""
    try:
        path.name.encode()  # several formats hold their own name, all sidecars do
        sidecar = path.with_name(f"{path.name}.json")
        with write_together([sidecar, path], overwrite=overwrite) as (description, file):
            description.write(write(file))
        return path, sidecar
    except FileExistsError as error:
        raise ExportError(
            f"{error.filename or path} exists already. Choose another name, or allow overwriting."
        ) from error
    except UnicodeEncodeError as error:
        raise ExportError(f"The name {path.name} has broken letters. Choose another.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {plain_reason(error)}.") from error
