"""Lists, candles and what was asked -> the portfolio that is replayed, and the venue's prices."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.replays.account import cash_of, replayed_account, strategies_of, ticker
from chalicelib.bootstrap.replays.desk import Prices, candle_prices, listed_prices
from chalicelib.bootstrap.replays.lists import NamedList
from chalicelib.bootstrap.replays.prices import Priced, from_file, from_lake, series_in_lake
from chalicelib.bootstrap.replays.timeframes import length_of, timeframes_of
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.replay.curves import Marks, Span, closes, listed_marks
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.telling import Teller, in_turn, tellings
from chalicelib.services.replay.replay_portfolio import AFTERMATH

# Before the first alert there has to be a price, and all of the chart's candle that it is of.
_USUAL_REACH: Final = timedelta(days=1)


def priced_by(
    lists: Sequence[NamedList], files: Mapping[str, Path], words: Mapping[str, Any], span: Span
) -> dict[str, Priced]:
    """By symbol; empty where the lists' own prices count. The lake's are those of `span` alone."""
    if words["list_prices"]:
        if files:
            raise SettingsError("--candles and --list-prices are two sources; give one of them")
        return {}
    symbols = sorted({each.symbol for each in lists})
    if not files:
        found = [series_in_lake(each, words["interval"], words["venue"]) for each in symbols]
        return from_lake(found, *_around(lists, words, span), words["most_candles"])
    for symbol in symbols:
        if symbol not in files:
            raise SettingsError(f"--candles has no file of {symbol}; there are {', '.join(files)}")
    return {symbol: from_file(symbol, files[symbol]) for symbol in symbols}


def portfolio_of(
    lists: Sequence[NamedList], priced: Mapping[str, Priced], words: Mapping[str, Any]
) -> tuple[Portfolio, Prices]:
    """Of the whole time that the lists speak of."""
    account = replayed_account(lists, words)
    strategies, subscriptions = strategies_of(lists, words)
    listed: dict[str, list[ListedOrder]] = {}
    for each in lists:
        listed.setdefault(each.symbol, []).extend(each.orders)
    prices, marks = _market(priced, listed)
    tellers = tellers_of(lists, priced, words)
    portfolio = Portfolio(
        account=account,
        strategies=tuple(strategies),
        symbols={each.name: each.symbol for each in lists},
        subscriptions=subscriptions,
        told=tuple(in_turn(tellings(each.orders, tellers[each.name]) for each in lists)),
        marks=marks,
        cash=cash_of(words),
        lag=timedelta(seconds=words["lag"]),
    )
    return portfolio, prices


def tellers_of(
    lists: Sequence[NamedList], priced: Mapping[str, Priced], words: Mapping[str, Any]
) -> dict[str, Teller]:
    """By the lists' names."""
    timeframes = timeframes_of(lists, words)
    histories = {symbol: each.history for symbol, each in priced.items()}
    return {
        each.name: Teller(
            strategy=each.name,
            ticker=ticker(each.symbol),
            interval=timeframes[each.name],
            timeframe=length_of(timeframes[each.name]),
            history=histories.get(each.symbol),
        )
        for each in lists
    }


def told_prices(priced: Mapping[str, Priced]) -> str:
    """For people."""
    if not priced:
        return "those of the lists themselves"
    lengths = sorted({each.length for each in priced.values()})
    told = ", ".join(f"{length.total_seconds() / 60:g}" for length in lengths)
    return f"candles of {told} minutes"


def _around(
    lists: Sequence[NamedList], words: Mapping[str, Any], span: Span
) -> tuple[datetime, datetime]:
    """From before the first alert to after what the last one leads to, or to now."""
    since, until = span
    begin = since or min(order.at for each in lists for order in each.orders)
    longest = max(map(length_of, timeframes_of(lists, words).values()))
    known = max(_USUAL_REACH, Interval(words["interval"]).length, longest)
    after = None if until is None else until + timedelta(seconds=words["lag"]) + AFTERMATH + known
    now = bootstrap.clock().now()
    return begin - known, now if after is None else min(after, now)


def _market(
    priced: Mapping[str, Priced], listed: Mapping[str, Sequence[ListedOrder]]
) -> tuple[Prices, dict[str, Marks]]:
    if not priced:
        marks = {symbol: listed_marks(orders) for symbol, orders in listed.items()}
        return listed_prices(listed), marks
    rows = {symbol: (each.length, each.rows) for symbol, each in priced.items()}
    return candle_prices(rows), {symbol: closes(each.history) for symbol, each in priced.items()}
