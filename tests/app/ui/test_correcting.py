"""Corrections through the real window: a dragged joint, the selection, undo and redo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.recording.corrections import Exchange, Move, Nobody
from app.recording.reader import Recording
from app.ui.main import Session
from app.ui.presenters.clips import RecordedClip
from app.ui.presenters.playback import PlaybackPresenter
from models.skeleton import JOINT, MIRROR
from tests.support.mjpeg import MjpegServer
from tests.support.recordings import INFO, MadeUpPoses, poses, record
from tests.support.windows import OpenWindow, until

FRAMES = 91


@pytest.fixture
def session(open_window: OpenWindow, tmp_path: Path) -> Session:
    """A window that shows a lifted recording, standing still."""
    path = record(tmp_path / "recordings", FRAMES)
    made = poses(FRAMES)
    unswapped = MadeUpPoses(made.xyz, made.filled, made.missing, np.zeros(FRAMES, bool))
    Recording.open(path).save_poses(unswapped, INFO)
    opened = open_window(str(path))
    until(lambda: isinstance(opened.presenter.current, PlaybackPresenter), "the recording")
    current(opened).clock.pause()
    current(opened).go(1.0)
    until(
        lambda: (
            opened.window.view_state.keypoints and opened.window.view_state.keypoints.index == 30
        ),
        "it",
    )
    return opened


def current(session: Session) -> PlaybackPresenter:
    shown = session.presenter.current
    assert isinstance(shown, PlaybackPresenter)
    return shown


def recording(session: Session) -> Recording:
    clip = session.presenter.correcting.clip
    assert isinstance(clip, RecordedClip)
    return clip.recording


def lifted(session: Session) -> None:
    until(lambda: not session.presenter.jobs.running, "the lifting")
    poses_now = recording(session).poses
    assert poses_now is not None
    assert poses_now.info.get("corrections", "") == recording(session).corrections.key


def places(session: Session) -> np.ndarray:
    """(17, 2) the joints of the frame shown, in the pane of the picture."""
    window = session.window
    keypoints = window.view_state.keypoints
    assert keypoints is not None
    around = window.picture._placement(keypoints.size)
    return around.to_pane(keypoints.xy, keypoints.size)


def drag(session: Session, joint: str, by: tuple[int, int]) -> None:
    pane = session.window.picture
    start = QPoint(*places(session)[JOINT[joint]].round().astype(int).tolist())
    end = start + QPoint(*by)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(pane, end)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)


@pytest.mark.parametrize("mirror", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_dragged_joint_stays_where_it_was_put_and_is_lifted(
    session: Session, mirror: bool
) -> None:
    session.presenter.set_preference("mirror", mirror)
    QTest.qWait(30)
    before = recording(session).poses
    place = places(session)[JOINT["left_elbow"]]
    drag(session, "left_elbow", (25, -15))
    until(lambda: recording(session).corrections.done, "the correction")
    (made,) = recording(session).corrections.done
    assert isinstance(made, Move)
    assert (made.joint, made.time_s) == ("left_elbow", pytest.approx(1.0))
    until(lambda: not np.allclose(places(session)[JOINT["left_elbow"]], place), "it there")
    np.testing.assert_allclose(places(session)[JOINT["left_elbow"]], place + (25, -15), atol=1.5)
    lifted(session)
    assert recording(session).poses is not before
    until(lambda: session.window.skeleton.shown_pose == 30, "the new pose")


@pytest.mark.timing
def test_a_click_moves_nothing_and_what_plays_cannot_be_grabbed(session: Session) -> None:
    drag(session, "left_elbow", (1, 0))
    QTest.qWait(50)
    assert not recording(session).corrections.done
    current(session).clock.play()
    QTest.qWait(30)
    assert not session.presenter.correcting.can_drag


@pytest.mark.slow
def test_the_selection_is_exchanged_taken_back_and_made_again(session: Session) -> None:
    window = session.window
    raw = recording(session).recorded.xy
    session.presenter.marking.select_from_here()
    current(session).go(2.0)
    session.presenter.marking.select_to_here()
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    until(lambda: recording(session).corrections.done, "the correction")
    (made,) = recording(session).corrections.done
    assert isinstance(made, Exchange)
    assert (made.start_s, made.end_s) == (pytest.approx(1.0), pytest.approx(2.0))
    lifted(session)
    data = recording(session).keypoints
    np.testing.assert_array_equal(data.xy[30:61], raw[30:61][:, list(MIRROR)])
    shown = recording(session).poses
    assert shown is not None
    assert not shown.swapped[30:61].any(), "no repair takes it back"
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: not recording(session).corrections.done, "undone")
    lifted(session)
    window.menu_actions["redo"].trigger()
    until(lambda: recording(session).corrections.done == (made,), "made again")
    lifted(session)


def test_what_is_not_the_person_goes(session: Session) -> None:
    session.presenter.marking.select_from_here()
    current(session).go(2.0)
    session.presenter.marking.select_to_here()
    QTest.keyClick(session.window, Qt.Key.Key_Delete)
    until(lambda: recording(session).corrections.done, "the correction")
    assert isinstance(recording(session).corrections.done[0], Nobody)
    lifted(session)
    current(session).go(1.5)
    until(lambda: session.window.view_state.position, "something to be shown")
    until(lambda: session.window.view_state.pose is None, "nobody")


def test_without_a_selection_it_says_what_to_do(session: Session) -> None:
    session.window.menu_actions["exchange"].trigger()
    until(lambda: "Select the part" in session.window.view_state.hint, "what to do")
    assert not recording(session).corrections.done


def test_without_a_recording_too(open_window: OpenWindow, camera: MjpegServer) -> None:
    session = open_window(camera.url)
    until(lambda: session.window.view_state.frame, "the camera")
    session.window.menu_actions["undo"].trigger()
    until(
        lambda: "Open a recording or a video first" in session.window.view_state.hint, "what to do"
    )
