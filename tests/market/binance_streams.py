"""A Binance on 127.0.0.1: what happened, the streams that tell of it, and the REST API.

A test lets things happen and says which of them the streams keep to themselves. REST knows all.
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.market.binance_frames import START_MS, fact_of, framed
from tests.venues.loopback import Answer, Httpd, Request, json_answer

PATIENCE = 90.0
MINUTE_MS = 60_000
FIRST = 1000


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.005)


class Connection:
    """One websocket of a client's, as the server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        assert socket.request is not None
        path, _, query = socket.request.path.partition("?streams=")
        assert path == "/stream"
        self.names = query.split("/")
        self.is_open = True

    def send(self, *frames: str) -> None:
        for frame in frames:
            try:
                self.socket.send(frame)
            except ConnectionClosed:
                self.is_open = False

    def cut(self) -> None:
        """As a network does it: no word of farewell."""
        with suppress(OSError):  # it has ended already
            self.socket.socket.shutdown(SHUT_RDWR)
        self.is_open = False


class BinanceStreams:
    """`with BinanceStreams() as venue:` serves until the block ends."""

    def __init__(self) -> None:
        self.trades: list[dict[str, Any]] = []
        self.candles: list[dict[str, Any]] = []
        self.connections: list[Connection] = []
        self.asked: list[Request] = []
        self.answers: list[Answer] = []  # instead of what REST would say, first things first
        self.newest_known: int | None = None  # REST lags behind: it knows no later trade
        self.refuses_connections = False
        self._server: Server = serve(
            self._serve_socket,
            "127.0.0.1",
            0,
            compression=None,
            ping_interval=None,
            process_request=self._admit,
        )
        self._httpd = Httpd(("127.0.0.1", 0), self._serve_rest)
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True),
        ]
        self.stream_address = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self.rest_address = f"http://127.0.0.1:{self._httpd.server_port}"

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        for connection in self.connections:
            connection.cut()
        self._httpd.shutdown()
        self._httpd.drop_connections()
        self._httpd.server_close()
        for thread in self._threads:
            thread.join()

    # --- what happens ---

    def trade(
        self, count: int = 1, *, told: bool = True, to: Connection | None = None, **other: Any
    ) -> list[dict[str, Any]]:
        """Aggregated trades with the next ids, a second apart."""
        made = []
        for _ in range(count):
            number = self.trades[-1]["a"] + 1 if self.trades else FIRST
            fact = fact_of(number) | other
            self.trades.append(fact)
            made.append(fact)
            if told:
                self.tell(fact, to=to)
        return made

    def candle(self, *, told: bool = True) -> dict[str, Any]:
        """The next minute's, closed."""
        start = START_MS - START_MS % MINUTE_MS + MINUTE_MS * len(self.candles)
        fact = {
            "t": start,
            "T": start + MINUTE_MS - 1,
            "s": "BTCUSDT",
            "i": "1m",
            "o": "100.1",
            "c": "100.4",
            "h": "100.5",
            "l": "100.0",
            "v": "12.5",
            "n": 25,
            "x": True,
            "q": "1250.1",
            "V": "6.25",
            "Q": "625.0",
        }
        self.candles.append(fact)
        if told:
            self.tell_candle(fact)
        return fact

    def tell(self, fact: dict[str, Any], *, to: Connection | None = None) -> None:
        self.send(framed(fact), to=to)

    def tell_candle(self, fact: dict[str, Any], **other: Any) -> None:
        told = {"e": "kline", "E": fact["T"] + 5, "s": "BTCUSDT", "k": {**fact, **other}}
        self.send(json.dumps({"stream": "btcusdt@kline_1m", "data": told}, separators=(",", ":")))

    def send(self, frame: str, *, to: Connection | None = None) -> None:
        for connection in [to] if to else self.open:
            connection.send(frame)

    @property
    def open(self) -> list[Connection]:
        return [connection for connection in self.connections if connection.is_open]

    def asked_from(self) -> list[int]:
        """The ids that were asked for over REST, one page each."""
        return [int(r.params["fromId"]) for r in self.asked if "fromId" in r.params]

    # --- how it is told ---

    def _admit(self, _connection: ServerConnection, _request: object) -> Any:
        return _connection.respond(503, "busy") if self.refuses_connections else None

    def _serve_socket(self, socket: ServerConnection) -> None:
        connection = Connection(socket)
        self.connections.append(connection)
        try:
            for _ in socket:
                pass
        except ConnectionClosed:
            pass
        connection.is_open = False

    def _serve_rest(self, request: Request) -> Answer | None:
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        asked = request.params
        if asked["symbol"] != "BTCUSDT":
            return json_answer({"code": -1121, "msg": "Invalid symbol."}, status=400)
        limit = int(asked.get("limit", "500"))
        if request.path == "/api/v3/aggTrades":
            known = [t for t in self.trades if t["a"] <= (self.newest_known or t["a"])]
            if "fromId" not in asked:
                return json_answer([_rest(trade) for trade in known[-limit:]])
            found = [t for t in known if t["a"] >= int(asked["fromId"])]
            return json_answer([_rest(trade) for trade in found[:limit]])
        if request.path == "/api/v3/klines":
            first, last = int(asked["startTime"]), int(asked["endTime"])
            return json_answer([_row(c) for c in self.candles if first <= c["t"] <= last][:limit])
        return json_answer({"msg": "not found"}, status=404)


def _rest(fact: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fact.items() if name not in {"e", "E", "s"}}


def _row(candle: dict[str, Any]) -> list[Any]:
    return [
        *(candle[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")),
        "0",
    ]
