"""From signals to booked fills: what a tick makes of alerts on a venue that behaves."""

from decimal import Decimal

from chalicelib.domain.trading.ledger import fold
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}


def test_an_entry_buys_its_weight_and_an_exit_sells_it_all() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    entry = floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == Decimal("0.04")
    assert floor.outcome(entry) == (SignalStatus.EXECUTED, "bought 0.04 BTC at 50000")
    assert [order.status for order in floor.orders] == [OrderStatus.FILLED]

    floor.clock.pass_time(hours=1)
    leave = floor.alert("btc", "flat")
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.outcome(leave) == (SignalStatus.EXECUTED, "sold 0.04 BTC at 50000")
    assert floor.portfolio.cash == Decimal(10000)


def test_a_tick_with_nothing_due_is_idle() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    assert floor.tick().outcome == "idle"
    floor.alert("btc", "long")
    assert floor.tick().outcome == "worked"
    assert floor.tick().outcome == "idle"


def test_the_boost_example_of_the_documentation() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(policy="boost"))

    def shares() -> dict[str, Decimal]:
        return {name: floor.share(name) for name in WEIGHTS if floor.owned(name)}

    def next_bar(*alerts: tuple[str, str]) -> dict[str, Decimal]:
        floor.clock.pass_time(hours=8)
        for strategy, state in alerts:
            floor.alert(strategy, state)
        floor.tick()
        return shares()

    assert next_bar(("btc", "long")) == {"btc": Decimal("0.950")}
    assert next_bar(("eth", "long")) == {"btc": Decimal("0.200"), "eth": Decimal("0.750")}
    assert next_bar(("btc", "flat"), ("eth", "flat")) == {}
    assert next_bar(("btc", "long"), ("sol", "long")) == {
        "btc": Decimal("0.200"),
        "sol": Decimal("0.750"),
    }
    assert next_bar(("btc", "flat"), ("sol", "flat")) == {}


def test_a_short_alert_closes_the_long_and_denies_the_rest() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    reversal = floor.alert("btc", "short")
    floor.tick()
    status, reason = floor.outcome(reversal)
    assert status is SignalStatus.PARTIALLY_EXECUTED
    assert reason.startswith("closed long, short denied")
    assert floor.owned("btc") == 0
    floor.clock.pass_time(hours=1)
    again = floor.alert("btc", "short")
    floor.tick()
    assert floor.outcome(again)[0] is SignalStatus.DENIED


def test_two_strategies_on_one_instrument_cross_inside_the_books() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.4", "btc_2": "0.2"})
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    leave, enter = floor.alert("btc", "flat"), floor.alert("btc_2", "long")
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.owned("btc_2") == Decimal("0.04")
    sides = [(order.intent.side.value, order.intent.quantity) for order in floor.orders]
    assert sides == [("buy", Decimal("0.08")), ("sell", Decimal("0.04"))]
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.outcome(enter)[0] is SignalStatus.EXECUTED


def test_the_books_can_be_rebuilt_from_their_entries() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(options={"fee": "0.002"}))
    for state in ("long", "flat", "long"):
        floor.clock.pass_time(hours=1)
        for name in WEIGHTS:
            floor.alert(name, state)
        floor.tick()
    entries = floor.ports.ledger.entries("paper")
    rebuilt = fold("paper", "USDT", entries)
    kept = floor.portfolio
    assert (rebuilt.balances, rebuilt.holdings) == (kept.balances, kept.holdings)
    assert rebuilt.head_hash == kept.head_hash
    for asset in ("USDT", "BTC", "ETH", "SOL"):
        held = floor.exchange.balances().get(asset)
        assert (held.total if held else 0) == kept.owned(asset)
