"""The export formats, and the functions that write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from app.errors import ExportError
from app.export.bids_names import ENDING, place
from app.export.file_options import AS_USUAL, Destination, FileOptions, blender
from app.system.files import plain_reason, write_together

if TYPE_CHECKING:
    from app.motion.data import MotionData


@dataclass(frozen=True, slots=True)
class Exporter:
    """One format."""

    label: str
    """Name shown to the user."""
    suffix: str
    module: str
    """Module of this package; imported on demand, as filters and NumPy load slowly."""
    needs: str | None = None
    """The library that writes it, if optional."""
    extra: str = "formats"
    """The program's extra that installs the library."""
    only: str = ""
    """Where that library exists, if not on all systems."""
    slow: bool = False
    """Whether writing takes about as long as lifting."""
    angles: bool = False
    """Whether it can contain joint angles."""
    rate: bool = False
    """Whether its constant frame rate can be chosen."""
    skeleton: bool = False
    """Whether its bone names can be chosen."""
    blender: bool = False
    """Whether the user's Blender writes it."""
    printed: bool = False
    """Whether it needs a printer, which only the window and the command line have."""
    tag: str = ""
    """Suffix that the window appends to the name if two formats have the same ending."""
    place: Callable[[str], str] | None = None
    """Relative path of a file of that name, if not the name itself; the module of such a format
    completes the folder."""
    companions: bool = False
    """Whether it consists of several files."""
    people: bool = False
    """Whether it can contain several people."""

    @property
    def loaded(self) -> Any:
        """Its module.

        ``write(data, to)`` writes poses to a :class:`~app.export.file_options.Destination` and
        returns the entries of the sidecar that differ from the table's; raises OSError.  With
        :attr:`people`, ``write_people(people, to)`` does so for several, who have the same frames;
        the column ``person`` contains ``provenance.person`` of each.  With a :attr:`place` there is
        ``complete(path)``, and with :attr:`companions` there is ``companions(path, data)``, which
        returns the content of further files by their paths.
        """
        return import_module(f"app.export.{self.module}")

    @property
    def installed(self) -> bool:
        """Whether the library that writes it is installed."""
        return self.needs is None or find_spec(self.needs) is not None

    def file(self, folder: Path, stem: str) -> Path:
        """Path in ``folder`` of the file for the name ``stem``."""
        return folder / (self.place(stem) if self.place is not None else f"{stem}{self.suffix}")


FORMATS: Final = {
    "csv": Exporter("Table (CSV)", ".csv", "csv_table", angles=True),
    "csv-long": Exporter(
        "Long table, a row for each joint (CSV)",
        ".csv",
        "csv_long",
        angles=True,
        tag="-long",
        people=True,
    ),
    "json": Exporter("JSON", ".json", "json_frames", angles=True),
    "npz": Exporter("NumPy arrays (NPZ)", ".npz", "npz", angles=True),
    "parquet": Exporter(
        "Long table (Parquet)", ".parquet", "parquet", needs="pyarrow", angles=True, people=True
    ),
    "trc": Exporter("Markers for OpenSim (TRC)", ".trc", "trc", rate=True),
    "mot": Exporter("Joint angles for OpenSim (MOT)", ".mot", "mot", rate=True),
    "opensim": Exporter(
        "Model and its motion by OpenSim (OSIM, MOT)",
        ".ik.mot",
        "opensim_ik",
        needs="opensim",
        extra="opensim",
        only="Python 3.11 to 3.13; Linux and Windows on x86-64, macOS 15 or later",
        rate=True,
        companions=True,
    ),
    "c3d": Exporter("Motion capture (C3D)", ".c3d", "c3d", rate=True),
    "bvh": Exporter("Animated skeleton (BVH)", ".bvh", "bvh", rate=True, skeleton=True),
    "gltf": Exporter("Animated skeleton (glTF)", ".glb", "gltf", rate=True, skeleton=True),
    "vrma": Exporter("Animation of an avatar (VRMA)", ".vrma", "vrma", rate=True),
    "fbx": Exporter(
        "Animated skeleton (FBX, by Blender)", ".fbx", "fbx", rate=True, skeleton=True, blender=True
    ),
    "report": Exporter("Report on one page (HTML)", ".html", "report.page"),
    "pdf": Exporter("Report on sheets of paper (PDF)", ".pdf", "report.sheets", printed=True),
    "numbers": Exporter("The report's numbers (CSV)", ".numbers.csv", "report.numbers"),
    "bids": Exporter("BIDS-Motion (TSV)", ENDING, "bids", rate=True, place=place, companions=True),
    "netcdf": Exporter("Poses for movement (netCDF)", ".nc", "netcdf", "xarray"),
    "mp4": Exporter(
        "Video, picture and 3D side by side (MP4)", ".mp4", "mp4", slow=True, rate=True
    ),
}


def formats_of(path: Path) -> list[str]:
    """Return the formats with the longest matching extension of a name, in the registry's order."""
    name = path.name.lower()
    fitting = [kind for kind, each in FORMATS.items() if name.endswith(each.suffix)]
    longest = max((len(FORMATS[kind].suffix) for kind in fitting), default=0)
    return [kind for kind in fitting if len(FORMATS[kind].suffix) == longest]


def sidecar_of(path: Path) -> Path:
    """The sidecar of ``path``."""
    if path.name.endswith(ENDING):  # BIDS prescribes its name
        return path.with_suffix(".json")
    return path.with_name(f"{path.name}.json")


def endings() -> str:
    """Return all extensions, for a sentence."""
    *others, last = dict.fromkeys(each.suffix for each in FORMATS.values())
    return f"{', '.join(others)} or {last}"


def require(kind: str, options: FileOptions = AS_USUAL) -> None:
    """Raise ExportError if a library is missing for the format ``kind``, or if it does not support
    ``options``; KeyError if there is no such format.

    To be called before long work, after which :func:`export` would raise the same.
    """
    exporter = FORMATS[kind]
    if not exporter.installed:
        only = f" ({exporter.only})" if exporter.only else ""
        raise ExportError(
            f"{exporter.label} needs {exporter.needs}: pip install '.[{exporter.extra}]', or pip "
            f"install {exporter.needs}{only}. Other formats work without."
        )
    if exporter.blender:
        blender(options.blender)
    if exporter.printed and options.printer is None:
        raise ExportError(
            f"{exporter.label} is made by the window, or by 'mixpose report TAKE -o NAME.pdf'. "
            "Here save NAME.html instead: any browser prints it."
        )
    if options.fps is not None and not exporter.rate:
        raise ExportError(
            f"{exporter.label} has each frame at its own time: leave the frame rate out."
        )
    named = options.skeleton != AS_USUAL.skeleton or options.rest is not None
    if named and not exporter.skeleton:
        raise ExportError(f"{exporter.label} has no bones: leave skeleton and rest pose out.")


def export(
    path: Path,
    data: MotionData,
    kind: str = "csv",
    *,
    options: FileOptions = AS_USUAL,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Path, ...]:
    """Write ``data`` to ``path`` in the format ``kind``, and its sidecar; return both, or neither.

    The folder must exist.  Existing files are replaced only with ``overwrite``, and unchanged after
    an error.  Raises ExportError if a file cannot be written, KeyError for an unknown
    format, and whatever ``progress`` raises to cancel.
    """
    from app.export.sidecar import describe  # NumPy: only when something is exported

    require(kind, options)
    exporter = FORMATS[kind]

    def write(file: BinaryIO) -> bytes:
        differs = exporter.loaded.write(data, Destination(file, path.name, progress, options))
        return describe(data, table_name=path.name, **differs)

    beside = exporter.loaded.companions(path, data) if exporter.companions else {}
    written = _written(path, write, beside, overwrite=overwrite)
    if exporter.place is not None:
        exporter.loaded.complete(path)
    return written


def export_people(
    path: Path,
    people: Sequence[MotionData],
    kind: str,
    *,
    overwrite: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[Path, ...]:
    """Export several people, who have the same frames, to one file.

    ``kind`` is a format that can contain several people.
    """
    from app.export.sidecar import describe_people

    def write(file: BinaryIO) -> bytes:
        differs = FORMATS[kind].loaded.write_people(people, Destination(file, path.name, progress))
        return describe_people(people, table_name=path.name, **differs)

    require(kind)
    return _written(path, write, {}, overwrite=overwrite)


def _written(
    path: Path,
    write: Callable[[BinaryIO], bytes],
    beside: Mapping[Path, bytes],
    *,
    overwrite: bool,
) -> tuple[Path, ...]:
    """Write a file, the sidecar returned by ``write``, and the files ``beside`` them; raises as
    :func:`export`."""
    try:
        path.name.encode()  # several formats, and all sidecars, contain the file's name
        files = [*beside, sidecar_of(path), path]
        with write_together(files, overwrite=overwrite) as (*others, description, file):
            description.write(write(file))
            for other, content in zip(others, beside.values(), strict=True):
                other.write(content)
        return path, sidecar_of(path), *beside
    except FileExistsError as error:
        raise ExportError(
            f"{error.filename or path} exists already. Choose another name, or allow overwriting."
        ) from error
    except UnicodeEncodeError as error:
        raise ExportError(f"The name {path.name} has broken letters. Choose another.") from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {plain_reason(error)}.") from error
