"""What the venue holds against what the books say: opening, drift, freezing and capital."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.order import OrderIntent, OrderType, TimeInForce
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.ports import Exchange
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}


class SomebodyElse:
    """The exchange of an account whose owner deposits, withdraws and trades by hand as well."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.moved: dict[str, Decimal] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def move(self, asset: str, amount: str) -> None:
        self.moved[asset] = self.moved.get(asset, Decimal(0)) + Decimal(amount)

    def balances(self) -> dict[str, Balance]:
        found = dict(self._exchange.balances())
        for asset, amount in self.moved.items():
            held = found.get(asset, Balance(asset=asset, free=Decimal(0)))
            found[asset] = replace(held, free=held.free + amount)
        return {asset: held for asset, held in found.items() if held.total}


def shared_floor(**account: Any) -> tuple[TradingFloor, SomebodyElse]:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(**account))
    shared = SomebodyElse(floor.exchange)
    floor.exchanges.by_account["paper"] = shared
    return floor, shared


def signalled(floor: TradingFloor, strategy: str, state: str) -> SignalStatus:
    floor.clock.pass_time(minutes=5)
    signal = floor.alert(strategy, state)
    floor.tick()
    return floor.outcome(signal)[0]


def adds_up(floor: TradingFloor, shared: SomebodyElse) -> bool:
    books, held = floor.portfolio, shared.balances()
    return all(
        books.amount("pool", asset)
        + books.amount("unmanaged", asset)
        + books.owned_by_strategies(asset)
        == books.owned(asset)
        == (held[asset].total if asset in held else 0)
        for asset in ("USDT", "BTC", "ETH")
    )


def test_the_opening_books_everything_once() -> None:
    floor, shared = shared_floor(
        options={"balances": {"USDT": "10000", "BTC": "3"}}, capital=Decimal(4000)
    )
    signalled(floor, "btc", "long")
    assert floor.portfolio.amount("unmanaged", "USDT") == 6000
    assert floor.portfolio.amount("unmanaged", "BTC") == 3
    assert floor.owned("btc") == Decimal("0.016")  # 20 % of the capital
    signalled(floor, "eth", "long")
    kinds = [entry.kind.value for entry in floor.ports.ledger.entries("paper")]
    assert kinds == ["opening", "fill", "fill"]
    assert adds_up(floor, shared)


@pytest.mark.parametrize(("asset", "amount"), [("USDT", "500"), ("BTC", "2"), ("USDT", "-100")])
def test_deposits_withdrawals_and_manual_trades_are_nobodys(asset: str, amount: str) -> None:
    floor, shared = shared_floor()
    signalled(floor, "btc", "long")
    pool, owned = floor.portfolio.cash, floor.owned("btc")
    shared.move(asset, amount)
    signalled(floor, "eth", "flat")  # nothing to trade, but somebody looks
    assert floor.portfolio.amount("unmanaged", asset) == Decimal(amount)
    assert (floor.portfolio.cash, floor.owned("btc")) == (pool, owned)
    assert adds_up(floor, shared)
    entries = len(floor.ports.ledger.entries("paper"))
    signalled(floor, "eth", "short")
    assert len(floor.ports.ledger.entries("paper")) == entries  # and it is noted once


def test_coins_sold_behind_our_back_freeze_the_instrument_until_they_are_back() -> None:
    floor, shared = shared_floor()
    signalled(floor, "btc", "long")
    shared.move("BTC", "-0.01")
    assert signalled(floor, "eth", "long") is SignalStatus.EXECUTED
    frozen = floor.ports.plans.state("paper").frozen
    assert list(frozen) == ["BTC/USDT"]
    assert "strategies own 0.04 BTC, the venue holds 0.03" in frozen["BTC/USDT"]
    assert adds_up(floor, shared)
    assert signalled(floor, "btc", "flat") is SignalStatus.PARTIALLY_EXECUTED
    assert floor.owned("btc") == Decimal("0.01")  # what was there is sold
    shared.move("BTC", "0.01")
    floor.next_minute()
    assert floor.ports.plans.state("paper").frozen == {}
    assert floor.owned("btc") == 0


def test_less_than_a_step_of_drift_freezes_nothing() -> None:
    floor, shared = shared_floor(options={"instruments": {"BTC/USDT": {"quantity_step": "0.001"}}})
    signalled(floor, "btc", "long")
    shared.move("BTC", "-0.0009")
    signalled(floor, "eth", "long")
    assert floor.ports.plans.state("paper").frozen == {}


def test_purchases_are_bounded_by_what_is_free_at_the_venue() -> None:
    floor, shared = shared_floor()
    signalled(floor, "btc", "flat")
    shared.move("USDT", "-9000")
    assert signalled(floor, "eth", "long") is SignalStatus.EXECUTED
    assert floor.value("eth") <= 1000 - Decimal("0.02") * 10000


def test_an_exit_sells_what_is_free_and_pursues_the_rest() -> None:
    floor, _ = shared_floor()
    signalled(floor, "btc", "long")
    by_hand = OrderIntent(
        id="by hand",
        client_order_id="by-hand",
        account="paper",
        symbol="BTC/USDT",
        side=Side.SELL,
        quantity=Decimal("0.03"),
        limit_price=Decimal(90_000),
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        shares=(),
    )
    floor.exchange.submit(by_hand, floor.clock.now() + timedelta(seconds=1))
    assert signalled(floor, "btc", "flat") is SignalStatus.PARTIALLY_EXECUTED
    assert floor.owned("btc") == Decimal("0.03")
    floor.exchange.cancel(by_hand, "")
    signalled(floor, "eth", "flat")
    assert floor.owned("btc") == 0


@pytest.mark.parametrize("fee_in", ["quote", "received"])
def test_the_books_follow_the_venue_through_fees(fee_in: str) -> None:
    floor, shared = shared_floor(options={"fee": "0.001", "fee_in": fee_in, "fee_digits": 8})
    for strategy, state in [("btc", "long"), ("eth", "long"), ("btc", "flat"), ("eth", "flat")]:
        assert signalled(floor, strategy, state) is SignalStatus.EXECUTED
        assert adds_up(floor, shared)
    assert floor.portfolio.amount("unmanaged", "BTC") == 0
    assert floor.ports.plans.state("paper").frozen == {}


def test_a_fee_in_base_is_shared_to_the_last_digit() -> None:
    account = virtual_account(options={"fee": "0.00077", "fee_in": "received", "fee_digits": 8})
    weights = {"btc": "0.1", "btc_2": "0.17", "btc_3": "0.13"}
    floor = TradingFloor({"BTC/USDT": "47123.45"}, weights, account=account)
    for name in weights:
        floor.alert(name, "long")
    floor.tick()
    owned = sum((floor.owned(name) for name in weights), Decimal(0))
    assert owned == floor.exchange.balances()["BTC"].total
    assert len(floor.exchange.accepted()) == 1


def test_a_stop_that_rests_does_not_hide_a_deposit() -> None:
    floor, shared = shared_floor()
    floor.alert("btc", "long", stop_loss=Decimal(47500))
    floor.tick()
    shared.move("USDT", "5")
    signalled(floor, "eth", "long")
    assert [order.intent.is_stop for order in floor.orders].count(True) == 1
    assert floor.portfolio.amount("unmanaged", "USDT") == 5
    assert adds_up(floor, shared)
