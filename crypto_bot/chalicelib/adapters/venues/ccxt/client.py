"""ccxt's class of a venue, with our rules around every request."""

import asyncio
import json
import logging
from typing import Any, Final

from chalicelib.adapters.venues.ccxt.loading import error_class, exchange_class
from chalicelib.adapters.venues.ccxt.pace import Pace
from chalicelib.adapters.venues.ccxt.sending import SENDING
from chalicelib.adapters.venues.ccxt.silence import Silence
from chalicelib.adapters.venues.ccxt.venue_table import VenueRow
from chalicelib.drivers.trust import packaged_trust

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
    silence: Silence | None = None

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
        if self.silence is not None:
            self.silence.keep()
        sending = SENDING.get()
        if sending is not None:
            sending.depart(method)
        answer = await super().fetch(url, method, headers, body)  # type: ignore[misc]
        if not isinstance(answer, (dict, list)):
            # ccxt would read no balances in a broken page, and no orders: that proves nothing.
            raise error_class("BadResponse")(f"{type(self).__name__} did not answer in JSON")
        return answer

    def on_rest_response(self, code: int, *args: Any) -> Any:
        if self.silence is not None:
            self.silence.hear(code, args[3], args[4])
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
    if client.verify and "cafile" not in config:
        client.ssl_context = packaged_trust()  # None: ccxt makes its own on its first request
    client.row = row
    client.slots = asyncio.Semaphore(row.in_flight)
    if client.tokenBucket["algorithm"] == "leakyBucket":
        seconds_per_unit = 0.001 / client.tokenBucket["refillRate"]
        client.pace = Pace(seconds_per_unit, row.burst.total_seconds())
    for name in row.silenced:
        setattr(client, name, _nothing)
    return client
