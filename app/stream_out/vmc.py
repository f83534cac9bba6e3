"""OSC in the VMC protocol, which moves avatars in VSeeFace, Warudo, Unity, Blender and others.

Virtual Motion Capture Protocol, marionette specification, https://protocol.vmc.info: for each pose
``/VMC/Ext/OK`` (loaded, calibrated, normal mode, whether a person is tracked: version 2.7),
``/VMC/Ext/T`` (seconds, when the picture was taken), ``/VMC/Ext/Root/Pos`` at the origin, and a
``/VMC/Ext/Bone/Pos`` for each bone: its name in Unity's ``HumanBodyBones``, position and rotation
against its parent, in a T-pose none.

Unity is left-handed, y up; an avatar faces +z, its left arm along -x.  Ours faces +z, its left arm
along +x: x is mirrored, and with it the sense of turns about y and z.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from app.errors import LiveOutError
from app.export.rig import BONE, BONES, Array
from app.stream_out.posing import BonePose, LivePoser

if TYPE_CHECKING:
    from pythonosc.osc_message import OscMessage

    from app.packets import Pose3D

UNITY_NAMES: Final = {
    bone: bone.replace("ForeArm", "LowerArm").replace("UpLeg", "UpperLeg")
    if "ForeArm" in bone or "UpLeg" in bone
    else {"Arm": f"{bone[:-3]}UpperArm", "Leg": f"{bone[:-3]}LowerLeg"}.get(bone[-3:], bone)
    for bone in BONES
}
"""Our bone -> the same in UnityEngine.HumanBodyBones."""
_MIRROR_PLACE: Final = np.array([-1.0, 1.0, 1.0])
_MIRROR_TURN: Final = np.array([1.0, -1.0, -1.0, 1.0])
_CALIBRATED: Final = 3
_LARGEST: Final = 1200
"""Bytes of a datagram; one that is larger than the network's (1500 less the headers, 1400 in some
tunnels) is sent in fragments, and lost if any of them is."""


class VmcChannel:
    """Sends to one receiver by UDP.

    Args:
        host: name or address; a name is looked up.  LiveOutError if there is none such.
        port: where it listens.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            raise LiveOutError(
                f"There is no computer named {host} to send to. Check the address."
            ) from error
        family, kind, protocol, _, address = found[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        # Connected, it is told when nobody listens on a computer that can be reached.
        self._socket.connect(address)
        self._poser = LivePoser()
        self._turns: Array | None = None
        self._began: float | None = None

    def send(self, pose: Pose3D, conf: NDArray[np.float32]) -> bool:
        """See ``Channel``.  A person who is not in view leaves the avatar as it is."""
        if self._began is None:
            self._began = pose.captured_at
        time_s = pose.captured_at - self._began
        messages = [*_head(time_s, tracked=not pose.missing.all())]
        if not pose.missing.all():
            xyz = pose.upright.astype(np.float64)
            feet = pose.upright_feet.astype(np.float64)
            bones = self._poser.pose(xyz, np.isfinite(conf), pose.missing, time_s, feet)
            messages += _bones(bones, self._without_jumps(bones.turns))
        heard = True
        for datagram in _bundles(messages):
            heard &= self._send(datagram)
        return heard

    def close(self) -> None:
        """See ``Channel``."""
        self._socket.close()

    def _without_jumps(self, turns: Array) -> Array:
        """The same rotations with signs as in the frame before: receivers interpolate."""
        if self._turns is not None:
            opposite = (turns * self._turns).sum(-1, keepdims=True) < 0
            turns = np.where(opposite, -turns, turns)
        self._turns = turns
        return turns

    def _send(self, datagram: bytes) -> bool:
        heard = True
        with contextlib.suppress(ConnectionRefusedError):
            self._socket.send(datagram)
            return heard
        # What was refused is an earlier datagram; this one has not been sent yet.
        heard = False
        with contextlib.suppress(ConnectionRefusedError):
            self._socket.send(datagram)
        return heard


def _head(time_s: float, *, tracked: bool) -> Iterator[OscMessage]:
    yield _message("/VMC/Ext/OK", 1, _CALIBRATED, 0, int(tracked))
    yield _message("/VMC/Ext/T", time_s)


def _bones(pose: BonePose, turns: Array) -> Iterator[OscMessage]:
    yield _message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    places = pose.rig.offsets.copy()
    places[BONE["Hips"]] = pose.hips
    rows = np.concatenate([places * _MIRROR_PLACE, turns * _MIRROR_TURN], axis=1) + 0.0
    for bone, row, known in zip(BONES, rows.tolist(), pose.known.tolist(), strict=True):
        if known:
            yield _message("/VMC/Ext/Bone/Pos", UNITY_NAMES[bone], *row)


def _message(address: str, *arguments: str | int | float) -> OscMessage:
    from pythonosc.osc_message_builder import OscMessageBuilder

    builder = OscMessageBuilder(address)
    for value in arguments:
        kinds = {str: builder.ARG_TYPE_STRING, int: builder.ARG_TYPE_INT}
        builder.add_arg(value, kinds.get(type(value), builder.ARG_TYPE_FLOAT))
    return builder.build()


def _bundles(messages: list[OscMessage]) -> Iterator[bytes]:
    """The messages in their order, as many to a bundle as fit into a datagram."""
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder

    bundle, size = OscBundleBuilder(IMMEDIATELY), 16
    for message in messages:
        if size + message.size + 4 > _LARGEST:
            yield bundle.build().dgram
            bundle, size = OscBundleBuilder(IMMEDIATELY), 16
        bundle.add_content(message)
        size += message.size + 4
    yield bundle.build().dgram
