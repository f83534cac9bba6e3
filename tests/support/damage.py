"""Damage to files, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

Damage = Callable[[bytearray, random.Random], None]


def cut_off(data: bytearray, dice: random.Random) -> None:
    """As a copy that was broken off."""
    del data[dice.randrange(len(data)) :]


def few_bits(data: bytearray, dice: random.Random) -> None:
    """As bad memory or an old disk does it: 1 to 64 bits anywhere."""
    for _ in range(dice.choice((1, 4, 16, 64))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def header_bits(data: bytearray, dice: random.Random) -> None:
    """Bits of the first kilobyte, where sizes, rates and lengths are."""
    for _ in range(dice.choice((1, 2, 8))):
        data[dice.randrange(min(1024, len(data)))] ^= 1 << dice.randrange(8)


def tail_bits(data: bytearray, dice: random.Random) -> None:
    """Bits of the last two kilobytes, where an index may be."""
    for _ in range(dice.choice((1, 2, 8))):
        data[-1 - dice.randrange(min(2048, len(data)))] ^= 1 << dice.randrange(8)


def lost_sector(data: bytearray, dice: random.Random) -> None:
    """A block of zeroes, as a download with holes has them."""
    start = dice.randrange(len(data))
    length = min(len(data) - start, dice.choice((512, 4096)))
    data[start : start + length] = bytes(length)


def noise(data: bytearray, dice: random.Random) -> None:
    """A block of anything."""
    start = dice.randrange(len(data))
    length = min(len(data) - start, dice.choice((64, 1024)))
    data[start : start + length] = dice.randbytes(length)


def left_out(data: bytearray, dice: random.Random) -> None:
    """A piece that is missing: everything behind it is in the wrong place."""
    start = dice.randrange(len(data))
    del data[start : start + dice.choice((1, 7, 512))]


def twice(data: bytearray, dice: random.Random) -> None:
    """A piece that is there twice."""
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.choice((16, 2048))]


KINDS: Final[tuple[Damage, ...]] = (
    *(cut_off, cut_off, few_bits, few_bits, header_bits, header_bits),
    *(tail_bits, lost_sector, noise, left_out, twice),
)


def damaged(data: bytes, seed: int) -> tuple[bytes, str]:
    """``data`` with the damage number ``seed``, and the damage's name."""
    dice = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    broken = bytearray(data)
    kind(broken, dice)
    return bytes(broken), kind.__name__
