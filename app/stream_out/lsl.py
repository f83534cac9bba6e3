"""The Lab Streaming Layer: one sample a pose, stamped with the time the picture was taken; of a
recording that plays, with the time it was sent.

84 channels: ``pelvis_x, pelvis_y, pelvis_z, pelvis_conf, …``, named and ordered as the columns of
the CSV table and in its units and axes, heels and toes behind the 17 joints; what is missing is
NaN.  A foot that was not told for a moment is held for at most half a second, its confidence NaN.
The description follows the XDF
specification's "MoCap Meta Data" (https://github.com/sccn/xdf/wiki).  The rate is irregular, as
that of poses is.  A receiver finds the stream again by its ``source_id`` after a restart.  The
user's own ``lsl_api.cfg`` counts where the network was asked for.

liblsl listens on every network of the computer, whatever it is told.  On Linux its sockets are
bound to the loopback device after that, so that nobody outside can reach them, and the stream is
refused where that cannot be done; elsewhere it only answers no questions from outside.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from app import __version__
from app.errors import LiveOutError
from app.stream_out.channel import LOOPBACK
from app.system.files import plain_reason
from models.skeleton import FOOT_JOINT_NAMES, JOINT_NAMES

if TYPE_CHECKING:
    from app.packets import Pose3D

CHANNELS: Final = tuple(
    f"{joint}_{part}"
    for joint in (*JOINT_NAMES, *FOOT_JOINT_NAMES)
    for part in ("x", "y", "z", "conf")
)
_KINDS: Final = {
    "x": ("PositionX", "meters"),
    "y": ("PositionY", "meters"),
    "z": ("PositionZ", "meters"),
    "conf": ("Confidence", "normalized"),
}
_BUFFERED: Final = 36
"""Hundreds of samples kept for a receiver that does not fetch them: two minutes, 1 MB."""
_ALONE: Final = f"""\
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
ListenAddress = {LOOPBACK}
[log]
level = -1
"""
"""liblsl's own words for: to be found from this computer, by IPv4, and say warnings only."""


class _Scope:
    """What liblsl has been told, which it listens to once in the life of a process."""

    lock: Final = threading.Lock()
    network: bool | None = None


class LslChannel:
    """An outlet.

    Args:
        name: of the stream.
        network: whether other computers can find it.  LiveOutError if liblsl cannot be loaded, was
            told otherwise earlier in this process, or cannot be kept from them (Linux).
    """

    def __init__(self, name: str, *, network: bool) -> None:
        self._lsl = _library(network)
        info = self._lsl.StreamInfo(
            name,
            "MoCap",
            len(CHANNELS),
            self._lsl.IRREGULAR_RATE,
            self._lsl.cf_float32,
            f"mixpose:{name}@{socket.gethostname()}",
        )
        _describe(info.desc())
        try:
            self._outlet: Any = self._lsl.StreamOutlet(info, max_buffered=_BUFFERED)
        except RuntimeError as error:
            raise LiveOutError(f"The LSL stream {name} cannot be made: {error}") from error
        if not network and sys.platform == "linux":
            try:
                _keep_to_loopback(self._outlet.get_info())
            except OSError as error:
                self.close()
                raise LiveOutError(
                    f"This system does not let the LSL stream {name} be kept to this computer "
                    f"({plain_reason(error)}). If others in the network may read it, start the "
                    f"program again and write {name}@network."
                ) from error

    def send(self, pose: Pose3D, conf: NDArray[np.float32]) -> bool:
        """See ``Channel``.  Sent to whoever has connected by now."""
        xyz = pose.upright.astype(np.float64) + 0.0
        xyz[pose.missing] = np.nan
        feet = pose.upright_feet.astype(np.float64) + 0.0
        told = np.full(len(feet), np.nan) if pose.feet_conf is None else pose.feet_conf
        told = np.where(np.isfinite(feet).all(axis=-1), told, np.nan)
        joints = np.column_stack([xyz, conf])
        sample = np.concatenate([joints, np.column_stack([feet, told])]).ravel()
        heard = bool(self._outlet.have_consumers())
        self._outlet.push_sample(sample.tolist(), pose.captured_at + self._clock_offset())
        return heard

    def close(self) -> None:
        """See ``Channel``."""
        self._outlet = None  # pylsl destroys it when nobody holds it

    def _clock_offset(self) -> float:
        """Seconds by which LSL's clock is before ``perf_counter``, now.

        On Linux and Windows both are the same; elsewhere they part while the computer sleeps.  The
        thread may be interrupted between two looks, so the quickest of three pairs counts.
        """
        looks = []
        for _ in range(3):
            before = time.perf_counter()
            there = self._lsl.local_clock()
            after = time.perf_counter()
            looks.append((after - before, there - (before + after) / 2))
        return float(min(looks)[1])


def _library(network: bool) -> Any:
    """pylsl, told once whom to answer."""
    with _Scope.lock:
        if _Scope.network is not None and _Scope.network is not network:
            who = "other computers too" if network else "this computer alone"
            raise LiveOutError(f"To send by LSL to {who}, start the program again.")
        try:
            import pylsl

            if not network and _Scope.network is None:
                pylsl.set_config_content(_ALONE)
        except (ImportError, RuntimeError, OSError, AttributeError, NotImplementedError) as error:
            raise LiveOutError(
                "The library of the Lab Streaming Layer cannot be loaded, or is older than 1.18: "
                "pip install --upgrade '.[live]'."
            ) from error
        _Scope.network = network
        return pylsl


def _describe(description: Any) -> None:
    channels = description.append_child("channels")
    for label in CHANNELS:
        joint, _, part = label.rpartition("_")
        kind, unit = _KINDS[part]
        channel = channels.append_child("channel")
        for name, value in (("label", label), ("marker", joint), ("type", kind), ("unit", unit)):
            channel.append_child_value(name, value)
    acquisition = description.append_child("acquisition")
    acquisition.append_child_value("manufacturer", "mixpose")
    acquisition.append_child_value("model", __version__)
    axes = description.append_child("axes")
    for name, value in (
        ("system", "right-handed"),
        ("x", "to the image's right"),
        ("y", "up"),
        ("z", "toward the camera"),
        ("origin", "pelvis"),
    ):
        axes.append_child_value(name, value)
    description.append_child("synchronization").append_child_value("can_drop_samples", "true")


def _keep_to_loopback(info: Any) -> None:
    """Bind the sockets that liblsl listens on to the loopback device.  OSError if it is refused."""
    root = info.desc().parent()
    ports = {int(root.child_value(name)) for name in ("v4data_port", "v4service_port")}
    bound: set[int] = set()  # one is of TCP and one of UDP, perhaps of the same number
    for entry in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not files
        try:
            if not stat.S_ISSOCK(os.fstat(int(entry)).st_mode):
                continue
            found = socket.socket(fileno=os.dup(int(entry)))
        except OSError:  # closed by now
            continue
        with found:
            if found.family == socket.AF_INET and found.getsockname()[1] in ports:
                _bind_to_loopback(found)
                bound.add(found.getsockname()[1])
    if bound != ports:
        raise OSError(errno.ENOTSOCK, "its sockets are not to be found")


def _bind_to_loopback(found: socket.socket) -> None:
    if sys.platform == "linux":  # before 5.7 it asks for privileges
        found.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
