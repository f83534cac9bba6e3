"""Motion by kind of posture: what is drawn how often, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.errors import MixposeError
from models.skeleton import JOINT, PELVIS
from models.training import bodies, kinds, postures
from models.training.kinds import NAMES, SHARES, Repertoire, as_used
from models.training.motion import Clip, Pack, derive_midpoints, read_pack
from tests.support.bones import bone_lengths
from tests.support.walking import walker, walking_repertoire

KIND = {name: index for index, name in enumerate(NAMES)}
ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]


def stander(seconds: float = 20.0) -> Clip:
    """Somebody who sways a little on legs bent by 20 degrees, as captured ones are."""
    xyz = np.repeat(walker().xyz[:1], round(60 * seconds), axis=0)
    sway = np.sin(np.arange(len(xyz)) / 60)[:, None]
    for side in ("left", "right"):
        hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        for joint, height, forward in ((knee, 0.414, 0.07), (ankle, 0.82, 0.0)):
            xyz[:, joint] = xyz[:, hip] + [0.0, -height, forward]
        xyz[:, ankle] += 0.01 * sway * [1.0, 0.0, 0.0]
    return Clip("stand", "train", 60.0, derive_midpoints(torch.from_numpy(xyz)).numpy())


def turned(clip: Clip, name: str, joints: list[int], about: int, degrees: np.ndarray) -> Clip:
    """The clip with some joints turned about another, from y towards z."""
    xyz, angle = clip.xyz.copy(), np.radians(degrees)[:, None]
    arm = xyz[:, joints] - xyz[:, about, None]
    cosine, sine = np.cos(angle), np.sin(angle)
    arm[..., 1:] = np.stack(
        [cosine * arm[..., 1] - sine * arm[..., 2], sine * arm[..., 1] + cosine * arm[..., 2]],
        axis=-1,
    )
    xyz[:, joints] = xyz[:, about, None] + arm
    midpoints = derive_midpoints(torch.from_numpy(xyz)).numpy()
    return Clip(name, clip.split, clip.rate, midpoints)


def everybody() -> Pack:
    """A clip of each kind, as far as a pack has it: sitting is made of standing."""
    stand = stander()
    frames = np.arange(len(stand.xyz))
    arm = [JOINT["right_elbow"], JOINT["right_wrist"]]
    wave = turned(stand, "wave", arm, JOINT["right_shoulder"], -120 + 40 * np.sin(frames / 15))
    squat = stand
    for side in ("left", "right"):
        hip, knee, ankle = (JOINT[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
        bend = np.full(len(frames), 65.0) + 5 * np.sin(frames / 60)
        squat = turned(squat, "squat", [knee, ankle], hip, -bend)
        squat = turned(squat, "squat", [ankle], knee, 1.5 * bend)
    whole = list(range(17))
    lie = turned(stand, "lie", whole, PELVIS, np.full(len(frames), 85.0))
    fast = walker(1200, 60.0)
    dance = replace(fast, name="dance", rate=fast.rate * 3)
    return Pack("all", "made here", "CC0", (stand, wave, squat, lie, fast, dance))


@pytest.fixture(scope="module")
def repertoire() -> Repertoire:
    return Repertoire([everybody()], "train")


def draw(
    repertoire: Repertoire, count: int = 600, frames: int = 9, seed: int = 0
) -> tuple[Tensor, Tensor]:
    return repertoire.windows(count, frames, 30.0, torch.Generator().manual_seed(seed))


def flexion_deg(windows: Tensor) -> Tensor:
    """(B, T, 2) of the knees."""
    bends = []
    for side in ("left", "right"):
        hip, knee, ankle = (
            windows[:, :, JOINT[f"{side}_{name}"]] for name in ("hip", "knee", "ankle")
        )
        bends.append(torch.cosine_similarity(knee - hip, ankle - knee, dim=-1))
    return torch.rad2deg(torch.acos(torch.stack(bends, dim=-1).clamp(-1, 1)))


def tilt_deg(windows: Tensor) -> Tensor:
    """(B, T) of the trunk off the vertical."""
    trunk = windows[:, :, JOINT["thorax"]] - windows[:, :, PELVIS]
    return torch.rad2deg(torch.acos((trunk[..., 1] / trunk.norm(dim=-1)).clamp(-1, 1)))


def test_every_kind_is_drawn_as_often_as_its_share_says(repertoire: Repertoire) -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    _, drawn = draw(repertoire, 6000, 2)
    counts = torch.bincount(drawn, minlength=len(NAMES)) / 6000
    assert counts.tolist() == pytest.approx(list(SHARES.values()), abs=0.02)


def test_every_kind_is_of_the_clips_that_show_it(repertoire: Repertoire) -> None:
    generator = torch.Generator().manual_seed(1)
    _, drawn, clips = repertoire.named_windows(3000, 2, 30.0, generator)
    of_kind = {
        name: {repertoire.clips[each].name for each in clips[drawn == index].tolist()}
        for name, index in KIND.items()
    }
    assert of_kind == {
        "standing": {"stand"},
        "gesturing": {"wave"},
        "sitting": {"stand", "wave"},
        "squat and lunge": {"squat"},
        "gait": {"walk"},
        "sport and dance": {"dance", "walk"},
        "floor and lying": {"lie", "stand", "wave"},
    }


def test_kinds_that_no_pack_has_leave_their_share_to_the_others() -> None:
    _, drawn = draw(walking_repertoire(), 500, 2)
    assert set(drawn.tolist()) == {KIND["gait"], KIND["sport and dance"]}
    with pytest.raises(MixposeError, match="no clip of the split 'test'"):
        walking_repertoire("test")


@pytest.mark.filterwarnings("error")
def test_a_rare_posture_is_met_as_often_as_one_held_for_long() -> None:
    """Nine in ten moments are one and the same pose; the others are another, held as still."""
    stand = replace(stander(), xyz=np.repeat(stander().xyz[:1], 1200, axis=0))
    arms = [JOINT["right_elbow"], JOINT["right_wrist"]]
    degrees = np.where(np.arange(1200) < 1080, 0.0, -40.0)
    rare = turned(stand, "rare", arms, JOINT["right_shoulder"], degrees)
    windows, drawn = draw(Repertoire([Pack("p", "", "", (rare,))], "train"), 1000, 2)
    forward = windows[:, 0, JOINT["right_wrist"], 2] - windows[:, 0, JOINT["right_shoulder"], 2]
    shares = (forward[drawn == KIND["standing"]].abs() > 0.2).float().mean()
    assert shares == pytest.approx(0.5, abs=0.08)


def test_windows_are_cut_around_their_moment_and_hold_the_clips_end(
    repertoire: Repertoire,
) -> None:
    short = replace(walker(30, 60.0), name="short")
    windows, _ = draw(Repertoire([Pack("p", "", "", (short,))], "train"), 50, 60)
    assert windows.shape == (50, 60, 17, 3)
    assert torch.equal(windows[:, -1], windows[:, -2])
    assert torch.equal(windows[:, -1], torch.from_numpy(short.xyz[-1]).expand(50, 17, 3))
    # The walker comes on by 1.2 m/s, played at 0.6 to 1.6 times the speed.
    windows, drawn = draw(repertoire, 2000, 9)
    way = (windows[:, -1, PELVIS, 2] - windows[:, 0, PELVIS, 2])[drawn == KIND["gait"]]
    speed = way / (8 / 30) / 1.2
    assert 0.58 < speed.min() < 0.7
    assert 1.5 < speed.max() < 1.62


def test_who_stands_or_gestures_has_straight_legs_and_an_upright_trunk(
    repertoire: Repertoire,
) -> None:
    windows, drawn = draw(repertoire, 2000)
    used = as_used(windows, drawn, torch.Generator().manual_seed(2))
    assert flexion_deg(windows)[drawn == KIND["standing"]].min() > 15, "as captured they are bent"
    for name in ("standing", "gesturing"):
        chosen = used[drawn == KIND[name]]
        straight = (flexion_deg(chosen) < 9).all(dim=(1, 2))
        assert 0.55 < straight.float().mean() < 0.75
        upright = (tilt_deg(chosen) < 25).all(dim=1)
        assert 0.87 < upright.float().mean() < 0.98, "a few bow"
        # A leg that is straight to the last degree is nobody's.
        assert flexion_deg(chosen)[straight].mean() == pytest.approx(3.5, abs=1.5)
    turned = bodies.turn_limbs(used, torch.Generator().manual_seed(3), kinds.steady(drawn))
    legs = [JOINT[f"{side}_{name}"] for side in ("left", "right") for name in ("knee", "ankle")]
    steady = kinds.steady(drawn)
    assert torch.equal(turned[steady][:, :, legs], used[steady][:, :, legs])
    assert (turned[steady] - used[steady]).abs().max() > 0.1, "arms move"
    assert (turned[~steady][:, :, legs] - used[~steady][:, :, legs]).abs().max() > 0.1


def test_who_is_left_as_captured_bends_the_knees_less_all_the_same(
    repertoire: Repertoire,
) -> None:
    windows, drawn = draw(repertoire, 2000)
    used = as_used(windows, drawn, torch.Generator().manual_seed(2))
    standing = drawn == KIND["standing"]
    assert flexion_deg(windows)[standing].mean() == pytest.approx(20, abs=2)
    knees = flexion_deg(used)[standing]
    left = knees[knees.amin(dim=(1, 2)) > 8.9]  # by 20 degrees less 6 to 24: 20 * 20 / (20 + d)
    assert 0.2 < len(left) / len(knees) < 0.5
    assert left.mean() < 14


def test_who_sits_has_level_thighs_and_who_squats_sinks(repertoire: Repertoire) -> None:
    windows, drawn = draw(repertoire, 3000)
    used = as_used(windows, drawn, torch.Generator().manual_seed(2))
    thigh = used[:, :, JOINT["left_knee"]] - used[:, :, JOINT["left_hip"]]
    level = (thigh[..., 1].abs() / thigh.norm(dim=-1) < 0.5).any(dim=1)
    assert 0.75 < level[drawn == KIND["sitting"]].float().mean() < 0.97
    assert not level[drawn == KIND["standing"]].any()
    sunk = (windows[..., PELVIS, 1] - used[..., PELVIS, 1]).amax(dim=1) > 0.03
    assert 0.25 < sunk[drawn == KIND["squat and lunge"]].float().mean() < 0.6
    assert not sunk[drawn == KIND["gait"]].any()


def test_the_floors_people_lie_and_hang_any_way_round(repertoire: Repertoire) -> None:
    windows, drawn = draw(repertoire, 4000)
    used = as_used(windows, drawn, torch.Generator().manual_seed(2))
    chosen = drawn == KIND["floor and lying"]
    tilt = tilt_deg(used[chosen])[:, 0]
    assert 0.35 < ((tilt > 60) & (tilt < 120)).float().mean() < 0.8, "half of them lie"
    assert (tilt > 150).any(), "some stand on their hands"
    # Those of other kinds stay as they are.
    others = (tilt_deg(used) - tilt_deg(windows)).abs().amax(dim=1) > 60
    assert not others[drawn == KIND["gait"]].any()


Posture = Callable[[Tensor, Tensor, torch.Generator], Tensor]
POSTURES: dict[str, Posture] = {
    "sit": lambda w, p, g: postures.crouch(w, g, p, torch.zeros_like(p)),
    "squat": lambda w, p, g: postures.crouch(w, g, torch.zeros_like(p), p),
    "reach": lambda w, p, g: postures.reach(w, g, p),
    "straighten": postures.straighten,
    "bow": lambda w, p, g: postures.bow(w, p, g),
    "tumble": postures.tumble,
}


@pytest.mark.parametrize("name", POSTURES)
def test_postures_keep_bones_and_touch_as_many_as_they_are_told(
    repertoire: Repertoire, name: str
) -> None:
    windows, _ = draw(repertoire, 300)
    alter = POSTURES[name]

    def changed(chance: float) -> float:
        posed = alter(windows, torch.full((300,), chance), torch.Generator().manual_seed(3))
        assert bone_lengths(posed) == pytest.approx(bone_lengths(windows), abs=1e-4)
        return float(((posed - windows).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean())

    assert changed(0.0) == 0
    # An arm that is raised by nothing, or a squat that has not begun, changes nothing.
    assert 0.7 < changed(1.0) <= 1
    assert changed(0.25) == pytest.approx(0.25 * changed(1.0), abs=0.05)


@pytest.mark.parametrize("name", ["sit", "squat", "straighten"])
def test_the_lower_foot_keeps_its_height(repertoire: Repertoire, name: str) -> None:
    windows, _ = draw(repertoire, 300)
    posed = POSTURES[name](windows, torch.ones(300), torch.Generator().manual_seed(3))
    lowest = windows[:, :, ANKLES, 1].amin(-1)
    assert posed[:, :, ANKLES, 1].amin(-1) == pytest.approx(lowest, abs=1e-5)


def test_straight_legs_stay_apart_and_come_nearer_to_the_vertical() -> None:
    windows, _ = draw(walking_repertoire(), 200)
    posed = postures.straighten(windows, torch.ones(200), torch.Generator().manual_seed(3))
    assert flexion_deg(posed).mean() < 6
    leg = posed[:, :, JOINT["left_ankle"]] - posed[:, :, JOINT["left_hip"]]
    before = windows[:, :, JOINT["left_ankle"]] - windows[:, :, JOINT["left_hip"]]
    assert leg[..., 2].abs().mean() < 0.7 * before[..., 2].abs().mean()
    assert tilt_deg(posed).max() < 10


def test_straight_legs_stand_together_and_apart() -> None:
    windows, _ = draw(walking_repertoire(), 2000)
    posed = postures.straighten(windows, torch.ones(2000), torch.Generator().manual_seed(3))
    hips = posed[:, :, JOINT["left_hip"]] - posed[:, :, JOINT["right_hip"]]
    ankles = posed[:, :, JOINT["left_ankle"]] - posed[:, :, JOINT["right_ankle"]]
    aside = torch.nn.functional.normalize(hips, dim=-1)
    leg = posed[:, :, JOINT["left_ankle"]] - posed[:, :, JOINT["left_hip"]]
    degrees = torch.rad2deg(((ankles - hips) * aside).sum(-1) / 2 / leg.norm(dim=-1))[:, 0]
    assert (degrees > 5).float().mean() > 0.3, "as far apart as the shoulders"
    assert 0.01 < (degrees > 15).float().mean() < 0.1, "as in a jumping jack"
    assert (degrees.abs() < 2).float().mean() > 0.15


def test_another_stance_turns_legs_about_the_hips_in_any_axes(repertoire: Repertoire) -> None:
    windows, drawn = draw(repertoire, 600)
    windows = as_used(windows, drawn, torch.Generator().manual_seed(2))
    chosen = windows[postures.on_straight_legs(windows)]
    assert len(chosen) > 100
    other = postures.other_stance(chosen, torch.Generator().manual_seed(3))
    assert bone_lengths(other) == pytest.approx(bone_lengths(chosen), abs=1e-4)
    assert flexion_deg(other) == pytest.approx(flexion_deg(chosen), abs=0.1)
    above = [PELVIS, *bodies.ABOVE_PELVIS]
    assert torch.equal(other[:, :, above], chosen[:, :, above])
    matrix = bodies.rotation_matrices(torch.tensor([0.3, -1.0, 2.0]))
    again = postures.other_stance(chosen @ matrix.T, torch.Generator().manual_seed(3))
    assert torch.allclose(again, other @ matrix.T, atol=1e-4)


def test_only_who_stands_on_both_legs_stands_on_straight_legs(repertoire: Repertoire) -> None:
    windows, drawn = draw(repertoire, 600)
    straight = postures.on_straight_legs(windows)
    assert not straight[drawn == KIND["standing"]].any(), "as captured their knees are bent"
    posed = postures.straighten(windows, torch.ones(600), torch.Generator().manual_seed(3))
    standing = flexion_deg(posed).amax(dim=(1, 2)) < 14
    assert postures.on_straight_legs(posed)[standing].float().mean() > 0.9
    bowed = postures.bow(posed, torch.ones(600), torch.Generator().manual_seed(3))
    assert not postures.on_straight_legs(bowed)[tilt_deg(bowed).amax(dim=1) > 45].any()


def test_captured_knees_and_elbows_are_unbent_along_the_limb(repertoire: Repertoire) -> None:
    windows, _ = draw(repertoire, 600)
    unbent = postures.unbend(windows, torch.Generator().manual_seed(3))
    assert bone_lengths(unbent) == pytest.approx(bone_lengths(windows), abs=1e-4)
    before, after = flexion_deg(windows), flexion_deg(unbent)
    assert (after <= before + 0.1).all()
    excess = (before / after.clamp_min(0.1) - 1) * before  # of f² / (f + d)
    clear = before > 10
    assert excess[clear].min() > 5.5
    assert excess[clear].max() < 25
    # The limb keeps its direction: what bent in the middle is now more nearly straight.
    whole = [w[:, :, JOINT["left_ankle"]] - w[:, :, JOINT["left_hip"]] for w in (windows, unbent)]
    turned = torch.rad2deg(torch.acos(torch.cosine_similarity(*whole, dim=-1).clamp(-1, 1)))
    assert turned.max() < 4


@pytest.mark.slow
def test_a_tumbled_body_is_turned_whole_and_lies_on_the_floor(repertoire: Repertoire) -> None:
    windows, drawn = draw(repertoire, 600)
    windows = windows[drawn == KIND["gait"]]
    count = len(windows)
    tumbled = postures.tumble(windows, torch.ones(count), torch.Generator().manual_seed(3))
    tilt = tilt_deg(tumbled)
    assert (tilt > 30).float().mean() > 0.7
    assert ((tilt > 60) & (tilt < 120)).float().mean() > 0.5
    assert tumbled[..., 1].amin((1, 2)) == pytest.approx(torch.full((count,), 0.08), abs=1e-5)
    apart, before = (
        torch.cdist(each.flatten(0, 1), each.flatten(0, 1)) for each in (tumbled, windows)
    )
    assert apart == pytest.approx(before, abs=1e-3)


@pytest.mark.slow
def test_captured_motion_has_something_of_every_kind(shared: Path) -> None:
    packs = [read_pack(path) for path in sorted((shared / "mocap").glob("*.mcp"))]
    for split in ("train", "val"):
        windows, drawn = draw(Repertoire(packs, split), 3000)
        assert set(drawn.tolist()) == set(KIND.values())
        used = as_used(windows, drawn, torch.Generator().manual_seed(1))
        assert used.isfinite().all()
        standing = flexion_deg(used[drawn == KIND["standing"]]) < 10
        assert standing.all(dim=(1, 2)).float().mean() > 0.6
