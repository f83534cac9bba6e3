"""ASF and AMC: bones turn about their own axes, and the files' units and orders are heeded."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import MixposeError
from models.training.motion.asf_amc import read_amc, read_asf
from models.training.motion.kinematics import place
from tests.support.bvh_files import matrix

ASF = """# made by a test
:version 1.10
:name nobody
:units
  mass 1.0
  length 0.45
  angle deg
:documentation
   Anything may stand here, even begin and end
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name thigh
     direction 0 -2 0
     length 7.5
     axis 10 20 30 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
  begin
     id 2
     name shin
     direction 0.6 -0.8 0
     length 7
     axis 0 0 20 ZYX
    dof rz rx
  end
  begin
     id 3
     name foot
     direction 0 0 1
     length 2
     axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root thigh
    thigh shin
    shin foot
  end
"""
AMC = """#!OML:ASF nobody.ASF
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 10 -20 30
thigh 11 22 33
shin -44 55
2
root 1.5 2 3 1e1 -2e1 7.4e-015
thigh 0 0 0
shin 90 0
"""


def write(folder: Path, asf: str = ASF, amc: str = AMC) -> tuple[Path, Path]:
    (folder / "nobody.asf").write_text(asf)
    (folder / "nobody_01.amc").write_text(amc)
    return folder / "nobody.asf", folder / "nobody_01.amc"


def ends(folder: Path, asf: str = ASF, amc: str = AMC) -> np.ndarray:
    """Where root, knee, ankle and toes are: (frames, 4, 3) in metres."""
    skeleton, take_file = write(folder, asf, amc)
    take = read_amc(take_file, read_asf(skeleton))
    assert take.names == ("root", "thigh", "shin", "foot", "foot end")
    placed = place(take, range(5))
    assert take.unit is not None
    return np.stack([placed[i].position for i in (0, 2, 3, 4)], axis=1) * take.unit


def turned(order: str, angles: list[float]) -> np.ndarray:
    """The matrix of turns made one after the other about fixed axes, as 4x4."""
    result = np.eye(4)
    for axis, angle in zip(order, angles, strict=True):
        result = matrix(f"{axis}rotation", angle) @ result
    return result


def shifted(x: float, y: float, z: float) -> np.ndarray:
    result = np.eye(4)
    result[:3, 3] = x, y, z
    return result


def expected(root: list[float], thigh: list[float], shin: list[float]) -> np.ndarray:
    """The same skeleton by 4x4 matrices, in metres."""
    world = shifted(*root[:3]) @ turned("XYZ", root[3:])
    points = [world[:3, 3]]
    for axis, angles, motion, order, way in (
        ("XYZ", [10.0, 20.0, 30.0], thigh, "XYZ", (0.0, -7.5, 0.0)),
        ("ZYX", [0.0, 0.0, 20.0], shin, "ZX", (4.2, -5.6, 0.0)),
        ("XYZ", [0.0, 0.0, 0.0], [], "", (0.0, 0.0, 2.0)),
    ):
        frame = turned(axis, angles)
        world = world @ frame @ turned(order, motion) @ np.linalg.inv(frame) @ shifted(*way)
        points.append(world[:3, 3])
    return np.stack(points) / 0.45 * 0.0254


def test_bones_stand_where_matrices_put_them(tmp_path: Path) -> None:
    found = ends(tmp_path)
    first = expected([1, 2, 3, 10, -20, 30], [11, 22, 33], [-44, 55])
    second = expected([1.5, 2, 3, 10, -20, 0], [0, 0, 0], [90, 0])
    assert found == pytest.approx(np.stack([first, second]), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(angles=st.lists(st.floats(-180, 180), min_size=8, max_size=8))
def test_any_angles(tmp_path_factory: pytest.TempPathFactory, angles: list[float]) -> None:
    words = [repr(angle) for angle in angles]
    root, thigh, shin = " ".join(words[:3]), " ".join(words[3:6]), " ".join(words[6:])
    amc = f"1\nroot 0 0 0 {root}\nthigh {thigh}\nshin {shin}\n"
    found = ends(tmp_path_factory.mktemp("amc"), amc=amc)
    assert found[0] == pytest.approx(
        expected([0, 0, 0, *angles[:3]], angles[3:6], angles[6:]), abs=1e-9
    )


def test_the_order_of_a_frame_and_of_the_roots_values_is_free(tmp_path: Path) -> None:
    asf = ASF.replace("order TX TY TZ RX RY RZ", "order RX RY RZ TX TY TZ")
    amc = "1\nshin -44 55\nthigh 11 22 33\nroot 10 -20 30 1 2 3\n"
    first = expected([1, 2, 3, 10, -20, 30], [11, 22, 33], [-44, 55])
    assert ends(tmp_path, asf, amc)[0] == pytest.approx(first, abs=1e-9)


def test_radians_in_either_file(tmp_path: Path) -> None:
    first = expected([0, 0, 0, 0, 0, 0], [0, 0, 0], [90, 0])[3]
    turn = repr(math.pi / 2)
    amc = f":RADIANS\n1\nroot 0 0 0 0 0 0\nthigh 0 0 0\nshin {turn} 0\n"
    assert ends(tmp_path, amc=amc)[0, 3] == pytest.approx(first)
    radians = " ".join(repr(math.radians(angle)) for angle in (10, 20, 30))
    asf = ASF.replace("angle deg", "angle rad").replace("10 20 30 XYZ", f"{radians} XYZ")
    asf = asf.replace("0 0 20 ZYX", f"0 0 {math.radians(20)!r} ZYX")
    plain = ends(tmp_path, asf, amc.replace(":RADIANS\n", ""))[0, 3]
    assert plain == pytest.approx(first)


def test_root_position_and_orientation_of_the_skeleton_are_heeded(tmp_path: Path) -> None:
    asf = ASF.replace("position 0 0 0", "position 0 9 0")
    found = ends(tmp_path, asf)
    assert found - ends(tmp_path) == pytest.approx(
        np.tile([0, 9 / 0.45 * 0.0254, 0], (2, 4, 1)), abs=1e-9
    )


def test_rate_is_cmus_unless_told(tmp_path: Path) -> None:
    skeleton, take = write(tmp_path)
    assert read_amc(take, read_asf(skeleton)).rate == 120
    assert read_amc(take, read_asf(skeleton), 60).rate == 60


def test_a_frame_cut_short_or_a_jump_in_counting_ends_the_take(tmp_path: Path) -> None:
    for amc, words in ((AMC[:-8], "cut short"), (AMC.replace("\n2\n", "\n7\n"), "line 8")):
        skeleton, take_file = write(tmp_path, amc=amc)
        take = read_amc(take_file, read_asf(skeleton))
        assert take.frames == 1
        assert words in take.notes[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("length 7.5", "length nan"), r"line 20: 'nan'"),
        (lambda t: t.replace("0 -2 0", "0 0 0"), r"line 19: .*direction"),
        (lambda t: t.replace("30 XYZ", "30 XYW"), r"line 21: .*XYW"),
        (lambda t: t.replace("dof rz rx", "dof rz l"), r"line 33: "),
        (lambda t: t.replace("shin foot", "shin toe"), r"line 46: .*toe"),
        (lambda t: t.replace("shin foot", "shin thigh"), r"line 46: .*thigh"),
        (lambda t: t.replace("thigh shin", "shin foot", 1), r"line 45: .*shin"),
        (lambda t: t.replace("name shin", "name thigh"), "two bones"),
        (lambda t: t.replace(":hierarchy", ":other"), "hierarchy"),
        (lambda t: t.replace("length 0.45", "length 0"), "line 6"),
        (lambda t: t.replace("angle deg", "angle"), "line 7: one unit of angles"),
        (lambda t: "HIERARCHY\n" + t, "line 1: it is not an ASF"),
    ],
)
def test_damaged_skeletons_are_named(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    assert change(ASF) != ASF
    skeleton, _ = write(tmp_path, asf=change(ASF))
    with pytest.raises(MixposeError, match=words) as caught:
        read_asf(skeleton)
    assert str(skeleton) in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("thigh 11 22 33", "thigh 11 22 inf"), "line 6: 'inf'"),
        (lambda t: t.replace("thigh 11 22 33", "thigh 11 22 33 44"), "line 6: thigh has 3"),
        (lambda t: t.replace("thigh 11 22 33\n", ""), "line 7: .*lacks thigh"),
        (lambda t: t.replace("thigh 11 22 33", "femur 11 22 33"), "line 6: 'femur'.*nobody.asf"),
        (lambda t: t.replace("1\nroot", "root", 1), "line 4: "),
        (lambda t: t[: t.index("1\n")], "no frames"),
        (lambda t: t.replace("\n1\n", "\n99999999999999999999999\n"), "line 4: "),
    ],
)
def test_damaged_takes_are_named(tmp_path: Path, change: Callable[[str], str], words: str) -> None:
    assert change(AMC) != AMC
    skeleton, take = write(tmp_path, amc=change(AMC))
    with pytest.raises(MixposeError, match=words) as caught:
        read_amc(take, read_asf(skeleton))
    assert str(take) in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_damage_ends_in_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    texts = [bytearray(ASF.encode()), bytearray(AMC.encode())]
    for _ in range(data.draw(st.integers(1, 4))):
        content = texts[data.draw(st.integers(0, 1))]
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 30))
        content[start:end] = data.draw(
            st.sampled_from(
                [b"", b"\n", b" ", b"-", b"\xff", b"1e9", b"begin\n", b"end\n", b":root"]
            )
        )
    folder = tmp_path_factory.getbasetemp()
    (folder / "a.asf").write_bytes(bytes(texts[0]))
    (folder / "a.amc").write_bytes(bytes(texts[1]))
    try:
        take = read_amc(folder / "a.amc", read_asf(folder / "a.asf"))
    except MixposeError:
        return
    placed = place(take, range(len(take.joints)))
    assert all(np.isfinite(each.position).all() for each in placed.values())
