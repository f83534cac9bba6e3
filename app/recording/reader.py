"""Opening a recording, properly closed or interrupted."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.errors import RecordingError
from app.recording import locks, video
from app.recording import meta as meta_file
from app.recording import poses as poses_file
from app.recording import rows as rows_file
from app.recording.corrections import Correction, CorrectionList, corrected, deleted
from app.recording.events import EventList
from app.recording.meta import Meta, require_version
from app.recording.names import KEYPOINTS_FILE
from app.recording.poses import LiftedPoses, SavedPoses
from app.recording.rows import HEADER_BYTES, ROW, KeypointArrays, Rows
from app.recording.storage import open_regular
from app.recording.video import Pictures
from app.system.files import plain_reason
from models.feet import foot_evidence
from models.visibility import CALIBRATION, calibrated

_log = logging.getLogger(__name__)

_MAX_ROWS: Final = 4_000_000
"""37 hours at 30 frames/s, 5 GB: a larger file is rejected."""
_MAX_PIXEL: Final = 1e6
"""A detector extrapolates beyond the picture, but not this far."""


class Recording:
    """A recording on disk.  Opening it does not change it."""

    def __init__(
        self,
        path: Path,
        meta: Meta,
        keypoints: KeypointArrays,
        poses: SavedPoses | None,
        recovered: str | None,
    ) -> None:
        """Use :meth:`open`."""
        self.path = path
        self.meta = meta
        self.recorded = keypoints
        """The detector's output, as recorded."""
        self.corrections = CorrectionList(path)
        """The user's corrections of it."""
        self.poses = poses
        """The saved poses if they fit the frames, even if lifted before the last correction."""
        self._corrected: tuple[tuple[Correction, ...], KeypointArrays] | None = None
        self.events = EventList(path)
        """The moments that were marked."""
        if self.corrections.damaged:
            damaged = "The corrections of this recording cannot be read, and are not applied."
            recovered = f"{recovered} {damaged}" if recovered else damaged
        self.recovered = recovered
        """What was recovered after an interruption or damage, in words; None if it is intact."""

    @classmethod
    def open(cls, path: Path) -> Recording:
        """Read a recording folder, checking every row.

        Raises RecordingError if it is no recording, holds no complete frame, cannot be read, or was
        made by a newer program.
        """
        meta, found, cut_off = _read(path)
        good = rows_file.intact(found)
        recovered = _recovered(path, meta, found, good, cut_off)
        kept = found if good.all() else found[good]
        if not len(kept):
            raise RecordingError(
                f"The recording {path.name} holds no whole frame, so there is nothing to open."
            )
        keypoints = _arrays(kept)
        return cls(path, meta, keypoints, _poses(path, keypoints.time_s), recovered)

    @property
    def keypoints(self) -> KeypointArrays:
        """The detector's output, with the corrections applied."""
        done = self.corrections.done
        if self._corrected is None or self._corrected[0] is not done:
            self._corrected = done, corrected(self.recorded, done)
        return self._corrected[1]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the pictures in pixels."""
        return self.meta.size

    @property
    def foot_evidence(self) -> NDArray[np.float32]:
        """(N, 4, 6) the detector's output for heels and toes, as :func:`models.feet.foot_evidence`
        returns it; NaN where it is not usable."""
        landmarks, world = self.keypoints.landmarks, self.keypoints.world
        named = (self.meta.detector or {}).get("size")
        size = named if isinstance(named, str) and named in CALIBRATION else "full"
        with np.errstate(invalid="ignore"):  # of a file that may hold any numbers
            sane = (landmarks[..., 3] >= 0) & (landmarks[..., 3] <= 1)
            visibility = calibrated(np.where(sane, landmarks[..., 3], 0.0), size)
            found = foot_evidence(landmarks, visibility, world)
        unusable = ~(np.abs(found) < _MAX_PIXEL).all(axis=-1) | ~self.keypoints.tracked[:, None]
        found[unusable] = np.nan
        return found

    @property
    def started_at(self) -> datetime:
        """When the first frame was captured, in the time zone it was recorded in."""
        began = self.meta.started_at
        try:
            return datetime.fromtimestamp(float(self.keypoints.captured_unix_s[0]), began.tzinfo)
        except (ValueError, OverflowError, OSError):  # not a date that this system supports
            return began

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the last."""
        return float(self.keypoints.time_s[-1] - self.keypoints.time_s[0])

    @property
    def video_path(self) -> Path | None:
        """The video, which other programs can play; None if it was not kept."""
        path = self.path / video.FILE_NAME
        return path if path.is_file() and not path.is_symlink() else None

    def picture(self, row: int) -> NDArray[np.uint8] | None:
        """Return the picture of frame ``row`` (0 … N-1), (height, width, 3) RGB; None
        if not kept."""
        if self._pictures is None:
            return None
        return self._pictures.read(int(self.keypoints.video_frame[row]))

    def pictures_of(self, frames: NDArray[np.int64]) -> Iterator[NDArray[np.uint8] | None]:
        """Yield the pictures of ``frames``, counted from the first row's; None where not kept."""
        counted = self.keypoints.index - self.keypoints.index[0]
        for row in np.searchsorted(counted, frames).tolist():
            yield self.picture(row)

    def save_poses(self, lifted: LiftedPoses, info: Mapping[str, object]) -> None:
        """Save lifted poses, one for each frame, with the recording.

        Raises ValueError if their number does not fit, and RecordingError if they cannot be
        written; ``poses`` is set in the latter case, too.
        """
        time_s = self.keypoints.time_s
        poses = poses_file.prepare(len(time_s), lifted, info)
        self.poses = poses_file.without(poses, deleted(self.corrections.done, time_s))
        poses_file.write(self.path, time_s, self.poses)

    @cached_property
    def _pictures(self) -> Pictures | None:
        path = self.video_path
        try:
            return None if path is None else Pictures(path, self.size)
        except OSError as error:
            _log.warning("the video of %s cannot be read: %s", self.path, error)
            return None


def read_description(path: Path) -> Meta:
    """Return the description of the recording in the folder ``path``, without its frames.

    From ``recording.json`` or, if that is gone or damaged, from the header of ``keypoints.bin``.
    Raises RecordingError if both are, or if a newer program made them.
    """
    try:
        with open_regular(path / KEYPOINTS_FILE, "rb") as file:
            header = rows_file.read_header(file.read(HEADER_BYTES))
        if header is not None:
            require_version(header.get("version"), rows_file.VERSION)
        try:
            return meta_file.read(path)
        except (OSError, ValueError) as error:
            if header is None:
                raise
            _log.warning("%s of %s: %s", meta_file.FILE_NAME, path, error)
            return Meta.from_json(header.get("recording"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecordingError(
            f"{path} is not a recording: one is a folder NAME.mixpose that holds {KEYPOINTS_FILE}."
        ) from error
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {plain_reason(error)}.") from error
    except ValueError as error:
        raise RecordingError(
            f"{path} is not a recording, or its description is damaged beyond use ({error})."
        ) from error


def _read(path: Path) -> tuple[Meta, Rows, int]:
    """Return the description, all complete rows unchecked, and the number of bytes left over."""
    meta = read_description(path)
    try:
        with open_regular(path / KEYPOINTS_FILE, "rb") as file:
            length = max(0, file.seek(0, 2) - HEADER_BYTES)
            count, cut_off = divmod(length, ROW.itemsize)
            if count > _MAX_ROWS:
                raise RecordingError(
                    f"{path.name} claims {count:,} frames, more than any recording has. "
                    "It is damaged, or not a recording."
                )
            file.seek(HEADER_BYTES)
            return meta, np.fromfile(file, ROW, count=count), cut_off
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {plain_reason(error)}.") from error


def _recovered(
    path: Path, meta: Meta, found: Rows, good: NDArray[np.bool_], cut_off: int
) -> str | None:
    parts = []
    whole = int(np.count_nonzero(good))
    # A kill or a power cut can only spoil the end; anything before it is damage to the file.
    torn = len(good) - (int(np.flatnonzero(good)[-1]) + 1 if whole else 0)
    damaged = len(good) - torn - whole
    if locks.is_being_written(path):
        parts.append("This recording is still being made.")
    elif locks.has_writing_lock(path):
        parts.append("This recording was interrupted.")
    if cut_off or torn:
        parts.append("Its unfinished end was cut off.")
    if damaged:
        parts.append(f"{damaged} damaged frame{'s were' if damaged > 1 else ' was'} left out.")
    lost = 0 if meta.ending is None else meta.ending.frames - len(found)
    if lost > 0:
        parts.append(f"{lost} frame{'s' if lost > 1 else ''} at the end had been lost.")
    if not parts or not whole:
        return None
    times = found["time_s"][good]
    saved = f"{whole} frame{'s' if whole > 1 else ''} ({times[-1] - times[0]:.1f} s)"
    return " ".join([*parts, f"{saved} could be read."])


def _arrays(kept: Rows) -> KeypointArrays:
    xy, conf = kept["xy"].copy(), kept["conf"].copy()
    # The checksum proves that nothing changed, not that the values are plausible.
    unusable = ~(np.abs(xy) < _MAX_PIXEL).all(axis=-1)
    xy[unusable] = np.nan
    conf = np.where(unusable | ~(conf > 0), np.float32(0), np.minimum(conf, np.float32(1)))
    return KeypointArrays(
        index=kept["index"].astype(np.int64),
        time_s=kept["time_s"].copy(),
        captured_unix_s=kept["captured_unix_s"].copy(),
        dropped=kept["dropped"].astype(np.int64),
        video_frame=kept["video_frame"].astype(np.int64),
        tracked=kept["tracked"] != 0,
        landmarks=kept["landmarks"],
        world=kept["world"],
        xy=xy,
        conf=conf,
        person=kept["person"].astype(np.int64),
        sides_known=np.zeros(len(kept), bool),
    )


def _poses(path: Path, time_s: NDArray[np.float64]) -> SavedPoses | None:
    try:
        return poses_file.load(path, time_s)
    except ValueError as error:
        # Nothing is lost: they are computed again from the keypoints.
        _log.warning("the saved poses of %s are not used: %s", path, error)
        return None
