"""Candles as the engine reads them: a column of floats for each price, checked once."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from operator import ge, gt, le
from typing import Final, NamedTuple, NoReturn

from chalicelib.domain.bots.refusals import CandlesRefused
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_FIRST_MONDAY: Final = 4 * 86_400_000


class Candles(NamedTuple):
    """Columns of equal length, oldest first; `start` in ms since 1970. Made by `candles_of`."""

    start: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]

    def between(self, first: int, end: int) -> "Candles":
        """Those numbered from `first` to before `end`."""
        return Candles(self.start[first:end], *(column[first:end] for column in self.prices))

    def followed_by(self, later: "Candles") -> "Candles":
        """Both, one after the other."""
        both = zip(self.prices, later.prices, strict=True)
        return Candles(self.start + later.start, *(mine + yours for mine, yours in both))

    @property
    def prices(self) -> tuple[list[float], ...]:
        """All columns but the first."""
        return (self.open, self.high, self.low, self.close, self.volume)


def no_candles() -> Candles:
    """Columns without anything in them."""
    return Candles([], [], [], [], [], [])


def length_ms(interval: Interval) -> int:
    """How long a candle is."""
    return interval.length // _MS


def at_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - _EPOCH) // _MS


def moment(ms: int) -> datetime:
    """The time that many milliseconds after 1970, in UTC."""
    return _EPOCH + ms * _MS


def candles_of(symbol: str, interval: Interval, rows: Iterable[Candle]) -> Candles:
    """Of stored candles. CandlesRefused names the first that does not fit its neighbours."""
    listed = list(rows)
    candles = Candles(
        [at_ms(row.start) for row in listed],
        [float(row.open) for row in listed],
        [float(row.high) for row in listed],
        [float(row.low) for row in listed],
        [float(row.close) for row in listed],
        [float(row.volume) for row in listed],
    )
    check_candles(symbol, interval, candles)
    return candles


def check_candles(symbol: str, interval: Interval, candles: Candles) -> None:
    """Ascending on the interval's grid, prices above zero within high and low. Gaps are allowed.

    The fast look is at whole columns; only if one of them is odd is the first odd row looked for.
    """
    lengths = {len(column) for column in candles}
    if len(lengths) != 1:
        raise CandlesRefused(f"{symbol} {interval}: the columns differ in length: {lengths}")
    start, opened, high, low, close, volume = candles
    if not start:
        return
    step = length_ms(interval)
    in_order = all(map(gt, start[1:], start))
    on_grid = not any((at - _FIRST_MONDAY) % step for at in start)
    within = (
        all(map(ge, high, opened))
        and all(map(ge, high, close))
        and all(map(le, low, opened))
        and all(map(le, low, close))
    )
    numbers = min(low) > 0 and min(volume) >= 0 and isfinite(sum(high)) and isfinite(sum(volume))
    if not (in_order and on_grid and within and numbers):
        _refuse_first(symbol, interval, candles)


def missing(interval: Interval, start: Sequence[int]) -> int:
    """How many candles there are not between the first and the last."""
    if not start:
        return 0
    return (start[-1] - start[0]) // length_ms(interval) + 1 - len(start)


def _refuse_first(symbol: str, interval: Interval, candles: Candles) -> NoReturn:
    step = length_ms(interval)
    before = -1
    for number, row in enumerate(zip(*candles, strict=True), start=1):
        at = int(row[0])
        odd = _odd(at, before, step) or _odd_prices(*row[1:])
        if odd:
            raise CandlesRefused(
                f"{symbol} {interval}, candle {number} of {len(candles.start)},"
                f" {moment(at):%Y-%m-%d %H:%M:%S}: {odd}"
            )
        before = at
    raise CandlesRefused(f"{symbol} {interval}: the prices are too large to be added up")


def _odd(at: int, before: int, step: int) -> str:
    if at == before:
        return "there are two of this time"
    if at < before:
        return f"it comes after the one of {moment(before):%Y-%m-%d %H:%M:%S}; oldest first"
    if (at - _FIRST_MONDAY) % step:
        return "no candle of this interval begins at this time"
    return ""


def _odd_prices(opened: float, high: float, low: float, close: float, volume: float) -> str:
    if not all(0 < price < inf for price in (opened, high, low, close)):
        return f"open {opened}, high {high}, low {low}, close {close} must be numbers above zero"
    if not 0 <= volume < inf:
        return f"volume {volume} must be a number, not below zero"
    if not low <= min(opened, close) <= max(opened, close) <= high:
        return f"open {opened} and close {close} must lie between low {low} and high {high}"
    return ""
