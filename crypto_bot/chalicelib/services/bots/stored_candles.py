"""[time series] -> the candles that a deployment's bots have not seen yet, as the bus has them.

Where there is no bus, as on AWS, `run_bots` reads this: what a bot has seen stands in its state, so
there is no place to be kept.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.minute import milliseconds
from chalicelib.domain.market.stream_message import from_rest
from chalicelib.domain.market.stream_plan import BINANCE, Subject, symbol_of
from chalicelib.domain.market.trade import AGGREGATED
from chalicelib.domain.money import plain
from chalicelib.market_ports.bus import Batch
from chalicelib.market_ports.series import TimeSeries

# Of each bot's candles is one question to where its code runs: so much is done between two looks at
# the clock.
_AT_ONCE: Final = 10
_DAY: Final = timedelta(days=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_WARMUPS: Final = 4  # as recent_history has it


class _Next(NamedTuple):
    start: datetime
    symbol: str
    candle: Candle
    series: CandleSeries


class StoredCandles:
    """A BusReader over the series of these instruments; `since` has the start of the next candle of
    each that is shown any.
    """

    def __init__(
        self,
        store: TimeSeries,
        venue: str,
        setups: Sequence[Setup],
        since: Mapping[str, datetime],
    ) -> None:
        self._store = store
        self._next = {
            CandleSeries(venue, symbol, setup.interval): since[symbol]
            for setup in setups
            for symbol in setup.instruments
            if symbol in since
        }
        self._read: list[_Next] = []
        self._told = 0
        self._has_all = False

    def poll(self, *, limit: int, wait: float) -> Batch:  # noqa: ARG002 - nothing comes later
        """Candles that began earlier come earlier, whatever they are of."""
        if not self._read:
            found = [candle for series in self._next for candle in self._following(series)]
            self._read = sorted(found, key=lambda each: (each.start, each.symbol))
            self._has_all = not found
        count = min(limit, _AT_ONCE)
        told, self._read = self._read[:count], self._read[count:]
        messages = []
        for each in told:
            self._next[each.series] = each.start + each.series.interval.length
            closed_at = milliseconds(each.start + each.series.interval.length)
            messages.append(Message(0, self._told, closed_at, _text(each)))
            self._told += 1
        return Batch(messages=messages)

    def commit(self, partition: int, position: Position) -> None:
        """See the states of the bots."""

    def mark(self, partition: int, record: Record) -> None:
        """Nothing is published here."""

    def lag(self) -> int:
        """Of those that were read already; one at least, until there are no others."""
        return len(self._read) or int(not self._has_all)

    def close(self) -> None:
        """The series is its owner's."""

    def _following(self, series: CandleSeries) -> list[_Next]:
        """Some of those that come next; none where there are none yet."""
        start, step = self._next[series], max(_DAY, series.interval.length)
        while True:
            rows = self._store.read(series, start, start + step)
            if rows:
                return [_Next(row.candle.start, series.symbol, row.candle, series) for row in rows]
            later = self._store.first(series, (start + step).astimezone(UTC).date())
            if later is None:
                return []
            start = max(start + step, datetime.combine(later.day, time(), UTC))


def stored_history(
    store: TimeSeries, venue: str, setup: Setup, since: datetime
) -> dict[str, Sequence[Candle]]:
    """What a bot is shown that begins then: four warm-ups of candles that had closed."""
    if not setup.bot.warmup:
        return {}
    end = setup.interval.start_of(since)
    start = end - _WARMUPS * setup.bot.warmup * setup.interval.length
    return {
        symbol: [
            row.candle
            for row in store.read(CandleSeries(venue, symbol, setup.interval), start, end)
        ]
        for symbol in setup.instruments
    }


def _text(each: _Next) -> bytes:
    candle, interval = each.candle, each.series.interval
    subject = Subject(symbol_of(BINANCE, each.symbol), AGGREGATED, interval)
    amounts = [plain(getattr(candle, name)) for name in ("open", "high", "low", "close", "volume")]
    start = milliseconds(candle.start)
    return from_rest([start, *amounts, start + interval.length // _MILLISECOND - 1], subject)
