"""From tracked joints to poses: one batch of windows through the network.

The sequence lifter and the live lifter both come through here, so that the picture of a person is
prepared in one way, and in training's way.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from models.checkpoint import PERSON_BOX, WeightsInfo
from models.fast import accelerated
from models.geometry import ASSUMED_FOCAL, CHANNELS, network_input, person_box, ray_rotation
from models.mixste import MixSTE
from models.skeleton import MIRROR, PELVIS

_MIRROR: Final = list(MIRROR)
_SIDEWAYS: Final = [index for index, name in enumerate(CHANNELS) if name in ("x", "box x")]
"""Channels that change their sign in a mirror."""


class WindowLifter:
    """Lifts windows of the network's length at the network's rate."""

    def __init__(self, network: MixSTE, info: WeightsInfo, device: torch.device) -> None:
        self._channels, self._info = network.channels, info
        self._lift = accelerated(network, device)

    def __call__(self, evidence: Tensor, size: tuple[int, int], *, flip: bool = True) -> Tensor:
        """Lift windows.

        Args:
            evidence: (B, T, 17, 4) float32: x and y in pixels, anything where not told;
                confidence, 0 where not told; the detector's depth in metres or NaN.
            size: (width, height) of the picture in pixels.
            flip: average with the mirrored window, so that left and right are treated alike.

        Returns:
            (B, T, 17, 3) float32 on the CPU: metres, camera axes, pelvis at the origin.
        """
        width, height = size
        xy, conf, depth = evidence[..., :2], evidence[..., 2], evidence[..., 3]
        present = conf > 0
        if self._info.normalisation == PERSON_BOX:
            longer = max(width, height)
            slopes = (xy - xy.new_tensor([width / 2, height / 2])) / (longer * ASSUMED_FOCAL)
            box = person_box(slopes, present)
            reach = slopes.new_full((len(xy),), 0.5 / ASSUMED_FOCAL)
            keypoints = network_input(slopes, conf, depth, box, reach)
            keypoints = keypoints[..., : self._channels]
            to_camera = ray_rotation(box[0]).transpose(1, 2)
        else:
            keypoints = _held(xy, present) * (2 / width) - xy.new_tensor([1.0, height / width])
            to_camera = torch.eye(3).expand(len(xy), 3, 3)
        pose = self._run(keypoints, flip)
        pose = pose - pose[:, :, PELVIS : PELVIS + 1]
        return torch.einsum("bij,btkj->btki", to_camera, pose)

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
    mirrored = tokens[:, :, _MIRROR].clone()
    for channel in _SIDEWAYS:
        if channel < mirrored.shape[-1]:
            mirrored[..., channel].neg_()
    return mirrored


def _held(xy: Tensor, present: Tensor) -> Tensor:
    """Put absent joints, for networks that know of none, in the middle of the rest."""
    weight = present.unsqueeze(-1).to(xy.dtype)
    known = torch.where(present.unsqueeze(-1), xy, torch.zeros_like(xy))
    middle = known.sum(2, keepdim=True) / weight.sum(2, keepdim=True).clamp_min(1)
    return torch.where(present.unsqueeze(-1), xy, middle)
