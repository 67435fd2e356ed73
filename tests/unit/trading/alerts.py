"""Alert bodies for tests: recorded ones, and the seed's message with other values."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.domain.trading.strategy import Strategy

FIRED_AT = datetime(2024, 8, 10, 2, 30, 2, tzinfo=UTC)
SEED: dict[str, Any] = {
    "time": "2024-08-10T02:30:02Z",
    "ticker": "BTCUSD",
    "order_action": "buy",
    "order_price": "67656.77",
    "order_comment": "long",
}

_FIXTURES = Path(__file__).parents[2] / "fixtures" / "alerts"


def fixture(name: str) -> bytes:
    """The recorded body."""
    return (_FIXTURES / name).read_bytes()


def body(**fields: Any) -> bytes:
    """The seed's message with these fields in place of its own or beside them."""
    return json.dumps(SEED | fields).encode()


def strategy(**fields: Any) -> Strategy:
    """A strategy that trades what the fixtures name."""
    defaults: dict[str, Any] = {"name": "btc", "instruments": {"BTCUSD": "BTC/USD"}}
    return Strategy(**(defaults | fields))
