"""A sweep as somebody else is asked for it: what they make of it are the same trials."""

import struct
from decimal import Decimal

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.sweep_asked import (
    Asked,
    BotText,
    asked_of,
    lengths_of,
    packed_candles,
    trials_of,
    unpacked_candles,
)
from chalicelib.domain.bots.sweep_trial import Task, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.bots.views import Timeline, Views
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, instrument
from tests.unit.bots.test_sweep_trials import WARMUP, AtCrossings, Both, Cross, walk

VIEWS = Views(universe=Timeline([(0, [BTC])]))
TEXT = BotText("class Mine(Bot): ...", "bots/mine.py")


def trials(bot: type[Cross] = AtCrossings, interval: str = "1h", *symbols: str) -> Trials:
    (setup,) = set_up(bot, instruments=symbols, interval=interval)
    prices = {symbol: walk(seed, 300) for seed, symbol in enumerate(setup.instruments)}
    filters = {symbol: instrument(symbol) for symbol in prices}
    return Trials(setup, prices, Terms(filters, Decimal(999), allows_short=True), VIEWS)


def test_what_is_asked_is_all_that_the_trials_have_in_common() -> None:
    made = trials(Both, "4h")
    assert asked_of(made, "Mine", TEXT) == Asked(
        bot="Mine",
        text=TEXT,
        instruments=(BTC, ETH),
        interval=Interval.H4,
        warmup=WARMUP,
        candles=made.candles,
        terms=made.terms,
        views=VIEWS,
    )
    assert asked_of(made, "sma-cross").text is None


def test_the_trials_are_the_same_again() -> None:
    made = trials(AtCrossings, "4h", ETH)
    again = trials_of(asked_of(made, "AtCrossings"), AtCrossings)
    assert (again.setup, again.candles, again.terms) == (made.setup, made.candles, made.terms)
    assert again.views is made.views
    task = Task(Span(0, 999 * HOUR), {"fast": 3, "slow": 8})
    found = again.run(task)
    assert found == made.run(task)
    assert found.fills > 3
    # Where next to nothing can be held, indicators are computed anew.
    forgetful = trials_of(asked_of(made, "AtCrossings"), AtCrossings, 1)
    assert [forgetful.run(task) for _ in range(2)] == [found] * 2


def test_no_more_candles_are_handed_over_than_the_trials_see() -> None:
    whole = asked_of(trials(Both), "Both")
    starts = whole.candles[BTC].start
    part = whole.on(Span(starts[50], starts[60]))
    assert part == whole._replace(candles=part.candles)
    assert {symbol: series.start for symbol, series in part.candles.items()} == {
        BTC: starts[50 - WARMUP : 60],
        ETH: starts[50 - WARMUP : 60],
    }
    assert part.candles[ETH] == whole.candles[ETH].between(50 - WARMUP, 60)
    assert lengths_of(part) == (10 + WARMUP, 10 + WARMUP)


def test_candles_are_packed_column_by_column() -> None:
    given = {
        BTC: candles((2.0, 4.0, 1.0, 3.0), (3.0, 9.0, 2.5, 2.5), start=5),
        ETH: candles((0.1,)),
    }
    asked = asked_of(trials(Both), "Both")._replace(candles=given)
    packed = packed_candles(asked)
    assert packed == b"".join(
        (
            struct.pack("=2q", 5 * HOUR, 6 * HOUR),
            struct.pack("=10d", 2.0, 3.0, 4.0, 9.0, 1.0, 2.5, 3.0, 2.5, 1.0, 1.0),
            struct.pack("=q5d", 0, 0.1, 0.1, 0.1, 0.1, 1.0),
        )
    )
    assert lengths_of(asked) == (2, 1)
    assert unpacked_candles((BTC, ETH), (2, 1), packed) == given


def test_of_an_instrument_without_candles_there_is_nothing() -> None:
    none = Candles([], [], [], [], [], [])
    asked = asked_of(trials(Both), "Both")._replace(candles={BTC: none, ETH: candles((7,))})
    assert lengths_of(asked) == (0, 1)
    assert unpacked_candles((BTC, ETH), (0, 1), packed_candles(asked)) == asked.candles
