"""Motion kept out of training, with the faults that training itself puts in: no detector, no
pictures, thousands of people and views."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch

from app.evaluation.material import EvaluationError, Footage, Material
from app.evaluation.methods import FlatGuess, Method, Ours
from app.evaluation.scoring import Row, score_takes
from models import checkpoint
from models.checkpoint import PERSON_BOX
from models.geometry import CHANNELS
from models.lifter import Lifter
from models.scores import Take
from models.skeleton import PELVIS
from models.training.motion import MotionBank, Pack, read_motion
from models.training.samples import Batch, Sampler

SPLIT: Final = "val"
_TITLE: Final = "val motion, training's own noise, whole body seen"
_SEED: Final = 2003
_WINDOWS_A_PASS: Final = 32


def val_packs(path: Path) -> list[Pack]:
    """The motion of a file or folder, as far as some of it is kept out of training.

    Raises:
        EvaluationError: there is none such.
        MixposeError: nothing can be read.
    """
    packs = read_motion(path)
    chosen = [pack for pack in packs if any(clip.split == SPLIT for clip in pack.clips)]
    if not chosen:
        raise EvaluationError(f"{path} holds no motion of the split {SPLIT!r}.")
    return chosen


def score_own_noise(packs: Sequence[Pack], methods: Sequence[Method], poses: int) -> list[Row]:
    """Rows for our networks and the flat guess, over about ``poses`` poses in windows.

    Networks are given the very input of training's validation; frames in which a joint is unseen
    are not scored, since where it is was never told.
    """
    bank = MotionBank(list(packs), [1.0] * len(packs), SPLIT)
    rows: list[Row] = []
    batches: dict[int, tuple[Batch, Material]] = {}
    for method in methods:
        if not isinstance(method, Ours) or method.lifter.info.normalisation != PERSON_BOX:
            continue
        info = method.lifter.info
        if info.frames not in batches:
            sampler = Sampler(bank, info.rate, _SEED, augment=False)
            batch = sampler.draw(max(1, poses // info.frames), info.frames)
            batches[info.frames] = batch, _material(batch, info.rate)
        batch, material = batches[info.frames]
        takes = [
            Take(predicted, footage.true, footage.time_s)
            for predicted, footage in zip(
                _lifted(method.lifter, batch), material.footage, strict=True
            )
        ]
        rows.append(Row(_TITLE, method.name, score_takes(material, takes)))
    for _, material in list(batches.values())[:1]:
        flat = FlatGuess()
        takes = [
            Take(flat.poses(footage, material), footage.true, footage.time_s)
            for footage in material.footage
        ]
        rows.append(Row(_TITLE, flat.name, score_takes(material, takes)))
    return rows


def _lifted(lifter: Lifter, batch: Batch) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    network, info = checkpoint.load(lifter.info.path, lifter.device)
    tokens = batch.keypoints[..., : info.channels].clone()
    if not lifter.use_depth:
        for name in ("depth", "depth known"):
            if CHANNELS.index(name) < info.channels:
                tokens[..., CHANNELS.index(name)] = 0.0
    with torch.inference_mode():
        parts = [
            network(part.to(lifter.device)).float().cpu()
            for part in torch.split(tokens, _WINDOWS_A_PASS)
        ]
    lifted = torch.cat(parts)
    lifted = lifted - lifted[:, :, PELVIS : PELVIS + 1]
    return np.asarray(lifted.numpy())


def _material(batch: Batch, rate: float) -> Material:
    xy, poses = batch.keypoints[..., :2].numpy(), batch.pose.numpy()
    seen = batch.seen.numpy()
    whole = np.asarray(seen.all(axis=-1))
    true = np.where(whole[..., None, None], poses, np.nan)
    time_s = np.arange(xy.shape[1]) / rate
    footage = tuple(
        Footage("", (2, 2), time_s, xy[i], seen[i].astype(np.float32), true[i])
        for i in range(len(xy))
    )
    return Material(_TITLE, footage)
