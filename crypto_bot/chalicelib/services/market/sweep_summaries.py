"""Minutes whose row is missing or was made of other objects -> summed up again, hour by hour.

For events that never came. What a minute's objects are now is compared with what its row says that
it was made of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.market.minute import (
    TRADES,
    Minute,
    hour_prefix,
    minute_of,
    original_key,
    symbol_prefix,
)
from chalicelib.domain.market.trade import ReadTrade, parse_trade
from chalicelib.market_ports.lake import Lake, LakeObject
from chalicelib.market_ports.trades import TradeFlowTable
from chalicelib.services.market.summarize_trades import MinuteReport, source_of, summarize_trades

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """`checked` minutes had objects; `mended` are those whose row was not up to them."""

    checked: int
    mended: tuple[MinuteReport, ...]


def sweep_summaries(
    lake: Lake,
    table: TradeFlowTable,
    read_trade: ReadTrade = parse_trade,
    *,
    start: datetime,
    end: datetime,
) -> SweepReport:
    """All hours that `start` to `end` touches, of every symbol in the lake."""
    checked = 0
    mended: list[MinuteReport] = []
    for folder in lake.folders(f"{TRADES}symbol="):
        symbol = folder.removeprefix("symbol=")
        for hour in _hours_with_objects(lake, symbol, start, end):
            sources = table.sources(symbol, hour, hour + _HOUR)
            for minute, listed in _by_minute(lake.objects(hour_prefix(symbol, hour))).items():
                checked += 1
                if sources.get(minute) != source_of(listed):
                    mended.append(summarize_trades(minute, lake, table, read_trade))
    return SweepReport(checked=checked, mended=tuple(mended))


def _hours_with_objects(
    lake: Lake, symbol: str, start: datetime, end: datetime
) -> Iterator[datetime]:
    """A long stretch is mostly days of which the lake knows nothing."""
    days = set(lake.folders(f"{symbol_prefix(symbol)}dt="))
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        if f"dt={hour:%Y-%m-%d}" in days:
            yield hour
            hour += _HOUR
        else:
            hour = hour.replace(hour=0) + _DAY


def _by_minute(listed: list[LakeObject]) -> dict[Minute, list[LakeObject]]:
    minutes: dict[Minute, list[LakeObject]] = {}
    for found in listed:
        minute = minute_of(original_key(found.key) or found.key)
        if minute is not None:
            minutes.setdefault(minute, []).append(found)
    return minutes
