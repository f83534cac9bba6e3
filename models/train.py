"""Train a network: ``python -m models.train --motion FOLDER --work FOLDER --out WEIGHTS``.

Killed or interrupted, the same command goes on where it was.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from models import checkpoint
from models.errors import MixposeError
from models.training.bodies import REFERENCE_HEIGHT_M
from models.training.curriculum import SMALL
from models.training.motion import MotionBank, Pack, read_pack
from models.training.trainer import Plan, Trainer


def main() -> int:
    """Run the command line; 0 when the weights are written, 2 on an error in words."""
    options = _parser().parse_args()
    torch.set_num_threads(options.threads)
    try:
        packs = [read_pack(path) for path in sorted(options.motion.glob("*.mcp"))]
        if not packs:
            raise MixposeError(f"There is no motion pack (*.mcp) in {options.motion}.")
        _train(packs, options)
    except MixposeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("--motion", type=Path, required=True, help="folder of motion packs (*.mcp)")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--out", type=Path, required=True, help="weights to write (.safetensors)")
    parser.add_argument(
        "--shares",
        type=float,
        nargs="+",
        metavar="SHARE",
        help="how much to draw from each pack, in the order of their names; equal unless given",
    )
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def _train(packs: list[Pack], options: argparse.Namespace) -> None:
    plan = Plan(width=128, depth=4, heads=4, stages=SMALL, seed=options.seed)
    shares = options.shares or [1.0] * len(packs)
    if len(shares) != len(packs):
        raise MixposeError(f"--shares takes {len(packs)} numbers, one for each motion pack.")
    with_val = [
        (pack, share)
        for pack, share in zip(packs, shares, strict=True)
        if any(clip.split == "val" for clip in pack.clips)
    ]
    trainer = Trainer(
        plan,
        MotionBank(packs, shares, "train"),
        MotionBank([pack for pack, _ in with_val], [share for _, share in with_val], "val"),
        options.work,
    )
    network = trainer.run()
    info = checkpoint.WeightsInfo(
        name=options.out.stem,
        frames=network.frames,
        width=plan.width,
        depth=plan.depth,
        heads=plan.heads,
        channels=network.channels,
        rate=plan.rate,
        normalisation=checkpoint.PERSON_BOX,
        skeleton="mixpose-17",
        height_m=REFERENCE_HEIGHT_M,
        training=" ".join(f"{pack.name}: {pack.source} ({pack.licence})." for pack in packs),
        licence="GPL-3.0-or-later",
    )
    checkpoint.save(options.out, network, info)


if __name__ == "__main__":
    sys.exit(main())
