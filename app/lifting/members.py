"""The people of a video, each lifted with the user's corrections."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from app.errors import DetectorError
from app.lifting.blending import SAME, distance
from app.lifting.clip import DetectedClip, Track, describe, lift_track
from app.lifting.corrected import corrected, of_each
from app.lifting.people import (
    LiftedPerson,
    about_each,
    alone_in,
    lasting,
    lift_each,
    no_lasting_person,
)
from app.recording.corrections import Correction, deleted, key_of
from app.recording.poses import ARRAYS, SavedPoses, prepare, without
from models.skeleton import PELVIS

if TYPE_CHECKING:
    from app.detection.person_tracker import Choice
    from app.lifting.options import LiftOptions
    from app.lifting.progress import Progress, ProgressCallback
    from app.motion.data import MotionData, Pictures
    from models.lifter import Lifter


_AROUND_S: Final = 1.0
"""A correction also changes the poses this close to it, ..."""
_LEAD_S: Final = 2.0
"""... which are lifted with this much context on either side."""
_SHORT: Final = 0.5


def members_of(
    clip: DetectedClip, poses: Sequence[SavedPoses], corrections: Sequence[Correction]
) -> list[LiftedPerson]:
    """All people in a clip, or the followed one, with their ``poses`` and corrected 2D."""
    alone = _alone(clip)
    wanted = of_each(corrections, alone)
    return [
        LiftedPerson(corrected(own, theirs)[0], of_it, of_it.info, about, theirs)
        for own, theirs, of_it, about in zip(alone, wanted, poses, _about(clip), strict=True)
    ]


def unfit(
    clip: DetectedClip,
    members: Sequence[LiftedPerson],
    options: LiftOptions,
    corrections: Sequence[Correction],
) -> list[int]:
    """Indices of people without poses, or with poses made with other options or corrections."""
    alone = _alone(clip)
    wanted, heights_m = of_each(corrections, alone), _heights(clip, alone, options)
    return [
        index
        for index in range(len(alone))
        if index >= len(members)
        or not _fit(members[index], options, heights_m[index], key_of(wanted[index]))
    ]


def lift_members(
    clip: DetectedClip,
    members: Sequence[LiftedPerson],
    lifter: Lifter,
    options: LiftOptions,
    corrections: Sequence[Correction],
    progress: ProgressCallback,
) -> list[LiftedPerson]:
    """Lift all people in a clip with their corrections; ``members`` that are current are reused.

    All joints are missing of people whom the corrections delete entirely.  Progress is reported in
    the calling thread.
    """
    alone, about = _alone(clip), _about(clip)
    wanted, heights_m = of_each(corrections, alone), _heights(clip, alone, options)
    todo = unfit(clip, members, options, corrections)
    done = {index: each for index, each in enumerate(members) if index not in todo}
    level = options.level
    for each in done.values():
        level = level or each.poses.level
    made = {index: corrected(alone[index], wanted[index]) for index in todo}
    seen = [index for index in todo if made[index][0].track.tracked.any()]
    lifted = lift_each(
        [made[index][0] for index in seen],
        *(lifter, [heights_m[index] for index in seen], level),
        sides_known=[made[index][1] for index in seen],
        progress=progress,
    )
    done |= dict(zip(seen, lifted, strict=True))
    for index in todo:
        key = key_of(wanted[index])
        found = done.get(index) or _nothing(made[index][0], lifter, heights_m[index])
        info = {**found.info, **({"corrections": key} if key else {})}
        poses = prepare(len(clip.track), found.poses, info)
        poses = without(poses, deleted(wanted[index], clip.time_s))
        done[index] = LiftedPerson(found.clip, poses, poses.info, about[index], wanted[index])
    return [done[index] for index in sorted(done)]


def lift_corrected(
    clip: DetectedClip,
    lifter: Lifter,
    options: LiftOptions,
    corrections: Sequence[Correction],
    pictures: Pictures | None = None,
    progress: ProgressCallback | None = None,
) -> list[MotionData]:
    """Lift all people in a clip, or the followed one, with their corrections.

    Args:
        clip: N >= 1 frames.
        lifter: made for ``options``.
        options: of lifting.
        corrections: applied to the detections before lifting.
        pictures: those of the clip, if they can be read again.
        progress: called in the calling thread; may raise to stop.

    Raises:
        DetectorError: there is no person, or none is left by the corrections.
    """
    found = replace(clip, people=tuple(lasting(clip)))
    if options.everybody and not found.people:
        raise no_lasting_person(clip)
    members = lift_members(found, (), lifter, options, corrections, progress or _to_nobody)
    if all(each.poses.missing.all() for each in members):
        raise DetectorError(
            f"With its corrections no person is left in {clip.label}, so there are no 3D poses. "
            "Undo one in the window, or lift it without them."
        )
    return [each.motion(pictures=pictures) for each in members]


def _to_nobody(progress: Progress) -> None:
    pass


def lift_around(
    clip: DetectedClip,
    members: Sequence[LiftedPerson],
    lifter: Lifter,
    corrections: Sequence[Correction],
    stretch: tuple[float, float],
) -> list[LiftedPerson] | None:
    """``members`` with new poses only in and around an interval (seconds), to be shown while the
    whole clip is lifted; None if that takes hardly longer, as for short clips."""
    alone, times = _alone(clip), clip.time_s
    first, last = np.searchsorted(times, (stretch[0] - _AROUND_S, stretch[1] + _AROUND_S))
    begin, end = np.searchsorted(times, (times[first] - _LEAD_S, times[last - 1] + _LEAD_S))
    if end - begin > _SHORT * len(times):
        return None
    result = list(members)
    for index, theirs in enumerate(of_each(corrections, alone)):
        before = members[index]
        if theirs == before.corrections and before.info.get("corrections", "") == key_of(theirs):
            continue
        own, known = corrected(alone[index], theirs)
        piece = replace(own, track=own.track[begin:end])
        if not piece.track.tracked.any():
            continue
        own_lifter = copy.copy(lifter)
        height_m = before.info["height_m"]
        own_lifter.height_m = height_m if isinstance(height_m, float) else None
        lifted = lift_track(
            *(piece, own_lifter), level=before.poses.level, sides_known=known[begin:end]
        )
        inner = slice(first - begin, last - begin)
        new = {}
        for name in ARRAYS:
            new[name] = getattr(before.poses, name).copy()
            new[name][first:last] = getattr(lifted, name)[inner]
        assert isinstance(before.poses, SavedPoses)
        poses = without(replace(before.poses, **new), deleted(theirs, times))
        result[index] = replace(before, clip=own, poses=poses, corrections=theirs)
    return result


def most_like(track: Track, others: Sequence[Track]) -> int:
    """Index of the track that agrees most with ``track``, that of the followed person."""
    return max(
        range(len(others)),
        key=lambda index: np.count_nonzero(distance(track, others[index]) < SAME),
        default=0,
    )


def at_place(choice: Choice, tracks: Sequence[Track]) -> int:
    """Index of the track of the person closest to the chosen position at the chosen time."""
    row = min(int(tracks[0].time_s.searchsorted(choice.time_s)), len(tracks[0]) - 1)
    away = [
        np.linalg.norm(np.nan_to_num(each.xy[row, PELVIS], nan=np.inf) - (choice.x, choice.y))
        for each in tracks
    ]
    return int(np.argmin(away))


def _alone(clip: DetectedClip) -> list[DetectedClip]:
    """One clip per person; the clip itself unless there are several."""
    return [alone_in(clip, each) for each in clip.people] or [clip]


def _about(clip: DetectedClip) -> list[dict[str, object]] | list[None]:
    return about_each(clip.people, clip) or [None]


def _heights(
    clip: DetectedClip, alone: Sequence[DetectedClip], options: LiftOptions
) -> list[float | None]:
    """Height of each person; a single one given is that of the followed person."""
    if options.everybody:
        return [*options.heights_m, *([None] * len(alone))][: len(alone)]
    heights: list[float | None] = [None] * len(alone)
    heights[most_like(clip.track, [each.track for each in alone])] = options.height_m
    return heights


def _nothing(clip: DetectedClip, lifter: Lifter, height_m: float | None) -> LiftedPerson:
    info: dict[str, object] = {**describe(lifter), "height_m": height_m}
    return LiftedPerson(
        clip,
        SavedPoses.all_missing(
            len(clip.track),
            {"name": lifter.info.name, "sha256": lifter.info.sha256, "height_m": height_m},
        ),
        info,
    )


def _fit(
    member: LiftedPerson, options: LiftOptions, height_m: float | None, corrections: str
) -> bool:
    from app.lifting.recordings import made_with
    from models.checkpoint import resolve_weights

    info, there, told = member.info, member.poses.level, options.level
    if info["height_m"] != height_m or info.get("corrections", "") != corrections:
        return False
    empty = bool(member.poses.missing.all())
    if not empty and (told is not None) != (there is not None and there.given):
        return False
    if told is not None and there is not None and np.abs(there.up - told.up).max() > 1e-4:
        return False
    return made_with(info, str(resolve_weights(options.weights)))
