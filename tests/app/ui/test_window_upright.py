"""Who stands is seen standing, on the floor, however the camera is tilted; jumping leaves it."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QCheckBox, QDoubleSpinBox

from app.motion.ground import ANKLE_M
from app.render.colours import LEFT, RIGHT
from app.sources import VideoFile
from app.synthetic.performer.camera import aim_camera
from app.synthetic.performer.retargeting import Take
from app.synthetic.performer.source import PerformerSource
from app.synthetic.performer.variation import variation
from app.system import paths
from app.ui.main import Session
from models.feet import FLAT_DEG
from models.skeleton import JOINT
from tests.support.clips import write_clip
from tests.support.films import keep_lifted
from tests.support.shared_folder import made_once
from tests.support.walking import walker
from tests.support.windows import OpenWindow, close, until

RATE = 15
STANDS, JUMPS = slice(0, 18), slice(20, 25)
SIZE = (640, 480)
PITCH_DEG, FACING_DEG, AWAY_M = 25.0, 30.0, 3.2
STRAIGHT_DEG, SOLES_M = 5.0, 0.03


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who stands still and then jumps by 30 cm, seen from a camera pitched by 25
    degrees."""
    pictures = made_once("tilted-jump", _jump)
    return write_clip(tmp_path_factory.mktemp("tilted") / "jump.mp4", pictures, rate=RATE)


def _jump() -> list[NDArray[np.uint8]]:
    body = walker(36, RATE).xyz[:1].astype(np.float64)
    up = np.zeros(36)
    up[19:26] = 0.3 * (1 - (np.arange(-3, 4) / 3.6) ** 2)
    xyz = np.repeat(body, len(up), axis=0)
    xyz[..., 1] += up[:, None]
    take = Take(variation(3).proportions, xyz, RATE, turn=math.radians(FACING_DEG))
    height = 0.9 + AWAY_M * math.tan(math.radians(PITCH_DEG))
    camera = aim_camera((0.0, height, AWAY_M), (0.0, 0.9, 0.0), 66.0, SIZE)
    with PerformerSource(SIZE, RATE, seed=3, take=take, camera=camera) as source:
        return [frame.image for _ in up if (frame := source.read()) is not None]


@pytest.fixture(scope="module")
def lifted(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept of the film once it has been lifted."""
    folder = tmp_path_factory.mktemp("kept")
    keep_lifted(film, folder)
    return folder


def drawn(session: Session, rows: range) -> NDArray[np.float64]:
    """(N, 17, 3) the joints that are drawn of these frames: y up, the floor at 0."""
    window, playing = session.window, session.presenter.playback
    assert playing is not None
    playing.clock.pause()
    joints = []
    for row in rows:
        playing.go(float(playing.time_s[row]))
        until(
            lambda row=row: window.view_state.pose and window.view_state.pose.index == row,
            f"frame {row}",
        )
        assert window.skeleton._body is not None
        joints.append(window.skeleton._body.joints)
    return np.array(joints, np.float64)


def leans_deg(joints: NDArray[np.float64], lower: list[str], upper: list[str]) -> float:
    """From the vertical, in the median."""
    ends = [joints[:, [JOINT[name] for name in names]].mean(axis=1) for names in (lower, upper)]
    along = ends[1] - ends[0]
    return float(np.median(np.degrees(np.arccos(along[:, 1] / np.linalg.norm(along, axis=-1)))))


def soles_m(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) how high the lower sole is."""
    ankles = joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
    return np.asarray(ankles.min(axis=1) - ANKLE_M)


def require_standing(joints: NDArray[np.float64]) -> None:
    assert leans_deg(joints, ["pelvis"], ["thorax"]) < STRAIGHT_DEG
    legs = (["left_ankle", "right_ankle"], ["left_hip", "right_hip"])
    assert leans_deg(joints, *legs) < STRAIGHT_DEG
    assert np.abs(soles_m(joints)).max() < SOLES_M


def opened(open_window: OpenWindow, film: Path, lifted: Path) -> Session:
    paths.video_cache_dir().mkdir(exist_ok=True)
    for file in lifted.glob("*.npz"):
        (paths.video_cache_dir() / file.name).write_bytes(file.read_bytes())
    session = open_window(str(film))
    until(lambda: session.presenter.playback, "the film to open")
    until(lambda: session.presenter.playback.lifted, "what was kept")
    return session


@pytest.mark.slow
def test_who_stands_before_a_tilted_camera_stands_and_who_jumps_leaves_the_floor(
    open_window: OpenWindow, film: Path, lifted: Path
) -> None:
    joints = drawn(opened(open_window, film, lifted), range(36))
    require_standing(joints[STANDS])
    assert soles_m(joints)[JUMPS].max() > 0.15
    assert np.abs(soles_m(joints)[-4:]).max() < SOLES_M, "landed"


def test_soles_of_who_stands_lie_on_the_floor_of_the_3d_view(
    open_window: OpenWindow, film: Path, lifted: Path
) -> None:
    session = opened(open_window, film, lifted)
    tips, heights = [], []
    for row in range(2, 18, 3):
        drawn(session, range(row, row + 1))
        body = session.window.skeleton._body
        assert body is not None
        assert body.feet is not None
        ahead = body.feet[2:] - body.feet[:2]
        along = np.linalg.norm(ahead[:, [0, 2]], axis=1)
        tips.append(np.degrees(np.arctan2(-ahead[:, 1], along)))
        heights.append(body.feet[2:, 1])
    known = np.isfinite(tips)
    assert known.mean() > 0.5
    np.testing.assert_allclose(np.array(tips)[known], FLAT_DEG, atol=4.0)
    assert np.abs(np.array(heights)[known]).max() < SOLES_M


def test_heels_and_toes_are_drawn_over_the_picture(
    open_window: OpenWindow, film: Path, lifted: Path
) -> None:
    session = opened(open_window, film, lifted)
    drawn(session, range(8, 9))
    view = session.window.picture
    view_state = session.window.view_state
    assert view_state.keypoints is not None
    assert view_state.keypoints.feet[:, 2].min() > 0.5, "seen"
    toes = view._placement(SIZE).to_pane(view_state.keypoints.feet[2:, :2], SIZE)
    image = view.grab().toImage()
    scale = image.width() / view.width()
    for (x, y), colour in zip(toes, (LEFT, RIGHT), strict=True):
        found = image.pixelColor(round(x * scale), round(y * scale))
        hue = QColor(colour).hsvHue()
        assert min(abs(found.hsvHue() - hue), 360 - abs(found.hsvHue() - hue)) < 20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_who_squats_in_a_real_film_stands_before_and_after(
    open_window: OpenWindow, shared: Path, tmp_path: Path
) -> None:
    film = shared / "videos" / "ucsd_portrait_squat.mp4"
    if not film.is_file():
        pytest.skip(f"there is no {film}")
    with VideoFile(film) as source:
        pictures = [frame.image for frame in islice(iter(source.read, None), 0, None, 2)]
    session = open_window(str(write_clip(tmp_path / "squat.mp4", pictures, rate=15)))
    until(lambda: session.presenter.playback, "the film to open")
    until(lambda: session.presenter.playback.clip.found().complete, "the lifting", 600)
    joints = drawn(session, range(0, len(pictures), 2))
    require_standing(joints[:10])
    require_standing(joints[-10:])
    assert np.abs(soles_m(joints)).max() < SOLES_M, "squatting, too"


def test_level_takes_who_stands_now_as_upright_and_is_kept(
    open_window: OpenWindow, film: Path, lifted: Path
) -> None:
    session = opened(open_window, film, lifted)
    playing = session.presenter.playback
    assert playing is not None
    before = playing.poses
    assert before is not None
    assert not before.level.given
    drawn(session, range(5, 6))
    session.window.skeleton.level.click()
    until(lambda: playing.poses is not before, "the poses by the new level")
    assert playing.poses.level.given
    require_standing(drawn(session, range(18)))
    until(lambda: not playing.clip.lifting, "it to be kept")
    close(session)
    again = open_window(str(film))
    until(lambda: again.presenter.playback, "the film to open again")
    until(lambda: again.presenter.playback.lifted, "what was kept")
    there = again.presenter.playback.poses
    assert there.level.given
    np.testing.assert_array_equal(there.xyz, playing.poses.xyz)


@pytest.mark.slow
def test_level_of_a_live_source_goes_into_the_settings(open_window: OpenWindow) -> None:
    session = open_window()
    QTest.keyClick(session.window, Qt.Key.Key_V)
    assert "stand straight in view" in session.presenter.marking.hint()
    session.presenter.choose("performer")
    until(lambda: session.presenter.current.shown_pose is not None, "the first pose")
    QTest.keyClick(session.window, Qt.Key.Key_V)
    until(lambda: session.preferences.camera_told, "the level")
    told = session.presenter.current.run._controls.level
    assert told.given
    assert told.pitch_deg == pytest.approx(session.preferences.camera_pitch_deg, abs=0.1)
    panel = session.window.settings
    assert panel.findChild(QCheckBox, "camera_told").isChecked()
    shown = panel.findChild(QDoubleSpinBox, "camera_pitch_deg").value()
    assert shown == pytest.approx(session.preferences.camera_pitch_deg)
