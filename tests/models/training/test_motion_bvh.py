"""BVH: joints are where matrices put them, and damage is named by file and line."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import MixposeError
from models.training.motion.bvh import read_bvh
from models.training.motion.kinematics import Take, place
from tests.support.bvh_files import (
    POSITIONS,
    ZXY,
    Node,
    frames,
    in_order,
    person,
    positions,
    text,
    width,
)


def solved(take: Take) -> dict[str, np.ndarray]:
    placed = place(take, range(len(take.joints)))
    return {name: placed[index].position for index, name in enumerate(take.names)}


def assert_as_by_matrices(path: Path, nodes: list[Node], values: np.ndarray) -> None:
    found = solved(read_bvh(path))
    for number, row in enumerate(values):
        for name, expected in positions(nodes, row).items():
            assert found[name][number] == pytest.approx(expected, abs=1e-6), name


@pytest.mark.parametrize(
    ("channel", "tip"),
    [("Zrotation", (0, 10, 0)), ("Yrotation", (0, 0, -10)), ("Xrotation", (10, 0, 0))],
)
def test_a_quarter_turn_moves_the_tip_to_where_it_must_be(
    tmp_path: Path, channel: str, tip: tuple[float, float, float]
) -> None:
    nodes = [Node("Root", "", (0, 0, 0), (channel,)), Node("", "Root", (10, 0, 0), ())]
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, np.array([[90.0]])))
    assert solved(read_bvh(path))["Root end"][0] == pytest.approx(tip, abs=1e-12)


def test_the_first_channel_is_the_outermost_turn(tmp_path: Path) -> None:
    nodes = [
        Node("Root", "", (0, 0, 0), (*POSITIONS, "Zrotation", "Xrotation")),
        Node("", "Root", (0, 1, 0), ()),
    ]
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, np.array([[1.0, 2.0, 3.0, 90.0, 90.0]])))
    # About x first: up becomes forwards; about z then: forwards stays.
    assert solved(read_bvh(path))["Root end"][0] == pytest.approx([1, 2, 4], abs=1e-12)


ORDERS = [tuple(f"{axis}rotation" for axis in order) for order in itertools.permutations("XYZ")]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_skeleton_in_any_order_of_channels(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 6))
    length = st.floats(-50, 50, allow_nan=False)
    nodes = [Node("j0", "", (0.0, 0.0, 0.0), POSITIONS + data.draw(st.sampled_from(ORDERS)))]
    for index in range(1, count):
        parent = f"j{data.draw(st.integers(0, index - 1))}"
        offset = (data.draw(length), data.draw(length), data.draw(length))
        mixed = data.draw(st.permutations(data.draw(st.sampled_from(ORDERS))))
        nodes.append(
            Node(f"j{index}", parent, offset, tuple(mixed[: data.draw(st.integers(1, 3))]))
        )
    nodes.append(Node("", f"j{count - 1}", (1.0, 2.0, 3.0), ()))
    seed = data.draw(st.integers(0, 1000))
    values = np.random.default_rng(seed).uniform(-360, 360, (3, width(nodes)))
    path = tmp_path_factory.mktemp("bvh") / "a.bvh"
    path.write_text(text(nodes, values))
    assert_as_by_matrices(path, nodes, values)


def test_positions_of_every_joint_stand_for_the_offset(tmp_path: Path) -> None:
    nodes = [replace(n, channels=POSITIONS + ZXY) if n.name else n for n in person()]
    values = frames(nodes, 5)
    column = 0
    for node in in_order(nodes):
        if node.name:
            values[:, column : column + 3] = np.array(node.offset) + 0.1
            column += 6
    path = tmp_path / "six.bvh"
    path.write_text(text(nodes, values))
    assert_as_by_matrices(path, nodes, values)


def test_positions_about_zero_are_added_to_the_offset(tmp_path: Path) -> None:
    nodes = [Node("Root", "", (0, 0.72, 0), POSITIONS), Node("", "Root", (0, 1, 0), ())]
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, np.array([[0.1, -0.01, 0.2], [0.1, 0.02, 0.2]])))
    found = solved(read_bvh(path))["Root"]
    assert found == pytest.approx(np.array([[0.1, 0.71, 0.2], [0.1, 0.74, 0.2]]))


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n\n"])
def test_line_ends_marks_and_capitals_do_not_matter(tmp_path: Path, ends: str) -> None:
    nodes, values = person(), frames(person(), 4)
    plain = tmp_path / "plain.bvh"
    plain.write_text(text(nodes, values))
    other = tmp_path / "other.bvh"
    odd = (
        text(nodes, values)
        .replace("{", " { ")
        .replace("ROOT", "root")
        .replace("rotation", "ROTATION")
    )
    other.write_bytes(b"\xef\xbb\xbf" + odd.replace("\n", ends).encode())
    expected = solved(read_bvh(plain))
    for name, found in solved(read_bvh(other)).items():
        assert np.array_equal(found, expected[name])


def test_braces_may_stand_on_the_line_of_the_joint(tmp_path: Path) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(text(person(), frames(person(), 2)).replace("\n\t{", " {"))
    assert read_bvh(path).names[-1] == "RightFoot end"


def test_decimal_commas_and_rates_are_read(tmp_path: Path) -> None:
    nodes, values = person(), frames(person(), 3)
    path = tmp_path / "comma.bvh"
    path.write_text(text(nodes, values, seconds=0.0083333).replace(".", ","))
    take = read_bvh(path)
    assert take.rate == pytest.approx(120, abs=0.01)
    assert solved(take)["Hips"] == pytest.approx(values[:, :3])


def test_names_with_spaces_and_of_other_alphabets(tmp_path: Path) -> None:
    nodes = [Node("Bip01 L Thigh", "", (0, 0, 0)), Node("", "Bip01 L Thigh", (0, 1, 0), ())]
    path = tmp_path / "a.bvh"
    path.write_text(text(nodes, np.zeros((1, 3))))
    assert read_bvh(path).names == ("Bip01 L Thigh", "Bip01 L Thigh end")
    path.write_bytes(text(nodes, np.zeros((1, 3))).replace("Thigh", "Bein\xe4").encode("latin-1"))
    assert read_bvh(path).names[0] == "Bip01 L Bein\xe4"


@pytest.mark.parametrize("end", [" 1.0 2.0", " 1.0 2.0\n\n", "", " -", " 1e"])
def test_a_last_frame_cut_short_is_left_out_and_said(tmp_path: Path, end: str) -> None:
    nodes, values = person(), frames(person(), 6)
    path = tmp_path / "cut.bvh"
    path.write_text(text(nodes, values).rsplit(" ", 1 if "1e" in end else 5)[0] + end)
    take = read_bvh(path)
    assert take.frames == 5
    assert any("cut short" in note for note in take.notes)
    assert any("6 frames and has 5" in note for note in take.notes)


@pytest.mark.parametrize("declared", [3, 8])
def test_what_is_there_counts_and_not_what_is_declared(tmp_path: Path, declared: int) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(text(person(), frames(person(), 5), declared=declared))
    take = read_bvh(path)
    assert take.frames == 5
    assert any(f"{declared} frames" in note for note in take.notes)


def test_a_frame_time_of_zero_needs_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.bvh"
    path.write_text(text(person(), frames(person(), 5), seconds=0.0))
    with pytest.raises(MixposeError, match="rate"):
        read_bvh(path)
    assert read_bvh(path, rate=50.0).rate == 50.0


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (lambda t: t.replace("JOINT Spine\n", "ROOT Spine\n", 1), 6, "second ROOT"),
        (lambda t: t.replace("OFFSET 0.0 20.0 0.0", "OFFSET 0.0 nan 0.0"), 8, "'nan'"),
        (lambda t: t.replace("OFFSET 0.0 20.0 0.0", "OFFSET 0.0 1e999 0.0"), 8, "1e999"),
        (lambda t: t.replace("OFFSET 0.0 20.0 0.0", "OFFSET 0.0 2O 0.0"), 8, "'2O'"),
        (lambda t: t.replace("OFFSET 0.0 20.0 0.0", "OFFSET 0.0 20.0"), 8, "OFFSET"),
        (lambda t: t.replace("CHANNELS 6", "CHANNELS 5", 1), 5, "CHANNELS"),
        (lambda t: t.replace("CHANNELS 6", "CHANNELS 99999999999", 1), 5, "99999999999"),
        (lambda t: t.replace("Xposition", "Xscale", 1), 5, "CHANNELS"),
        (lambda t: t.replace("\t{", "", 1), 8, "braces|brace"),
        (lambda t: t.replace("MOTION", "}\nMOTION"), None, "brace too many"),
        (lambda t: t.replace("}\nMOTION", "MOTION"), None, "not complete"),
        (lambda t: t.replace("Frames:\t5", "Frames:\t-5"), None, "'-5'"),
        (lambda t: t.replace("Frames:\t5", "Frames:\t999999999999"), None, "999999999999"),
        (lambda t: t.replace("Frames:", "Frame:"), None, "'Frames:' was expected"),
        (lambda t: t.replace("Frame Time:\t0.0333333", "Frame Time:\tinf"), None, "inf"),
        (lambda t: t.replace("Frame Time:\t0.0333333", "Frame Time:\t1e-7"), None, "rate"),
        (lambda t: t[: t.index("MOTION")], None, "ends before MOTION"),
        (lambda t: t[: t.index("Frame Time")], None, "ends before the first frame"),
        (lambda t: t.replace("0333333\n", "0333333\n1.0 2.0\n"), None, "2 numbers"),
        (lambda t: t.replace("0333333\n", "0333333\n" + "nan " * 60 + "\n"), None, "nan"),
    ],
)
def test_damage_is_named_by_file_and_line(
    tmp_path: Path, change: Callable[[str], str], line: int | None, words: str
) -> None:
    path = tmp_path / "broken.bvh"
    whole = text(person(), frames(person(), 5))
    path.write_text(change(whole))
    assert path.read_text() != whole
    with pytest.raises(MixposeError, match=words) as caught:
        read_bvh(path)
    assert str(path) in str(caught.value)
    assert f"line {line if line is not None else ''}" in str(caught.value)


def test_what_is_no_bvh_says_so(tmp_path: Path) -> None:
    for name, content in (
        ("empty.bvh", b""),
        ("zip.bvh", b"PK\x03\x04\x00\x00"),
        ("letter.bvh", b"Dear Sir or Madam"),
        ("none.bvh", text(person(), frames(person(), 1)).rsplit("\n", 2)[0].encode()),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MixposeError, match=name):
            read_bvh(tmp_path / name)
    with pytest.raises(MixposeError, match="absent"):
        read_bvh(tmp_path / "absent.bvh")


@pytest.mark.timing
def test_deep_and_endless_skeletons_are_refused_quickly(tmp_path: Path) -> None:
    deep = tmp_path / "deep.bvh"
    deep.write_text("HIERARCHY\nROOT a\n{\n" + "JOINT a\n{\n" * 300_000)
    wide = tmp_path / "wide.bvh"
    wide.write_text("HIERARCHY\nROOT a\n{\n" + "JOINT a\n{\n}\n" * 300_000)
    for path in (deep, wide):
        started = time.perf_counter()
        with pytest.raises(MixposeError, match="more than 2000 joints or 200 levels"):
            read_bvh(path)
        assert time.perf_counter() - started < 5


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_damage_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(text(person(), frames(person(), 3)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 30))
        content[start:end] = data.draw(
            st.sampled_from(
                [b"", b"{", b"}", b"\n", b" ", b"-", b"\xff", b"1e9", b"ROOT", b"End Site\n"]
            )
        )
    path = tmp_path_factory.getbasetemp() / "fuzz.bvh"
    path.write_bytes(bytes(content))
    try:
        found = solved(read_bvh(path))
    except MixposeError:
        return
    assert all(np.isfinite(each).all() for each in found.values())


@pytest.mark.timing
def test_thousands_of_frames_a_second(tmp_path: Path) -> None:
    path = tmp_path / "long.bvh"
    path.write_text(text(person(), frames(person(), 4000)))
    started = time.perf_counter()
    take = read_bvh(path)
    place(take, range(len(take.joints)))
    assert 4000 / (time.perf_counter() - started) > 1000
