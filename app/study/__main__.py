"""What the detector sees of captured motion: ``python -m app.study --motion FOLDER --out FILE``.

Interrupted, the same command goes on where the file ends.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from tqdm import tqdm

from app.detection.models import FOR_FILMS, SIZES
from app.render.gl_window import RenderError
from app.study.files import load, save
from app.study.motion import repertoire
from app.study.observe import RATE, Observation, observe
from models.errors import MixposeError
from models.training.motion import read_pack

_SAVE_EVERY: Final = 50


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when all takes are written, 2 on an error in words."""
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
    source = repertoire(packs, options.shares or [1.0] * len(packs), options.split)
    done = _so_far(options)
    run = observe(
        source,
        options.takes,
        options.seconds,
        options.seed,
        first=len(done),
        framing=options.framing,
        size=options.detector,
        bent=not options.as_captured,
    )
    try:
        for one in tqdm(run, initial=len(done), total=options.takes, unit="take"):
            done.append(one)
            if len(done) % _SAVE_EVERY == 0:
                save(options.out, done)
    finally:
        if done:
            save(options.out, done)


def _so_far(options: argparse.Namespace) -> list[Observation]:
    if not options.out.exists():
        return []
    done = load(options.out)
    frames = max(1, round(options.seconds * RATE))
    if any(len(one.xy) != frames or one.split != options.split for one in done):
        raise MixposeError(
            f"{options.out} holds takes of another length or split. Name another file."
        )
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.study", description=__doc__)
    parser.add_argument("--motion", type=Path, required=True, help="folder of motion packs (*.mcp)")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.npz)")
    parser.add_argument(
        "--shares",
        type=float,
        nargs="+",
        metavar="SHARE",
        help="how much to draw from each pack, in the order of their names; equal unless given",
    )
    parser.add_argument("--split", default="train", help="of the clips; train unless given")
    parser.add_argument("--takes", type=int, default=1000, metavar="N")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="of each take")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--framing", choices=("whole", "cut", "any"), help="of all takes; drawn unless given"
    )
    parser.add_argument(
        "--detector", choices=SIZES, default=FOR_FILMS, help=f"{FOR_FILMS} unless given"
    )
    parser.add_argument(
        "--as-captured",
        action="store_true",
        help="leave the motion as it is; without it some takes sit, squat, reach or turn limbs",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
