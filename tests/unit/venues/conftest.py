"""Orders and accounts for the tests of the ccxt adapter."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.order import (
    OrderIntent,
    OrderType,
    TimeInForce,
    client_order_id,
)
from chalicelib.domain.trading.side import Side


@pytest.fixture
def make_intent() -> Callable[..., OrderIntent]:
    def make(**changes: Any) -> OrderIntent:
        usual: dict[str, Any] = {
            "id": "1",
            "client_order_id": client_order_id("1"),
            "account": "a",
            "symbol": "BTC/USDT",
            "side": Side.BUY,
            "quantity": Decimal("0.01"),
            "limit_price": Decimal(60100),
            "type": OrderType.LIMIT,
            "time_in_force": TimeInForce.IOC,
            "shares": (),
        }
        return OrderIntent(**(usual | changes))

    return make


@pytest.fixture
def make_account() -> Callable[..., Account]:
    def make(**changes: Any) -> Account:
        usual: dict[str, Any] = {
            "name": "main",
            "exchange": "binance",
            "mode": Mode.LIVE,
            "quote": "USDT",
            "secret": "my-keys",
        }
        return Account(**(usual | changes))

    return make
