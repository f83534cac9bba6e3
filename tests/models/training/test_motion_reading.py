"""A folder of motion: what is found, split, cached, left out and said."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from models.errors import MixposeError
from models.training.kinds import Repertoire
from models.training.motion import Clip, read_motion
from models.training.motion.reading import split_clips
from tests.support.bvh_files import frames, person, text, write_person


def clip(name: str, count: int = 10) -> Clip:
    return Clip(name, "train", 30.0, np.zeros((count, 17, 3), np.float32))


def splits(names: list[str]) -> dict[str, str]:
    return {each.name: each.split for each in split_clips([clip(name) for name in names])}


def test_a_folder_of_bvh_becomes_motion_to_train_on(tmp_path: Path) -> None:
    for number in range(4):
        write_person(tmp_path / "mine" / f"day {number % 2}" / f"take{number}.BVH", seed=number)
    (pack,) = read_motion(tmp_path / "mine")
    assert pack.name == "mine"
    assert "4 takes" in pack.source
    assert [each.name for each in pack.clips] == [
        "day 0/take0",
        "day 0/take2",
        "day 1/take1",
        "day 1/take3",
    ]
    assert {each.split for each in pack.clips} == {"train", "val"}
    for split in ("train", "val"):
        assert Repertoire([pack], split).clips
    assert str(tmp_path) not in pack.source + pack.licence


def test_one_file_gives_its_end_for_validation(tmp_path: Path) -> None:
    (pack,) = read_motion(write_person(tmp_path / "walk.bvh", 100))
    assert pack.name == "walk"
    assert [(each.split, len(each.xyz)) for each in pack.clips] == [("train", 90), ("val", 10)]


def test_one_subject_in_ten_is_for_validation_and_stays_there() -> None:
    names = [f"take {number}" for number in range(1000)]
    chosen = splits(names)
    assert 60 < Counter(chosen.values())["val"] < 140
    some = splits(names[:100])
    assert some == {name: chosen[name] for name in names[:100]}


def test_subjects_are_kept_together() -> None:
    names = [f"{subject:02d}_{take:02d}" for subject in range(1, 60) for take in range(1, 5)]
    by_subject: dict[str, set[str]] = {}
    for name, split in splits(names).items():
        by_subject.setdefault(name[:2], set()).add(split)
    assert all(len(found) == 1 for found in by_subject.values())
    assert {"train", "val"} == set().union(*by_subject.values())
    people = [f"person {n}/take {t}" for n in range(30) for t in range(3)]
    found = splits(people)
    assert all(len({found[f"person {n}/take {t}"] for t in range(3)}) == 1 for n in range(30))


@pytest.mark.parametrize("names", [["02_01", "02_02"], ["a", "b"], ["x/a", "x/b", "x/c"]])
def test_neither_split_is_ever_empty(names: list[str]) -> None:
    assert set(splits(names).values()) == {"train", "val"}


def test_folders_named_as_splits_are_heeded() -> None:
    found = splits(["train/a", "val/b", "Test/c", "train/d"])
    assert found == {"train/a": "train", "val/b": "val", "Test/c": "test", "train/d": "train"}
    assert set(splits(["train/a", "train/b"]).values()) == {"train", "val"}


def test_a_broken_file_is_named_and_the_rest_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_person(tmp_path / "good.bvh")
    write_person(tmp_path / "better.bvh", seed=1)
    (tmp_path / "bad.bvh").write_text("HIERARCHY\nROOT a\n{\nOFFSET 1 2 x\n")
    (tmp_path / "bad.mcp").write_bytes(b"MCP1 and no more")
    (tmp_path / "notes.txt").write_text("not motion")
    with caplog.at_level(logging.WARNING):
        (pack,) = read_motion(tmp_path)
    assert {each.name for each in pack.clips} == {"good", "better"}
    assert "2 of 4 files" in caplog.text
    assert "bad.bvh, line 4" in caplog.text
    assert "bad.mcp" in caplog.text


def test_folders_below_motion_packs_are_what_these_were_made_of(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    write_person(tmp_path / "raw" / "take.bvh")
    assert [pack.name for pack in read_motion(tmp_path)] == [tmp_path.name]
    (tmp_path / "bad.mcp").write_bytes(b"MCP1")
    with pytest.raises(MixposeError, match=r"bad\.mcp"):
        read_motion(tmp_path)


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MixposeError, match="no such file or folder"):
        read_motion(tmp_path / "absent")
    with pytest.raises(MixposeError, match="no motion"):
        read_motion(tmp_path)
    (tmp_path / "bad.bvh").write_text("HIERARCHY\n")
    with pytest.raises(MixposeError, match=r"bad\.bvh"):
        read_motion(tmp_path)
    (tmp_path / "person.asf").write_text(":version 1.10\n")
    with pytest.raises(MixposeError, match=r"\.amc"):
        read_motion(tmp_path / "person.asf")
    (tmp_path / "film.mp4").write_text("")
    with pytest.raises(MixposeError, match=r"\.bvh"):
        read_motion(tmp_path / "film.mp4")
    with pytest.raises(MixposeError, match="rate"):
        read_motion(tmp_path, rate=0)


def test_what_was_put_right_is_said_once_for_all_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        write_person(tmp_path / f"{number}.bvh", seed=number)
    with caplog.at_level(logging.WARNING):
        read_motion(tmp_path)
    assert caplog.text.count("centimetres") == 1
    assert "0.bvh and 2 more" in caplog.text


def test_a_joint_map_and_a_rate_are_used(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(text(person(), frames(person(), 20), seconds=0.0))
    joint_map = tmp_path / "map.json"
    joint_map.write_text('{"base": "cmu-motionbuilder", "unit": 0.02}')
    (pack,) = read_motion(tmp_path / "a.bvh", joint_map=joint_map, rate=50)
    assert pack.clips[0].rate == 50
    (tmp_path / "b.bvh").write_text(text(person(), frames(person(), 20)))
    (plain,) = read_motion(tmp_path / "b.bvh")
    hips = [1, 4]
    assert pack.clips[0].xyz[:, hips] == pytest.approx(2 * plain.clips[0].xyz[:, hips], abs=1e-4)
