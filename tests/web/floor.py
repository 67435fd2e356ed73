"""What the program of these tests knows before it starts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.order import Order, OrderIntent, OrderStatus, Share
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import Settings
from tests.canaries import PATH_TOKEN

_VENUE = {"balances": {"USDT": "10000"}, "prices": {"volatility": "0.02"}}
WEIGHTS = {"btc": Decimal("0.4"), "eth": Decimal("0.3")}
_LONG_AGO = datetime(2026, 3, 2, tzinfo=UTC)
_numbers = count(1)


def furnish(home: Path) -> None:
    """A paper account that follows a strategy of BTC and one of ETH."""
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name="paper",
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
                exchange_options={"virtual": _VENUE},
            )
        ],
        strategies=[
            Strategy(
                name=name,
                instruments={f"{name.upper()}USDT": f"{name.upper()}/USDT"},
                sibling_wait=0,
                token_hashes=(hash_token(PATH_TOKEN),),
            )
            for name in WEIGHTS
        ],
        subscriptions=[
            Subscription(account="paper", strategy=name, weight=weight)
            for name, weight in WEIGHTS.items()
        ],
    )
    bootstrap.reset()


def old_orders(home: Path, of: Iterable[tuple[str, str]]) -> None:
    """Orders of these strategies, in these states, each younger than the one before.

    Of an account that is not there any more: nothing happens to them by itself.
    """
    bootstrap.use(Choices(settings=Settings(), home=home))
    orders = bootstrap.trading().orders
    for strategy, status in of:
        orders.save(_old_order(next(_numbers), strategy, OrderStatus(status)))
    bootstrap.reset()


def _old_order(number: int, strategy: str, status: OrderStatus) -> Order:
    at = _LONG_AGO + timedelta(minutes=number)
    symbol = f"{strategy.upper()}/USDT"
    intent = OrderIntent(
        id=f"old-{number}#{symbol}#0",
        client_order_id=f"old-{number}",
        account="former",
        symbol=symbol,
        side=Side.BUY,
        quantity=Decimal(1),
        limit_price=Decimal(100),
        shares=(Share(strategy=strategy, quantity=Decimal(1)),),
    )
    return Order(
        intent=intent, plan_id=f"old-{number}", status=status, created_at=at, updated_at=at
    )
