"""Trades of one minute -> what takers bought and sold in it, per side.

The columns keep the names that they were given for BTC in USD: `btc` is the base currency of the
symbol and `usd` its quote currency, whatever they are.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Final

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.trade import AGGREGATED, Trade
from chalicelib.domain.money import ZERO, Exact

# A price or quantity has 15 digits and 12 decimals at most, so that ten billion products fit.
DECIMALS: Final = 24
DIGITS: Final = 64
_SUMS: Final = Context(prec=DIGITS, traps=[Inexact, InvalidOperation])
_AVERAGES: Final = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_AVERAGE_STEP: Final = Decimal("1e-18")

# A trade so far off the middle of its minute is a mistake of somebody's and no price.
_MOST_OFF: Final = Decimal("0.5")
_FEWEST_TO_COMPARE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteSummary(Exact):
    """`b` is what takers bought, `s` what they sold. The average price weighs by quantity.

    `avg_b` and `avg_s` are None where nothing was traded on the side; they have 18 decimals.
    """

    minute: Minute
    total_count_b: int = 0
    total_count_s: int = 0
    total_btc_b: Decimal = ZERO
    total_btc_s: Decimal = ZERO
    total_usd_b: Decimal = ZERO
    total_usd_s: Decimal = ZERO
    avg_b: Decimal | None = None
    avg_s: Decimal | None = None

    @property
    def spread(self) -> Decimal | None:
        """By how much takers bought dearer than they sold; None unless they did both."""
        if self.avg_b is None or self.avg_s is None:
            return None
        with localcontext(_AVERAGES):
            return self.avg_b - self.avg_s


@dataclass(frozen=True, slots=True)
class Verdict:
    """The summary of a minute, and the trades that are not in it."""

    summary: MinuteSummary
    absurd: tuple[Trade, ...]


def summarize(minute: Minute, trades: Iterable[Trade]) -> Verdict:
    """Each trade counts once, however often and in whatever order it is given."""
    believed, absurd = believable(trades)
    counts = {True: 0, False: 0}
    base = {True: ZERO, False: ZERO}
    quote = {True: ZERO, False: ZERO}
    with localcontext(_SUMS):
        for trade in believed:
            sold = trade.taker_sold
            counts[sold] += 1
            base[sold] += trade.quantity
            quote[sold] += trade.price * trade.quantity
    summary = MinuteSummary(
        minute=minute,
        total_count_b=counts[False],
        total_count_s=counts[True],
        total_btc_b=base[False],
        total_btc_s=base[True],
        total_usd_b=quote[False],
        total_usd_s=quote[True],
        avg_b=_average(quote[False], base[False]),
        avg_s=_average(quote[True], base[True]),
    )
    return Verdict(summary, tuple(absurd))


def believable(trades: Iterable[Trade]) -> tuple[list[Trade], list[Trade]]:
    """Each trade of a minute once: those near its middle price, and those that are absurd."""
    return _by_price(_without_copies(trades))


def _without_copies(trades: Iterable[Trade]) -> list[Trade]:
    """One per id. A single trade that is part of an aggregated one is a copy too."""
    aggregated: dict[int, Trade] = {}
    single: dict[int, Trade] = {}
    for trade in trades:
        kept = aggregated if trade.kind == AGGREGATED else single
        known = kept.setdefault(trade.id, trade)
        if known is not trade and known != trade and _rank(trade) < _rank(known):
            kept[trade.id] = trade  # two that contradict each other: the same one every time
    if aggregated and single:
        covered = sorted((trade.first, trade.last) for trade in aggregated.values())
        single = {n: trade for n, trade in single.items() if not _is_covered(n, covered)}
    return [*aggregated.values(), *single.values()]


def _rank(trade: Trade) -> tuple[int, Decimal, Decimal, bool, int, int]:
    return (
        trade.at_ms,
        trade.price,
        trade.quantity,
        trade.taker_sold,
        trade.first,
        trade.last,
    )


def _is_covered(number: int, ranges: Sequence[tuple[int, int]]) -> bool:
    place = bisect_right(ranges, number, key=lambda pair: pair[0])
    return place > 0 and ranges[place - 1][1] >= number


def _by_price(trades: list[Trade]) -> tuple[list[Trade], list[Trade]]:
    """Those near the middle price of the minute, and those far off. Two have no middle."""
    if len(trades) < _FEWEST_TO_COMPARE:
        return trades, []
    prices = sorted(trade.price for trade in trades)
    middle = prices[len(prices) // 2]
    with localcontext(_AVERAGES):
        lowest, highest = middle * (1 - _MOST_OFF), middle * (1 + _MOST_OFF)
    if lowest <= prices[0] and prices[-1] <= highest:
        return trades, []
    absurd = [trade for trade in trades if not lowest <= trade.price <= highest]
    return [trade for trade in trades if lowest <= trade.price <= highest], absurd


def _average(quote: Decimal, base: Decimal) -> Decimal | None:
    if not base:
        return None
    with localcontext(_AVERAGES):
        return (quote / base).quantize(_AVERAGE_STEP)
