"""Detections of rendered motion capture: ``python -m app.lab.study --motion DIR --out DIR``.

Writes files of takes to the folder, one after the other; after an interruption the same command
continues with the next one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from tqdm import tqdm

from app.lab.study.clothed import ClothedTakes
from app.lab.study.motion import Source
from app.lab.study.observe import Observation, TakeSource, load, observe, piece, pieces, save
from app.lab.study.performer import PerformerTakes
from app.render.gl_window import RenderError
from models.errors import MixposeError
from models.training.motion import Pack, read_pack

_PIECE: Final = 40
"""Takes per file: a few minutes of rendering."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 when all takes are written, 2 after an error message."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (MixposeError, RenderError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    packs = [read_pack(path) for path in sorted(options.motion.glob("*.mcp"))]
    if not packs:
        raise MixposeError(f"There is no motion pack (*.mcp) in {options.motion}.")
    first = _so_far(options)
    stage = _stage(options, packs)
    takes: list[list[Observation]] = []
    run = observe(stage, options.takes, first=first)
    try:
        for take in tqdm(run, initial=first, total=options.takes, unit="take"):
            takes.append(take)
            if len(takes) == _PIECE:
                first = _write(options.out, first, takes)
    finally:
        if takes:
            _write(options.out, first, takes)


def _write(folder: Path, first: int, takes: list[list[Observation]]) -> int:
    """Write and clear ``takes``; return the number of the next one."""
    save(piece(folder, first), [one for take in takes for one in take])
    following = first + len(takes)
    takes.clear()
    return following


def _so_far(options: argparse.Namespace) -> int:
    """Return the number of takes written so far."""
    written = pieces(options.out)
    if not written:
        return 0
    last = {name: values[-1] for name, values in load(written[-1]).items()}
    same = (len(last["truth"]), last["rate"], last["split"], last["people"])
    if same != (_frames(options), options.rate, options.split, options.people):
        raise MixposeError(
            f"{options.out} holds takes of another length, rate, split or people. "
            "Name another folder."
        )
    return int(last["index"]) + 1


def _stage(options: argparse.Namespace, packs: list[Pack]) -> TakeSource:
    frames, rate = _frames(options), options.rate
    source = Source(packs, options.split, frames, rate, as_captured=options.as_captured)
    if options.people == "performer":
        return PerformerTakes(source, options.seed)
    if options.people_assets is None:
        raise MixposeError("Name the folder of clothes, hair and skin with --people-assets.")
    return ClothedTakes(source, options.people_assets, options.seed)


def _frames(options: argparse.Namespace) -> int:
    seconds, rate = float(options.seconds), float(options.rate)
    return max(1, round(seconds * rate))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.lab.study", description=__doc__)
    parser.add_argument("--motion", type=Path, required=True, help="folder of motion packs (*.mcp)")
    parser.add_argument("--out", type=Path, required=True, help="folder to write (takes-*.npz)")
    parser.add_argument("--people", choices=("performer", "clothed"), default="performer")
    parser.add_argument(
        "--people-assets", type=Path, metavar="FOLDER", help="of clothes, hair and skin"
    )
    parser.add_argument("--split", default="train", help="of the clips; train unless given")
    parser.add_argument("--takes", type=int, default=1000, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.6, metavar="S", help="of each take")
    parser.add_argument("--rate", type=float, default=15.0, metavar="N", help="frames a second")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--as-captured",
        action="store_true",
        help="leave the motion as it is; without it people stand straight, sit, reach and lie",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
