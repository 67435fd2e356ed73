"""Random histories through the whole desk: no tick fails, no strategy is out of step.

400 accounts x 30 candles x 3 strategies that signal with probability 0.25 per candle, on a venue
that fills at last price with a 0.2 % fee, at three volatilities, for the two policies of old.
"""

import os
import random
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from chalicelib.domain.trading.order import OrderStatus
from tests.trading_floor import TradingFloor, virtual_account

STRATEGIES = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}
START = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
MINIMUM = Decimal(5)
FEE = Decimal("0.002")
RESERVE = Decimal("0.02")
CANDLES = 30
# 400 are the acceptance; continuous integration plays them all.
ACCOUNTS = int(os.environ.get("CRYPTO_BOT_TEST_ACCOUNTS", "40"))  # noqa: TID251 - a test's own
PARTS = 8  # so that several processes can share the 400 accounts


def _floor(policy: str, **options: object) -> TradingFloor:
    instruments = {
        symbol: {
            "quantity_step": "0.00001",
            "price_tick": "0.01",
            "minimum_notional": str(MINIMUM),
        }
        for symbol in START
    }
    account = virtual_account(
        policy=policy, options={"fee": str(FEE), "instruments": instruments, **options}
    )
    return TradingFloor(START, STRATEGIES, account=account)


def _move_prices(floor: TradingFloor, dice: random.Random, volatility: float) -> None:
    for symbol in START:
        factor = Decimal(repr(max(1 + dice.gauss(0, volatility), 0.2)))
        price = floor.prices.tickers([symbol])[symbol].last * factor
        floor.prices.set(symbol, price.quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def _alerts(floor: TradingFloor, dice: random.Random, wants: dict[str, str]) -> list[str]:
    sent = []
    for name in STRATEGIES:
        if dice.random() < 0.25:
            wants[name] = "flat" if wants.get(name) == "long" else "long"
            floor.alert(name, wants[name])
            sent.append(name)
    return sent


def out_of_step(floor: TradingFloor, wants: dict[str, str]) -> list[str]:
    """Active strategies that hold less than the minimum, inactive ones that could sell."""
    wrong = []
    for name in STRATEGIES:
        value = floor.value(name)
        if wants.get(name) == "long" and value < MINIMUM:
            wrong.append(f"{name} is in and holds {value}")
        if wants.get(name) != "long" and value >= MINIMUM:
            wrong.append(f"{name} is out and holds {value}")
    return wrong


def off_target(floor: TradingFloor, entered: list[str]) -> list[str]:
    """Entries that hold neither their target nor all the cash that was there for them."""
    wrong = []
    equity, cash = floor.equity, floor.portfolio.cash
    active = [name for name in STRATEGIES if floor.owned(name) and floor.value(name) >= MINIMUM]
    idle = sum((Decimal(w) for n, w in STRATEGIES.items() if n not in active), Decimal(0))
    slack = equity * (FEE * 2 + Decimal("0.002")) + MINIMUM
    for name in entered:
        first = max(active, key=lambda n: Decimal(STRATEGIES[n]), default=name)
        boosted = floor.account.policy == "boost" and name == first
        target = (Decimal(STRATEGIES[name]) + (idle if boosted else 0)) * equity
        held = floor.value(name)
        if held > target + slack or (held < target - slack and cash > equity * RESERVE + slack):
            wrong.append(f"{name} holds {held} of {target} while {cash} is in the pool")
    return wrong


def _play(floor: TradingFloor, volatility: float, account: int, heal_ticks: int) -> None:
    dice = random.Random(f"{floor.account.policy} {volatility} {account}")  # noqa: S311
    wants: dict[str, str] = {}
    for candle in range(CANDLES):
        floor.clock.pass_time(hours=8)
        _move_prices(floor, dice, volatility)
        entered = [name for name in _alerts(floor, dice, wants) if wants[name] == "long"]
        floor.tick()
        for _ in range(heal_ticks):
            floor.next_minute()
        where = f"{floor.account.policy}, {volatility}, account {account}, candle {candle}"
        assert not out_of_step(floor, wants), where
        if not heal_ticks:
            assert not off_target(floor, entered), where


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("volatility", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("policy", ["fixed", "boost"])
def test_no_history_puts_a_strategy_out_of_step(policy: str, volatility: float, part: int) -> None:
    for account in range(part, ACCOUNTS, PARTS):
        floor = _floor(policy)
        _play(floor, volatility, account, heal_ticks=0)
        refused = [o for o in floor.orders if o.status is OrderStatus.REJECTED]
        assert not refused, (policy, volatility, account)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("policy", ["fixed", "boost"])
def test_partial_fills_and_refusals_heal_within_two_ticks(policy: str, part: int) -> None:
    for account in range(part, ACCOUNTS, PARTS):
        floor = _floor(
            policy, partial_fill="0.05", faults={"refused": "0.02"}, seed=f"{policy}{account}"
        )
        _play(floor, 0.02, account, heal_ticks=2)
