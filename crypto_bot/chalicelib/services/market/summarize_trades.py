"""[lake] -> the row of one minute in the [SQL table], from all objects of that minute.

The row is replaced, never added to, so that events may come twice, late, or in any order. After
writing it the minute is listed again: who wrote last has seen everything there was. While one of
its objects cannot be read, the minute has no new row: half of it is not shown.
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Final, NoReturn

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.market.minute import (
    MINUTE_MS,
    OBJECT_END,
    TRADES,
    Minute,
    damaged_key,
    minute_of,
    original_key,
)
from chalicelib.domain.market.minute_summary import summarize
from chalicelib.domain.market.trade import MalformedTrade, ReadTrade, Trade, parse_trade
from chalicelib.market_ports.lake import Lake, LakeObject
from chalicelib.market_ports.trades import TradeFlowTable

REJECTED: Final = "quarantine/summaries/"
_ATTEMPTS: Final = 10
_DIGEST: Final = 16
_BLOCK: Final = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteReport:
    """`withheld` names the damaged objects for which the row was left as it was."""

    minute: Minute
    trades: int = 0
    rejected: int = 0
    withheld: tuple[str, ...] = ()


@dataclass(slots=True)
class _Read:
    """What the objects of a minute hold."""

    minute: Minute
    read_trade: ReadTrade
    trades: list[Trade] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def summarize_trades(
    minute: Minute, lake: Lake, table: TradeFlowTable, read_trade: ReadTrade = parse_trade
) -> MinuteReport:
    """Bring the row up to what the lake holds. A minute without objects keeps what it has."""
    listed = lake.objects(minute.prefix)
    for _ in range(_ATTEMPTS):
        report = _summarize_once(minute, listed, lake, table, read_trade)
        found = lake.objects(minute.prefix)
        if found == listed:
            return report
        listed = found
    raise StoreConflict(
        f"{minute.prefix} changed {_ATTEMPTS} times while it was summed up; try again later"
    )


def source_of(listed: Iterable[LakeObject]) -> str:
    """A digest of names and sizes: equal as long as the minute has the same objects."""
    names = "\n".join(f"{key} {size}" for key, size in sorted(listed))
    return sha256(names.encode()).hexdigest()[:_DIGEST]


def _summarize_once(
    minute: Minute,
    listed: Sequence[LakeObject],
    lake: Lake,
    table: TradeFlowTable,
    read_trade: ReadTrade,
) -> MinuteReport:
    keys = [key for key, _ in listed if minute_of(key) == minute]
    read = _Read(minute, read_trade)
    for key in keys:
        content = lake.get(key)
        if content is not None and not _read_object(key, content, read):
            read.damaged.append(key)
            _set_aside(key, content, lake)
    set_aside = (original_key(key) for key, _ in listed)
    withheld = {key for key in set_aside if key and key not in keys} | set(read.damaged)
    if withheld or not keys:
        return MinuteReport(minute=minute, withheld=tuple(sorted(withheld)))
    verdict = summarize(minute, read.trades)
    for trade in verdict.absurd:
        reason = f"p is {trade.price}; it must be within half of the middle price of its minute"
        read.rejected.append(_line(reason, id=trade.id, kind=trade.kind, p=str(trade.price)))
    if read.rejected:
        _keep_rejected(minute, read.rejected, lake)
    summary = verdict.summary
    counted = summary.total_count_b + summary.total_count_s
    if counted:
        table.replace(summary, source_of(listed))
    return MinuteReport(minute=minute, trades=counted, rejected=len(read.rejected))


def _read_object(key: str, content: bytes, read: _Read) -> bool:
    """False where the object is damaged; nothing of it is taken then."""
    found = _Read(read.minute, read.read_trade)
    try:
        for number, line in enumerate(_lines(content), 1):
            _read_line(line, found, key, number)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    read.trades += found.trades
    read.rejected += found.rejected
    return bool(content)  # gzip takes nothing at all for the end of a whole file


def _lines(content: bytes) -> Iterator[bytes]:
    """Block by block: memory is what a function pays for, and gzip's own lines cost time."""
    rest = b""
    with gzip.open(BytesIO(content)) as unpacked:
        while block := unpacked.read(_BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            yield from whole
    if rest:
        yield rest


def _read_line(line: bytes, read: _Read, key: str, number: int) -> None:
    minute = read.minute
    try:
        trade = read.read_trade(line)
        if trade.symbol != minute.symbol or not 0 <= trade.at_ms - minute.start_ms < MINUTE_MS:
            _refuse(trade, minute)
        read.trades.append(trade)
    except MalformedTrade as reason:
        value = line.decode(errors="backslashreplace")
        read.rejected.append(_line(str(reason), place=f"{key}:{number}", value=value))


def _refuse(trade: Trade, minute: Minute) -> NoReturn:
    raise MalformedTrade(
        f"s is {trade.symbol} and T is {trade.at_ms}; the object is for {minute.symbol} in the"
        f" minute from {minute.start:%Y-%m-%d %H:%M}"
    )


def _set_aside(key: str, content: bytes, lake: Lake) -> None:
    """Under a name that query engines skip; unless it has been written anew in the meantime."""
    lake.put(damaged_key(key), content)
    if lake.get(key) == content:
        lake.delete(key)


def _keep_rejected(minute: Minute, lines: list[bytes], lake: Lake) -> None:
    name = minute.prefix.removeprefix(TRADES).removesuffix("/")
    content = gzip.compress(b"".join(line + b"\n" for line in sorted(lines)), mtime=0)
    lake.put(f"{REJECTED}{name}{OBJECT_END}", content)


def _line(reason: str, **facts: object) -> bytes:
    return json.dumps({"reason": reason, **facts}).encode()
