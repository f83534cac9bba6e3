"""The film: its times, its panes and their colours, read back by PyAV and ffprobe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from app.errors import ExportError
from app.export.file_options import FileOptions
from app.export.registry import export
from app.export.video.picture_pane import GREY
from app.motion.data import MotionData
from app.motion.selection import Selection, select
from app.render.colours import LEFT, RIGHT, rgb
from models.skeleton import FOOT_PARENTS, JOINT, JOINT_COUNT
from tests.support.films import Film, number_shown, read_film, take
from tests.support.motion import motion, raised_left_arm

UNEVEN_S = [0.0, 0.031, 0.08, 0.1, 0.133, 0.171, 0.2, 0.9, 0.934, 0.9345, 1.0, 1.04]
"""As a camera that hiccups: bursts, and a gap of 0.7 s."""
TICK_S = 1 / 90_000


def sidecar(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.with_name(f"{path.name}.json").read_text("utf-8"))
    return said


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    recording = take(folder, UNEVEN_S)
    path = folder / "Tänzerin.mp4"
    export(path, MotionData.from_recording(recording), "mp4")
    return path


@pytest.fixture(scope="module")
def film(exported: Path) -> Film:
    return read_film(exported)


def test_every_frame_is_there_at_its_own_time(film: Film) -> None:
    np.testing.assert_allclose(film.time_s, UNEVEN_S, atol=TICK_S)
    assert film.time_s[0] == 0
    assert film.duration_s == pytest.approx(1.04 + np.median(np.diff(UNEVEN_S)), abs=2 * TICK_S)


def test_the_encoding_is_what_every_player_takes(film: Film, exported: Path) -> None:
    assert (film.codec, film.pixels) == ("h264", "yuv420p")
    assert film.colours == (1, 1, 1), "BT.709"
    assert film.size == (480 + 360, 360)
    assert film.metadata["title"] == "Tänzerin"
    content = exported.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "plays before it is all there"


def test_ffprobe_agrees(exported: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-of", "json", "-count_frames", "-show_streams",
         "-show_format", "-show_entries", "frame=pts_time,duration_time", str(exported)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stderr == ""
    found = json.loads(said.stdout)
    (stream,) = found["streams"]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert stream["color_space"] == "bt709"
    assert int(stream["nb_read_frames"]) == len(UNEVEN_S)
    times = [float(frame["pts_time"]) for frame in found["frames"]]
    np.testing.assert_allclose(times, UNEVEN_S, atol=2 * TICK_S)
    assert float(found["format"]["start_time"]) == 0
    assert found["format"]["format_name"].split(",").count("mp4") == 1


def test_each_frame_shows_its_own_picture(film: Film, exported: Path) -> None:
    assert [number_shown(each[:, :480]) for each in film.pictures] == list(range(len(UNEVEN_S)))
    assert sidecar(exported)["video"]["picture"]["own"] == len(UNEVEN_S)


@pytest.mark.slow
@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_at_a_constant_rate_each_picture_is_of_the_newest_frame(fps: float, tmp_path: Path) -> None:
    path = tmp_path / "even.mp4"
    data = MotionData.from_recording(take(tmp_path, UNEVEN_S))
    export(path, data, "mp4", options=FileOptions(fps=fps))
    film = read_film(path)
    end_s = 1.04 + float(np.median(np.diff(UNEVEN_S)))
    wanted = np.arange(int(np.ceil(end_s * fps - 1e-6))) / fps
    np.testing.assert_allclose(film.time_s, wanted, atol=TICK_S)
    newest = np.searchsorted(np.array(UNEVEN_S), wanted + 1e-6, side="right") - 1
    assert [number_shown(each[:, :480]) for each in film.pictures] == newest.tolist()
    assert sidecar(path)["video"]["times"] == f"{fps:g} pictures a second"


@pytest.mark.slow
def test_the_film_of_a_selection_shows_its_pictures(tmp_path: Path) -> None:
    whole = MotionData.from_recording(take(tmp_path, [index / 25 for index in range(12)]))
    path = tmp_path / "part.mp4"
    export(path, select(whole, Selection(5 / 25, 9 / 25)), "mp4")
    found = read_film(path)
    np.testing.assert_allclose(found.time_s, np.arange(5) / 25, atol=TICK_S)
    assert [number_shown(each[:, :480]) for each in found.pictures] == [5, 6, 7, 8, 9]


@pytest.mark.slow
def test_pictures_that_were_not_kept_are_bridged_for_half_a_second(tmp_path: Path) -> None:
    kept = [False, True, False, False, False, True]
    recording = take(tmp_path, [0.0, 0.1, 0.3, 0.6, 0.7, 0.8], kept=kept)
    path = tmp_path / "a.mp4"
    data = replace(
        MotionData.from_recording(recording),
        missing=np.ones((6, 17), bool),
        filled=np.zeros((6, 17), bool),
    )
    export(path, data, "mp4")
    pictures = [each[:, :480] for each in read_film(path).pictures]
    assert [number_shown(pictures[index]) for index in (1, 2, 3, 5)] == [1, 1, 1, 5]
    for index in (0, 4):
        np.testing.assert_allclose(pictures[index].mean(axis=(0, 1)), GREY, atol=4)
    said = sidecar(path)["video"]["picture"]
    assert said == {"size": [480, 360], "own": 2, "that of a frame before": 2, "none, on grey": 2}


def standing(frames: int, **changed: Any) -> MotionData:
    """Somebody facing the camera, the left arm up, in 2D and 3D; no pictures."""
    one = raised_left_arm()
    for name, place in {
        "spine": (0, -0.25, 0), "right_elbow": (-0.25, -0.25, 0),
        "left_hip": (0.1, 0, 0), "left_knee": (0.1, 0.42, 0), "left_ankle": (0.1, 0.84, 0),
        "right_hip": (-0.1, 0, 0), "right_knee": (-0.1, 0.42, 0), "right_ankle": (-0.1, 0.84, 0),
    }.items():  # fmt: skip
        one.xyz[0, JOINT[name]] = place
    repeated = {
        name: getattr(one, name).repeat(frames, axis=0)
        for name in ("xyz", "filled", "missing", "swapped")
    }
    data = motion(frames, lifted=replace(one, **repeated))
    # 200 pixels a metre around (320, 240).
    xy = (data.xyz[..., :2] * 200 + (320, 240)).astype(np.float32)
    whole = {"xy": xy, "conf": np.ones_like(data.conf), "tracked": np.ones(frames, bool)}
    return replace(data, **(whole | changed))


def like(image: np.ndarray, colour: str) -> np.ndarray:
    """(h, w) whether each pixel is of the colour's hue."""
    wanted = np.array(rgb(colour), dtype=float)
    wanted -= wanted.mean()
    found = image - image.mean(axis=-1, keepdims=True, dtype=float)
    length = np.linalg.norm(found, axis=-1)
    cosine = found @ wanted / np.linalg.norm(wanted) / (length + 1e-9)
    return np.asarray((length > 40) & (cosine > 0.9))


def test_a_raised_left_arm_is_up_at_the_right_and_blue_in_both_panes(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    export(path, standing(2), "mp4")
    picture = read_film(path).pictures[1]
    width = sidecar(path)["video"]["picture"]["size"][0]
    for name, pane in (("picture", picture[:, :width]), ("view", picture[:, width:])):
        blue, orange = like(pane, LEFT), like(pane, RIGHT)
        assert blue.sum() > 500, name
        assert orange.sum() > 500, name
        assert np.nonzero(blue)[1].mean() > np.nonzero(orange)[1].mean() + 20, name
        grey = (pane.min(axis=2) > 150) & ~blue & ~orange
        left, head, right = (np.nonzero(found)[0].min() for found in (blue, grey, orange))
        assert left + 10 < head < right - 10, f"{name}: arm above head above the other shoulder"


@pytest.mark.slow
def test_without_pictures_the_joints_lie_on_grey_where_they_were_seen(tmp_path: Path) -> None:
    filled, missing = np.zeros((2, 2, JOINT_COUNT), bool)
    filled[:, JOINT["left_wrist"]] = True
    missing[:, JOINT["right_wrist"]] = True
    path = tmp_path / "a.mp4"
    data = standing(2, filled=filled, missing=missing)
    export(path, data, "mp4")
    assert sidecar(path)["video"]["picture"]["none, on grey"] == 2
    pane = read_film(path).pictures[0][:, :960]
    np.testing.assert_allclose(pane[5, 5], GREY, atol=4)
    scale = 960 / 640
    for name, colour in (("left_elbow", LEFT), ("right_elbow", RIGHT), ("left_knee", LEFT)):
        x, y = (data.xy[0, JOINT[name]] * scale).astype(int)
        assert like(pane[y - 2 : y + 3, x - 2 : x + 3], colour).mean() > 0.7, name
    for name in ("left_wrist", "right_wrist"):  # bridged, and not known
        x, y = (data.xy[0, JOINT[name]] * scale).astype(int)
        np.testing.assert_allclose(pane[y - 2 : y + 3, x - 2 : x + 3].mean((0, 1)), GREY, atol=6)


@pytest.mark.slow
def test_heels_and_toes_lie_over_the_picture_as_in_the_window(tmp_path: Path) -> None:
    """Those that were seen, of feet whose ankle was; a guess is not drawn."""
    missing = np.zeros((1, JOINT_COUNT), bool)
    missing[:, JOINT["right_ankle"]] = True
    data = standing(1, missing=missing)
    ankles = data.xy[0, list(FOOT_PARENTS)]
    feet = np.concatenate([ankles, np.full((4, 1), 0.9)], axis=1)
    feet[:2, :2] += (-24, 24)  # heels
    feet[2:, :2] += (40, 24)  # toes
    export(tmp_path / "a.mp4", replace(data, feet_seen=feet[None].astype(np.float32)), "mp4")
    pane = read_film(tmp_path / "a.mp4").pictures[0][:, :960]

    def blue(place: NDArray[np.floating]) -> bool:
        x, y = (place * 960 / 640).astype(int)
        return bool(like(pane[y - 2 : y + 3, x - 2 : x + 3], LEFT).mean() > 0.7)

    assert blue(feet[0, :2])
    assert blue(feet[2, :2])
    assert blue((feet[0, :2] + feet[2, :2]) / 2), "the sole"
    x, y = (feet[1, :2] * 960 / 640).astype(int)
    np.testing.assert_allclose(pane[y - 2 : y + 3, x - 2 : x + 3].mean((0, 1)), GREY, atol=6)
    feet[2, 2] = 0.2
    export(tmp_path / "b.mp4", replace(data, feet_seen=feet[None].astype(np.float32)), "mp4")
    pane = read_film(tmp_path / "b.mp4").pictures[0][:, :960]
    assert blue(feet[0, :2])
    assert not blue(feet[2, :2])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((322, 242), (484 + 364, 364)),
        ((1080, 1920), (720 + 960, 1280)),
        ((2560, 1440), (2000, 720)),
    ],
)
def test_all_shapes_of_pictures(
    size: tuple[int, int], expected: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "a.mp4"
    export(path, replace(standing(1), size=size), "mp4")
    found = read_film(path)
    assert found.size == expected
    assert len(found.pictures) == 1
    assert found.duration_s == pytest.approx(1 / 30, abs=TICK_S)


@pytest.mark.skipif(sys.platform != "linux", reason="hides Linux's OpenGL")
def test_without_opengl_the_view_is_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
    monkeypatch.delenv("DISPLAY", raising=False)
    path = tmp_path / "a.mp4"
    export(path, standing(3), "mp4")
    view = sidecar(path)["video"]["view"]
    assert (view["rendered"], view["painted"]) == (0, 3)
    pane = read_film(path).pictures[2][:, 960:]
    blue, orange = like(pane, LEFT), like(pane, RIGHT)
    assert min(blue.sum(), orange.sum()) > 1000
    assert np.nonzero(blue)[1].mean() > np.nonzero(orange)[1].mean() + 20


@pytest.mark.slow
def test_cancelling_ends_the_drawing_process(tmp_path: Path) -> None:
    class CancelError(Exception):
        pass

    drawing: list[psutil.Process] = []

    def cancel(share: float) -> None:
        if share > 0.1:
            drawing.extend(psutil.Process().children(recursive=True))
            raise CancelError

    with pytest.raises(CancelError) as kept:
        export(tmp_path / "a.mp4", standing(40), "mp4", progress=cancel)
    assert list(tmp_path.iterdir()) == []
    assert drawing
    _, alive = psutil.wait_procs([each for each in drawing if "spawn_main" in _line(each)], 5)
    assert alive == [], "although the error is kept, and with it what it went through"
    assert kept.tb


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_no_frames_make_no_film(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no frames"):
        export(tmp_path / "a.mp4", motion(0), "mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all names are letters")
def test_a_folder_with_broken_letters_is_said(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"d\xe9j\xe0")
    folder.mkdir()
    with pytest.raises(ExportError, match=r"broken letters\. Rename it"):
        export(folder / "a.mp4", standing(2), "mp4")
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_long_film_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    count = 200
    data = standing(count, time_s=np.arange(count) / 30)
    used: dict[int, int] = {}
    process = psutil.Process()

    def watch(share: float) -> None:
        frame = round(share * count)
        if frame in (50, 195):
            used[frame] = process.memory_info().rss

    export(tmp_path / "a.mp4", data, "mp4", progress=watch)
    # 145 uncompressed frames of the film would be 500 MB.
    assert used[195] - used[50] < 40 * 2**20
