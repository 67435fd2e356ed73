"""A venue's past trades, and the table of what each minute's trades came to."""

from datetime import datetime
from typing import Protocol

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary


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
