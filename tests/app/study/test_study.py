"""Takes drawn and looked at: a tiny run with the real drawing and the real detector."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

from app.performer.motion import Motion
from app.performer.puppet import heading
from app.performer.variation import variation
from app.study import __main__ as command
from app.study import views
from app.study.files import load, save
from app.study.motion import Repertoire, cut, repertoire
from app.study.observe import Observation, observe, stage
from models.errors import MixposeError
from models.skeleton import JOINT, PELVIS
from models.training.motion import Clip, Pack

RATE = 30.0


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    """The performer's own acts as captured motion."""
    clips = []
    for number, split in enumerate(("train", "train", "val")):
        motion = Motion(variation(number + 1))
        xyz = np.array([motion.at(2.0 + frame / RATE).joints for frame in range(150)])
        clips.append(Clip(f"clip{number}", split, RATE, xyz.astype(np.float32)))
    return [Pack("acts", "made here", "none", tuple(clips))]


@pytest.fixture(scope="module")
def source(packs: list[Pack]) -> Repertoire:
    return repertoire(packs, [1.0], "train")


@pytest.fixture(scope="module")
def observed(source: Repertoire) -> list[Observation]:
    return list(observe(source, 2, 0.5, seed=3, framing="whole"))


def test_the_detector_sees_the_drawn_person(observed: list[Observation]) -> None:
    assert [one.index for one in observed] == [0, 1]
    for one in observed:
        assert one.xy.shape == (15, 17, 2)
        assert one.conf.shape == (15, 17)
        assert one.world.shape == one.truth.shape == (15, 17, 3)
        assert one.split == "train"
        assert one.clip in {"clip0", "clip1"}
        assert one.tracked.mean() > 0.8
        pixels = one.focal * one.truth[..., :2] / one.truth[..., 2:] + np.array(one.size) / 2
        height = np.ptp(pixels[..., 1], axis=1).mean()
        off = np.linalg.norm(one.xy - pixels, axis=-1)
        assert np.nanmedian(off) < 0.04 * height
        np.testing.assert_allclose(np.nanmean(one.world[:, PELVIS]), 0.0, atol=0.03)


def test_a_run_can_be_continued(source: Repertoire, observed: list[Observation]) -> None:
    (again,) = observe(source, 2, 0.5, seed=3, first=1, framing="whole")
    np.testing.assert_array_equal(again.truth, observed[1].truth)
    np.testing.assert_allclose(again.xy, observed[1].xy, atol=1.0)


def test_files_keep_everything(observed: list[Observation], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "study.npz"
    save(path, observed)
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["xy"].shape == (2, 15, 17, 2)
        assert arrays["size"].shape == (2, 2)
    for one, other in zip(load(path), observed, strict=True):
        np.testing.assert_array_equal(one.xy, other.xy)
        np.testing.assert_array_equal(one.tracked, other.tracked)
        assert (one.size, one.focal, one.eye) == (other.size, other.focal, other.eye)
        assert (one.clip, one.seed, one.framing) == (other.clip, other.seed, other.framing)


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK no zip")
    with pytest.raises(MixposeError, match=r"bad\.npz"):
        load(tmp_path / "bad.npz")
    with pytest.raises(MixposeError, match=r"none\.npz"):
        load(tmp_path / "none.npz")


@pytest.mark.slow
def test_an_interrupted_command_keeps_what_it_has_and_goes_on(
    packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "read_pack", lambda path: packs[0])
    (tmp_path / "acts.mcp").touch()
    out = tmp_path / "out.npz"
    words = ["--motion", str(tmp_path), "--out", str(out), "--seconds", "0.2", "--takes", "3"]
    real = command.observe

    def interrupted(*arguments: object, **named: object) -> object:
        run = real(*arguments, **named)  # type: ignore[arg-type]
        yield next(run)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "observe", interrupted)
    with pytest.raises(KeyboardInterrupt):
        command.main(words)
    assert [one.index for one in load(out)] == [0]
    monkeypatch.setattr(command, "observe", real)
    assert command.main(words) == 0
    assert [one.index for one in load(out)] == [0, 1, 2]
    assert {path.name for path in tmp_path.iterdir()} == {"out.npz", "acts.mcp"}
    # Takes of another length do not go into the same file.
    assert command.main([*words[:-3], "0.4", *words[-2:]]) == 2


def test_without_motion_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--motion", str(tmp_path), "--out", str(tmp_path / "o.npz")]) == 2
    assert "no motion pack" in capsys.readouterr().err


def test_views_are_spread_as_webcams_are(source: Repertoire) -> None:
    staged = [stage(source, 12, 5, index) for index in range(120)]
    framings = [one.framing for one in staged]
    assert 0.35 < framings.count("whole") / 120 < 0.65
    assert 0.12 < framings.count("cut") / 120 < 0.4
    assert 0.2 < np.mean([one.camera.size[0] < one.camera.size[1] for one in staged]) < 0.47
    facing, cut_off = 0, []
    for one in staged:
        width, height = one.camera.size
        joints = np.array([one.take.at(frame / RATE).joints for frame in range(12)])
        seen = one.camera.to_camera(joints)
        assert seen[..., 2].min() > 0.3
        pixels = one.camera.project(seen)
        if one.framing == "whole":
            assert (pixels > 0).all()
            assert (pixels < one.camera.size).all()
        if one.framing == "cut":
            ankles = pixels[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
            cut_off.append((ankles > height).mean())
        fov = 2 * math.degrees(math.atan(max(width, height) / 2 / one.camera.focal))
        assert 49.9 < fov < 90.1
        eye = one.camera.view.eye
        away = heading(joints) - math.atan2(eye[0], eye[2])
        facing += abs(math.remainder(away, math.tau)) < math.pi / 3
    assert 0.5 < facing / 120 < 0.85
    # Not all: who leans to the side or lifts a foot may show it.
    assert np.mean(cut_off) > 0.9


def test_takes_do_not_depend_on_each_other(source: Repertoire) -> None:
    one, again, other = (stage(source, 6, 5, index) for index in (4, 4, 5))
    np.testing.assert_array_equal(one.take.at(0.1).joints, again.take.at(0.1).joints)
    assert one.camera.view == again.camera.view
    assert one.camera.view != other.camera.view
    wide = stage(source, 6, 5, 4, "whole")
    assert wide.seed == one.seed
    assert views.choose(np.random.default_rng(1), "cut").framing == "cut"


def test_motion_comes_from_the_split_asked_for(packs: list[Pack]) -> None:
    val = repertoire(packs, [1.0], "val")
    clip, window = cut(val, 20, RATE, np.random.default_rng(1))
    assert clip.name == "clip2"
    assert window.shape == (20, 17, 3)
    with pytest.raises(MixposeError, match="'test'"):
        repertoire(packs, [1.0], "test")
    with pytest.raises(MixposeError, match="2 shares"):
        repertoire(packs, [1.0, 2.0], "val")


@pytest.mark.skipif(sys.platform != "linux", reason="counts the process' memory in /proc")
@pytest.mark.slow
def test_memory_does_not_grow_with_the_takes(source: Repertoire) -> None:
    def megabytes() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    sizes = [megabytes() for _ in observe(source, 16, 0.1, seed=1)]
    assert sizes[-1] - sizes[5] < 40
