"""All that can be said of one replay: what went in, what each policy made of it, why not more."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.money import ZERO, exact_arithmetic
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.result import PolicyResult
from chalicelib.domain.replay.trade_list import LONG, TradeList
from chalicelib.domain.replay.weights import Search
from chalicelib.domain.trading.drift import Deviation
from chalicelib.domain.trading.signal import SignalStatus

ASSUMPTIONS: Final = (
    ("Alerts", "TradingView's listed orders, in the order and with the sizes of the list"),
    (
        "Time",
        "an order filled within 0.1 % of its candle's open is told at the open; one filled inside"
        " the candle is told when the first candle that came to its price has closed, and where"
        " none did, when the chart's candle has",
    ),
    (
        "Lag",
        "each alert arrives so much later than it was told, and waits for its siblings as ever",
    ),
    ("Ticks", "at every whole minute in which something is due, and at no other"),
    (
        "Prices",
        "while a candle is open its open, then its close, each worse by the slippage; without"
        " candles the lists' own",
    ),
    ("Short", "is not traded: it means at most flat"),
    ("Exits", "are the lists' own; stop loss and take profit of the strategies are left out"),
    ("Fees", "of every fill, in quote; what strategies take over from each other costs none"),
    (
        "End",
        "what is held is valued at the last price, or at that of the last fill's time; not sold",
    ),
)

_CODE: Final = re.compile(r"\(([A-Z][A-Z_]+)\)")
_NUMBERS: Final = re.compile(r"[\d.]+")
_ASKED_FOR: Final = frozenset({SignalStatus.EXECUTED, None})


class ListedAs(NamedTuple):
    """One list: `profit` is what TradingView says its closed long trades won, without fees."""

    strategy: str
    symbol: str
    source: str
    trades: int
    open: int
    profit: Decimal


class Reason(NamedTuple):
    """So many alerts of all strategies ended so; `example` is what was said of the first."""

    status: str
    code: str
    alerts: int
    example: str


class ReplayReport(NamedTuple):
    """`prices` says where prices came from, `notes` what was left out or is missing."""

    portfolio: Portfolio
    lists: tuple[ListedAs, ...]
    prices: str
    notes: tuple[str, ...]
    results: tuple[PolicyResult, ...]
    search: Search | None = None


def listed_as(strategy: str, symbol: str, listed: TradeList) -> ListedAs:
    """What the list itself says."""
    with exact_arithmetic():
        profit = sum(
            (
                (trade.exit.price - trade.entry.price) * trade.quantity
                for trade in listed.trades
                if trade.exit is not None and trade.side == LONG
            ),
            ZERO,
        )
    still_open = sum(trade.exit is None for trade in listed.trades)
    return ListedAs(strategy, symbol, listed.source, len(listed.trades), still_open, profit)


def reasons_of(result: PolicyResult) -> list[Reason]:
    """Why alerts were not executed as they asked, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for status, reason in _unfulfilled(result.deviations):
        code = _CODE.search(reason)
        words = code[1] if code else _NUMBERS.sub("N", reason)
        found.setdefault((status, words), []).append(reason)
    for refused in result.refused:
        found.setdefault((f"REFUSED {refused.status}", refused.reason), []).append(refused.reason)
    reasons = [Reason(*key, len(said), said[0]) for key, said in found.items()]
    return sorted(reasons, key=lambda reason: (-reason.alerts, reason.status, reason.code))


def _unfulfilled(deviations: Sequence[Deviation]) -> Iterable[tuple[str, str]]:
    return (
        (each.status.value, each.reason)
        for each in deviations
        if each.status is not None and each.status not in _ASKED_FOR
    )
