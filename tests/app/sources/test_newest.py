"""The grabbing thread, on devices that do what no camera does on demand."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

import app.sources.newest
from app.errors import SourceError
from app.sources.newest import LiveSource, OpenedDevice, RepeatFilter
from app.system.clock import elapsed_s
from tests.support.mjpeg import numbered_picture, read_number
from tests.support.sources import read_until
from tests.support.waiting import until


class ScriptedDevice:
    """Grabs what ``grab_next(count)`` returns: a BGR picture, or ``None`` for a failure."""

    def __init__(self, grab_next: Callable[[int], NDArray[np.uint8] | None]) -> None:
        self._grab_next = grab_next
        self._picture: NDArray[np.uint8] | None = None
        self.asked = 0
        self.grabbed = 0
        self.threads: set[int] = set()
        self.released_by: int | None = None

    def grab(self) -> bool:
        assert self.released_by is None, "grabbed after it was released"
        self.asked += 1
        self.threads.add(threading.get_ident())
        self._picture = self._grab_next(self.grabbed)
        self.grabbed += 1
        return self._picture is not None

    def retrieve(self) -> tuple[bool, NDArray[np.uint8] | None]:
        return self._picture is not None, self._picture

    def release(self) -> None:
        self.released_by = threading.get_ident()


def noisy(number: int) -> NDArray[np.uint8]:
    """A BGR picture with a number, as a camera would send it: never the same twice."""
    noise = np.random.default_rng(number).integers(0, 20, (120, 160, 3), dtype=np.uint8)
    return numbered_picture(number, (160, 120))[..., ::-1] // 2 + noise + 60 * (number % 2 == 0)


def bgr(number: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(numbered_picture(number, (160, 120))[..., ::-1])


def live(device: ScriptedDevice, **options: object) -> LiveSource:
    return LiveSource(lambda: OpenedDevice(device), label="Scripted", **options)  # type: ignore[arg-type]


def at_rate(rate: float) -> Callable[[int], NDArray[np.uint8]]:
    def grab(number: int) -> NDArray[np.uint8]:
        time.sleep(1 / rate)
        return bgr(number)

    return grab


@pytest.mark.timing
def test_every_frame_arrives_when_read_in_time() -> None:
    with live(ScriptedDevice(at_rate(50))) as source:
        frames = [source.read() for _ in range(20)]
    assert source.dropped == 0
    numbers = [read_number(frame.image) for frame in frames if frame is not None]
    assert numbers == list(range(20))
    assert [frame.index for frame in frames if frame is not None] == list(range(20))
    stamps = [frame.time_s for frame in frames if frame is not None]
    assert stamps[0] == 0
    assert 0.3 < stamps[-1] < 3
    assert all(later > earlier for earlier, later in pairwise(stamps))


def test_a_slow_reader_gets_the_newest_and_the_rest_is_counted() -> None:
    allowed = threading.Semaphore(1)

    def grab(number: int) -> NDArray[np.uint8]:
        assert allowed.acquire(timeout=10)
        return bgr(number)

    device = ScriptedDevice(grab)
    with live(device) as source:
        frame, sent, lost = source.read(), 1, 0
        for index, more in enumerate((1, 5, 2, 9), start=1):
            for _ in range(more):
                allowed.release()
            sent += more
            lost += more - 1
            until(lambda: device.asked == sent + 1, "all pictures to be taken over")  # noqa: B023
            frame = source.read()
            assert frame is not None
            assert (read_number(frame.image), frame.index) == (sent - 1, index)
            assert source.dropped == lost
        allowed.release()


def test_unread_pictures_do_not_pile_up() -> None:
    pictures: list[weakref.ref[NDArray[np.uint8]]] = []

    def grab(number: int) -> NDArray[np.uint8]:
        time.sleep(0.002)
        picture = bgr(number)
        pictures.append(weakref.ref(picture))
        return picture

    device = ScriptedDevice(grab)
    with live(device, repeats=False):
        until(lambda: device.grabbed > 100, "pictures that nobody reads")
        assert sum(picture() is not None for picture in pictures) <= 4


def test_pictures_before_the_first_read_are_not_losses() -> None:
    device = ScriptedDevice(at_rate(200))
    with live(device) as source:
        until(lambda: device.grabbed > 20, "pictures that nobody reads")
        frame = source.read()
        assert frame is not None
        assert (frame.index, frame.time_s, source.dropped) == (0, 0.0, 0)


def test_colours_are_rgb() -> None:
    with live(ScriptedDevice(at_rate(100))) as source:
        frame = source.read()
    assert frame is not None
    assert frame.image[100, 10].tolist() == [230, 20, 20]
    assert frame.image.flags.c_contiguous
    assert source.size == frame.size == (160, 120)


def test_one_thread_alone_touches_the_device() -> None:
    device = ScriptedDevice(at_rate(100))
    opened_by = []

    def open_device() -> OpenedDevice:
        opened_by.append(threading.get_ident())
        return OpenedDevice(device)

    source = LiveSource(open_device, label="Scripted")
    source.read()
    source.close()
    assert device.threads == {opened_by[0]} == {device.released_by}
    assert threading.get_ident() not in device.threads


def test_silence_is_a_timeout_and_passes() -> None:
    go_on = threading.Event()

    def grab(number: int) -> NDArray[np.uint8]:
        if number == 1:
            go_on.wait(10)
        return bgr(number)

    with live(ScriptedDevice(grab)) as source:
        assert source.read() is not None
        began = time.perf_counter()
        with pytest.raises(TimeoutError, match="Scripted gave no new picture"):
            source.read(0.2)
        assert 0.15 < time.perf_counter() - began < 1.5
        go_on.set()
        frame = source.read()
        assert frame is not None
        assert frame.index == 1


def test_a_camera_that_repeats_its_last_picture_is_silent() -> None:
    def grab(number: int) -> NDArray[np.uint8]:
        time.sleep(0.01)
        return noisy(min(number, 5))

    with live(ScriptedDevice(grab), repeats=False) as source:
        read = read_until(TimeoutError, source, 0.5)
        assert 1 <= read <= 6
        assert source.dropped == 6 - read


def test_repeats_that_come_at_once_do_not_keep_a_core_busy() -> None:
    device = ScriptedDevice(lambda number: noisy(0))
    with live(device, repeats=False) as source:
        assert read_until(TimeoutError, source, 0.3) == 1
    assert device.grabbed < 60


def test_a_covered_lens_is_not_a_lost_camera() -> None:
    def grab(_: int) -> NDArray[np.uint8]:
        time.sleep(0.01)
        return np.full((120, 160, 3), 3, np.uint8)

    with live(ScriptedDevice(grab), repeats=False) as source:
        assert all(source.read(1) is not None for _ in range(10))


def test_a_stream_may_show_a_still_picture() -> None:
    def grab(_: int) -> NDArray[np.uint8]:
        time.sleep(0.01)
        return bgr(7)

    with live(ScriptedDevice(grab)) as source:
        assert all(source.read(1) is not None for _ in range(10))


def test_one_pixel_makes_a_new_picture() -> None:
    repeats = RepeatFilter()
    picture = bgr(1)
    assert not repeats.is_repeat(picture)
    assert repeats.is_repeat(picture.copy())
    changed = picture.copy()
    changed[3, 3, 1] ^= 1  # not among the pixels that are compared first
    assert not repeats.is_repeat(changed)
    assert not repeats.is_repeat(bgr(1)[:60])


def test_the_end_comes_after_the_last_picture_and_stays() -> None:
    device = ScriptedDevice(lambda number: bgr(number) if number < 3 else None)
    with live(device) as source:
        until(lambda: device.released_by is not None, "the device to be released")
        frame = source.read()
        assert frame is not None
        assert read_number(frame.image) == 2
        for _ in range(2):
            with pytest.raises(SourceError, match="Scripted has stopped sending pictures"):
                source.read()


def test_patience_bears_short_failures() -> None:
    device = ScriptedDevice(lambda number: None if 2 <= number < 12 else at_rate(100)(number))
    with live(device, patience_s=5) as source:
        until(lambda: device.grabbed > 15, "grabbing to go on")
        assert source.read() is not None


def test_patience_ends() -> None:
    device = ScriptedDevice(lambda number: bgr(number) if number < 1 else None)
    with live(device, patience_s=0.2) as source:
        assert source.read() is not None
        with pytest.raises(SourceError):
            source.read()
    assert 2 < device.grabbed < 100, "it must not spin"


def test_any_exception_of_the_thread_reaches_the_reader() -> None:
    def grab(number: int) -> NDArray[np.uint8]:
        if number:
            raise ZeroDivisionError("in the driver")
        return bgr(number)

    device = ScriptedDevice(grab)
    with live(device) as source:
        until(lambda: device.released_by is not None, "the device to be released")
        assert source.read() is not None
        with pytest.raises(ZeroDivisionError, match="in the driver"):
            source.read()


def test_an_exception_while_opening_reaches_the_opener() -> None:
    def refuse() -> OpenedDevice:
        raise SourceError("It is busy.")

    with pytest.raises(SourceError, match="It is busy"):
        LiveSource(refuse, label="Scripted")


def test_opening_that_hangs_is_given_up_and_cleaned_up_later() -> None:
    go_on = threading.Event()
    device = ScriptedDevice(bgr)

    def hang() -> OpenedDevice:
        go_on.wait(10)
        return OpenedDevice(device)

    with pytest.raises(SourceError, match=r"gave no picture within 0\.2 s"):
        LiveSource(hang, label="Scripted", open_limit_s=0.2)
    go_on.set()
    until(lambda: device.released_by is not None, "the device to be released")
    assert device.grabbed == 0


def test_close_wakes_a_waiting_reader() -> None:
    go_on = threading.Event()

    def grab(number: int) -> NDArray[np.uint8]:
        if number:
            go_on.wait(10)
        return bgr(number)

    source = live(ScriptedDevice(grab))
    assert source.read() is not None
    closer = threading.Timer(0.1, source.close)
    closer.start()
    began = time.perf_counter()
    assert source.read(10) is None
    assert time.perf_counter() - began < 5
    go_on.set()
    closer.join()
    source.close()
    assert source.read() is None


def test_seeking_is_refused() -> None:
    with (
        live(ScriptedDevice(at_rate(100))) as source,
        pytest.raises(SourceError, match="Scripted is live"),
    ):
        source.seek(1.0)


def test_sleep_shows_in_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep_s = 0.0
    monkeypatch.setattr(app.sources.newest, "elapsed_s", lambda: elapsed_s() + asleep_s)

    def every_20_ms(number: int) -> NDArray[np.uint8]:
        time.sleep(0.02)
        return noisy(number)

    with live(ScriptedDevice(every_20_ms)) as source:
        before = source.read()
        asleep_s = 3600.0
        times = [source.read().time_s for _ in range(3)]
    assert before.time_s == 0.0
    assert 3600.0 < times[-1] < 3601.0


@pytest.mark.skipif(sys.platform != "linux", reason="names the clocks of Linux")
def test_the_clock_counts_sleep() -> None:
    awake_s = time.perf_counter()
    slept_s = time.clock_gettime(time.CLOCK_BOOTTIME) - awake_s
    assert elapsed_s() - time.perf_counter() == pytest.approx(slept_s, abs=0.1)
