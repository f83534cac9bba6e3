"""The real detector on real pictures; where the clips are absent, on the performer."""

from __future__ import annotations

import gc
import hashlib
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.detection import models
from app.detection.detector import Detector
from app.detection.landmarker import import_mediapipe
from app.detection.models import MODELS, SIZES, Size
from app.detection.no_telemetry import silenced
from app.errors import DetectorError
from app.lab.evaluation.turned import turned_picture
from app.packets import Frame, Keypoints2D
from app.synthetic.performer.source import PerformerSource
from models import WEIGHTS_DIR
from models.skeleton import JOINT, confidence_from_landmarks, joints_from_landmarks
from models.visibility import seen_mask
from tests.conftest import REPOSITORY
from tests.support.clips import performer_pictures

Picture = NDArray[np.uint8]
BUNDLE = WEIGHTS_DIR / "pose_landmarker_full.task"
_LEGS = [JOINT[side + part] for side in ("left_", "right_") for part in ("knee", "ankle")]


def clip(path: Path, count: int, start: int = 0) -> list[Picture]:
    capture = cv2.VideoCapture(str(path))
    pictures = []
    for index in range(start + count):
        more, picture = capture.read()
        if not more:
            break
        if index >= start:
            pictures.append(np.ascontiguousarray(picture[..., ::-1]))
    capture.release()
    return pictures


@pytest.fixture(scope="module")
def person() -> list[Picture]:
    """Two seconds of one person in full view."""
    path = REPOSITORY.parent / "shared" / "videos" / "tfjs_pose_1.mp4"
    if path.exists():
        return clip(path, 60)
    with PerformerSource(duration_s=2.0) as source:
        return [frame.image for frame in iter(source.read, None)]


def frames(pictures: list[Picture], start_s: float = 0.0, step_s: float = 1 / 30) -> list[Frame]:
    return [Frame(i, start_s + i * step_s, image, 0.0) for i, image in enumerate(pictures)]


def detect(detector: Detector, these: list[Frame]) -> list[Keypoints2D]:
    return [detector.detect(frame) for frame in these]


def freshly(these: list[Frame]) -> list[Keypoints2D]:
    with Detector() as detector:
        return detect(detector, these)


def largest_difference(some: list[Keypoints2D], others: list[Keypoints2D]) -> float:
    pairs = zip(some, others, strict=True)
    return max(float(np.abs(a.landmarks - b.landmarks).max()) for a, b in pairs)


def test_the_person_is_found_in_every_frame(person: list[Picture]) -> None:
    keypoints = freshly(frames(person[:20]))
    height, width = person[0].shape[:2]
    for index, found in enumerate(keypoints):
        assert found.tracked
        assert found.index == index
        assert found.time_s == pytest.approx(index / 30)
        assert found.size == (width, height)
        assert found.landmarks.shape == (33, 5)
        assert found.world.shape == (33, 3)
        assert found.landmarks.dtype == found.world.dtype == np.float32
        assert found.xy.dtype == found.conf.dtype == np.float32
        assert found.detected_at > found.captured_at
        np.testing.assert_allclose(
            found.xy, joints_from_landmarks(found.landmarks[:, :2]), rtol=1e-5
        )
        np.testing.assert_allclose(found.conf, confidence_from_landmarks(found.landmarks[:, 3]))
        assert np.all((found.landmarks[:, 3:] >= 0) & (found.landmarks[:, 3:] <= 1))
        trunk = found.world[11:13].mean(axis=0) - found.world[23:25].mean(axis=0)
        assert 0.3 < np.linalg.norm(trunk) < 0.8, "the trunk is not measured in metres"


def test_pixels_are_those_of_the_picture(person: list[Picture]) -> None:
    """A border on the right changes what MediaPipe divides by, not where the person is."""
    picture = person[0]
    border = np.zeros((picture.shape[0], 200, 3), np.uint8)
    wide = np.ascontiguousarray(np.hstack([picture, border]))
    plain, beside = freshly(frames([picture])), freshly(frames([wide]))
    assert plain[0].tracked
    difference = plain[0].landmarks[:, :3] - beside[0].landmarks[:, :3]
    person_height = np.ptp(plain[0].landmarks[:, 1])
    typical = np.median(np.abs(difference), axis=0)
    assert typical[:2].max() < 0.02 * person_height
    # The depth is the detector's guess, which a border beside the person changes a little.
    assert typical[2] < 0.06 * person_height


def test_the_numbers_are_mediapipes_own(person: list[Picture]) -> None:
    """x and z are shares of the width, y of the height."""
    mp = import_mediapipe()
    from mediapipe.tasks.python import BaseOptions
    from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions

    tall = np.ascontiguousarray(person[0][:, person[0].shape[1] // 8 : -person[0].shape[1] // 8])
    options = PoseLandmarkerOptions(BaseOptions(model_asset_path=str(BUNDLE)))
    with silenced(), PoseLandmarker.create_from_options(options) as task:
        marks = task.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=tall))
    height, width = tall.shape[:2]
    expected = [
        (mark.x * width, mark.y * height, mark.z * width, mark.visibility, mark.presence)
        for mark in marks.pose_landmarks[0]
    ]
    found = freshly(frames([tall]))[0]
    np.testing.assert_allclose(found.landmarks, expected, rtol=1e-4, atol=1e-3)
    expected_world = [(mark.x, mark.y, mark.z) for mark in marks.pose_world_landmarks[0]]
    np.testing.assert_allclose(found.world, expected_world, atol=1e-5)


def test_left_is_the_persons_left() -> None:
    """The performer's joints are known; exchanged sides would be far from them."""
    errors, exchanged = [], []
    with PerformerSource() as source, Detector() as detector:
        for _ in range(10):
            frame = source.read()
            assert frame is not None
            found = detector.detect(frame)
            assert found.tracked
            true = source.project(source.truth(frame.index))
            sides = [JOINT[f"{side}_{part}"] for part in ("shoulder", "hip")
                     for side in ("left", "right")]  # fmt: skip
            errors.append(np.linalg.norm(found.xy[sides] - true[sides], axis=-1).mean())
            swapped = [sides[index] for index in (1, 0, 3, 2)]
            exchanged.append(np.linalg.norm(found.xy[sides] - true[swapped], axis=-1).mean())
    assert np.median(errors) < 8
    assert np.median(errors) < 0.5 * np.median(exchanged)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"),
    [("tfjs_pose_1.mp4", 120), ("bodypose3d_cam0.mp4", 187), ("intel_asl_book.mkv", 109)],
)
def test_people_of_real_clips_are_found_in_every_frame(shared: Path, name: str, count: int) -> None:
    pictures = clip(shared / "videos" / name, 500)
    assert len(pictures) == count
    assert all(found.tracked for found in freshly(frames(pictures)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "frame_s"), [("intel_asl_book.mkv", 1 / 30), ("caliscope_charuco_cam1.mp4", 1 / 6)]
)
def test_legs_below_a_desk_are_never_seen(shared: Path, name: str, frame_s: float) -> None:
    pictures = clip(shared / "videos" / name, 200)
    conf = np.array([found.conf for found in freshly(frames(pictures, step_s=frame_s))])
    assert not seen_mask(conf)[:, _LEGS].any()
    assert np.median(conf[:, _LEGS]) < 0.1
    shoulders = [JOINT["left_shoulder"], JOINT["right_shoulder"]]
    assert seen_mask(conf)[:, shoulders].all()


@pytest.mark.slow
def test_who_lies_askew_in_the_picture_is_one_person() -> None:
    """Painted over, they left something that the heaviest model took for somebody larger."""
    pictures = [turned_picture(each, 110) for each in performer_pictures(6)]
    with Detector("heavy") as detector:
        found = detect(detector, frames(pictures))
    assert all(each.tracked for each in found)
    assert not any(each.people_in_view.others for each in found)


def test_nobody_is_nobody() -> None:
    grey = np.full((240, 320, 3), 128, np.uint8)
    for found in freshly(frames([grey] * 3)):
        assert not found.tracked
        assert np.isnan(found.xy).all()
        assert np.isnan(found.landmarks[:, :3]).all()
        assert np.isnan(found.world).all()
        assert not found.conf.any()
        assert not found.landmarks[:, 3:].any()


@pytest.mark.parametrize(
    "start_s",
    [0.0, *(pytest.param(start_s, marks=pytest.mark.slow) for start_s in (-3.0, 10.0))],
    ids=["restart", "back", "forward"],
)
def test_after_a_jump_it_answers_as_if_new(person: list[Picture], start_s: float) -> None:
    before, after = person[:10], person[40:45]
    with Detector() as detector:
        detect(detector, frames(before, start_s=0.0))
        found = detect(detector, frames(after, start_s=start_s))
    assert largest_difference(found, freshly(frames(after))) < 1


@pytest.mark.slow
def test_after_a_pause_of_half_a_second_it_goes_on(person: list[Picture]) -> None:
    with Detector() as detector:
        detect(detector, frames(person[:10]))
        found = detect(detector, frames(person[40:45], start_s=0.8))
    assert largest_difference(found, freshly(frames(person[40:45]))) > 5


def test_times_that_repeat_or_lie_close_do_no_harm(person: list[Picture]) -> None:
    times = [0.0, 0.0, 0.0001, 0.0002, 0.0002, 0.5, 0.4999]
    with Detector() as detector:
        found = [
            detector.detect(Frame(index, time_s, person[0], 0.0))
            for index, time_s in enumerate(times)
        ]
    assert [keypoints.time_s for keypoints in found] == times
    assert all(keypoints.tracked for keypoints in found)


def test_the_size_may_change_on_the_way(person: list[Picture]) -> None:
    small = cv2.resize(person[1], None, fx=0.5, fy=0.5)
    with Detector() as detector:
        first, second = detect(detector, frames([person[0], small]))
    assert first.tracked
    assert second.tracked
    assert second.size == (small.shape[1], small.shape[0])
    np.testing.assert_allclose(second.xy, first.xy / 2, atol=0.02 * max(second.size))


def test_closing_twice_is_closing_once(person: list[Picture]) -> None:
    detector = Detector()
    detect(detector, frames(person[:2]))
    detector.close()
    detector.close()
    with pytest.raises(DetectorError, match="closed"):
        detect(detector, frames(person[:1]))


def test_the_environment_is_restored_when_the_last_one_closes() -> None:
    before = dict(os.environ)
    first, second = Detector(), Detector()
    assert os.environ["https_proxy"] != before.get("https_proxy")
    first.close()
    assert os.environ["https_proxy"] != before.get("https_proxy")
    second.close()
    assert dict(os.environ) == before


def test_a_forgotten_detector_closes_itself() -> None:
    before = dict(os.environ)
    detector = Detector()
    del detector
    gc.collect()
    assert dict(os.environ) == before


def absent(path: Path, patch: pytest.MonkeyPatch) -> None:
    """There is no file."""


def unreadable(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.mkdir()


def garbage(path: Path, patch: pytest.MonkeyPatch) -> None:
    content = b"no model" * 1000
    path.write_bytes(content)
    model = replace(MODELS["full"], sha256=hashlib.sha256(content).hexdigest())
    patch.setitem(models.MODELS, "full", model)


@pytest.mark.parametrize("make", [absent, unreadable, garbage])
def test_what_is_no_model_is_an_error_that_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    monkeypatch.setattr(models, "WEIGHTS_DIR", tmp_path)
    make(tmp_path / BUNDLE.name, monkeypatch)
    before = dict(os.environ)
    with pytest.raises(DetectorError, match="pose"):
        Detector()
    gc.collect()  # ends the thread of a task that never was: MediaPipe's objects form a cycle
    assert dict(os.environ) == before


@pytest.mark.parametrize("size", SIZES)
def test_a_damaged_bundle_is_named_with_its_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: Size
) -> None:
    name = f"pose_landmarker_{size}.task"
    content = bytearray((WEIGHTS_DIR / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(models, "WEIGHTS_DIR", tmp_path)
    with pytest.raises(DetectorError, match=f"{name} is damaged.*SHA-256.*{MODELS[size].sha256}"):
        Detector(size)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_finds_the_person_in_its_own_way(person: list[Picture], size: Size) -> None:
    usual = freshly(frames(person[:3]))
    with Detector(size) as detector:
        found = detect(detector, frames(person[:3]))
        assert detector.size == size
    assert all(each.tracked for each in found)
    height = np.ptp(usual[-1].landmarks[:, 1])
    away = np.linalg.norm(found[-1].xy - usual[-1].xy, axis=1)
    assert np.median(away) < 0.05 * height
    assert bool(away.max() > 0.0) is (size != "full"), "each says what it says"


def test_another_size_goes_on_with_the_same_person(person: list[Picture]) -> None:
    before = dict(os.environ)
    these = frames(person[:9])
    with Detector("lite") as detector:
        found = detect(detector, these[:5])
        detector.change("full")
        found += detect(detector, these[5:])
        assert detector.size == "full"
    assert all(each.tracked for each in found)
    assert {each.people_in_view.followed for each in found} == {0}
    assert largest_difference(found[5:6], freshly(these[5:6])) < 0.01, "as a new one says"
    assert dict(os.environ) == before


def test_a_size_that_cannot_be_used_leaves_the_one_there_was(
    person: list[Picture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Detector("lite") as detector:
        monkeypatch.setattr(models, "WEIGHTS_DIR", tmp_path)
        with pytest.raises(DetectorError, match="cannot be read"):
            detector.change("heavy")
        assert detector.size == "lite"
        assert detect(detector, frames(person[:1]))[0].tracked


def test_a_failure_is_an_error_and_can_be_closed(person: list[Picture]) -> None:
    """Nothing hangs, no thread stays, and another detector works."""
    detector = Detector()
    for picture in (np.zeros((0, 0, 3), np.uint8), person[0]):
        with pytest.raises(DetectorError, match=r"failed on a picture\. Start again"):
            detector.detect(Frame(0, 0.0, picture, 0.0))
    detector.close()
    del detector
    gc.collect()
    assert freshly(frames(person[:1]))[0].tracked


def test_script_card_and_program_agree_on_the_bundles() -> None:
    script = runpy.run_path(str(WEIGHTS_DIR / "build_pose_landmarker.py"))
    assert script["SHA256"] == {size: model.sha256 for size, model in MODELS.items()}
    assert script["FOLDER"] == WEIGHTS_DIR
    card = (WEIGHTS_DIR / "pose_landmarker.md").read_text(encoding="utf-8")
    assert all(model.sha256 in card for model in MODELS.values())


CHEAP = """
import sys
from app.detection.detector import Detector
assert "mediapipe" not in sys.modules
Detector("lite").close()
assert not {"matplotlib.figure", "sounddevice"} & set(sys.modules)
from mediapipe.tasks.python.vision import drawing_utils
assert callable(drawing_utils.plt.figure), "it is there for who asks for it"
import matplotlib.pyplot
assert matplotlib.pyplot.figure is drawing_utils.plt.figure
"""


def test_importing_the_detector_is_cheap_and_what_it_needs_not_is_not_loaded() -> None:
    subprocess.run([sys.executable, "-c", CHEAP], cwd=REPOSITORY, check=True)
