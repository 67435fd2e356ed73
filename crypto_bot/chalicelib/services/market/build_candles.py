"""Archived trades in the [lake] -> the minute candles that the venue would have made of them.

For a venue that gives none, or none any more, and for one whose own are missing.
"""

import gzip
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candles_from_trades import candles_from_trades
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import MINUTE_MS, Minute, hour_prefix, minute_of, symbol_prefix
from chalicelib.domain.market.minute_summary import believable
from chalicelib.domain.market.trade import MalformedTrade, Trade, parse_trade
from chalicelib.market_ports.lake import Lake

_HOUR: Final = timedelta(hours=1)


def candles_of_archive(
    symbol: str, lake: Lake, *, start: datetime, end: datetime
) -> Iterator[list[Candle]]:
    """Hour by hour; `symbol` as the venue writes it, such as BTCUSDT. A minute still open has none.

    StoreUnavailable names an object that cannot be read.
    """
    days = set(lake.folders(f"{symbol_prefix(symbol)}dt="))
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        if f"dt={hour:%Y-%m-%d}" in days:
            candles = _candles_of_hour(symbol, hour, lake)
            yield [candle for candle in candles if start <= candle.start < end]
        hour += _HOUR


def _candles_of_hour(symbol: str, hour: datetime, lake: Lake) -> Iterator[Candle]:
    keys: dict[Minute, list[str]] = {}
    for key, _ in lake.objects(hour_prefix(symbol, hour)):
        minute = minute_of(key)
        if minute is not None:
            keys.setdefault(minute, []).append(key)
    for minute, of_minute in sorted(keys.items()):
        trades = [trade for key in of_minute for trade in _trades(key, minute, lake)]
        believed, _ = believable(trades)
        yield from candles_from_trades(believed, Interval.M1)


def _trades(key: str, minute: Minute, lake: Lake) -> Iterator[Trade]:
    content = lake.get(key)
    try:
        with gzip.open(BytesIO(content or b"")) as file:
            lines = file.readlines()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise StoreUnavailable(
            f"{key} cannot be read; its minute has no candle before it is written anew"
        ) from error
    for line in lines:
        try:
            trade = parse_trade(line)
        except MalformedTrade:
            continue  # summaries tell of these
        if trade.symbol == minute.symbol and 0 <= trade.at_ms - minute.start_ms < MINUTE_MS:
            yield trade
