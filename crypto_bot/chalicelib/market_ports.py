"""What the market data stages need of the world: one Protocol per dependency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.domain.market.ranking import ListedCoin, TradableMarket
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.domain.market.stream_gap import Unbroken
from chalicelib.domain.market.stream_plan import Subject


class Bus(Protocol):
    """An append-only log per topic, cut into partitions. StoreUnavailable where it fails."""

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """All of them are in the log when this returns; after an error some may be."""
        ...

    def read(self, topic: str, group: str) -> "BusReader":
        """Begin where the group stood, or at the oldest message there is."""
        ...

    def newest(self, topic: str, key: bytes) -> bytes | None:
        """What was published last with this key; None where it lies further back than a million."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """To be published as it is. `ended`: nothing will ever follow."""

    trades: Sequence[Record] = ()
    candles: Sequence[Record] = ()
    ended: bool = False


# For each subject of a feed, what was published of it already.
FeedBeginning = Callable[[Subject], Unbroken]


class Feed(Protocol):
    """What a venue tells of its markets: each trade and closed candle once, in their order.

    It holds little in memory: who polls late makes the venue wait, or drop what is fetched later.
    """

    def poll(self, *, limit: int, wait: float) -> FeedBatch:
        """About `limit` messages at most, after `wait` seconds at most.

        SettingsError where the venue does not know a market, ExchangeUnavailable where it cannot
        be asked to begin with. Later troubles are the feed's own: it connects anew by itself.
        """
        ...

    def close(self) -> None:
        """End the connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """`messages` first; after them `lost` partitions are somebody else's and `begun` are ours."""

    messages: Sequence[Message] = ()
    lost: frozenset[int] = frozenset()
    begun: Mapping[int, Position] = field(default_factory=dict)


class BusReader(Protocol):
    """One member of a group. Each partition is read by one member at a time."""

    def poll(self, *, limit: int, wait: float) -> Batch:
        """At most `limit` messages in the order of each partition, after `wait` seconds at most."""
        ...

    def commit(self, partition: int, position: Position) -> None:
        """Where the group goes on after a crash."""
        ...

    def mark(self, partition: int, record: Record) -> None:
        """Publish to the very partition that is read."""
        ...

    def lag(self) -> int:
        """How many messages lie behind those that were polled, in the partitions held."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class LakeObject(NamedTuple):
    """`size` in bytes."""

    key: str
    size: int


class Lake(Protocol):
    """Objects by name, each there as a whole or not at all. StoreUnavailable where it fails."""

    def put(self, key: str, content: bytes) -> None:
        """Write or replace."""
        ...

    def get(self, key: str) -> bytes | None:
        """What was put last; None where there is none."""
        ...

    def delete(self, key: str) -> None:
        """Nothing happens where there is none."""
        ...

    def objects(self, prefix: str) -> list[LakeObject]:
        """All whose key begins so, by key."""
        ...

    def folders(self, prefix: str) -> list[str]:
        """The different next parts, up to the following /, of keys that begin so; sorted."""
        ...


class TradeHistory(Protocol):
    """A venue's aggregated trades of the past, as messages for the bus or the lake.

    Each has its id in the field `a`. ExchangeUnavailable where the venue does not answer, or not
    before `retry_at`; SettingsError for a symbol that it does not have.
    """

    def from_id(self, symbol: str, first: int) -> list[bytes]:
        """A page of them, by id, from this one on; fewer than a thousand: there are no more."""
        ...

    def since(self, symbol: str, start_ms: int) -> list[bytes]:
        """A page of those of the hour that begins then, by id; none where the hour has none."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Change(NamedTuple):
    """Something was put under the key."""

    key: str
    number: int


class LakeChanges(Protocol):
    """What was put into a lake and is not seen to yet: the folder's kin of S3 events."""

    def changes(self, limit: int) -> list[Change]:
        """Oldest first, each key once."""
        ...

    def seen(self, changes: Sequence[Change]) -> None:
        """Forget these; what was put again since then stays."""
        ...


class TradeFlowTable(Protocol):
    """One row per symbol and minute in an SQL table. StoreUnavailable where it fails."""

    def replace(self, summary: MinuteSummary, source: str) -> None:
        """The row of this minute, whatever there was before. `source` says what it was made of."""
        ...

    def sources(self, symbol: str, start: datetime, end: datetime) -> dict[Minute, str]:
        """By minute, from `start` to before `end`."""
        ...

    def newest(self, limit: int, symbol: str | None = None) -> list[MinuteSummary]:
        """Latest minutes first, then by symbol."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...


class CandleLake(Protocol):
    """Closed candles per venue, symbol and interval. StoreUnavailable where it fails."""

    def write(self, series: CandleSeries, candles: Sequence[Candle]) -> None:
        """Each takes the place of the one with its start; the others stay. One writer a series."""
        ...

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[Candle]:
        """Oldest first, from `start` to before `end`. What is missing is left out."""
        ...

    def first(self, series: CandleSeries) -> Candle | None:
        """The one that started before all others."""
        ...

    def last(self, series: CandleSeries) -> Candle | None:
        """The one that started last."""
        ...

    def series(self, venue: str = "", symbol: str = "") -> list[CandleSeries]:
        """All of which there are candles, sorted; of one venue, and of one symbol, if named."""
        ...

    def loose_periods(self, series: CandleSeries) -> list[datetime]:
        """When the months or years begin that are not in one file yet, oldest first."""
        ...

    def compact(self, series: CandleSeries, period: datetime) -> int:
        """Make one file of a period that is over; how many were merged into it.

        Never for the newest one. Whoever reads meanwhile, or after it broke off, sees each candle
        once; what was written later counts.
        """
        ...

    def gaps(self, series: CandleSeries) -> list[Gap]:
        """As they were marked last, oldest first."""
        ...

    def mark_gaps(self, series: CandleSeries, gaps: Sequence[Gap]) -> None:
        """From now on these, and no others."""
        ...


class CandleSource(Protocol):
    """A venue's candles, as it tells them to everybody. ExchangeUnavailable where it does not."""

    def existing(self, symbols: Sequence[str]) -> frozenset[str]:
        """Those of the symbols that are spot markets there."""
        ...

    def page_length(self, interval: Interval) -> int:
        """How many candles come at once at most; SettingsError for an interval it has not."""
        ...

    def candles(self, symbol: str, interval: Interval, start: datetime) -> list[Candle]:
        """One page from `start` on, oldest first; the last may be open still.

        None where the venue has none in the time that a page spans, or none until now.
        """
        ...


class TradableMarkets(Protocol):
    """What can be bought and sold at a venue. ExchangeUnavailable where it does not tell."""

    def tradable(self, quote: str) -> list[TradableMarket]:
        """All open spot markets against this currency that have a price."""
        ...


class RankingSource(Protocol):
    """Somebody who publishes which coins are the largest."""

    @property
    def name(self) -> str:
        """Of the publisher and the list, in one word."""
        ...

    def coins(self) -> list[ListedCoin]:
        """Several hundred. ExchangeUnavailable where there is no such list, or not now."""
        ...


class TimeSeries(Protocol):
    """Closed candles and what was derived from them, by series. StoreUnavailable where it fails."""

    def replace(self, series: CandleSeries, day: SeriesDay) -> None:
        """The day as it is now, in place of all that was kept of it. All of it or nothing."""
        ...

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """Oldest first, from `start` to before `end`. What is missing is left out."""
        ...

    def first(self, series: CandleSeries, since: date) -> KeptDay | None:
        """The earliest day kept, of those from `since` on."""
        ...

    def last(self, series: CandleSeries) -> KeptDay | None:
        """The latest day kept."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...


class NotTaken(NamedTuple):
    """How many rows were refused for good; `example` is the start of one, and why."""

    rows: int
    example: str


class SeriesCopy(Protocol):
    """Where rows of the time series are looked at, and never read back by this program."""

    @property
    def name(self) -> str:
        """As the owner knows it."""
        ...

    def write(self, series: CandleSeries, rows: Sequence[SeriesRow]) -> NotTaken | None:
        """Each in place of the one with its start. None where all were taken.

        StoreUnavailable where the copy does not answer: some of the rows may be there.
        """
        ...


class Analyses(Protocol):
    """What was found out about instruments and venues. StoreUnavailable where it fails."""

    def add(self, analyses: Sequence[Analysis]) -> None:
        """Each in place of one of the same subject and second."""
        ...

    def newest(self, subject: str, limit: int, until: datetime | None = None) -> list[Analysis]:
        """Newest first, those at `until` itself included."""
        ...

    def close(self) -> None:
        """Let go of the connection or file."""
        ...
