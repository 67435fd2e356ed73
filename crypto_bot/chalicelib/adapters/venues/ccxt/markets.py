"""Symbols -> their markets in the client, read once an hour, and no more of them than needed."""

import asyncio
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from chalicelib.adapters.venues.ccxt.venue import Venue
from chalicelib.adapters.venues.ccxt.venue_table import Markets
from chalicelib.ports import Clock

GOOD_FOR: Final = timedelta(hours=1)
_LONGEST_LIST: Final = 200  # symbols that fit into an address


class MarketCache:
    """Used on the loop only. After `ensure`, ccxt finds its markets loaded and asks nobody."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self._venue = venue
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked: set[str] = set()
        self._read_at: datetime | None = None

    async def ensure(self, symbols: Iterable[str]) -> None:
        """The client knows those of the symbols that exist, by filters an hour old at most."""
        async with self._lock:
            # Never fewer than before: another thread may be about to trade one of them.
            wanted = self._asked | set(symbols)
            covered = wanted == self._asked or self._venue.row.markets is Markets.ALL
            if not (covered and self._is_fresh()):
                await self._read(wanted)
                self._read_at = self._clock.now()
            self._asked = wanted

    def _is_fresh(self) -> bool:
        return self._read_at is not None and self._clock.now() - self._read_at < GOOD_FOR

    async def _read(self, symbols: set[str]) -> None:
        client = self._venue.client
        scope = self._venue.row.markets
        match scope:
            case Markets.ALL:
                await client.load_markets(reload=True)
            case Markets.SYMBOLS:
                client.set_markets(await self._named(symbols))
            case Markets.DETAILS:
                client.set_markets(await self._details(symbols))
            case _:
                assert_never(scope)

    async def _named(self, symbols: set[str]) -> list[Any]:
        """Binance refuses the whole list when one of the symbols does not exist."""
        client = self._venue.client
        if not symbols:
            return []
        ids = sorted(symbol.replace("/", "") for symbol in symbols)
        try:
            found: list[Any] = (
                await client.fetch_markets({"symbols": json.dumps(ids, separators=(",", ":"))})
                if len(ids) <= _LONGEST_LIST
                else await client.fetch_markets()
            )
        except self._venue.bad_request:
            found = await client.fetch_markets()
        return found

    async def _details(self, symbols: set[str]) -> list[Any]:
        """Gemini's list has names only, and the details of all would take minutes."""
        client = self._venue.client
        if not symbols:
            return []
        listed = await client.publicGetV1Symbols()
        ids = {symbol.replace("/", "").lower() for symbol in symbols} & set(listed)
        details = await asyncio.gather(
            *(client.publicGetV1SymbolsDetailsSymbol({"symbol": known}) for known in sorted(ids))
        )
        return [market for market in map(client.parse_market, details) if market]
