"""What Binance's streams say of a trade: its words, and the frame around them."""

import json
from typing import Any

START_MS = 1_760_000_000_000


def fact_of(number: int) -> dict[str, Any]:
    """The aggregated trade with this id, as the stream tells it."""
    at_ms = START_MS + 1000 * number
    return {
        "e": "aggTrade",
        "E": at_ms + 3,
        "s": "BTCUSDT",
        "a": number,
        "p": f"100.{number % 100:02}",
        "q": "0.5",
        "f": 2 * number,
        "l": 2 * number + 1,
        "T": at_ms,
        "m": number % 2 == 0,
        "M": True,
    }


def framed(fact: dict[str, Any]) -> str:
    """As a combined stream says it."""
    return f'{{"stream":"btcusdt@aggTrade","data":{text_of(fact).decode()}}}'


def text_of(fact: dict[str, Any]) -> bytes:
    return json.dumps(fact, separators=(",", ":")).encode()
