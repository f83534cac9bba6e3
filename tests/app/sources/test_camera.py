"""Cameras: finding them by name, asking them for a format, and saying why one does not open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import pytest
from cv2_enumerate_cameras.camera_info import CameraInfo
from hypothesis import given
from hypothesis import strategies as st

from app.errors import SourceError
from app.sources import camera as camera_module
from app.sources.base import Camera
from app.sources.camera import (
    MJPG,
    configure,
    find_camera,
    list_cameras,
    open_camera,
    place_of,
    unmet,
    why_not,
    with_unique_names,
)
from app.sources.newest import LiveSource, OpenedDevice
from tests.support.mjpeg import MjpegServer

CAMERAS = [
    Camera(0, "Integrated Camera", cv2.CAP_V4L2, "/dev/video0"),
    Camera(2, "Logitech C920", cv2.CAP_V4L2, "/dev/video2"),
    Camera(4, "Logitech C920 (2)", cv2.CAP_V4L2, "/dev/video4"),
    Camera(6, "HD Webcam 1.0", cv2.CAP_V4L2, "/dev/video6"),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("0", 0),
        ("2", 2),
        ("Logitech C920", 2),
        ("logitech c920", 2),
        ("Logitech C920 (2)", 4),
        ("integrated", 0),
        (" webcam ", 6),
        ("/dev/video4", 4),
    ],
)
def test_found(wanted: str, index: int) -> None:
    assert find_camera(wanted, CAMERAS).index == index


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("1", "There is no camera number 1. There is 0: Integrated Camera; 2: Logitech C920;"),
        ("Sony", "No camera is called “Sony”. There is 0: Integrated Camera;"),
        ("logi", "“logi” fits several cameras: 2: Logitech C920; 4: Logitech C920 (2)."),
        ("", "No camera is called “”."),
    ],
)
def test_not_found_says_what_there_is(wanted: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        find_camera(wanted, CAMERAS)
    assert said in str(caught.value)


def test_no_camera_at_all_says_what_else_there_is() -> None:
    for wanted in ("0", "Logitech"):
        with pytest.raises(SourceError, match=r"No camera was found.*performer"):
            find_camera(wanted, [])


@given(st.lists(st.sampled_from(["A", "a", "B", "A (2)", "b (2)"]), max_size=8))
def test_every_camera_can_be_named(names: list[str]) -> None:
    cameras = with_unique_names([Camera(i, name, 0) for i, name in enumerate(names)])
    assert len(cameras) == len(names)
    for camera in cameras:
        assert find_camera(camera.name, cameras) is camera


def test_the_list_is_sorted_and_survives_nameless_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    # glob("/dev/video*") gives any order, and sysfs may hold no name.
    def found(backend: int) -> list[CameraInfo]:
        return [
            CameraInfo(index, name, f"/dev/video{index}", None, None, backend)
            for index, name in ((4, "Cam"), (0, "Cam"), (2, ""))
        ]

    monkeypatch.setattr(camera_module, "enumerate_cameras", found)
    listed = [(camera.index, camera.name) for camera in list_cameras()]
    assert listed == [(0, "Cam"), (2, "Camera 2"), (4, "Cam (2)")]


def test_on_linux_a_place_is_the_socket_whatever_the_device_file(tmp_path: Path) -> None:
    sockets = [tmp_path / "usb1" / "1-2", tmp_path / "usb1" / "1-3"]
    for number, socket in enumerate([sockets[0], sockets[0], sockets[1], sockets[0]]):
        socket.mkdir(parents=True, exist_ok=True)
        node = tmp_path / "class" / f"video{number}"
        node.mkdir(parents=True)
        (node / "device").symlink_to(socket)
        (node / "index").write_text(f"{number % 2 if number < 3 else 0}\n")
    first, second, elsewhere, put_back = (
        place_of(Camera(i, "C920", 0, f"/dev/video{i}"), tmp_path / "class") for i in range(4)
    )
    assert first == put_back
    assert len({first, second, elsewhere}) == 3
    unknown = Camera(9, "C920", 0, "usb#vid_046d&pid_082d#5&1")
    assert place_of(unknown, tmp_path / "class") == unknown.path


def test_this_machines_cameras_are_listed_without_error() -> None:
    for camera in list_cameras():
        assert camera.name


class FormatOnlyDevice:
    """A driver's format settings: answers requests with what it has, as V4L2 and DirectShow do."""

    def __init__(self, *, mjpg: bool = True, forgets: bool = False, fps: float = 30.0) -> None:
        self._mjpg = mjpg
        self._forgets = forgets
        self._values = {cv2.CAP_PROP_FPS: fps, cv2.CAP_PROP_FOURCC: 0.0}
        self.asked: list[tuple[int, float]] = []

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        if prop == cv2.CAP_PROP_FOURCC:
            self._values[prop] = value if self._mjpg else 0.0
        elif prop == cv2.CAP_PROP_FRAME_WIDTH and self._forgets:
            self._values[cv2.CAP_PROP_FOURCC] = 0.0
        return True

    def get(self, prop: int) -> float:
        return self._values[prop]


def test_compressed_pictures_are_asked_for_before_the_size() -> None:
    device = FormatOnlyDevice()
    assert configure(device, (1280, 720), 30.0) == 30.0  # type: ignore[arg-type]
    assert [prop for prop, _ in device.asked] == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
    ]


def test_compressed_pictures_are_asked_for_again_when_the_size_lost_them() -> None:
    device = FormatOnlyDevice(forgets=True)
    configure(device, (1280, 720), 30.0)  # type: ignore[arg-type]
    assert device.get(cv2.CAP_PROP_FOURCC) == MJPG


@pytest.mark.parametrize("fps", [0.0, -1.0, 1e9, float("nan")])
def test_a_driver_that_does_not_know_its_rate(fps: float) -> None:
    device = FormatOnlyDevice(mjpg=False, fps=fps)
    assert configure(device, (640, 480), 30.0) is None  # type: ignore[arg-type]


def test_what_was_got_is_known() -> None:
    with MjpegServer(fps=30) as server:  # 640x480; a real capture in place of the camera
        device = cv2.VideoCapture(server.url, cv2.CAP_FFMPEG)
        source = LiveSource(lambda: OpenedDevice(device, rate=15.0), label="C920")
        with source:
            assert source.size == (640, 480)
            assert unmet(source, None, None) == []
            assert unmet(source, (640, 480), 15.0) == []
            assert unmet(source, (1920, 1080), 30.0) == [
                "C920 has no 1920x1080; it sends 640x480.",
                "C920 does not send 30 pictures a second at this size, but 15.",
            ]


def test_a_camera_that_has_gone(tmp_path: Path) -> None:
    camera = Camera(63, "C920", cv2.CAP_ANY, str(tmp_path / "video63"))
    with pytest.raises(SourceError, match="C920"):
        open_camera(camera)


def test_reasons_on_each_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "video0"
    camera = Camera(0, "C920", 0, str(device))
    assert "no longer connected" in why_not(camera, "linux")
    device.touch()
    assert "another program is probably using it" in why_not(camera, "linux")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "sudo usermod -aG video" in why_not(camera, "linux")
    assert "Let desktop apps access your camera" in why_not(camera, "win32")
    assert "System Settings > Privacy & Security > Camera" in why_not(camera, "darwin")


@pytest.mark.skipif(sys.platform != "linux", reason="uses /dev")
def test_a_real_camera_delivers_if_there_is_one() -> None:
    cameras = list_cameras()
    if not cameras:
        pytest.skip("no camera is connected to this machine")
    with open_camera(cameras[0]) as source:
        assert source.read() is not None
