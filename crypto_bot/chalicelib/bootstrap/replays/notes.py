"""What a replay cannot do with its lists and candles, and what is to be known of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from chalicelib.bootstrap.replays.lists import NamedList
from chalicelib.bootstrap.replays.portfolio import tellers_of
from chalicelib.bootstrap.replays.prices import Priced, missing
from chalicelib.bootstrap.replays.timeframes import USUAL_TIMEFRAME, timeframes_of
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.replay.curves import Span
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.telling import unreached
from chalicelib.domain.replay.timeframe import longer_than


def check_marked(portfolio: Portfolio, priced: Mapping[str, Priced]) -> None:
    """SettingsError where an instrument that is traded has no candle to be valued at."""
    for symbol in portfolio.unmarked():
        rows = priced[symbol].rows
        end = rows[-1].start + priced[symbol].length
        raise SettingsError(
            f"{symbol} has alerts between --since and --until, and no candle of it closes in that"
            f" time: its candles are from {rows[0].start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M},"
            f" of {priced[symbol].length.total_seconds() / 60:g} minutes each; take others with"
            " --candles or --interval, or more time"
        )


def check_searched(portfolio: Portfolio) -> None:
    """SettingsError where there is no time to divide."""
    first, last = portfolio.bounds()
    if first == last:
        raise SettingsError(
            "--search divides the time in two, and there is one moment alone of which prices are"
            f" known, {moment(first):%Y-%m-%d %H:%M}; give it more time"
        )


def notes_on(
    lists: Sequence[NamedList],
    priced: Mapping[str, Priced],
    words: Mapping[str, Any],
    span: Span,
) -> Iterator[str]:
    """With the lists' own prices, none: an order is told at its listed time, whatever the chart."""
    if not priced:
        return
    gaps = missing(priced.values())
    if gaps:
        yield (
            f"{gaps} candles are missing; there, nothing was bought, and what was sold had the"
            " price of before"
        )
    yield from chain(_of_timeframes(lists, words), _of_unreached(lists, priced, words, span))


def _of_timeframes(lists: Sequence[NamedList], words: Mapping[str, Any]) -> Iterator[str]:
    timeframes = timeframes_of(lists, words)
    for each in lists:
        taken = timeframes[each.name]
        if words["timeframe"] is None:
            if taken != USUAL_TIMEFRAME:
                yield (
                    f"{each.name}: its times are those of a chart of {taken}, which was taken for"
                    " its timeframe; if it is another, say --timeframe"
                )
        elif longer := longer_than(taken, (order.at for order in each.orders)):
            yield (
                f"{each.name}: --timeframe is {taken}, and its times are those of a chart of"
                f" {longer}: if it is one, orders were told too early; say --timeframe {longer}"
            )


def _of_unreached(
    lists: Sequence[NamedList],
    priced: Mapping[str, Priced],
    words: Mapping[str, Any],
    span: Span,
) -> Iterator[str]:
    tellers = tellers_of(lists, priced, words)
    for each in lists:
        orders = [order for order in each.orders if span.holds(order.at)]
        if count := unreached(orders, tellers[each.name]):
            yield (
                f"{each.name}: no candle came to the listed price in {count} of {len(orders)}"
                " orders; such are told when the chart's candle has closed; are the candles of"
                " that market, and --timezone and --timeframe the chart's?"
            )
