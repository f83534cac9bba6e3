"""Cameras, by their manufacturers' names.

Names and numbers come from cv2-enumerate-cameras (MIT, https://github.com/lukehugh/cv2_enumerate_cameras).
OpenCV itself knows only numbers, which change when something else is plugged in, and has no call to
list them.  This library queries the operating system the same way as OpenCV's own back ends do
(Media Foundation and DirectShow, AVFoundation, V4L2), so that its numbers are OpenCV's; it opens no
camera, has wheels for all three systems and our Python versions, and is maintained.  Of the others,
pygrabber supports only DirectShow, linuxpy only V4L2, and Qt's QMediaDevices has a different order,
without OpenCV's numbers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
from cv2_enumerate_cameras import enumerate_cameras

from app.errors import SourceError
from app.sources.base import Camera, Kind, Request, Source
from app.sources.newest import LiveSource, OpenedDevice
from app.sources.video import open_file

DEFAULT_SIZE: Final = (1280, 720)
"""Most cameras cut the sides off for 4:3; a whole body needs them, and detection costs the same."""
DEFAULT_RATE: Final = 30.0
PATIENCE_S: Final = 4.0
"""How long a camera may fail to deliver, including V4L2's own timeout of 3 s."""
MJPG: Final = int(cv2.VideoWriter.fourcc(*"MJPG"))

BACKENDS: Final = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION, "linux": cv2.CAP_V4L2}
"""By system.  DirectShow, because Media Foundation takes 4 to 20 s to open a camera and as long for
each setting (opencv issues 17687, 26495, 27917), and lists fewer virtual cameras."""
_LINUX_DEVICES: Final = Path("/sys/class/video4linux")


def list_cameras() -> list[Camera]:
    """Return the cameras that are connected, in the order of their numbers; opens none."""
    backend = BACKENDS.get(sys.platform, cv2.CAP_ANY)
    found = [
        Camera(info.index, info.name or f"Camera {info.index}", backend, info.path)
        for info in enumerate_cameras(backend)
    ]
    return with_unique_names(sorted(found, key=lambda camera: camera.index))


def with_unique_names(cameras: Sequence[Camera]) -> list[Camera]:
    """Return the cameras with a number appended to every name that occurred before."""
    unique: list[Camera] = []
    taken: set[str] = set()
    for camera in cameras:
        name, count = camera.name, 1
        while name.casefold() in taken:
            count += 1
            name = f"{camera.name} ({count})"
        taken.add(name.casefold())
        unique.append(replace(camera, name=name, make=camera.name))
    return unique


class SameCamera:
    """Identifies a camera again after it was lost.

    By its make, as its number and device file may belong to another camera by then.  Once several
    of a make have been seen also by its port: otherwise the camera that remained would inherit the
    name of the one that was lost.
    """

    def __init__(self, camera: Camera, there: Sequence[Camera]) -> None:
        self._make, self._place = _make(camera), place_of(camera)
        self._twins = len(self._alike(there)) > 1

    def among(self, there: Sequence[Camera]) -> Camera:
        """The camera among those connected now.  Raises SourceError while it is missing."""
        alike = self._alike(there)
        self._twins |= len(alike) > 1
        if self._twins:
            alike = [camera for camera in alike if self._place and place_of(camera) == self._place]
        if not alike:
            where = " where it was" if self._twins else ""
            raise SourceError(f"{self._make} is no longer connected. Plug it in again{where}.")
        self._place = place_of(alike[0])
        return alike[0]

    def _alike(self, there: Sequence[Camera]) -> list[Camera]:
        return [camera for camera in there if _make(camera) == self._make]


def place_of(camera: Camera, devices: Path = _LINUX_DEVICES) -> str | None:
    """The port of a camera, unchanged when it is unplugged and plugged in again there.

    A device file gets another number while the old one is still open; on Windows and macOS ``path``
    identifies the port or the camera.
    """
    if camera.path is None:
        return None
    node = devices / Path(camera.path).name
    try:
        return f"{(node / 'device').resolve(strict=True)} {(node / 'index').read_text().strip()}"
    except OSError:
        return camera.path


def _make(camera: Camera) -> str:
    return camera.make or camera.name


def camera_lines() -> list[str]:
    """Number and name of each camera, as lines of text."""
    return [f"{camera.index}  {camera.name}" for camera in list_cameras()] or ["none found"]


def find_camera(request: str, cameras: Sequence[Camera]) -> Camera:
    """Return the camera with this number, device file or name, or the only similar one.

    A name is similar if it contains ``request``, ignoring case.

    Raises:
        SourceError: none, or several; the message lists the cameras there are.
    """
    request = request.strip()
    if not cameras:
        raise SourceError(
            "No camera was found. Connect one, or use a video file, a stream's address or "
            "“performer”."
        )
    there = "; ".join(map(str, cameras))
    if request.isdecimal():
        number = request.lstrip("0") or "0"
        found = [camera for camera in cameras if str(camera.index) == number]
        if not found:
            raise SourceError(f"There is no camera number {number}. There is {there}.")
        return found[0]
    exact = [
        camera
        for camera in cameras
        if camera.name.casefold() == request.casefold() or camera.path == request
    ]
    found = exact or [camera for camera in cameras if request.casefold() in camera.name.casefold()]
    if not found or not request:
        raise SourceError(f"No camera is called “{request}”. There is {there}.")
    if len(found) > 1:
        names = "; ".join(map(str, found))
        raise SourceError(f"“{request}” fits several cameras: {names}. Write the name out.")
    return found[0]


def open_camera(
    camera: Camera,
    *,
    size: tuple[int, int] | None = None,
    rate: float | None = None,
) -> LiveSource:
    """Open a camera and wait for its first picture (on macOS also for the user's permission).

    For a size or a rate that it does not have the camera chooses the nearest: see ``size`` and
    ``rate`` of the result, whose ``warnings`` state any difference from the request.

    Raises:
        SourceError: it is not connected, busy, not permitted, or silent; with what to do.
    """
    if sys.platform == "darwin":
        from app.sources.macos import ask_for_camera

        ask_for_camera()
    source = LiveSource(
        lambda: _open(camera, size or DEFAULT_SIZE, rate or DEFAULT_RATE),
        label=camera.name,
        patience_s=PATIENCE_S,
        repeats=False,
    )
    source.warnings.extend(unmet(source, size, rate))
    return source


def unmet(source: LiveSource, size: tuple[int, int] | None, rate: float | None) -> list[str]:
    """Return a sentence for each request that the camera did not meet."""
    sentences = []
    if size is not None and source.size != size:
        sentences.append(
            f"{source.label} has no {size[0]}x{size[1]}; it sends {source.size[0]}x"
            f"{source.size[1]}."
        )
    if rate is not None and source.rate is not None and abs(source.rate - rate) > 0.5:
        sentences.append(
            f"{source.label} does not send {rate:g} pictures a second at this size, but "
            f"{source.rate:g}."
        )
    return sentences


def _open(camera: Camera, size: tuple[int, int], rate: float) -> OpenedDevice:
    device = cv2.VideoCapture(camera.index, camera.backend)
    if not device.isOpened():
        raise SourceError(why_not(camera))
    return OpenedDevice(device, configure(device, size, rate))


def configure(device: cv2.VideoCapture, size: tuple[int, int], rate: float) -> float | None:
    """Request a size and a rate; return the rate that the driver reports."""
    # Uncompressed pictures of 1280x720 fill a USB 2 line at 10 a second.  The format is requested
    # before the size, because DirectShow applies it together with a new size (opencv issue 5847)
    # and V4L2 would choose the size for the old one; and again after it, since a driver may change
    # the format with the size.  A camera without MJPG keeps its format.
    device.set(cv2.CAP_PROP_FOURCC, MJPG)
    device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    device.set(cv2.CAP_PROP_FPS, rate)
    if int(device.get(cv2.CAP_PROP_FOURCC)) != MJPG:
        device.set(cv2.CAP_PROP_FOURCC, MJPG)
    given = float(device.get(cv2.CAP_PROP_FPS))
    return given if 1 <= given <= 1000 else None


def why_not(camera: Camera, platform: str = sys.platform) -> str:
    """Return a sentence on why a camera did not open, and what to do on this system."""
    name = camera.name
    if platform == "win32":
        return (
            f"{name} could not be opened. Close other programs that use it, and switch on “Let "
            "desktop apps access your camera” in Settings > Privacy & security > Camera."
        )
    if platform == "darwin":
        return (
            f"{name} could not be opened. Close other programs that use it, and allow the camera "
            "in System Settings > Privacy & Security > Camera for the program this one was started "
            "from (Terminal, for example), then start it again."
        )
    if camera.path is not None and not Path(camera.path).exists():
        return f"{name} is no longer connected. Plug it in again."
    if camera.path is not None and not os.access(camera.path, os.R_OK | os.W_OK):
        return (
            f"This user may not use {name} ({camera.path}). Run “sudo usermod -aG video $USER”, "
            "then log out and in again."
        )
    return f"{name} could not be opened; another program is probably using it. Close that program."


def _open_what_is_left(spec: str, request: Request) -> Source:
    try:
        camera = find_camera(spec, list(request.cameras()))
    except SourceError:
        path = Path(spec)
        if not spec.startswith("/dev/") and (path.name != spec or path.suffix != ""):
            # meant as a file: report that it does not exist
            return open_file(spec, request)
        raise
    return open_camera(camera, size=request.size, rate=request.rate)


KIND: Final = Kind(lambda _: True, _open_what_is_left)
