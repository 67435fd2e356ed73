"""Columns that are compared as one large integer cross where they do candle by candle."""

from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bots.packed_column import PackedColumn, crossings, pack
from chalicelib.domain.bots.tracks import Column

# Few of them, so that they often meet; the others are neighbours, and the ends of what is packed.
NUMBERS = (0.0, 5e-324, 1.0, 1.0000000000000002, 2.0, 3.5, 1e303)


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, Column]:
    """Two of one length, each unknown at first for as long as it likes."""
    length = draw(st.integers(0, 40))
    values = st.lists(st.sampled_from(NUMBERS), min_size=length, max_size=length)
    unknown = st.integers(0, length)
    first, second = (
        [None] * given + found[given:]
        for given, found in ((draw(unknown), draw(values)) for _ in range(2))
    )
    return first, second


@given(columns())
def test_they_cross_where_their_numbers_do(pair: tuple[Column, Column]) -> None:
    values, others = pair
    packed, against = pack(values), pack(others)
    assert packed is not None
    assert against is not None
    assert crossings(packed, against) == one_by_one(values, others)


@pytest.mark.parametrize(
    ("values", "others", "places"),
    [
        ([1, 2, 1], [1, 1, 1], [1]),  # from beside it to above it, and back beside it
        ([1, 0, 1], [1, 1, 1], [1]),
        ([1, 2, 1, 2, 0], [1, 1, 1, 1, 1], [1, 3, 4]),
        ([None, 1, 2, 1], [1, 1, 1, 2], [2, 3]),
        ([2, 1, 2], [1, 2, 1], [1, 2]),  # nowhere beside it
        ([1, 2], [None, 1], []),
    ],
)
def test_they_cross_where_one_gets_above_or_below(
    values: Column, others: Column, places: list[int]
) -> None:
    packed, against = pack(values), pack(others)
    assert packed is not None
    assert against is not None
    assert crossings(packed, against) == places == one_by_one(values, others)


def test_a_number_takes_64_bits_and_what_is_unknown_is_0() -> None:
    two, half = 0x4000_0000_0000_0000, 0x3FE0_0000_0000_0000
    assert pack([None, 2.0, 0.5]) == PackedColumn(1, 3, (half << 128) + (two << 64))
    assert pack([]) == PackedColumn(0, 0, 0)


def one_by_one(values: Column, others: Column) -> list[int]:
    known = [
        (place, value, other)
        for place, (value, other) in enumerate(zip(values, others, strict=True))
        if value is not None and other is not None
    ]
    return [
        place
        for (_, value, other), (place, now, against) in pairwise(known)
        if (value <= other and now > against) or (value >= other and now < against)
    ]


@pytest.mark.parametrize("odd", [-1.0, -0.0, inf, -inf, nan, 1e305, None, "1"], ids=repr)
def test_what_is_not_in_the_order_of_its_bits_is_not_packed(odd: float | None) -> None:
    assert pack([None, 1.0, odd, 2.0]) is None


def test_a_column_of_nothing_known_crosses_nothing() -> None:
    unknown, rising = pack([None, None, None]), pack([1.0, 2.0, 3.0])
    assert unknown is not None
    assert rising is not None
    assert crossings(unknown, rising) == crossings(rising, unknown) == []
