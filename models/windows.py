"""Lifting of one batch of windows: normalise the keypoints, run the network, undo the rotations.

Offline and live lifting share this code, so that both normalise a person in the same way as
training does.
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
    rotated,
    upright_rotation,
)
from models.mixste import MixSTE
from models.skeleton import MIRROR, PELVIS

_MIRROR: Final = list(MIRROR)


class LiftedWindows(NamedTuple):
    """B windows of T frames, on the CPU, in the camera's axes."""

    xyz: Tensor
    """(B, T, 17, 3) float32 metres, pelvis at the origin."""
    up: Tensor | None
    """(B, T, 3) predicted direction against gravity: the mean of a distribution, whose length, 0 to
    1, is its confidence.  None from networks that do not predict it."""


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
            evidence: (B, T, 17, 6) float32: x and y in pixels; confidence, 0 where the network gets
                no keypoint (x and y are then ignored); MediaPipe's world landmarks, metres from the
                pelvis or NaN.
            size: (width, height) of the picture in pixels.
            up: (B, 3) up vector in camera axes, shorter if less certain (``geometry.up_input``);
                None if nothing is known.
            flip: average with the mirrored window, so that left and right are treated alike.
        """
        if self._info.normalisation != PERSON_BOX:
            pose = self._run(_image_input(evidence, size), flip)
            return LiftedWindows(pose - pose[:, :, PELVIS : PELVIS + 1], None)
        width, height = size
        conf, world = evidence[..., 2], evidence[..., 3:]
        longer = max(width, height) * ASSUMED_FOCAL
        slopes = (evidence[..., :2] - evidence.new_tensor([width / 2, height / 2])) / longer
        turn = upright_rotation(slopes, conf > 0)
        slopes, world = rotated(slopes, turn), rotated(world, turn)
        box = person_box(slopes, conf > 0)
        to_ray = ray_rotation(box[0])
        up = slopes.new_zeros(len(slopes), 3) if up is None else rotated(up, turn)
        up = torch.einsum("bij,bj->bi", to_ray, up)
        reach = slopes.new_full((len(slopes),), 0.5 / ASSUMED_FOCAL)
        keypoints = network_input(slopes, conf, world, box, reach, up)
        pose = self._run(keypoints[..., : self._channels], flip)
        pose = rotated(torch.einsum("bji,btkj->btki", to_ray, pose), -turn)
        pelvis = pose[:, :, PELVIS].clone()  # the predicted up vector, if there is one
        if not self._info.says_up:
            return LiftedWindows(pose - pelvis[:, :, None], None)
        pose[:, :, PELVIS] = 0.0
        return LiftedWindows(pose, pelvis)

    def _run(self, keypoints: Tensor, flip: bool) -> Tensor:
        count = len(keypoints)
        if flip:
            keypoints = torch.cat([keypoints, _mirrored(keypoints)])
        pose = self._lift(keypoints)
        if flip:
            pose = (pose[:count] + _mirrored(pose[count:])) / 2
        # An extreme outlier must not become an infinity in the user's file.
        return pose.nan_to_num(0.0, 0.0, 0.0)


def _mirrored(tokens: Tensor) -> Tensor:
    """Exchange left and right in the network's input or in its poses."""
    mirrored = tokens[:, :, _MIRROR].clone()
    for channel in MIRRORED_CHANNELS:
        if channel < mirrored.shape[-1]:
            mirrored[..., channel].neg_()
    return mirrored


def _image_input(evidence: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the input of published networks: x and y relative to the whole picture."""
    width, height = size
    filled = _filled(evidence[..., :2], evidence[..., 2] > 0)
    return filled * (2 / width) - evidence.new_tensor([1.0, height / width])


def _filled(xy: Tensor, present: Tensor) -> Tensor:
    """Place absent joints at the mean of the others: these networks have no confidence input."""
    weight = present.unsqueeze(-1).to(xy.dtype)
    known = torch.where(present.unsqueeze(-1), xy, torch.zeros_like(xy))
    middle = known.sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp_min(1)
    return torch.where(present.unsqueeze(-1), xy, middle)
