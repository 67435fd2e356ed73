"""Where a replay's prices come from: the user's files, the lake, or the lists themselves."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import candles_of
from chalicelib.domain.bots.refusals import CandlesRefused
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.replay.telling import History

_MS: Final = timedelta(milliseconds=1)
_NAME: Final = re.compile(r"(?P<base>[A-Z0-9]+)-(?P<quote>[A-Z0-9]+)\.(?P<interval>\d+[mhdw])\.")
_ENDINGS: Final = (".csv", ".csv.gz", ".parquet")


class Priced(NamedTuple):
    """Of one instrument: as stored, and as columns."""

    rows: Sequence[Candle]
    length: timedelta
    history: History


def candle_files(paths: Sequence[Path], interval: str) -> dict[str, Path]:
    """By symbol; files are named like BTC-USDT.15m.csv, folders hold such files.

    Where there are several of one symbol, that of the interval is meant.
    """
    found: dict[str, list[Path]] = {}
    for path in paths:
        if not path.exists():
            raise SettingsError(f"--candles is {path}, and there is no such file or folder")
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            symbol = _symbol_in(file)
            if symbol:
                found.setdefault(symbol, []).append(file)
            elif file == path:
                raise SettingsError(
                    f"--candles is {path}; its name must say what it holds, as BTC-USDT.15m.csv or"
                    " BTC-USDT.15m.parquet does"
                )
        if path.is_dir() and not any(map(_symbol_in, files)):
            raise SettingsError(
                f"--candles is {path}, and no file in it is named like BTC-USDT.15m.csv or"
                " BTC-USDT.15m.parquet"
            )
    return {symbol: _meant(symbol, files, interval) for symbol, files in found.items()}


def _symbol_in(file: Path) -> str:
    named = _NAME.match(file.name)
    if named is None or not file.name.endswith(_ENDINGS):
        return ""
    return f"{named['base']}/{named['quote']}"


def _meant(symbol: str, files: Sequence[Path], interval: str) -> Path:
    fitting = [file for file in files if f".{interval}." in file.name]
    if len(files) == 1:
        return files[0]
    if len(fitting) == 1:
        return fitting[0]
    raise SettingsError(
        f"--candles has {' and '.join(map(str, files[:2]))} of {symbol}: give one, or say which"
        " with --interval"
    )


def from_file(symbol: str, path: Path) -> Priced:
    """SettingsError names the file and what is odd in it."""
    from chalicelib.adapters.candles.files import MarketFile

    rows = [row for portion in MarketFile(path).candles() for row in portion]
    named = _NAME.match(path.name)
    return _priced(symbol, named["interval"] if named else "", rows, str(path))


def from_lake(
    series: Iterable[CandleSeries], begin: datetime, end: datetime, most: int | None
) -> dict[str, Priced]:
    """By symbol. SettingsError where they would be more than `most` candles together."""
    from chalicelib.bootstrap.candles import candle_lake

    lake, spans = candle_lake(), {}
    for each in series:
        first = lake.first(each)
        spans[each] = end if first is None else max(begin, first.start)
    count = sum(max(end - since, _MS) // each.interval.length for each, since in spans.items())
    if most is not None and count > most:
        raise SettingsError(
            f"the lists' time has {count:,} candles, and at most {most:,} are replayed here at"
            " once: take larger ones with --interval, or less time with --since and --until"
        )
    return {
        each.symbol: _priced(each.symbol, each.interval, lake.read(each, since, end), str(each))
        for each, since in spans.items()
    }


def series_in_lake(symbol: str, interval: str, venue: str | None) -> CandleSeries:
    """SettingsError says how to get candles that are not there."""
    from chalicelib.bootstrap.candles import candle_lake, candle_settings

    kept = [s for s in candle_lake().series(symbol=symbol) if s.interval == interval]
    if venue:
        kept = [series for series in kept if series.venue == venue]
    if len(kept) > 1:
        told = ", ".join(series.venue for series in kept)
        raise SettingsError(f"there are candles of {symbol} of {told}: say which with --venue")
    if not kept:
        venue = venue or candle_settings().venue
        raise SettingsError(
            f"there are no candles of {CandleSeries(venue, symbol, Interval(interval))}; give"
            " --candles FILE, or --list-prices to go by the lists' own prices, or fetch them:"
            f" crypto-bot candles download {venue} {symbol} --interval {interval}"
        )
    return kept[0]


def _priced(symbol: str, interval: str, rows: Sequence[Candle], source: str) -> Priced:
    if not rows:
        raise SettingsError(f"{source} holds no candle")
    if interval not in set(Interval):
        raise SettingsError(
            f"{source}: candles of {interval} are not known; {', '.join(Interval)} are"
        )
    try:
        columns = candles_of(symbol, Interval(interval), rows)
    except CandlesRefused as refusal:
        raise SettingsError(f"{source}: {refusal}") from None
    length = Interval(interval).length
    return Priced(rows, length, History(columns, length // _MS))


def missing(priced: Iterable[Priced]) -> int:
    """How many candles there are not, between the first and the last of each."""
    return sum(
        (after - before) // each.history.length - 1
        for each in priced
        for before, after in pairwise(each.history.candles.start)
    )
