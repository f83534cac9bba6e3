"""Options of ``lift`` for folders, parallel processes and clusters."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from app.cli.model_options import lift_options
from app.recording.names import SUFFIX

if TYPE_CHECKING:
    from app.lifting.batch.task import BatchOptions
    from app.motion.data import MotionData
    from app.recording.corrections import Correction

MOST_JOBS: Final = 256


def add(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the options that ``app.cli.batch`` reads."""
    group = parser.add_argument_group("folders and many videos at once")
    group.add_argument(
        "--jobs",
        metavar="N",
        type=_jobs,
        help="detect in N processes, several videos or segments of one (default: as many as there "
        "are processor cores); the poses are the same",
    )
    group.add_argument(
        "--again",
        action="store_true",
        help="with a folder: lift again what is done (same video, options and weights)",
    )
    group.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="lift on the Ray cluster there, such as 10.0.0.1:6379, or 'auto' for the one this "
        "machine belongs to; all its machines must see the files under the same paths",
    )


def wanted(options: argparse.Namespace) -> bool:
    """Whether ``options`` ask for many videos at once."""
    several = options.jobs is not None and len(options.sources) > 1
    return several or options.ray is not None or any(map(_is_folder, options.sources))


def wanted_of_each(options: argparse.Namespace, kind: str, weights_sha256: str) -> BatchOptions:
    """Return the options for each video, in the format ``kind``."""
    from app.lifting.batch.task import BatchOptions

    return BatchOptions(
        weights_sha256,
        kind,
        lift_options(options),
        options.processing,
        file=options.file,
        one_file=options.one_file,
    )


def remembered(
    data: MotionData,
    source: str,
    kind: str,
    options: argparse.Namespace,
    corrections: Sequence[Correction] = (),
) -> MotionData:
    """Return ``data`` with the request by which a later run recognises that the video ``source`` is
    done; unchanged if ``source`` is not a file.
    """
    from app.lifting.batch.up_to_date import request_of, with_request

    each = wanted_of_each(options, kind, data.provenance.weights_sha256)
    try:
        return with_request(data, request_of(Path(source), each, corrections))
    except (OSError, ValueError):  # a camera, an address, the performer
        return data


def _is_folder(source: str) -> bool:
    try:
        return Path(source).is_dir() and Path(source).suffix != SUFFIX
    except (OSError, ValueError):  # too long for a path, or containing a zero byte
        return False


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number of processes between 1 and {MOST_JOBS}"
        )
    return int(text)
