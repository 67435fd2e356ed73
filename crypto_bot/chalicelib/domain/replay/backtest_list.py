"""A backtest -> the list of trades that TradingView would have exported of it, its newest header.

As TradingView pairs them: what was bought first is sold first, and a fill that leaves only a part,
or several, is an exit of as many trades. Excursions and durations are left out.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from typing import Final, NamedTuple

from chalicelib.domain.bots.backtest_report import BacktestReport
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.fill_model import BUYS
from chalicelib.domain.bots.paper_ledger import PaperFill
from chalicelib.domain.money import MOST_DIGITS, ZERO, exact_arithmetic, plain
from chalicelib.domain.replay.trade_list import LONG, SHORT

_BEGINS: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"  # as TradingView's files do
_OPEN: Final = "Open"
_CENTS: Final = Decimal("1E-8")
_FINEST: Final = Decimal(1).scaleb(-MOST_DIGITS)


class Traded(NamedTuple):
    """So much of one fill that another one left; `exit` is None while it is held."""

    side: str
    quantity: Decimal
    entry: PaperFill
    exit: PaperFill | None


def traded(fills: Iterable[PaperFill]) -> list[Traded]:
    """Of one instrument, whose fills are in their order, by when each was entered."""
    held: deque[tuple[int, PaperFill, Decimal]] = deque()  # with its place among the entries
    found: list[tuple[int, Traded]] = []
    with exact_arithmetic():
        for place, fill in enumerate(fills):
            left = fill.quantity
            while left and held and held[0][1].side is not fill.side:
                first, entry, size = held.popleft()
                part = min(left, size)
                found.append((first, Traded(_side(entry), part, entry, fill)))
                left -= part
                if part < size:
                    held.appendleft((first, entry, size - part))
            if left:
                held.append((place, fill, left))
    found += [(place, Traded(_side(entry), size, entry, None)) for place, entry, size in held]
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def trade_list_text(report: BacktestReport, symbol: str) -> str:
    """What `read_trade_list` reads, in UTC, of one of its instruments."""
    currency = report.terms.instruments[symbol].quote
    target = StringIO()
    writer = csv.writer(target)
    writer.writerow(
        (
            *("Trade number", "Type", "Date and time", "Signal", f"Price {currency}"),
            *("Size (qty)", "Size (value)", f"Net PnL {currency}", "Return %"),
            *(f"Commission {currency}", f"Cumulative PnL {currency}", "Cumulative PnL %"),
        )
    )
    trades = traded(fill for fill in report.test.fills if fill.symbol == symbol)
    with exact_arithmetic():
        rows = [*_rows(trades, report.terms.cash)]
    writer.writerows(reversed(rows))  # the newest first, each with its exit before its entry
    return _BEGINS + target.getvalue()


def _rows(trades: Iterable[Traded], cash: Decimal) -> Iterator[tuple[str, ...]]:
    together = ZERO
    for number, trade in enumerate(trades, start=1):
        entry, left = trade.entry, trade.exit
        value = trade.quantity * entry.price
        fees, profit = _fee(entry, trade.quantity), ZERO
        if left is not None:
            fees += _fee(left, trade.quantity)
            gain = trade.quantity * left.price - value
            profit = (gain if trade.side == LONG else -gain) - fees
        together += profit
        totals = (
            _readable(trade.quantity),
            _told(value),
            _told(profit),
            _told(profit / value * 100),
            _told(fees),
            _told(together),
            _told(together / cash * 100),
        )
        leaving = ("", _OPEN, "") if left is None else _leg(left)
        yield (str(number), f"Entry {trade.side}", *_leg(entry), *totals)
        yield (str(number), f"Exit {trade.side}", *leaving, *totals)


def _leg(fill: PaperFill) -> tuple[str, str, str]:
    return f"{moment(fill.at):%Y-%m-%d %H:%M}", fill.order_id, _readable(fill.price)


def _readable(amount: Decimal) -> str:
    """With the 18 digits behind the point that `read_trade_list` takes; zero it does not take.

    Slippage makes prices longer. What has more digits before the point than it takes stays as it
    is: no rounding would help.
    """
    if amount.adjusted() >= MOST_DIGITS:
        return plain(amount)
    return plain(max(amount.quantize(_FINEST), _FINEST))


def _side(entry: PaperFill) -> str:
    return LONG if entry.side is BUYS else SHORT


def _fee(fill: PaperFill, quantity: Decimal) -> Decimal:
    return fill.fee * quantity / fill.quantity


def _told(amount: Decimal) -> str:
    return plain(amount.quantize(_CENTS))
