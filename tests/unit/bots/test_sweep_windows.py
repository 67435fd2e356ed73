"""Which candles parameters are chosen on, and which they are tried on."""

from itertools import pairwise

import pytest

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.refusals import CandlesRefused
from chalicelib.domain.bots.sweep_windows import Span, Window, cut, split, starts_of, walk_forward

STARTS = [*range(100, 110), *range(120, 130)]  # twenty, with a gap


def columns(*starts: int) -> Candles:
    prices = [float(start) for start in starts]
    return Candles(list(starts), *([prices] * 5))


def test_a_split_is_by_the_number_of_candles() -> None:
    (window,) = split(STARTS, 0.7, 0)
    assert window == Window(Span(100, 124), Span(124, 130))
    assert split(STARTS, 0.5, 0) == [Window(Span(100, 120), Span(120, 130))]


def test_a_walk_forward_tries_each_candle_once_after_the_first_ones() -> None:
    windows = walk_forward(STARTS, 2, 0)
    assert windows == [
        Window(Span(100, 122), Span(122, 126)),
        Window(Span(104, 126), Span(126, 130)),
    ]
    longer = walk_forward(range(1000), 7, 0)
    assert [window.inside.until for window in longer] == [window.outside.since for window in longer]
    for before, after in pairwise(longer):
        assert before.outside.until == after.outside.since
    assert (longer[0].inside.since, longer[-1].outside.until) == (0, 1000)
    assert {window.inside.until - window.inside.since for window in longer} == {300}
    assert {window.outside.until - window.outside.since for window in longer} == {100}
    assert [len(walk_forward(range(10_000), count, 0)) for count in (1, 100)] == [1, 100]


def test_a_part_begins_with_the_candles_that_warm_up() -> None:
    candles = {"A": columns(*STARTS), "B": columns(108, 121, 124, 140)}
    starts = starts_of(candles)
    assert starts == [*STARTS, 140]
    found = cut(candles, starts, Span(122, 126), 4)
    assert found["A"].start == [108, 109, 120, 121, 122, 123, 124, 125]
    assert found["B"].start == [108, 121, 124]
    assert found["A"].close == [float(start) for start in found["A"].start]
    assert cut(candles, starts, Span(100, 102), 5)["A"].start == [100, 101]
    assert cut(candles, starts, Span(100, 102), 0)["B"].start == []


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5])
def test_no_such_share(share: float) -> None:
    with pytest.raises(CandlesRefused) as caught:
        split(STARTS, share, 0)
    assert str(caught.value) == f"the in-sample part is {share:g}; it must be between 0 and 1"


@pytest.mark.parametrize("count", [0, -1, 101])
def test_no_such_number_of_windows(count: int) -> None:
    with pytest.raises(CandlesRefused) as caught:
        walk_forward(range(10_000), count, 0)
    assert str(caught.value) == f"{count} windows: a walk forward has from 1 to 100"


def test_so_few_candles_are_not_enough() -> None:
    with pytest.raises(CandlesRefused) as caught:
        split(STARTS, 0.5, 9)
    assert str(caught.value) == (
        "20 candles are too few: 10 of them would be to choose on and 10 to prove it on, and the"
        " bot warms up on 9"
    )
    split(STARTS, 0.5, 8)
    with pytest.raises(
        CandlesRefused, match="20 candles are too few: 19 of them would be to choose on and 1 to"
    ):
        split(STARTS, 0.95, 0)
    split(STARTS, 0.9, 0)
    with pytest.raises(CandlesRefused, match="1 candles are too few: 0 of them"):
        walk_forward([5], 1, 0)
    # Parts are equal but for a candle: here the second window has too few to prove it on.
    with pytest.raises(CandlesRefused) as caught:
        walk_forward(range(9), 3, 0)
    assert str(caught.value) == (
        "9 candles are too few: 5 of them would be to choose on and 1 to prove it on, and the bot"
        " warms up on 0"
    )
    # Of later windows, the candles before them warm up.
    assert len(walk_forward(range(16), 5, 4)) == 5
