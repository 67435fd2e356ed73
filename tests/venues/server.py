"""HTTP request -> venue's answer, or the fault that a test ordered: what all fake venues share.

A venue is an HTTP server on 127.0.0.1 with an account, a clock that tests may shift, a log of every
request with its weight, and a script of faults. Paths in double underscores steer it from outside.
"""

import argparse
import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Event, RLock, Thread
from types import TracebackType
from typing import ClassVar, Protocol, Self

from tests.venues.faults import Fault, FaultKind, fault_from_json
from tests.venues.loopback import Answer, Httpd, Request, json_answer
from tests.venues.matching import Book
from tests.venues.orders import Order, OrderRequest, Trade

Clock = Callable[[], int]

BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251 - a venue has a clock of its own


class Addressed(Protocol):
    """A venue here or in another process."""

    @property
    def url(self) -> str: ...


@dataclass(slots=True, kw_only=True)
class LoggedRequest:
    method: str
    path: str
    arguments: Mapping[str, object]
    weight: int
    at_ms: int
    fault: str = ""
    status: int = 0  # 0: no answer went out


class VenueServer(ABC):
    """`with BinanceVenue(book) as venue:` serves until the block ends."""

    name: ClassVar[str]
    ms_per_weight: ClassVar[int]  # what ccxt's throttle waits for one weight

    def __init__(
        self,
        book: Book,
        *,
        clock: Clock = wall_clock_ms,
        latency: float = 0.0,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        self.book = book
        self.clock_offset_ms = 0
        self.latency = latency  # seconds from acting on a request to answering it
        self.visible_after_ms = 0  # from accepting an order to showing it
        self.requests: list[LoggedRequest] = []
        self.lock = RLock()
        self._clock = clock
        self._state_file = state_file
        self._faults: list[Fault] = []
        self._closing = Event()
        self._httpd = Httpd(("127.0.0.1", port), self.serve)
        self._thread = Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._httpd.shutdown()
        self._httpd.drop_connections()
        self._httpd.server_close()
        self._thread.join()

    def now_ms(self) -> int:
        return self._clock() + self.clock_offset_ms

    # --- what a test steers and reads ---

    def set_price(
        self, name: str, last: Decimal, *, bid: Decimal | None = None, ask: Decimal | None = None
    ) -> None:
        with self.lock:
            self.book.set_price(name, last, bid=bid, ask=ask, now_ms=self.now_ms())

    def set_liquidity(self, name: str, quantity: Decimal | None) -> None:
        with self.lock:
            self.book.set_liquidity(name, quantity, now_ms=self.now_ms())

    def add_fault(self, fault: Fault) -> None:
        with self.lock:
            self._faults.append(fault)

    def clear_faults(self) -> None:
        with self.lock:
            self._faults.clear()

    @property
    def orders(self) -> list[Order]:
        """Every order that the venue ever accepted."""
        with self.lock:
            return list(self.book.orders)

    def count(self, path: str = "", method: str = "") -> int:
        return len(self.logged(path, method))

    def logged(self, path: str = "", method: str = "") -> list[LoggedRequest]:
        with self.lock:
            return [
                entry
                for entry in self.requests
                if entry.path.startswith(path) and method in ("", entry.method)
            ]

    def total_weight(self) -> int:
        return sum(entry.weight for entry in self.logged())

    def throttle_seconds(self) -> float:
        """The least time that the venue's limits, kept evenly, allow for what it was asked."""
        return self.total_weight() * self.ms_per_weight / 1000

    # --- what a venue says ---

    @abstractmethod
    def weigh(self, request: Request) -> int: ...

    @abstractmethod
    def respond(self, request: Request, fault: Fault | None) -> Answer:
        """Called with the lock held."""

    @abstractmethod
    def failure(self, kind: FaultKind) -> Answer:
        """The venue's wording of 500, 503, 429 and 418."""

    def arguments(self, request: Request) -> Mapping[str, object]:
        """For the log, without the signature."""
        return {name: value for name, value in request.params.items() if name != "signature"}

    def place(self, request: OrderRequest, fault: Fault | None) -> Order:
        now_ms = self.now_ms()
        kind = fault.kind if fault else None
        hidden_ms = self.visible_after_ms
        if fault and kind is FaultKind.INVISIBLE:
            hidden_ms = int(fault.seconds * 1000)
        order = self.book.place(
            request,
            now_ms=now_ms,
            visible_from_ms=now_ms + hidden_ms,
            fill_fraction=fault.fraction if fault and kind is FaultKind.PARTIAL_FILL else None,
        )
        self._write_state({"event": "accepted", "order": order_as_json(order)})
        return order

    def visible_orders(self) -> list[Order]:
        now_ms = self.now_ms()
        return [order for order in self.book.orders if order.visible_from_ms <= now_ms]

    def visible_trades(self) -> list[Trade]:
        seen = {order.id for order in self.visible_orders()}
        return [trade for trade in self.book.trades if trade.order_id in seen]

    # --- one request ---

    def serve(self, request: Request) -> Answer | None:
        """None: close the socket without an answer."""
        if request.path.startswith("/__"):
            with self.lock:
                return self._control(request)
        with self.lock:
            fault = self._take_fault(request)
            entry = self._log(request, fault)
        answer = self._answer(request, fault)
        entry.status = answer.status if answer else 0
        return answer

    def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault is None or fault.kind in (FaultKind.INVISIBLE, FaultKind.PARTIAL_FILL):
            return self._act(request, fault)
        if fault.kind is FaultKind.LATE:
            self._wait(fault.seconds)
            return self._act(request, None)
        if fault.after:
            self._act(request, None)
        return self._break(fault)

    def _act(self, request: Request, fault: Fault | None) -> Answer:
        with self.lock:
            answer = self.respond(request, fault)
        self._wait(self.latency)
        return answer

    def _break(self, fault: Fault) -> Answer | None:
        match fault.kind:
            case FaultKind.CUT:
                return None
            case FaultKind.HANG:
                self._wait(fault.seconds)
                return None
            case FaultKind.ERROR_502:
                return Answer(status=502, body=BAD_GATEWAY, content_type="text/html")
            case FaultKind.GARBAGE:
                return Answer(body='{"orderId": 10000')
            case _:
                return self.failure(fault.kind)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._closing.wait(seconds)

    def _take_fault(self, request: Request) -> Fault | None:
        hit = next((fault for fault in self._faults if fault.hits(request)), None)
        self._faults = [fault for fault in self._faults if not fault.spent]
        return hit

    def _log(self, request: Request, fault: Fault | None) -> LoggedRequest:
        entry = LoggedRequest(
            method=request.method,
            path=request.path,
            arguments=self.arguments(request),
            weight=self.weigh(request),
            at_ms=self.now_ms(),
            fault=fault.kind.value if fault else "",
        )
        self.requests.append(entry)
        return entry

    # --- steering from another process ---

    def _control(self, request: Request) -> Answer:
        given = json.loads(request.body, parse_float=Decimal) if request.body else {}
        match request.path:
            case "/__book__":
                book = self.book_as_json()
                self._write_state({"event": "book", **book})
                return json_answer(book)
            case "/__fault__":
                self.add_fault(fault_from_json(given))
            case "/__price__":
                self.set_price(given["symbol"], Decimal(given["price"]))
            case "/__liquidity__":
                quantity = given["quantity"]
                self.set_liquidity(given["symbol"], None if quantity is None else Decimal(quantity))
            case "/__clock__":
                self.clock_offset_ms = int(given["offset_ms"])
            case _:
                return json_answer({"error": f"no control path {request.path}"}, status=404)
        return json_answer({})

    def book_as_json(self) -> dict[str, object]:
        with self.lock:
            return {
                "venue": self.name,
                "balances": {
                    asset: {"free": str(balance.free), "locked": str(balance.locked)}
                    for asset, balance in self.book.balances.items()
                },
                "orders": [order_as_json(order) for order in self.book.orders],
                "requests": len(self.requests),
                "weight": self.total_weight(),
            }

    def _write_state(self, line: Mapping[str, object]) -> None:
        if self._state_file is None:
            return
        with self._state_file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def order_as_json(order: Order) -> dict[str, object]:
    request = order.request
    return {
        "id": order.id,
        "client_id": request.client_id,
        "symbol": request.instrument.symbol,
        "side": request.side.value,
        "type": request.type.value,
        "time_in_force": request.time_in_force.value,
        "price": None if request.price is None else str(request.price),
        "quantity": str(order.quantity),
        "executed": str(order.executed),
        "cost": str(order.cost),
        "status": order.status.value,
        "created_ms": order.created_ms,
        "trades": [
            {
                "id": trade.id,
                "price": str(trade.price),
                "quantity": str(trade.quantity),
                "fee": str(trade.fee),
                "fee_asset": trade.fee_asset,
            }
            for trade in order.trades
        ],
    }


def run(
    make: Callable[[Mapping[str, Decimal], Mapping[str, Decimal], argparse.Namespace], VenueServer],
    arguments: Sequence[str] | None = None,
) -> None:
    """The venue as a process: its URL as one JSON line, then it serves until it is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="file that gets one line per accepted order")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per request")
    parser.add_argument("--price", action="append", metavar="BTC/USDT=60000")
    parser.add_argument("--balance", action="append", metavar="USDT=10000")
    options = parser.parse_args(arguments)
    venue = make(_amounts(options.price), _amounts(options.balance), options)
    # A hundred new connections at once each wait for the interpreter: hand it over sooner.
    sys.setswitchinterval(0.0005)
    with venue:
        sys.stdout.write(json.dumps({"venue": venue.name, "url": venue.url}) + "\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            Event().wait()


def _amounts(pairs: Sequence[str] | None) -> dict[str, Decimal]:
    split = (pair.partition("=") for pair in pairs or ())
    return {name: Decimal(amount) for name, _, amount in split}
