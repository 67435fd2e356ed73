"""Whatever market, alerts and venue do: no stop sells what its strategy does not own."""

from collections.abc import Callable
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState
from tests.trading_floor import TradingFloor, virtual_account

BTC = "BTC/USDT"
NAMES = ("btc", "btc_2", "btc_3")
FAULTS = ("refused", "rate_limited", "lost", "error_before", "late", "answer_lost", "error_after")

Step = Callable[[TradingFloor], object]


def _alert(name: str, state: str, ratio: str | None, stop: int | None, target: int | None) -> Step:
    def step(floor: TradingFloor) -> object:
        last = floor.exchange.tickers([BTC])[BTC].last
        return floor.alert(
            name,
            state,
            size_ratio=None if ratio is None else Decimal(ratio),
            stop_loss=None if stop is None else last * (100 - stop) / 100,
            take_profit=None if target is None else last * (100 + target) / 100,
        )

    return step


def _price(percent: int) -> Step:
    def step(floor: TradingFloor) -> object:
        last = floor.exchange.tickers([BTC])[BTC].last
        floor.prices.set(BTC, (last * (100 + percent) / 100).quantize(Decimal("0.01")))
        return last

    return step


def _tick(seconds: int) -> Step:
    def step(floor: TradingFloor) -> object:
        floor.clock.pass_time(seconds=seconds)
        return floor.tick()

    return step


LEVELS = st.none() | st.integers(1, 12)
STEPS = st.one_of(
    st.builds(_alert, st.sampled_from(NAMES), st.just("long"), st.none(), LEVELS, LEVELS),
    st.builds(_alert, st.sampled_from(NAMES), st.just("flat"), st.none(), st.none(), st.none()),
    st.builds(
        _alert,
        st.sampled_from(NAMES),
        st.just("long"),
        st.sampled_from(["0.5", "1.5"]),
        st.none(),
        st.none(),
    ),
    st.builds(_price, st.integers(-12, 12)),
    st.builds(_tick, st.sampled_from([1, 20, 60])),
    st.builds(_tick, st.sampled_from([1, 20, 60])),
)


def _a_floor(seed: int, rate: str, partial: str) -> TradingFloor:
    faults = dict.fromkeys(FAULTS, rate)
    account = virtual_account(
        options={"fee": "0.001", "fee_in": "received", "fee_digits": 8}
        | {"faults": faults, "partial_fill": partial, "seed": str(seed)}
    )
    weights = dict.fromkeys(NAMES, "0.3")
    return TradingFloor({BTC: "50000"}, weights, account=account)


def _open_sales(floor: TradingFloor, name: str) -> list[Order]:
    return [
        order
        for order in floor.orders
        if order.intent.side is Side.SELL and not order.status.is_final
        if any(share.strategy == name for share in order.intent.shares)
    ]


def _check(floor: TradingFloor) -> None:
    for name in NAMES:
        offered = sum(
            share.quantity * order.remaining / order.intent.quantity
            for order in _open_sales(floor, name)
            for share in order.intent.shares
            if share.strategy == name
        )
        assert floor.owned(name) >= 0
        assert offered <= floor.owned(name)
        assert sum(order.intent.is_stop for order in _open_sales(floor, name)) <= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(STEPS, min_size=10, max_size=40),
    st.integers(0, 10**6),
    st.sampled_from(["0", "0.03", "0.06"]),
    st.sampled_from(["0", "0.5"]),
)
def test_nobody_ever_offers_more_than_it_owns_and_everybody_ends_protected(
    steps: list[Step], seed: int, rate: str, partial: str
) -> None:
    floor = _a_floor(seed, rate, partial)
    for step in steps:
        step(floor)
        _check(floor)
    for _ in range(15):
        floor.next_minute()
    ids = [report.client_order_id for report in floor.exchange.accepted()]
    assert len(ids) == len(set(ids))
    held = [order for order in floor.orders if order.status.value == "HELD"]
    if held:
        return  # the owner has the word
    total = {asset: balance.total for asset, balance in floor.exchange.balances().items()}
    assert total.get("BTC", 0) == floor.portfolio.owned("BTC")
    assert total["USDT"] == floor.portfolio.owned("USDT")
    for name in NAMES:
        stance = floor.ports.plans.state("paper").stance(name, BTC)
        stops = [order for order in _open_sales(floor, name) if order.intent.is_stop]
        wants_stop = stance.is_protected and stance.stop_loss and not stance.stop_refused
        if wants_stop and floor.owned(name) >= Decimal("0.00001"):
            [stop] = stops
            assert 0 <= floor.owned(name) - stop.remaining < Decimal("0.00001")
        else:
            assert stops == []
        if stance.state is not DesiredState.LONG:
            assert floor.owned(name) < Decimal("0.00001")
