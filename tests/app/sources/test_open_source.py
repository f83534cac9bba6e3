"""What the user writes, and what is opened for it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import app.sources
from app.errors import SourceError
from app.lifting.options import LiftOptions
from app.lifting.work import open_clip
from app.packets import Frame
from app.sources import (
    Camera,
    PacedSource,
    Source,
    VideoFile,
    default_source,
    open_source,
    reopener,
)
from app.sources.base import Kind
from app.sources.camera import with_unique_names
from app.sources.newest import LiveSource, OpenedDevice
from tests.support.av_clips import write_clip
from tests.support.mjpeg import MjpegServer


def one_camera() -> Sequence[Camera]:
    return [Camera(63, "Integrated Camera: FHD 1.0", 0, "/dev/video63")]


def no_camera() -> Sequence[Camera]:
    return []


def refusal(spec: str, cameras: Sequence[Camera] = ()) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(spec, cameras=lambda: cameras)
    return str(caught.value)


def test_the_first_camera_or_the_performer() -> None:
    assert default_source(one_camera) == "Integrated Camera: FHD 1.0"
    assert default_source(no_camera) == "performer"


def test_a_file(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    with open_source(str(path)) as source:
        assert isinstance(source, VideoFile)
        assert isinstance(source, Source)
    with open_source(str(path), paced=True) as source:
        assert isinstance(source, PacedSource)
        assert isinstance(source, Source)


def test_an_address() -> None:
    with MjpegServer(fps=30) as server:
        for paced in (False, True):
            with open_source(f" {server.url} ", paced=paced) as source:
                assert isinstance(source, LiveSource)
                assert isinstance(source, Source)


def test_a_mistyped_file_is_called_a_file() -> None:
    for spec in ("dance.mp4", "clips/dance", "./dance", "x" * 5000 + ".mp4", "a\0.mp4"):
        assert "camera" not in refusal(spec)
    assert "There is no file dance.mp4" in refusal("dance.mp4", one_camera())


def test_a_mistyped_camera_is_called_a_camera() -> None:
    assert "No camera is called “Sony”" in refusal("Sony", one_camera())
    assert "No camera was found" in refusal("0")
    assert "No camera was found" in refusal("/dev/video0")
    assert "no camera number 5" in refusal("5", one_camera())
    assert "no camera number 999" in refusal("9" * 5000, one_camera()), "longer than int() reads"
    assert "No camera is called “²”" in refusal("²", one_camera())


@pytest.mark.parametrize("spec", ["63", "fhd 1.0", "Integrated Camera: FHD 1.0", "/dev/video63"])
def test_a_camera_is_recognised(spec: str) -> None:
    # It does not open, for it does not exist; but it is the camera that is refused.
    assert "Integrated Camera: FHD 1.0" in refusal(spec, one_camera())
    assert "There is no file" not in refusal(spec, one_camera())


def test_a_new_kind_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever opens sources, here ``lift``, knows it by the registry alone."""
    path = write_clip(tmp_path / "a.mp4", [0, 33, 66])
    kind = Kind(lambda spec: spec.startswith("tape:"), lambda spec, request: VideoFile(path))
    monkeypatch.setattr(app.sources.registry, "KINDS", (kind, *app.sources.registry.KINDS))
    with open_source("tape:1") as source, reopener("tape:1", paced=True)() as again:
        assert source.label == again.label == "a.mp4"
    with open_clip("tape:1", LiftOptions()) as source:
        assert source.label == "a.mp4"


def test_nothing_is_refused() -> None:
    assert refusal("")


@pytest.mark.slow
def test_the_performer() -> None:
    with open_source(" Performer ", size=(320, 240), rate=25.0) as source:
        assert (source.live, source.size, source.rate, source.duration_s) == (
            False,
            (320, 240),
            25.0,
            10.0,
        )
        frame = source.read(30)
        assert frame is not None
        assert frame.size == (320, 240)
    with open_source("performer", paced=True) as source:
        assert isinstance(source, PacedSource)
        assert source.duration_s is None


@pytest.mark.slow
def test_a_performer_who_cannot_be_drawn_fast_enough_keeps_time_as_a_camera_does() -> None:
    with open_source("performer", size=(640, 480), rate=1000.0, paced=True) as source:
        frames: list[Frame] = []
        while not frames or frames[-1].captured_at < frames[0].captured_at + 1.0:
            frame = source.read(90)
            assert frame is not None
            frames.append(frame)
        dropped = source.dropped
    assert [each.index for each in frames] == list(range(len(frames)))
    steps_s = np.diff([each.time_s for each in frames])
    assert (steps_s > 0).all()
    assert len(frames) + dropped == pytest.approx(1 + 1000 * frames[-1].time_s, abs=500)
    assert dropped > 500, "it was drawn a thousand times a second: ask for more"
    # The last picture is late by what it took to draw it, and by no more.
    lasted_s = frames[-1].captured_at - frames[0].captured_at
    assert frames[-1].time_s - frames[0].time_s > lasted_s - 0.4


def test_no_window_tool_kit_and_no_renderer_is_imported() -> None:
    program = (
        "import sys\n"
        "import app.sources\n"
        "heavy = {'PyQt6', 'open3d', 'mediapipe', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


class _Nowhere:
    """A camera that delivers; no test machine has one."""

    def __init__(self) -> None:
        self.picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)

    def grab(self) -> bool:
        time.sleep(0.01)
        return True

    def retrieve(self) -> tuple[bool, np.ndarray]:
        self.picture = np.roll(self.picture, 1, axis=0)
        return True, self.picture

    def release(self) -> None:
        pass


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Camera]:
    """The cameras that were opened, in turn."""
    opened: list[Camera] = []

    def open_device(camera: Camera, **_: object) -> LiveSource:
        opened.append(camera)
        return LiveSource(lambda: OpenedDevice(_Nowhere()), label=camera.name)

    for module in (app.sources.camera, app.sources.registry):
        monkeypatch.setattr(module, "open_camera", open_device)
    return opened


def test_a_camera_is_found_again_by_its_name(opened: list[Camera]) -> None:
    plugged = [Camera(0, "C920", 0), Camera(1, "Integrated Camera", 0)]
    again = reopener("0", cameras=lambda: plugged)
    again().close()
    plugged[:] = [Camera(0, "Integrated Camera", 0), Camera(1, "C920 Pro", 0)]
    with pytest.raises(SourceError, match=r"C920 is no longer connected\. Plug it in again\."):
        again()  # neither the one that has its number now nor one with a longer name
    plugged.append(Camera(2, "C920", 0))
    again().close()
    assert [camera.index for camera in opened] == [0, 2]


@pytest.mark.parametrize("lost", [0, 1])
def test_of_two_alike_the_other_one_is_never_taken(opened: list[Camera], lost: int) -> None:
    twins = [Camera(0, "C920", 0, "/dev/videoA"), Camera(2, "C920", 0, "/dev/videoB")]
    plugged = list(twins)
    again = reopener(["C920", "C920 (2)"][lost], cameras=lambda: with_unique_names(plugged))
    again().close()
    plugged.remove(twins[lost])
    for _ in range(2):
        with pytest.raises(SourceError, match="Plug it in again where it was"):
            again()
    plugged.insert(0, twins[lost])  # by now under the other name
    again().close()
    plugged.remove(twins[1 - lost])
    again().close()
    assert {camera.path for camera in opened} == {twins[lost].path}
    assert len(opened) == 3


def test_one_that_was_alone_may_be_plugged_in_elsewhere(opened: list[Camera]) -> None:
    plugged = [Camera(0, "C920", 0, "/dev/videoA")]
    again = reopener("C920", cameras=lambda: with_unique_names(plugged))
    again().close()
    plugged[:] = [Camera(1, "C920", 0, "/dev/videoB")]
    again().close()
    plugged[:] = [Camera(0, "C920", 0, "/dev/videoA"), Camera(1, "C920", 0, "/dev/videoB")]
    again().close()
    assert [camera.index for camera in opened] == [0, 1, 1]
