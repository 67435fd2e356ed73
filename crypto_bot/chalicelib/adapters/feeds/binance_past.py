"""What Binance's streams have said before: the messages from a number on, in the same words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.adapters.feeds.binance_rest import MOST_ROWS, BinanceRest, RequestRefused
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_message import from_rest, read_message, start_ms_of
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import AGGREGATED, SINGLE, MalformedTrade
from chalicelib.ports import Clock

_NOT_FOR_US: Final = frozenset({401, 403, 404})
_KEYS_WANTED: Final = frozenset({-2008, -2014, -2015})
_KLINES: Final = "/api/v3/klines"
_PATHS: Final[Mapping[str, str]] = {
    AGGREGATED: "/api/v3/aggTrades",
    SINGLE: "/api/v3/historicalTrades",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """In the order of their numbers. `malformed` are rows that are no message of the subject."""

    messages: list[Numbered] = field(default_factory=list)
    malformed: list[bytes] = field(default_factory=list)


class BinancePast:
    """`base` as of `BinanceRest`. ExchangeUnavailable where there is no answer, or none yet."""

    def __init__(self, base: str, clock: Clock) -> None:
        self._rest = BinanceRest(base, clock)

    def newest(self, subject: Subject) -> Numbered | None:
        """The last trade so far. SettingsError where the venue does not know the symbol."""
        messages = self._page(subject, {"limit": 1}).messages
        return messages[-1] if messages else None

    def page(self, subject: Subject, numbers: range) -> Page:
        """From the first of `numbers` on; MOST_ROWS at most, and nothing that is still open."""
        count = min(len(numbers), MOST_ROWS)
        if subject.interval is None:
            return self._page(subject, {"fromId": numbers.start, "limit": count})
        return self._page(
            subject,
            {
                "interval": str(subject.interval),
                "startTime": start_ms_of(numbers.start, subject.interval),
                "endTime": start_ms_of(numbers.start + count, subject.interval) - 1,
                "limit": count,
            },
        )

    def close(self) -> None:
        """End the connection."""
        self._rest.close()

    def _page(self, subject: Subject, query: Mapping[str, object]) -> Page:
        page = Page()
        for row in self._rows(subject, query):
            text = from_rest(row, subject)
            try:
                message = read_message(text, subject)
            except MalformedTrade:
                page.malformed.append(text)
            else:
                if message:
                    page.messages.append(message)
        page.messages.sort()
        return page

    def _rows(self, subject: Subject, query: Mapping[str, object]) -> list[Any]:
        path = _KLINES if subject.interval else _PATHS[subject.kind]
        try:
            return self._rest.rows(path, subject.symbol, query)
        except RequestRefused as refusal:
            if subject.kind != SINGLE or not _wants_keys(refusal):
                raise
            raise SettingsError(
                f"{self._rest.host} does not give past trades of {subject.symbol} away"
                f" (status {refusal.status}), so that gaps could not be closed;"
                f" stream {AGGREGATED}s instead"
            ) from refusal


def _wants_keys(refusal: RequestRefused) -> bool:
    return refusal.status in _NOT_FOR_US or refusal.code in _KEYS_WANTED
