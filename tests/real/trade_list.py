"""TradingView's exported "List of trades" -> the alerts that its strategy would have sent.

One trade is two rows of one number, an entry and an exit. An exit and the entry of the next trade
in the same minute were one order: a reversal, for which TradingView fires one alert.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from chalicelib.domain.replay.trade_list import ListedTrade, read_trade_list

LONG: Final = "long"
SHORT: Final = "short"
FLAT: Final = "flat"
ENTRY: Final = "entry"
EXIT: Final = "exit"

_OPEN: Final = "Open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the list. `leg` is entry or exit, `side` the trade's; `quantity` is in base."""

    trade: int
    leg: str
    side: str
    at: datetime
    signal: str
    price: Decimal
    quantity: Decimal

    @property
    def is_open(self) -> bool:
        """The exit that has not taken place: the last trade's worth at the time of the export."""
        return self.leg == EXIT and self.signal == _OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A round trip, or the last one, which may still be open."""

    entry: Row
    exit: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What TradingView posts at `at`; `position` and `before` are long, short or flat."""

    at: datetime
    strategy: str
    position: str
    before: str
    message: dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """Two of each trade; the exit that has not taken place stands where the trade was entered."""
    listed = read_trade_list(path.read_text(encoding="utf-8-sig"), path.name, UTC)
    return [row for trade in listed.trades for row in _rows(trade)]


def _rows(trade: ListedTrade) -> Iterator[Row]:
    still_open = trade.entry._replace(signal=_OPEN)
    for leg, fill in ((ENTRY, trade.entry), (EXIT, trade.exit or still_open)):
        yield Row(
            trade=trade.number,
            leg=leg,
            side=trade.side,
            at=fill.at,
            signal=fill.signal,
            price=fill.price,
            quantity=trade.quantity,
        )


def trades_of(rows: Iterable[Row]) -> list[Trade]:
    """The rows put together by number; KeyError for half a trade."""
    legs: dict[int, dict[str, Row]] = {}
    for row in rows:
        legs.setdefault(row.trade, {})[row.leg] = row
    return [Trade(entry=legs[n][ENTRY], exit=legs[n][EXIT]) for n in sorted(legs)]


def alerts_of(strategy: str, ticker: str, rows: Iterable[Row]) -> list[Alert]:
    """The alerts of one strategy in the order of their time; the open last row gives none."""
    alerts: list[Alert] = []
    for ended, begun in pairwise([None, *trades_of(rows), None]):
        left = None if ended is None or ended.exit.is_open else ended.exit
        entered = None if begun is None else begun.entry
        if left is not None and entered is not None and left.at == entered.at:
            alerts.append(_alert(strategy, ticker, left, entered))
        else:
            alerts += [_alert(strategy, ticker, left, None)] if left else []
            alerts += [_alert(strategy, ticker, None, entered)] if entered else []
    if any(late.at < early.at for early, late in pairwise(alerts)):
        raise ValueError(f"{strategy}: its trades overlap, so they are no list of one position")
    return alerts


def _alert(strategy: str, ticker: str, left: Row | None, entered: Row | None) -> Alert:
    order = entered or left
    assert order is not None
    closed = left.quantity if left else Decimal(0)
    opened = entered.quantity if entered else Decimal(0)
    before, position = left.side if left else FLAT, entered.side if entered else FLAT
    buys = position == LONG or (position == FLAT and before == SHORT)
    return Alert(
        at=order.at,
        strategy=strategy,
        position=position,
        before=before,
        message={
            "strategy": strategy,
            "time": order.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ticker": ticker,
            "exchange": "FX",
            "interval": "60",
            "order_action": "buy" if buys else "sell",
            "order_contracts": str(closed + opened),
            "order_price": str(order.price),
            "order_id": order.signal,
            "order_comment": order.signal,
            "market_position": position,
            "market_position_size": str(opened),
            "prev_market_position": before,
            "prev_market_position_size": str(closed),
        },
    )


def merged(lists: Iterable[Sequence[Alert]]) -> list[Alert]:
    """The alerts of all strategies in the order of their time, within one by strategy."""
    return sorted((a for alerts in lists for a in alerts), key=lambda a: (a.at, a.strategy))
