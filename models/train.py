"""Train a network: ``python -m models.train --motion FOLDER --work FOLDER --out WEIGHTS``.

If it was killed, interrupted or ran out of time, the same command resumes.  ``torchrun -m
models.train`` with the same options trains in several processes.  The subcommand ``pack-motion``
packs a folder of motion into one small file.  See models/training/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from models import checkpoint
from models.errors import MixposeError
from models.training import motion_file
from models.training.batches import default_workers
from models.training.bodies import REFERENCE_HEIGHT_M
from models.training.curriculum import RECIPES, Recipe
from models.training.distributed import Group, joined
from models.training.kinds import Repertoire
from models.training.motion import Pack, read_motion
from models.training.observed import Observed
from models.training.state import read_start
from models.training.stopping import Reason, Stopper
from models.training.trainer import PRECISIONS, Settings, Trainer

_SIGNALLED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the weights are written or the time is up, 2 on an error with a message, 130 if stopped
        by a signal.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    command: Callable[[list[str]], int] = _train
    if words and words[0] in _COMMANDS:
        command = _COMMANDS[words.pop(0)]
    try:
        return command(words)
    except MixposeError as error:
        _say(str(error))
        return 2


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _train(words: list[str]) -> int:
    options = _train_parser().parse_args(words)
    torch.set_num_threads(options.threads)
    with Stopper(options.minutes) as stopper, joined(options.device) as group:
        if group.device.type == "cuda":
            torch.set_float32_matmul_precision("high")  # TensorFloat-32 for what is not bfloat16
        recipe = _recipe(options)
        packs = _read(options)
        trainer = _trainer(recipe, packs, options, group)
        reason = trainer.run(stopper)
        if group.leads:
            _write_weights(options.out, trainer, recipe, packs)
            _say(_ending(reason, trainer, recipe, options))
    return _SIGNALLED if reason is Reason.SIGNAL else 0


def _train_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="recipes:\n" + "\n".join(f"  {r.name:6} {r.what}" for r in RECIPES.values()),
    )
    add = parser.add_argument
    _add_motion(parser)
    add("--work", type=Path, required=True, help="folder for state and log, to resume from")
    add("--out", type=Path, required=True, help="weights to write (.safetensors)")
    add("--recipe", choices=RECIPES, default="small", help="what to train, and how (see below)")
    add(
        "--observed",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="studies: the detector's output on synthetic people (python -m app.lab.study), files "
        "or folders, for a part of every batch",
    )
    add(
        "--observed-share",
        type=float,
        default=0.75,
        metavar="SHARE",
        help="their fraction of every batch (default: 0.75)",
    )
    add("--init", metavar="WEIGHTS", help="weights to start from: a file, a name, or a state")
    add("--from-stage", type=int, metavar="N", help="stage to start at, from 1; for --init")
    add(
        "--steps", type=float, default=1.0, metavar="FACTOR", help="make all stages longer, shorter"
    )
    for size in ("width", "depth", "heads", "channels"):
        add(f"--{size}", type=int, metavar="N", help=f"{size} of the network, if not the recipe's")
    add("--minutes", type=float, help="save and end after this time; the same command resumes")
    add("--device", default="auto", help="auto, cpu or cuda")
    add("--precision", choices=PRECISIONS, default="bfloat16")
    add("--workers", type=int, metavar="N", help="processes that draw batches; 0 on a CPU")
    add("--threads", type=int, default=torch.get_num_threads(), metavar="N")
    add("--seed", type=int, default=1)
    return parser


def _add_motion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--motion",
        type=Path,
        required=True,
        help="folder of motion (.mcp, .bvh, .asf with .amc), or a file made by pack-motion",
    )
    parser.add_argument(
        "--joint-map", type=Path, metavar="FILE", help="names of your skeleton's joints"
    )
    parser.add_argument(
        "--motion-rate",
        type=float,
        metavar="FPS",
        help="frames per second of files that do not define it (AMC; 120 unless given)",
    )


def _read(options: argparse.Namespace) -> list[Pack]:
    if options.motion.suffix == ".npz":
        return motion_file.read_motion_file(options.motion)
    return read_motion(options.motion, joint_map=options.joint_map, rate=options.motion_rate)


def _recipe(options: argparse.Namespace) -> Recipe:
    recipe = RECIPES[options.recipe]
    sizes = {
        name: value
        for name in ("width", "depth", "heads", "channels")
        if (value := getattr(options, name)) is not None
    }
    if options.steps <= 0 or any(value < 1 for value in sizes.values()):
        raise MixposeError("--steps and the sizes of the network must be above zero.")
    recipe = replace(recipe, **sizes)
    if recipe.width % recipe.heads:
        raise MixposeError(f"--width {recipe.width} is not a multiple of --heads {recipe.heads}.")
    stages = tuple(
        replace(stage, steps=max(1, round(stage.steps * options.steps))) for stage in recipe.stages
    )
    return replace(recipe, stages=stages)


def _trainer(
    recipe: Recipe, packs: list[Pack], options: argparse.Namespace, group: Group
) -> Trainer:
    if options.from_stage is not None and options.init is None:
        raise MixposeError("--from-stage says where to start with the weights of --init.")
    start = None
    if options.init is not None:
        stage = None if options.from_stage is None else options.from_stage - 1
        start = read_start(options.init, recipe, stage)
    workers = options.workers
    if workers is None:
        workers = default_workers(group.device, group.local)
    return Trainer(
        recipe,
        Repertoire(packs, "train"),
        Repertoire(packs, "val"),
        options.work,
        group,
        Settings(options.seed, options.precision, workers),
        start,
        Observed(options.observed, options.observed_share) if options.observed else None,
    )


def _write_weights(out: Path, trainer: Trainer, recipe: Recipe, packs: list[Pack]) -> None:
    network = trainer.averaged
    info = checkpoint.WeightsInfo(
        name=out.stem,
        frames=network.frames,
        width=recipe.width,
        depth=recipe.depth,
        heads=recipe.heads,
        channels=network.channels,
        rate=recipe.frame_rate,
        normalisation=checkpoint.PERSON_BOX,
        skeleton="mixpose-17",
        height_m=REFERENCE_HEIGHT_M,
        training=f"Recipe {recipe.name}. "
        + " ".join(f"{pack.name}: {pack.source} ({pack.licence})." for pack in packs),
        licence="GPL-3.0-or-later",
        says_up=recipe.says_up,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    checkpoint.save(temporary, network, info)
    temporary.replace(out)


def _ending(reason: Reason, trainer: Trainer, recipe: Recipe, options: argparse.Namespace) -> str:
    if reason is Reason.NONE:
        return f"Finished. The weights are in {options.out}."
    why = "The time is up" if reason is Reason.TIME else "Stopped"
    return (
        f"{why} after step {trainer.step} of stage {trainer.stage + 1} of {len(recipe.stages)}; "
        f"saved in {options.work}. The same command goes on from there. Weights as they are now: "
        f"{options.out}."
    )


def _pack_motion(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.train pack-motion",
        description="Put a folder of motion into one file of at most "
        f"{motion_file.LARGEST_PACK // 10**6} MB, for --motion.",
    )
    _add_motion(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE.npz")
    parser.add_argument(
        "--highest-rate",
        type=float,
        default=120.0,
        metavar="FPS",
        help="leave out frames of faster clips (default: 120)",
    )
    options = parser.parse_args(words)
    if options.out.suffix != ".npz":
        raise MixposeError("The motion file's name must end in .npz.")
    packs = _read(options)
    size = motion_file.write_motion(options.out, packs, options.highest_rate)
    seconds = sum(len(clip.xyz) / clip.rate for pack in packs for clip in pack.clips)
    _say(f"{seconds / 60:.0f} minutes of motion in {options.out}, {size / 1e6:.1f} MB.")
    return 0


_COMMANDS = {"pack-motion": _pack_motion}

if __name__ == "__main__":
    sys.exit(main())
