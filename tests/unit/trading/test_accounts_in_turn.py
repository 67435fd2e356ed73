"""Several accounts share a tick's time: one that uses it up does not starve the others."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Subscription
from chalicelib.services.trading.tick import tick
from tests.trading_floor import HandClock, TradingFloor, virtual_account

LAMBDA = timedelta(seconds=60)


class DeadVenue:
    """Answers nothing, and whoever asks for balances waits for its time limit."""

    def __init__(self, venue: Any, clock: HandClock) -> None:
        self._venue = venue
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def balances(self) -> Any:
        self._clock.pass_time(seconds=50)
        raise ExchangeUnavailable("no answer in time")


def test_an_account_whose_venue_is_dead_does_not_use_up_every_tick() -> None:
    floor = TradingFloor({"BTC/USDT": "50000"}, {"btc": "0.2"}, account=virtual_account("a_dead"))
    floor.exchanges.by_account["a_dead"] = DeadVenue(floor.exchange, floor.clock)
    alive = [virtual_account(name) for name in ("b_alive", "c_alive")]
    for account in alive:
        floor.exchanges.by_account[account.name] = VirtualExchange(
            account, floor.table, floor.prices, floor.clock, parse_options(account)
        )
    strategy = floor.ports.strategies.configuration().strategies["btc"]
    floor.ports.strategies.apply(
        expected_version=1,
        strategies=[replace(strategy, max_lag=3600)],
        accounts=alive,
        subscriptions=[
            Subscription(account=account.name, strategy="btc", weight=Decimal("0.2"))
            for account in alive
        ],
    )
    floor.alert("btc", "long")

    for _ in range(10):
        began = floor.clock.now()
        tick(floor.ports, owner="test", deadline=began + LAMBDA)
        floor.clock.pass_time(seconds=120 - (floor.clock.now() - began).total_seconds())

    bought = {
        name: floor.ports.ledger.portfolio(name, "USDT").holding("btc", "BTC/USDT").quantity
        for name in ("a_dead", "b_alive", "c_alive")
    }
    assert bought == {"a_dead": 0, "b_alive": Decimal("0.04"), "c_alive": Decimal("0.04")}
