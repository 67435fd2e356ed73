"""A column of numbers as one large integer: two of them are compared by subtracting one.

Each number takes 64 bits as the machine holds it (IEEE 754, little end first). Of numbers that are
not negative these bits are in the same order as the numbers. So where the topmost bit of each place
of the one column is set, and the other column is subtracted, that bit is left wherever the one is
not below the other, and no place borrows of the next. That takes a fifth of the time that Python
needs to compare them one by one.
"""

import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_WIDTH: Final = 8  # bytes of a number
_BITS: Final = 8 * _WIDTH
_TOP: Final = bytes(_WIDTH - 1) + b"\x80"
_LARGEST: Final = 0x7F  # the topmost byte of what is infinite, unknown or beyond 1e303
_IS_BELOW: Final = bytes(byte < 0x80 for byte in range(256))  # noqa: PLR2004 - its bit is gone


class PackedColumn(NamedTuple):
    """`known` is the place of the first number; what is before it is packed as 0."""

    known: int
    length: int
    bits: int


def pack(column: Sequence[float | None]) -> PackedColumn | None:
    """None where the numbers are not in the order of their bits, or unknown after one is known."""
    count = len(column)
    known = next((place for place, value in enumerate(column) if value is not None), count)
    try:
        numbers = array("d", [0.0] * known)
        numbers.extend(column[known:])  # type: ignore[arg-type]
    except TypeError:
        return None
    if sys.byteorder != "little":
        numbers.byteswap()
    packed = numbers.tobytes()
    if max(packed[_WIDTH - 1 :: _WIDTH], default=0) >= _LARGEST:
        return None
    return PackedColumn(known, count, int.from_bytes(packed, "little"))


def crossings(values: PackedColumn, others: PackedColumn) -> list[int]:
    """Where the first gets above or below the second, by the place, from its second known one on.

    Both are equally long.
    """
    count = values.length
    known = max(values.known, others.known)
    tops = _tops(count)
    above = (others.bits | tops) - values.bits
    below = (values.bits | tops) - others.bits
    if not (above & below & tops) >> (known * _BITS):  # nowhere equal: not above is below
        return _changes(_flags(above, count), known)
    rises = _rises(_flags(above, count), known)
    return sorted(rises + _rises(_flags(below, count), known))


@lru_cache(maxsize=4)
def _tops(count: int) -> int:
    return int.from_bytes(_TOP * count, "little")


def _flags(differences: int, count: int) -> bytes:
    """For each place 1 where its topmost bit is gone, else 0."""
    return differences.to_bytes(count * _WIDTH, "little")[_WIDTH - 1 :: _WIDTH].translate(_IS_BELOW)


def _changes(flags: bytes, known: int) -> list[int]:
    """Where a flag is not as the one before it."""
    found: list[int] = []
    if known >= len(flags):
        return found
    wanted = 1 - flags[known]
    place = flags.find(wanted, known)
    while place >= 0:
        found.append(place)
        wanted = 1 - wanted
        place = flags.find(wanted, place)
    return found


def _rises(flags: bytes, known: int) -> list[int]:
    """Where a flag is 1, and the one before it 0."""
    found = []
    place = flags.find(b"\0\1", known)
    while place >= 0:
        found.append(place + 1)
        place = flags.find(b"\0\1", place + 1)
    return found
