"""A Kraken on 127.0.0.1 that also tells of public trades: its stream (version 2) and its list."""

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from socket import SHUT_RDWR
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.venues.kraken import KrakenVenue, ccxt_options, standard_book
from tests.venues.loopback import Answer, Request, json_answer

START_MS = 1_760_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A public trade; `at_ms` is counted from START_MS."""

    id: int
    at_ms: int
    price: str = "60000.1"
    quantity: str = "0.00001"
    side: str = "buy"

    @property
    def time_ms(self) -> int:
        return START_MS + self.at_ms

    def in_stream(self) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.time_ms / 1000, UTC)
        return {
            "symbol": "BTC/USD",
            "side": self.side,
            "price": float(self.price),
            "qty": float(self.quantity),
            "ord_type": "market",
            "trade_id": self.id,
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.time_ms % 1000:03}000Z",
        }

    def in_list(self) -> list[Any]:
        return [self.price, self.quantity, self.time_ms / 1000, self.side[0], "m", "", self.id]


class KrakenStreams:
    """`with KrakenStreams() as venue:` serves until the block ends."""

    def __init__(self) -> None:
        self.prints: list[Print] = []
        self.open: list[ServerConnection] = []
        self.connections = 0
        self.asked: list[Mapping[str, str]] = []
        self.most_listed = 1000
        self.list_fails = 0
        book = standard_book({"BTC/USD": Decimal(60_000)}, {})
        self._rest = _Rest(book, self)
        self._server = serve(self._serve, "127.0.0.1", 0, compression=None, ping_interval=None)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._rest.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self.cut()
        self._thread.join()
        self._rest.close()

    @property
    def options(self) -> dict[str, Any]:
        """What a class of ccxt.pro needs so as to ask nobody else."""
        options = dict(ccxt_options(self._rest))
        address = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        sockets = dict.fromkeys(("public", "private"), address)
        sockets |= dict.fromkeys(("publicV2", "privateV2"), f"{address}/v2")
        options["urls"] = {"api": {**options["urls"]["api"], "ws": sockets}}
        return options

    def trade(self, *prints: Print, told: bool = True) -> None:
        self.prints += prints
        if told:
            message = {
                "channel": "trade",
                "type": "update",
                "data": [p.in_stream() for p in prints],
            }
            for socket in tuple(self.open):
                socket.send(json.dumps(message))

    def cut(self) -> None:
        for socket in tuple(self.open):
            self.open.remove(socket)
            with suppress(OSError):
                socket.socket.shutdown(SHUT_RDWR)

    def trades_since(self, params: Mapping[str, str]) -> Answer:
        self.asked.append(params)
        if self.list_fails:
            self.list_fails -= 1
            return Answer(status=503, body="busy")
        since_ms = float(params.get("since", 0)) * 1000
        found = [p for p in self.prints if p.time_ms >= since_ms][-self.most_listed :]
        rows = {params["pair"]: [p.in_list() for p in found], "last": "0"}
        return json_answer({"error": [], "result": rows})

    def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        with suppress(ConnectionClosed):
            for text in socket:
                asked = json.loads(text)
                if asked.get("method") == "subscribe":
                    answer = {"method": "subscribe", "success": True, "req_id": asked["req_id"]}
                    socket.send(json.dumps(answer))
                    self.open.append(socket)
                elif asked.get("method") == "ping":
                    socket.send(json.dumps({"method": "pong", "req_id": asked.get("req_id")}))
        if socket in self.open:
            self.open.remove(socket)


class _Rest(KrakenVenue):
    def __init__(self, book: Any, streams: KrakenStreams) -> None:
        super().__init__(book)
        self._streams = streams

    def respond(self, request: Request, fault: Any) -> Answer:
        if request.path == "/0/public/Trades":
            return self._streams.trades_since(request.params)
        return super().respond(request, fault)
