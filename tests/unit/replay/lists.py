"""Lists of trades as TradingView writes them, in the words of a scenario."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.replay.trade_list import LONG, ListedFill, ListedTrade, TradeList

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
NEWEST = (
    "\ufeffTrade number,Type,Date and time,Signal,Price USDT,Size (qty),Size (value),"
    "Net PnL USDT,Return %,Commission USDT,Favorable excursion USDT,Favorable excursion %,"
    "Adverse excursion USDT,Adverse excursion %,Cumulative PnL USDT,Cumulative PnL %,"
    "Duration (bars)"
)
TOTALS = "0,0,0,0,0,0,0,0,0,0,0"


def newest(*trades: tuple[str, int, str, int | None, str, str]) -> str:
    """(side, hour in, price in, hour out or None, price out, quantity), the newest first.

    The exit row comes first.
    """
    rows = []
    for number, (side, entered, price_in, left, price_out, quantity) in enumerate(trades, 1):
        begun, ended = hour(entered), hour(left or entered)
        signal = "Exit" if left is not None else "Open"
        rows.append(f"{number},Entry {side},{begun},In,{price_in},{quantity},{TOTALS}")
        rows.append(f"{number},Exit {side},{ended},{signal},{price_out},{quantity},{TOTALS}")
    return "\r\n".join([NEWEST, *reversed(rows), ""])


def hour(number: int) -> str:
    return f"{MONDAY + timedelta(hours=number):%Y-%m-%d %H:%M}"


def at(number: float) -> datetime:
    return MONDAY + timedelta(hours=number)


def listed(*trades: ListedTrade) -> TradeList:
    return TradeList(source="a.csv", currency="USDT", trades=trades)


def trade(  # noqa: PLR0913 - the columns of a row
    number: int,
    entered: float,
    left: float | None,
    *,
    quantity: str = "1",
    side: str = LONG,
    prices: Sequence[str] = ("100", "110"),
    signals: Sequence[str] = ("In", "Out"),
) -> ListedTrade:
    fills = [
        ListedFill(line=2 * number + place, at=at(when), signal=signal, price=Decimal(price))
        for place, (when, price, signal) in enumerate(
            zip((entered, entered if left is None else left), prices, signals, strict=True)
        )
    ]
    return ListedTrade(
        number=number,
        side=side,
        quantity=Decimal(quantity),
        entry=fills[0],
        exit=None if left is None else fills[1],
    )
