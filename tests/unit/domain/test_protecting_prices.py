"""Stop and target of a strategy: set on entry, judged against the market, kept at the venue."""

from dataclasses import replace
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.trading.ledger import Holding, Portfolio
from chalicelib.domain.trading.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Share,
    TimeInForce,
)
from chalicelib.domain.trading.plan import Stance, Trigger
from chalicelib.domain.trading.protection import (
    Guards,
    Levels,
    draft_guards,
    levels_after,
    misplaced,
    stop_reason,
    trigger_of,
)
from chalicelib.domain.trading.risk import Refusal
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from chalicelib.domain.trading.situation import Key
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.wishes import Wish, gather_wishes
from tests.situations import BTC, ETH, NOON, a_signal, an_account, an_instrument

STRATEGY = Strategy(
    name="a",
    instruments={"BTCUSDT": BTC},
    stop_loss=Decimal("0.05"),
    take_profit=Decimal("0.1"),
)
BARE = replace(STRATEGY, stop_loss=None, take_profit=None)
FLAT = Stance(strategy="a", symbol=BTC)
LONG = replace(FLAT, state=DesiredState.LONG)


def levels(stop: str | None = None, target: str | None = None) -> Levels:
    return Levels(
        stop_loss=None if stop is None else Decimal(stop),
        take_profit=None if target is None else Decimal(target),
    )


def a_wish(state: str = "long", stop: str | None = None, target: str | None = None) -> Wish:
    named = levels(stop, target)
    signal = a_signal("a", state=state, stop_loss=named.stop_loss, take_profit=named.take_profit)
    wishes, _ = gather_wishes([signal], {})
    return wishes["a", BTC]


# --- which prices hold ----------------------------------------------------------------------

HELD = replace(LONG, stop_loss=Decimal(80), take_profit=Decimal(130))


@pytest.mark.parametrize(
    ("wish", "stance", "strategy", "held"),
    [
        (a_wish(), FLAT, STRATEGY, levels("95", "110")),
        (a_wish(stop="90"), FLAT, STRATEGY, levels("90", "110")),
        (a_wish(target="120"), FLAT, STRATEGY, levels("95", "120")),
        (a_wish(), FLAT, BARE, levels()),
        (a_wish(), FLAT, replace(STRATEGY, stop_loss=None), levels(None, "110")),
        (a_wish(), FLAT, replace(STRATEGY, take_profit=None), levels("95")),
        (a_wish(stop="90", target="120"), FLAT, BARE, levels("90", "120")),
        (a_wish(), HELD, STRATEGY, levels("80", "130")),  # its fractions count where it enters
        (a_wish(), LONG, STRATEGY, levels()),
        (a_wish(stop="85"), HELD, STRATEGY, levels("85", "130")),
        (a_wish(target="125"), HELD, STRATEGY, levels("80", "125")),
        (a_wish("flat"), HELD, STRATEGY, levels()),
        (a_wish("short"), HELD, STRATEGY, levels()),
    ],
)
def test_its_own_prices_go_before_those_held_and_those_before_the_strategys(
    wish: Wish, stance: Stance, strategy: Strategy, held: Levels
) -> None:
    assert levels_after(wish, stance, strategy, Decimal(100)) == held


def test_levels_are_exact_whatever_the_context() -> None:
    with localcontext(Context(prec=2)):
        found = levels_after(a_wish(), FLAT, STRATEGY, Decimal("12345.67"))
    assert found == levels("11728.3865", "13580.237")


@pytest.mark.parametrize(
    ("held", "code", "detail"),
    [
        (levels("99.99", "100.01"), None, ""),
        (levels(), None, ""),
        (levels("100"), "STOP_LOSS_ABOVE_PRICE", "stop_loss 100 is not below the price 100"),
        (levels("101"), "STOP_LOSS_ABOVE_PRICE", "stop_loss 101 is not below the price 100"),
        (
            levels(None, "100"),
            "TAKE_PROFIT_BELOW_PRICE",
            "take_profit 100 is not above the price 100",
        ),
        (levels("9", "99"), "TAKE_PROFIT_BELOW_PRICE", "take_profit 99 is not above the price 100"),
    ],
)
def test_what_would_be_sold_at_once_is_not_bought(
    held: Levels, code: str | None, detail: str
) -> None:
    refusal = misplaced(held, Decimal(100))
    expected = (
        None if code is None else Refusal(status=SignalStatus.DENIED, code=code, detail=detail)
    )
    assert refusal == expected


@pytest.mark.parametrize(
    ("price", "code", "level"),
    [
        ("81", None, ""),
        ("80", "STOP_LOSS_HIT", "80"),
        ("3", "STOP_LOSS_HIT", "80"),
        ("129", None, ""),
        ("130", "TAKE_PROFIT_HIT", "130"),
        ("999", "TAKE_PROFIT_HIT", "130"),
    ],
)
def test_the_market_comes_to_a_level_at_the_level(price: str, code: str | None, level: str) -> None:
    expected = code and Trigger(
        strategy="a", symbol=BTC, code=code, level=Decimal(level), price=Decimal(price)
    )
    assert trigger_of(HELD, Decimal(price)) == expected


@pytest.mark.parametrize(
    ("stance", "price", "hit"),
    [
        (replace(HELD, state=DesiredState.FLAT), "1", False),
        (LONG, "1", False),
        (replace(LONG, stop_loss=Decimal(80)), "999", False),
        (replace(LONG, stop_loss=Decimal(80)), "80", True),
        (replace(LONG, take_profit=Decimal(80)), "1", False),
        (replace(LONG, take_profit=Decimal(80)), "80", True),
    ],
)
def test_one_level_alone_and_only_while_it_is_in(stance: Stance, price: str, *, hit: bool) -> None:
    assert (trigger_of(stance, Decimal(price)) is not None) is hit


# --- the stop at the venue ------------------------------------------------------------------


def guards(
    *stances: Stance,
    owns: str = "1.23456",
    stops: dict[Key, Order] | None = None,
    moving: tuple[Key, ...] = (),
    **instrument: str | None,
) -> Guards:
    portfolio = Portfolio(
        account="main",
        quote="USDT",
        holdings=tuple(
            Holding(strategy=s.strategy, symbol=s.symbol, quantity=Decimal(owns)) for s in stances
        ),
    )
    known = {BTC: an_instrument(BTC, **instrument)}
    return draft_guards(an_account(), stances, portfolio, known, stops or {}, moving)


STOPPED = replace(LONG, stop_loss=Decimal("80.001"))


def an_intent(**changes: Any) -> OrderIntent:
    quantity = Decimal(changes.pop("quantity", "1.234"))
    usual: dict[str, Any] = {
        "id": "",
        "client_order_id": "",
        "account": "main",
        "symbol": BTC,
        "side": Side.SELL,
        "quantity": quantity,
        "limit_price": Decimal("79.21"),  # one percent below, to the tick above
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "stop_price": Decimal("80.01"),
        "because": "stop_loss of a at 80.01",
        "shares": (Share(strategy="a", quantity=quantity),),
    }
    return OrderIntent(**{**usual, **changes})


def a_stop(intent: OrderIntent | None = None, **changes: Any) -> Order:
    values: dict[str, Any] = {"status": OrderStatus.ACCEPTED, "created_at": NOON}
    return Order(
        intent=intent or an_intent(), plan_id="p", updated_at=NOON, **{**values, **changes}
    )


def test_a_stop_covers_all_that_is_owned_rounded_down_at_ticks_above() -> None:
    assert guards(STOPPED) == Guards(place=(an_intent(),))


def test_a_stop_is_exact_whatever_the_context() -> None:
    with localcontext(Context(prec=2)):
        assert guards(STOPPED) == Guards(place=(an_intent(),))


@pytest.mark.parametrize(
    "stance",
    [
        LONG,
        replace(LONG, take_profit=Decimal(130)),
        replace(STOPPED, stop_refused="the venue has none"),
        replace(STOPPED, symbol=ETH),  # nothing is known of the instrument
    ],
)
def test_without_a_stop_that_the_venue_takes_nothing_is_placed(stance: Stance) -> None:
    assert guards(stance) == Guards()


def test_dust_has_no_stop_and_what_is_too_much_has_one_over_the_most() -> None:
    assert guards(STOPPED, owns="0.0009") == Guards()
    assert guards(STOPPED, minimum_notional="97.74514").place == (an_intent(),)
    assert guards(STOPPED, minimum_notional="97.74515") == Guards()
    assert guards(STOPPED, maximum_quantity="0.5").place == (an_intent(quantity="0.5"),)
    assert guards(STOPPED, maximum_quantity="2").place == (an_intent(),)


def test_a_stop_that_fits_stays_and_none_is_placed_beside_it() -> None:
    assert guards(STOPPED, stops={("a", BTC): a_stop()}) == Guards()


@pytest.mark.parametrize(
    "stop",
    [
        a_stop(an_intent(quantity="1.235")),
        a_stop(an_intent(stop_price=Decimal("80.02"))),
        a_stop(filled=Decimal("0.1")),
    ],
)
def test_a_stop_that_does_not_fit_any_more_is_taken_back_once(stop: Order) -> None:
    assert guards(STOPPED, stops={("a", BTC): stop}) == Guards(release=(stop,))
    leaving = replace(stop, cancel_requested=True)
    assert guards(STOPPED, stops={("a", BTC): leaving}) == Guards()


def test_a_stop_that_nobody_wants_is_taken_back() -> None:
    assert guards(LONG, stops={("a", BTC): a_stop()}).release == (a_stop(),)
    assert guards(stops={("gone", BTC): a_stop()}).release == (a_stop(),)


def test_of_what_is_moving_no_stop_is_placed_but_one_is_taken_back() -> None:
    assert guards(STOPPED, moving=(("a", BTC),)) == Guards()
    assert guards(STOPPED, moving=(("a", ETH), ("b", BTC))).place == (an_intent(),)
    stop = a_stop(filled=Decimal(1))
    assert guards(STOPPED, moving=(("a", BTC),), stops={("a", BTC): stop}).release == (stop,)


def test_each_strategy_has_its_own_stop_by_name() -> None:
    other = replace(STOPPED, strategy="b")
    placed = guards(other, STOPPED, LONG, stops={("a", ETH): a_stop(filled=Decimal(1))})
    assert [share.strategy for intent in placed.place for share in intent.shares] == ["b"]
    both = guards(other, STOPPED)
    assert [share.strategy for intent in both.place for share in intent.shares] == ["a", "b"]
    assert len(placed.release) == 1


def test_why_it_is_out_names_the_level_and_what_was_sold() -> None:
    sold = a_stop(filled=Decimal("1.230"))
    assert stop_reason(sold) == "its stop at 80.01 sold 1.23 at the venue (STOP_LOSS_HIT)"
    unnamed = a_stop(an_intent(stop_price=None))
    assert stop_reason(unnamed).startswith("its stop at 79.21 sold 0 ")
