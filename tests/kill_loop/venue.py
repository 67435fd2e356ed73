"""A loopback venue in a process of its own, which tells when an order arrives and when it is taken.

`python -m tests.kill_loop.venue binance --state FILE` is that process.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.kill_loop.dice import PlannedFault, Target, Trigger
from tests.venues import binance, gemini
from tests.venues.faults import Fault, FaultKind
from tests.venues.loopback import Answer, Request, json_answer
from tests.venues.server import VenueServer, run

_CALM = "/__calm__"
_LATENCY = 0.015  # seconds in which an accepted order has no answer yet
_PRICES = {"BTC": "60000", "ETH": "3000", "SOL": "150", "LTC": "80"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the loop has to know of a venue: its quote, and where its requests go."""

    name: str
    quote: str
    addresses: Mapping[Target, tuple[str, str]]

    @property
    def symbols(self) -> dict[str, Decimal]:
        return {f"{base}/{self.quote}": Decimal(price) for base, price in _PRICES.items()}


SITES = {
    "binance": Site(
        name="binance",
        quote="USDT",
        addresses={
            Target.NEW_ORDER: ("POST", "/api/v3/order"),
            Target.LOOKUP: ("GET", "/api/v3/order"),
            Target.BALANCES: ("GET", "/api/v3/account"),
        },
    ),
    "gemini": Site(
        name="gemini",
        quote="USD",
        addresses={
            Target.NEW_ORDER: ("POST", "/v1/order/new"),
            Target.LOOKUP: ("POST", "/v1/order/status"),
            Target.BALANCES: ("POST", "/v1/balances"),
        },
    ),
}


@dataclass(kw_only=True)
class Venue:
    """`told` are the events of the venue so far, in its own order."""

    site: Site
    url: str
    events: Path
    told: list[Trigger] = field(default_factory=list)
    _read: int = 0

    def listen(self) -> int:
        """How many events there are by now."""
        if self.events.stat().st_size > self._read:
            with self.events.open("rb") as file:
                file.seek(self._read)
                lines = file.read().split(b"\n")[:-1]
            self._read += sum(len(line) + 1 for line in lines)
            names = (json.loads(line)["event"] for line in lines)
            self.told += [Trigger(name) for name in names if name in set(Trigger)]
        return len(self.told)

    def plan(self, faults: Iterable[PlannedFault]) -> None:
        """These faults and no others."""
        self._post(_CALM, {})
        for fault in faults:
            method, path = self.site.addresses[fault.target]
            self._post("/__fault__", fault.as_json() | {"method": method, "path": path})

    def move_prices(self, factor: Decimal) -> None:
        for symbol, price in self.site.symbols.items():
            moved = (price * factor).quantize(Decimal("0.01"))
            self._post("/__price__", {"symbol": symbol, "price": str(moved)})

    def book(self) -> dict[str, Any]:
        """All orders that were ever accepted, with their trades, and the balances."""
        found: dict[str, Any] = self._post("/__book__", {})
        return found

    def account_options(self) -> dict[str, Any]:
        """What ccxt's constructor needs to come here and nowhere else, the keys included."""
        known = binance if self.site.name == "binance" else gemini
        return {**known.ccxt_options(self), "rateLimit": 1}

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status == 200, text
            return json.loads(text)
        finally:
            connection.close()


@contextmanager
def open_venue(
    site: Site, folder: Path, cash: Decimal, *, latency: float = _LATENCY
) -> Iterator[Venue]:
    events = folder / "venue.jsonl"
    events.touch()
    prices = [f"--price={symbol}={price}" for symbol, price in site.symbols.items()]
    words = [site.name, "--state", str(events), "--latency", str(latency), *prices]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kill_loop.venue", *words, f"--balance={site.quote}={cash}"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},  # noqa: TID251 - handed on to the program
    )
    try:
        assert process.stdout is not None
        yield Venue(site=site, url=json.loads(process.stdout.readline())["url"], events=events)
    finally:
        process.kill()
        process.communicate()


class _Telling(VenueServer):
    """Mixed in before a venue: it says that an order request is there before it looks at it.

    An order that is INVISIBLE `after` acceptance is accepted without an answer, too.
    """

    def serve(self, request: Request) -> Answer | None:
        if request.path == _CALM:
            self.clear_faults()
            return json_answer({})
        method, path = SITES[self.name].addresses[Target.NEW_ORDER]
        if (request.method, request.path) == (method, path):
            with self.lock:
                self._write_state({"event": Trigger.ASKED.value})
        return super().serve(request)

    def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        answer = super()._answer(request, fault)
        is_lost = fault is not None and fault.kind is FaultKind.INVISIBLE and fault.after
        return None if is_lost else answer


class _TellingBinance(_Telling, binance.BinanceVenue):
    pass


class _TellingGemini(_Telling, gemini.GeminiVenue):
    pass


def _binance(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> VenueServer:
    book = binance.standard_book(prices, balances)
    return _TellingBinance(book, latency=options.latency, state_file=options.state)


def _gemini(
    prices: Mapping[str, Decimal], balances: Mapping[str, Decimal], options: argparse.Namespace
) -> VenueServer:
    # Each start asks for every instrument: at Gemini's pace a life would end before its first tick.
    limits = gemini.GeminiLimits(public_per_minute=60_000, private_per_minute=60_000)
    book = gemini.standard_book(prices, balances)
    return _TellingGemini(book, limits=limits, latency=options.latency, state_file=options.state)


if __name__ == "__main__":
    run(_binance if sys.argv[1] == "binance" else _gemini, sys.argv[2:])
