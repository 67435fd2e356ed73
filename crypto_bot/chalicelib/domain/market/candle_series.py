"""The candles of one instrument at one venue, and the names of the objects that hold them.

`candles/venue=binance/symbol=BTC-USDT/interval=1h/dt=2024-08-01/candles.parquet`: `dt` is the first
day of what the file holds, a day for intervals of minutes, a month for hours, a year for days and
weeks, so that what is written often is small. When a month of minutes or a year of hours is over,
its files become one, `dt=2024-08-01/compacted.parquet`; what is written later stands beside it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, NoReturn

from chalicelib.domain.market.interval import Interval

CANDLES: Final = "candles/"
GAPS: Final = "candle_gaps/"
CANDLES_NAME: Final = "candles.parquet"
COMPACTED_NAME: Final = "compacted.parquet"

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_VENUE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}", re.ASCII)
# A hyphen stands for the slash in names of objects, so the quote currency must have none.
_SYMBOL: Final = re.compile(r"\w[\w.$-]{0,38}/\w{1,20}")
_PART: Final = re.compile(r"dt=(\d{4}-\d\d-\d\d)", re.ASCII)


class CandleFile(NamedTuple):
    """The object `key`, with candles that start from `start` to before `end`."""

    key: str
    start: datetime
    end: datetime
    is_compacted: bool = False

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether it may have candles that start from then to before then."""
        return self.start < end and start < self.end


class CandleSeries(NamedTuple):
    """`venue` by ccxt's id, `symbol` such as BTC/USDT."""

    venue: str
    symbol: str
    interval: Interval

    def __str__(self) -> str:
        return f"{self.venue} {self.symbol} {self.interval}"

    @property
    def prefix(self) -> str:
        """What the names of all its objects begin with."""
        symbol = self.symbol.replace("/", "-")
        return f"{CANDLES}venue={self.venue}/symbol={symbol}/interval={self.interval}/"

    def key(self, part: datetime) -> str:
        """The object of the part that begins then."""
        return f"{self.prefix}dt={part:%Y-%m-%d}/{CANDLES_NAME}"

    def part_of(self, at: datetime) -> datetime:
        """When the part begins that a candle starting at `at` belongs to."""
        midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.interval.length < _HOUR:
            return midnight
        if self.interval.length < _DAY:
            return midnight.replace(day=1)
        return midnight.replace(month=1, day=1)

    def stretch_of(self, part: datetime) -> tuple[datetime, datetime]:
        """The first candle of the part, and the first of the next one."""
        return self._first_from(part), self._first_from(self._part_after(part))

    def period_of(self, at: datetime) -> datetime:
        """When the month or year begins whose parts become one file, once it is over."""
        return self._larger.part_of(at)

    def compacted(self, period: datetime) -> CandleFile | None:
        """What the parts of the period become; None where each is a part of its own."""
        if self._is_never_compacted:
            return None
        key = f"{self.prefix}dt={period:%Y-%m-%d}/{COMPACTED_NAME}"
        return CandleFile(key, *self._larger.stretch_of(period), is_compacted=True)

    def file_of(self, key: str) -> CandleFile | None:
        """What an object of the series holds; None for one that is not a file of candles."""
        folder, _, name = key.removeprefix(self.prefix).partition("/")
        part = part_in(folder)
        if part is None:
            return None
        if name == COMPACTED_NAME:
            return self.compacted(part) if part == self.period_of(part) else None
        return CandleFile(key, *self.stretch_of(part)) if name == CANDLES_NAME else None

    @property
    def gaps_key(self) -> str:
        """The object with its gaps; apart, since query engines read whatever is below candles/."""
        return f"{GAPS}{self.prefix.removeprefix(CANDLES)}gaps.json"

    @property
    def _is_never_compacted(self) -> bool:
        return self.interval.length >= _DAY

    @property
    def _larger(self) -> "CandleSeries":
        """One whose parts are as long as the periods of this one; both begin at midnight."""
        minutes = self.interval.length < _HOUR
        return self._replace(interval=Interval.H1 if minutes else Interval.D1)

    def _part_after(self, part: datetime) -> datetime:
        if self.interval.length < _HOUR:
            return part + _DAY
        if self.interval.length < _DAY:
            return self.part_of(part + 31 * _DAY)
        return part.replace(year=part.year + 1)

    def _first_from(self, at: datetime) -> datetime:
        start = self.interval.start_of(at)
        return start if start == at else start + self.interval.length


def candle_series(venue: str, symbol: str, interval: str) -> CandleSeries:
    """Checked, since all three become parts of a path; ValueError names what is odd."""
    if not _VENUE.fullmatch(venue):
        _refuse("venue", venue, "an exchange's id such as binance")
    if not _SYMBOL.fullmatch(symbol):
        _refuse("symbol", symbol, "base and quote currency such as BTC/USDT")
    if interval not in set(Interval):
        _refuse("interval", interval, f"one of {', '.join(Interval)}")
    return CandleSeries(venue, symbol, Interval(interval))


def part_in(folder: str) -> datetime | None:
    """When the part begins that a folder such as dt=2024-08-01 holds; None if it holds none."""
    day = _PART.fullmatch(folder)
    try:
        return datetime.fromisoformat(f"{day[1]}T00:00+00:00") if day else None
    except ValueError:
        return None


def _refuse(name: str, value: str, wanted: str) -> NoReturn:
    raise ValueError(f"{name} is {value!r}; it must be {wanted}")
