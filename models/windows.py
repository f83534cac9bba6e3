"""From tracked joints to poses: one batch of windows through the network.

The sequence lifter and the live lifter both come through here, so that the picture of a person is
prepared in one way, and in training's way.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from models import ASSUMED_FOCAL
from models.acceleration import accelerated
from models.checkpoint import PERSON_BOX, WeightsInfo
from models.geometry import (
    MIRRORED_CHANNELS,
    network_input,
    person_box,
    ray_rotation,
    turned,
    upright_turn,
)
from models.mixste import MixSTE
from models.skeleton import MIRROR, PELVIS

_MIRROR: Final = list(MIRROR)


class LiftedWindows(NamedTuple):
    """B windows of T frames, on the CPU, in the camera's axes."""

    xyz: Tensor
    """(B, T, 17, 3) float32 metres, pelvis at the origin."""
    up: Tensor | None
    """(B, T, 3) the direction against gravity, as the network says: a mean, and so the shorter the
    less sure; of length 0 to 1.  None from networks that do not say."""


class WindowLifter:
    """Lifts windows of the network's length at the network's rate."""

    def __init__(self, network: MixSTE, info: WeightsInfo, device: torch.device) -> None:
        self._channels, self._info = network.channels, info
        self._lift = accelerated(network, device)

    def __call__(
        self,
        evidence: Tensor,
        size: tuple[int, int],
        up: Tensor | None = None,
        *,
        flip: bool = True,
    ) -> LiftedWindows:
        """Lift windows.

        Args:
            evidence: (B, T, 17, 6) float32: x and y in pixels, anything where not told;
                confidence, 0 where not told; the detector's own 3D, metres from the pelvis or NaN.
            size: (width, height) of the picture in pixels.
            up: (B, 3) against gravity in the camera's axes, the shorter the less sure
                (``geometry.told_up``); None where nothing is known.
            flip: average with the mirrored window, so that left and right are treated alike.
        """
        if self._info.normalisation != PERSON_BOX:
            pose = self._run(_image_input(evidence, size), flip)
            return LiftedWindows(pose - pose[:, :, PELVIS : PELVIS + 1], None)
        width, height = size
        conf, world = evidence[..., 2], evidence[..., 3:]
        longer = max(width, height) * ASSUMED_FOCAL
        slopes = (evidence[..., :2] - evidence.new_tensor([width / 2, height / 2])) / longer
        turn = upright_turn(slopes, conf > 0)
        slopes, world = turned(slopes, turn), turned(world, turn)
        box = person_box(slopes, conf > 0)
        to_ray = ray_rotation(box[0])
        up = slopes.new_zeros(len(slopes), 3) if up is None else turned(up, turn)
        up = torch.einsum("bij,bj->bi", to_ray, up)
        reach = slopes.new_full((len(slopes),), 0.5 / ASSUMED_FOCAL)
        keypoints = network_input(slopes, conf, world, box, reach, up)
        pose = self._run(keypoints[..., : self._channels], flip)
        pose = turned(torch.einsum("bji,btkj->btki", to_ray, pose), -turn)
        said = pose[:, :, PELVIS].clone()
        if not self._info.says_up:
            return LiftedWindows(pose - said[:, :, None], None)
        pose[:, :, PELVIS] = 0.0
        return LiftedWindows(pose, said)

    def _run(self, keypoints: Tensor, flip: bool) -> Tensor:
        count = len(keypoints)
        if flip:
            keypoints = torch.cat([keypoints, _mirrored(keypoints)])
        pose = self._lift(keypoints)
        if flip:
            pose = (pose[:count] + _mirrored(pose[count:])) / 2
        # A far outlier must not turn into an infinity in somebody's file.
        return pose.nan_to_num(0.0, 0.0, 0.0)


def _mirrored(tokens: Tensor) -> Tensor:
    """Exchange left and right, of the network's input as of its poses."""
    mirrored = tokens[:, :, _MIRROR].clone()
    for channel in MIRRORED_CHANNELS:
        if channel < mirrored.shape[-1]:
            mirrored[..., channel].neg_()
    return mirrored


def _image_input(evidence: Tensor, size: tuple[int, int]) -> Tensor:
    """As published networks take it: x and y of the whole picture."""
    width, height = size
    held = _held(evidence[..., :2], evidence[..., 2] > 0)
    return held * (2 / width) - evidence.new_tensor([1.0, height / width])


def _held(xy: Tensor, present: Tensor) -> Tensor:
    """Put absent joints, for networks that know of none, in the middle of the rest."""
    weight = present.unsqueeze(-1).to(xy.dtype)
    known = torch.where(present.unsqueeze(-1), xy, torch.zeros_like(xy))
    middle = known.sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp_min(1)
    return torch.where(present.unsqueeze(-1), xy, middle)
