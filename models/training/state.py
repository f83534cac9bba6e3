"""A run's state on disk, and a run's initial weights."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models import checkpoint
from models.errors import MixposeError
from models.training.curriculum import Recipe, Size


@dataclass(frozen=True)
class Start:
    """Initial weights, and the index of the first stage to run."""

    weights: dict[str, Tensor]
    stage: int


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Replace the state on disk atomically: a kill leaves the old or the new one intact."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_state(path: Path) -> dict[str, Any]:
    """Read what ``write_state`` wrote: "stage", "step", "network", "averaged", "optimizer" and,
    except in old files, "recipe", "seed" and "losses".

    Raises:
        MixposeError: the file is damaged or is not a training state.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        Size.of(state["averaged"]), state["network"], state["optimizer"]
        int(state["stage"]), int(state["step"])
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise MixposeError(f"The training state {path} is damaged: {error}.") from error
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise MixposeError(f"{path} is not a training state of this program.") from error
    return dict(state)


def require_same_run(state: dict[str, Any], recipe: Recipe, seed: int) -> None:
    """Refuse to resume from a state of another recipe or seed.

    Raises:
        MixposeError: the run differs; the message says how to start from its weights instead.
    """
    stage, found = state["stage"], Size.of(state["network"])
    fits = stage < len(recipe.stages) and found == Size(
        recipe.stages[stage].frames, recipe.width, recipe.depth, recipe.channels
    )
    same_recipe = state.get("recipe", recipe.name) == recipe.name
    if not fits or not same_recipe or state.get("seed", seed) != seed:
        raise MixposeError(
            f"The --work folder holds a run of another recipe or seed (recipe "
            f"{state.get('recipe', 'unnamed')}, seed {state.get('seed', 'unknown')}, stage "
            f"{stage + 1}, {found}). Go on with that one, or name another folder; --init with its "
            "state.pt starts from its weights."
        )


def read_start(source: str, recipe: Recipe, stage: int | None) -> Start:
    """Read a run's initial weights.

    Args:
        source: a shipped name, a weights file, a published checkpoint, or a run's ``state.pt``,
            also under another name.
        recipe: the recipe to be trained.
        stage: index of the first stage to run; unless given, the first one whose windows are at
            least as long as those of the weights.

    Raises:
        MixposeError: the weights cannot be read, or do not fit the recipe or the stage.
    """
    weights = _read_weights(source, recipe)
    if stage is None:
        longer = [
            index
            for index, candidate in enumerate(recipe.stages)
            if candidate.frames >= Size.of(weights).frames
        ]
        stage = longer[0] if longer else len(recipe.stages) - 1
    if not 0 <= stage < len(recipe.stages):
        raise MixposeError(
            f"The recipe {recipe.name} has stages 1 to {len(recipe.stages)}, not {stage + 1}."
        )
    return Start(weights, stage)


def _read_weights(source: str, recipe: Recipe) -> dict[str, Tensor]:
    path = Path(source)
    if path.name == "state.pt" or _is_state(path):
        averaged: dict[str, Tensor] = read_state(path)["averaged"]
        return averaged
    network, info = checkpoint.load(checkpoint.resolve_weights(source), heads=recipe.heads)
    if info.heads != recipe.heads:
        raise MixposeError(
            f"The weights {source} have {info.heads} attention heads, the recipe {recipe.name} has "
            f"{recipe.heads}."
        )
    return network.state_dict()


def _is_state(path: Path) -> bool:
    """Return whether a file is a training state, whatever its name."""
    if path.suffix == ".safetensors" or not path.is_file():
        return False
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception:  # a published checkpoint, or damaged: models.checkpoint says which
        return False
    return isinstance(content, dict) and "averaged" in content
