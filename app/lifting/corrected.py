"""Corrections of the detections in a video, applied to the person they concern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import RecordingError
from app.lifting.clip import DetectedClip, Track
from app.lifting.kept import film_key
from app.recording.corrections import Correction as Correction
from app.recording.corrections import CorrectionList, Exchange, Move, rows_between
from app.recording.corrections import from_json as from_json
from app.system import paths
from models.skeleton import FOOT_MIRROR, JOINT, LANDMARK_SOURCES, MIRROR, PELVIS

_REACH: Final = 2.0
"""Trunk lengths, at most, between a correction's position and the pelvis of its person."""
_HIPS: Final = (JOINT["left_hip"], JOINT["right_hip"])
_MIDDLES: Final = {
    JOINT["pelvis"]: _HIPS,
    JOINT["thorax"]: (JOINT["left_shoulder"], JOINT["right_shoulder"]),
    JOINT["spine"]: (*_HIPS, JOINT["left_shoulder"], JOINT["right_shoulder"]),
}
"""Joints that are computed as the mean of others."""


def corrected(
    clip: DetectedClip, corrections: Iterable[Correction]
) -> tuple[DetectedClip, NDArray[np.bool_]]:
    """Apply corrections of one person to their clip, in order, as for a recording
    (:func:`app.recording.corrections.corrected`).

    Returns:
        The corrected clip, and (N,) frames in which the user has confirmed left and right.
    """
    track, known = clip.track, np.zeros(len(clip.track), bool)
    for each in corrections:
        if isinstance(each, Move):
            track = _moved(track, each)
            continue
        rows = rows_between(track.time_s, each.start_s, each.end_s)
        if isinstance(each, Exchange):
            track, known = _exchanged(track, rows, each), known | rows
        else:
            track = _emptied(track, rows)
    return replace(clip, track=track), known


def made_in_window(video: Path) -> tuple[Correction, ...]:
    """The corrections of a video made in the window; none for what is no file.

    Raises:
        RecordingError: they cannot be read.
    """
    try:
        noted = CorrectionList(paths.video_notes_dir() / film_key(video), of_video=video.name)
    except OSError:
        return ()
    if noted.damaged:
        raise RecordingError(f"The corrections of {video.name} cannot be read: {noted.file}")
    return noted.done


def of_each(
    corrections: Iterable[Correction], clips: Sequence[DetectedClip]
) -> list[tuple[Correction, ...]]:
    """The corrections of each person, one per clip.  A correction of none of them is in no list;
    one without a position is in all."""
    found: list[list[Correction]] = [[] for _ in clips]
    for each in corrections:
        if each.at is None:
            whose = list(range(len(clips)))
        else:
            away = [_trunks_from(clip.track, each) for clip in clips]
            nearest = int(np.argmin(away))
            whose = [nearest] if away[nearest] < _REACH else []
        for index in whose:
            found[index].append(each)
    return [tuple(each) for each in found]


def place_of(track: Track, start_s: float, end_s: float) -> tuple[float, float] | None:
    """Position of the pelvis in the first frame of an interval with a detection; None if none."""
    rows = rows_between(track.time_s, start_s, end_s) & track.tracked
    if not rows.any():
        return None
    x, y = track.xy[int(np.argmax(rows)), PELVIS].tolist()
    return x, y


def _trunks_from(track: Track, correction: Correction) -> float:
    """Trunk lengths from a correction's position to the person of ``track``; infinite if they were
    not detected then."""
    start_s, end_s = interval_of(correction)
    place = place_of(track, start_s, end_s)
    if place is None or correction.at is None:
        return np.inf
    row = int(np.argmax(rows_between(track.time_s, start_s, end_s) & track.tracked))
    trunk = np.linalg.norm(track.xy[row, JOINT["thorax"]] - track.xy[row, PELVIS])
    return float(np.linalg.norm(np.subtract(place, correction.at)) / max(1.0, float(trunk)))


def interval_of(correction: Correction) -> tuple[float, float]:
    """Start and end, in seconds, of the interval changed by a correction."""
    if isinstance(correction, Move):
        return correction.time_s, correction.time_s
    return correction.start_s, correction.end_s


def _exchanged(track: Track, rows: NDArray[np.bool_], said: Exchange) -> Track:
    rows = rows.copy()
    for stretch in said.kept:
        rows &= ~rows_between(track.time_s, *stretch)
    joints, feet = list(MIRROR), list(FOOT_MIRROR)
    other = replace(
        track,
        **{name: getattr(track, name)[:, joints] for name in ("xy", "conf", "world")},
        feet=track.feet[:, feet],
    )
    return track.where(rows, other)


def _emptied(track: Track, rows: NDArray[np.bool_]) -> Track:
    emptied = track.where(rows, Track.empty(track.time_s))
    return replace(emptied, tracked=track.tracked & ~rows)


def _moved(track: Track, move: Move) -> Track:
    at = np.flatnonzero(rows_between(track.time_s, move.time_s, move.time_s) & track.tracked)
    if not len(at):
        return track
    row, joint = int(at[0]), JOINT[move.joint]
    xy, conf, world = track.xy.copy(), track.conf.copy(), track.world.copy()
    xy[row, joint], conf[row, joint] = (move.x, move.y), 1.0
    if len(LANDMARK_SOURCES[joint]) == 1:  # what lies halfway between others moves along with them
        for other, its in _MIDDLES.items():
            if joint in its:
                xy[row, other] = xy[row, list(its)].mean(axis=0)
        # The world landmark is that of the wrong position.  All are relative to the hips.
        if joint not in _HIPS:
            world[row, joint] = np.nan
    return replace(track, xy=xy, conf=conf, world=world)
