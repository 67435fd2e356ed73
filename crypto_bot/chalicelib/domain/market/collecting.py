"""How far a symbol's trades have been collected: the note that a next run goes on from.

To the cutter, a venue's list of aggregated trades is a log like a partition of the bus: the offset
is the trade's id. So whoever goes on from a noted position writes the same objects.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.minute import MINUTE_MS, milliseconds, symbol_prefix
from chalicelib.domain.market.trade import MalformedTrade, read_object, symbol_of

_NAME: Final = "_collected.json"  # query engines skip names that begin with _


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Trades before `position` are in the lake; where it is None, the first one is not known yet.

    Collected is what took place from `since` on. Before `retry_at` the venue must not be asked;
    since `failing_since` it could not be.
    """

    venue: str
    since: datetime
    position: Position | None = None
    retry_at: datetime | None = None
    failing_since: datetime | None = None

    def failed(self, now: datetime, retry_at: datetime | None) -> "Progress":
        """After a run that the venue did not let do all of its work."""
        return replace(self, retry_at=retry_at, failing_since=self.failing_since or now)

    def may_ask(self, now: datetime) -> bool:
        """Whether the venue has not forbidden it."""
        return self.retry_at is None or now >= self.retry_at


def symbol_named(market: str, where: str) -> str:
    """BTC/USDT as Binance writes it. SettingsError says that `where` has no such thing."""
    try:
        return symbol_of({"s": market.replace("/", "", 1).upper()})
    except MalformedTrade:
        raise SettingsError(
            f"{where} has {market!r}; it must be a market such as BTC/USDT or BTCUSDT"
        ) from None


def in_turn(symbols: Sequence[str], now: datetime) -> list[str]:
    """Another one first every minute, so that where there is no time for all, none goes short."""
    first = milliseconds(now) // MINUTE_MS % max(len(symbols), 1)
    return [*symbols[first:], *symbols[:first]]


def source_of(symbol: str) -> str:
    """What the names of collected objects begin with. Ids are counted per symbol."""
    return f"rest-{symbol}"


def progress_key(symbol: str) -> str:
    """Where the note lies, beside the symbol's trades."""
    return f"{symbol_prefix(symbol)}{_NAME}"


def encoded(progress: Progress) -> bytes:
    """As it lies in the lake."""
    position = progress.position
    document = {
        "venue": progress.venue,
        "since": progress.since.isoformat(),
        "next_id": None if position is None else position.offset,
        "note": "" if position is None else position.note,
        "retry_at": _text(progress.retry_at),
        "failing_since": _text(progress.failing_since),
    }
    return json.dumps(document).encode()


def decoded(content: bytes, key: str) -> Progress:
    """SettingsError says what to do about a note that cannot be read."""
    try:
        document: dict[str, Any] = json.loads(content)
        next_id = document["next_id"]
        return Progress(
            venue=str(document["venue"]),
            since=datetime.fromisoformat(document["since"]),
            position=None if next_id is None else Position(int(next_id), str(document["note"])),
            retry_at=_moment(document["retry_at"]),
            failing_since=_moment(document["failing_since"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise SettingsError(
            f"{key} cannot be read; begin anew with crypto-bot collect-trades --since TIME"
        ) from error


def numbered(values: Iterable[bytes], at_ms: int) -> Iterator[Message]:
    """A page of the venue's messages as those of a log, received at `at_ms`."""
    for value in values:
        yield Message(0, read_object(value)["a"], at_ms, value)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
