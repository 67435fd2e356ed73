"""Kraken, KuCoin and Bitfinex as processes: a line per accepted order, faults from outside."""

import json
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from tests.venues import bitfinex, kraken, kucoin

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class RemoteVenue:
    url: str


def ask(venue: RemoteVenue, path: str, body: dict[str, Any]) -> Any:
    connection = HTTPConnection(urlsplit(venue.url).netloc, timeout=60)
    try:
        connection.request("POST", path, json.dumps(body))
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("module", "symbol", "path"),
    [
        (kraken, "BTC/USD", kraken.ADD_ORDER),
        (kucoin, "BTC/USDT", kucoin.HF_ORDERS),
        (bitfinex, "BTC/USDT", bitfinex.SUBMIT),
    ],
    ids=["kraken", "kucoin", "bitfinex"],
)
def test_the_venue_runs_as_a_process_and_leaves_a_line_per_accepted_order(
    tmp_path: Path, module: Any, symbol: str, path: str
) -> None:
    state = tmp_path / "venue.jsonl"
    command = [sys.executable, "-m", module.__name__, "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            venue = RemoteVenue(started["url"])
            exchange = getattr(ccxt, started["venue"])(
                {**module.ccxt_options(venue), "number": str}
            )
            exchange.load_markets()
            ask(venue, "/__price__", {"symbol": symbol, "price": "50000"})
            ask(venue, "/__fault__", {"kind": "cut", "path": path, "after": True})
            with pytest.raises(ccxt.NetworkError):
                exchange.create_order(symbol, "limit", "buy", "0.01", "50050", {"clientOrderId": 7})
            seen = ask(venue, "/__book__", {})
        finally:
            process.terminate()

    lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["accepted", "book"]
    assert lines[0]["order"]["client_id"] == "7"
    assert Decimal(lines[0]["order"]["cost"]) == 500
    assert lines[1]["orders"] == seen["orders"] == [lines[0]["order"]]
