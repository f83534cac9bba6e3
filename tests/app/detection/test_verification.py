"""Nobody is invented: the real detector where there is nobody, and where there is somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.detection.detector import Detector, _Landmarkers
from app.detection.no_telemetry import silenced
from app.detection.person import same
from app.detection.search import Search
from app.packets import Keypoints2D
from app.sources import VideoFile
from tests.support.clips import performer_pictures


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """The performer, half as large as usual, on a plain wall."""
    (image,) = performer_pictures(1)
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    far: np.ndarray = np.full_like(image, 150)
    far[height // 2 :, : width // 2] = small
    return far


@pytest.fixture
def search() -> Iterator[Search]:
    with silenced():
        landmarkers = _Landmarkers("full")
        yield Search(landmarkers)
        landmarkers.close()


def test_a_person_is_found_again_and_not_where_they_are_not(
    search: Search, picture: np.ndarray
) -> None:
    height, width = picture.shape[:2]
    found = search.within(picture, (0, height // 2, width // 2, height), [])
    assert found is not None
    recheck = search.recheck(picture, found, [])
    assert recheck.person is not None
    assert same(recheck.person, found)
    assert search.recheck(picture, found.moved(0.4 * width, -0.3 * height), []) == (None, False)


def test_whoever_is_really_there_is_told_from_who_was_seen_badly(
    search: Search, picture: np.ndarray
) -> None:
    """Of somebody small the joints found at first may be a trunk's length off."""
    height, width = picture.shape[:2]
    found = search.within(picture, (0, height // 2, width // 2, height), [])
    assert found is not None
    recheck = search.recheck(picture, found.moved(0.6 * found.size, 0.0), [])
    assert recheck.person is not None
    assert same(recheck.person, found)


def test_the_mirrored_look_says_left_and_right_as_the_other(
    search: Search, picture: np.ndarray
) -> None:
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    height, width = picture.shape[:2]
    found = search.within(picture, (0, height // 2, width // 2, height), [])
    turned = search.within(mirrored, (width // 2, height // 2, width, height), [])
    assert found is not None
    assert turned is not None
    back = turned.mirrored(width)
    assert same(back, found)
    assert np.linalg.norm(back.world - found.world, axis=1).mean() < 0.15


def test_somebody_too_small_for_a_look_at_the_whole_is_found_by_looking_closely(
    search: Search,
) -> None:
    (image,) = performer_pictures(1)
    small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    far = cv2.copyMakeBorder(small, 500, 172, 600, 296, cv2.BORDER_REPLICATE)
    assert search.everywhere(far, []) == []
    found = [person for _ in range(3) for person in search.closely(far)]
    assert found
    assert all(600 < each.centre[0] < 984 and each.centre[1] > 500 for each in found)


def detect(path: Path) -> list[Keypoints2D]:
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    with VideoFile(path) as source, Detector() as detector:
        return [detector.detect(frame) for frame in iter(source.read, None)]


def share(found: list[Keypoints2D], from_s: float, to_s: float) -> float:
    """Of the frames of that time in which somebody is found."""
    return float(np.mean([each.tracked for each in found if from_s <= each.time_s <= to_s]))


@pytest.mark.slow
def test_an_empty_room_with_a_table_holds_nobody(shared: Path) -> None:
    found = detect(shared / "bugs" / "empty_room.mp4")
    assert share(found, 0.0, 4.3) > 0.97
    assert share(found, 4.6, 7.5) == 0.0
    assert share(found, 8.9, 12.0) > 0.97


@pytest.mark.slow
def test_who_is_left_alone_is_followed_at_once(shared: Path) -> None:
    found = detect(shared / "bugs" / "b05_lost_after_flip.mp4")
    assert share(found, 0.0, 1.9) > 0.97, "she who walks out"
    assert share(found, 2.5, 2.85) > 0.9, "he who is still there"
