"""ccxt's class of a venue, with our rules around every request."""

import asyncio
import json
import logging
from typing import Any, Final

from chalicelib.adapters.venues.ccxt.loading import exchange_class
from chalicelib.adapters.venues.ccxt.pace import Pace
from chalicelib.adapters.venues.ccxt.sending import SENDING
from chalicelib.adapters.venues.ccxt.venue_table import VenueRow

# ccxt logs every request with its keys and signature on DEBUG.
_WITHOUT_REQUESTS: Final = logging.getLogger("ccxt.without_requests")
_WITHOUT_REQUESTS.setLevel(logging.WARNING)


class _Guarded:
    """Mixed in before a ccxt exchange."""

    number = str
    logger = _WITHOUT_REQUESTS
    row: VenueRow
    slots: asyncio.Semaphore
    pace: Pace | None = None

    async def fetch2(self, *args: Any, **kwargs: Any) -> Any:
        # Signing is inside: with one slot, nonces leave in the order in which they were made.
        async with self.slots:
            return await super().fetch2(*args, **kwargs)  # type: ignore[misc]

    async def throttle(self, cost: float | None = None) -> None:
        if self.pace is None:
            await super().throttle(cost)  # type: ignore[misc]
        else:
            await self.pace.wait(1.0 if cost is None else cost)

    async def fetch(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        sending = SENDING.get()
        if sending is not None:
            sending.depart(method)
        return await super().fetch(url, method, headers, body)  # type: ignore[misc]

    def on_rest_response(self, code: int, *args: Any) -> Any:
        sending = SENDING.get()
        if sending is not None:
            sending.answered(code, args[3])
        return super().on_rest_response(code, *args)  # type: ignore[misc]

    def on_json_response(self, body: str) -> Any:
        # A float would cut what the venue said; ccxt reads numbers from text just as well.
        return json.loads(body, parse_float=str)

    def calculate_rate_limiter_cost(
        self, api: Any, method: Any, path: Any, params: Any, config: Any
    ) -> Any:
        corrected = self.row.request_cost(path, params)
        if corrected is not None:
            return corrected
        return super().calculate_rate_limiter_cost(  # type: ignore[misc]
            api, method, path, params, config
        )


async def _nothing(*_args: Any, **_kwargs: Any) -> bool:
    return True


def make_client(exchange_id: str, row: VenueRow, config: dict[str, Any]) -> Any:
    """A client that nothing was asked of yet; `config` goes to ccxt's constructor as it is."""
    guarded = type(exchange_id, (_Guarded, exchange_class(exchange_id)), {})
    client: Any = guarded(config)
    client.row = row
    client.slots = asyncio.Semaphore(row.in_flight)
    if client.tokenBucket["algorithm"] == "leakyBucket":
        client.pace = Pace(0.001 / client.tokenBucket["refillRate"])
    for name in row.silenced:
        setattr(client, name, _nothing)
    return client
