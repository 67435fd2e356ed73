"""Every word of every dialect, one by one: where it lands, and what is said when it cannot."""

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import alert_from
from chalicelib.domain.trading.alerts.dialects import secret_of, to_canonical

Message = dict[str, Any]

THREE_COMMAS: Message = {"tv_instrument": "A", "action": "buy"}
OKX: Message = {"signalToken": "t", "instrument": "A", "action": "buy"}
OCTO_BOT: Message = {"SYMBOL": "A", "SIGNAL": "BUY"}
TRADERS_POST: Message = {"ticker": "A", "action": "buy"}
PLAIN: Message = {"symbol": "A", "side": "buy"}


def said(message: Message, **more: Any) -> Message:
    """The canonical message without what is absent in it."""
    found = to_canonical(message | more)
    return {name: value for name, value in found.items() if value is not None}


def refused(message: Message, **more: Any) -> tuple[int, str, str]:
    with pytest.raises(SignalRejected) as caught:
        to_canonical(message | more)
    return caught.value.status, caught.value.field, str(caught.value)


@pytest.mark.parametrize(
    ("message", "theirs", "ours"),
    [
        (THREE_COMMAS, "tv_exchange", "exchange"),
        (THREE_COMMAS, "timestamp", "time"),
        (THREE_COMMAS, "trigger_price", "order_price"),
        (OKX, "timestamp", "time"),
        (OKX, "id", "order_id"),
        (OCTO_BOT, "EXCHANGE", "exchange"),
        (OCTO_BOT, "TIME", "time"),
        (OCTO_BOT, "PRICE", "order_price"),
        (OCTO_BOT, "STOP_PRICE", "stop_loss"),
        (OCTO_BOT, "TAKE_PROFIT_PRICE", "take_profit"),
        (TRADERS_POST, "signalPrice", "order_price"),
        (TRADERS_POST, "price", "order_price"),
        (TRADERS_POST, "limitPrice", "order_price"),
        *((TRADERS_POST, n, n) for n in ("time", "interval", "strategy", "exchange")),
        (PLAIN, "price", "order_price"),
        *((PLAIN, n, n) for n in ("time", "interval", "strategy", "exchange")),
        *((PLAIN, n, n) for n in ("stop_loss", "take_profit")),
    ],
)
def test_a_field_lands_under_our_name(message: Message, theirs: str, ours: str) -> None:
    assert said(message, **{theirs: "12"}) == {
        "ticker": "A",
        "order_action": "buy",
        ours: "12",
    }


def test_a_price_of_the_signal_goes_before_one_of_the_order() -> None:
    both = {"limitPrice": "3", "price": "2"}
    assert said(TRADERS_POST, **both)["order_price"] == "2"
    assert said(TRADERS_POST, **both, signalPrice="1")["order_price"] == "1"


@pytest.mark.parametrize(
    ("message", "theirs", "ours"),
    [
        (OKX, "marketPosition", "market_position"),
        (OKX, "prevMarketPosition", "prev_market_position"),
        (TRADERS_POST, "sentiment", "market_position"),
    ],
)
@pytest.mark.parametrize(
    ("word", "position"),
    [("Long", "long"), ("short", "short"), ("flat", "flat"), ("bullish", "long")],
)
def test_a_position_lands_under_our_name(
    message: Message, theirs: str, ours: str, word: str, position: str
) -> None:
    assert said(message, **{theirs: word})[ours] == position


def test_what_three_commas_tells_of_its_position_is_copied() -> None:
    told = {
        "market_position": "long",
        "prev_market_position": "flat",
        "market_position_size": "2",
        "prev_market_position_size": "0",
    }
    assert said(THREE_COMMAS, strategy_info={**told, "other": "x"}) == {
        "ticker": "A",
        "order_action": "buy",
        **told,
    }


@pytest.mark.parametrize(
    ("verb", "means"),
    [
        ("buy", {"order_action": "buy"}),
        ("SELL", {"order_action": "sell"}),
        ("exit", {"order_action": "exit"}),
        ("close", {"order_action": "close"}),
        ("add", {"order_action": "buy"}),
        ("long", {"order_action": "buy", "market_position": "long"}),
        ("short", {"order_action": "sell", "market_position": "short"}),
        ("enter_long", {"order_action": "buy", "market_position": "long"}),
        ("enter_short", {"order_action": "sell", "market_position": "short"}),
        ("exit_long", {"order_action": "exit", "market_position": "flat"}),
        ("exit_short", {"order_action": "buy", "market_position": "flat"}),
    ],
)
def test_a_verb_is_a_state_in_every_dialect(verb: str, means: Message) -> None:
    for message, name in (
        (THREE_COMMAS, "action"),
        (OKX, "action"),
        (OCTO_BOT, "SIGNAL"),
        (TRADERS_POST, "action"),
        (PLAIN, "side"),
    ):
        assert said(message, **{name: verb}) == {"ticker": "A", **means}


def test_a_dialect_is_known_by_the_keys_that_only_it_has() -> None:
    ours: Message = {"ticker": "A", "order_action": "buy", "action": "x"}
    assert to_canonical(ours) is ours
    for message in (THREE_COMMAS, OKX, OCTO_BOT, TRADERS_POST, PLAIN):
        for missing in message:
            part = {name: value for name, value in message.items() if name != missing}
            assert to_canonical(part) is part


# --- sizes ----------------------------------------------------------------------------------

SIZED = [
    (THREE_COMMAS, lambda a, u: {"order": {"amount": a, "currency_type": u}}),
    (OKX, lambda a, u: {"amount": a, "investmentType": u}),
    (TRADERS_POST, lambda a, u: {"quantity": a, "quantityType": u}),
]


@pytest.mark.parametrize(
    ("unit", "ours"),
    [
        ("base", "quantity"),
        ("fixed_quantity", "quantity"),
        (None, "quantity"),
        ("", "quantity"),
        ("Quote", "notional"),
        ("margin", "notional"),
        ("dollar_amount", "notional"),
        ("percent_of_equity", "percent"),
        ("percentage", "percent"),
        ("percentage_balance", "percent"),
        ("percentage_investment", "percent"),
    ],
)
def test_a_size_with_its_unit_in_every_dialect(unit: str | None, ours: str) -> None:
    for message, sized in SIZED:
        found = said(message, **sized("2.5", unit))
        assert (found["size"], found["size_unit"]) == (Decimal("2.5"), ours)


@pytest.mark.parametrize(("amount", "unit"), [("2", "contracts"), ("0", "base"), (None, "base")])
def test_what_is_no_size_is_left_to_the_account(amount: str | None, unit: str) -> None:
    for message, sized in SIZED:
        assert said(message, **sized(amount, unit)) == {"ticker": "A", "order_action": "buy"}


@pytest.mark.parametrize("unit", ["percent_of_position", "position_percent", "percentage_position"])
@pytest.mark.parametrize(
    ("verb", "percent", "ratio"),
    [
        ("sell", "25", "0.75"),
        ("exit", "50", "0.5"),
        ("close", "99", "0.01"),
        ("exit_long", "10", "0.9"),
        ("add", "50", "1.5"),
        ("add", "150", "2.5"),
        ("ADD", "12.3456789", "1.123456789"),
    ],
)
def test_a_part_of_the_position_keeps_the_strategy_long(
    unit: str, verb: str, percent: str, ratio: str
) -> None:
    for message, sized in SIZED:
        with localcontext(Context(prec=3)):
            found = said(message, **sized(percent, unit), action=verb)
        assert (found["market_position"], found["size_ratio"]) == ("long", Decimal(ratio))
        assert "size" not in found


def test_all_of_the_position_is_an_exit_and_an_entry_has_none_to_take_part_of() -> None:
    whole = {"quantity": "100", "quantityType": "percent_of_position"}
    assert said(TRADERS_POST, **whole, action="sell") == {"ticker": "A", "order_action": "sell"}
    assert said(TRADERS_POST, **whole, action="buy") == {"ticker": "A", "order_action": "buy"}


@pytest.mark.parametrize(
    ("message", "name", "sized"),
    [(m, n, s) for (m, s), n in zip(SIZED, ("amount", "amount", "quantity"), strict=True)],
)
def test_more_than_all_of_the_position_is_refused(message: Message, name: str, sized: Any) -> None:
    assert refused(message, **sized("100.5", "position_percent"), action="sell") == (
        422,
        name,
        f"{name} is 100.5 % of the position; it must be 100 or less",
    )
    assert "size" not in said(message, **sized("100.5", "position_percent"))


@pytest.mark.parametrize(
    ("volume", "size", "unit"),
    [("0.01", "0.01", "quantity"), ("10%", "10", "percent"), ("100q", "100", "notional")],
)
def test_a_volume_has_its_unit_behind_it(volume: str, size: str, unit: str) -> None:
    found = said(OCTO_BOT, VOLUME=volume)
    assert (found["size"], found["size_unit"]) == (Decimal(size), unit)


@pytest.mark.parametrize("volume", ["10s%", "5x", "1%q"])
def test_a_volume_with_another_suffix_is_refused(volume: str) -> None:
    assert refused(OCTO_BOT, VOLUME=volume) == (
        422,
        "VOLUME",
        f"VOLUME is {volume!r}; it must look like 0.01 (base), 10% (of the equity) or 100q (quote)",
    )


@pytest.mark.parametrize("volume", ["5X", "10%Q"])
def test_the_suffix_of_a_volume_is_small_as_the_bot_has_it(volume: str) -> None:
    said_so = f"VOLUME is {volume!r}; it must be a number such as 67656.77, "
    assert refused(OCTO_BOT, VOLUME=volume) == (
        400,
        "VOLUME",
        f"{said_so}without separators or units",
    )


# --- protecting prices ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bracket", "stop", "target"),
    [
        ({"percent": "5"}, "95", "105"),
        ({"amount": "7"}, "93", "107"),
        ({"percent": "5", "amount": "7"}, "95", "105"),
        ({"percent": "1.2345"}, "98.7655", "101.2345"),
    ],
)
def test_a_relative_bracket_counts_from_the_signals_price(
    bracket: Message, stop: str, target: str
) -> None:
    with localcontext(Context(prec=3)):
        found = said(TRADERS_POST, signalPrice="100", stopLoss=bracket, takeProfit=bracket)
    assert (found["stop_loss"], found["take_profit"]) == (Decimal(stop), Decimal(target))


def test_an_exact_bracket_needs_no_price_and_goes_before_a_relative_one() -> None:
    stop, target = {"stopPrice": "90"}, {"limitPrice": "120"}
    assert said(TRADERS_POST, stopLoss=stop, takeProfit=target) == {
        "ticker": "A",
        "order_action": "buy",
        "stop_loss": Decimal(90),
        "take_profit": Decimal(120),
    }
    both = said(TRADERS_POST, signalPrice="100", stopLoss={**stop, "percent": "5"})
    assert both["stop_loss"] == 90
    assert "stop_loss" not in said(TRADERS_POST, signalPrice="100", stopLoss={"type": "stop"})


@pytest.mark.parametrize(
    ("name", "exact"), [("stopLoss", "stopPrice"), ("takeProfit", "limitPrice")]
)
def test_a_relative_bracket_without_a_price_is_refused(name: str, exact: str) -> None:
    assert refused(TRADERS_POST, **{name: {"percent": "5"}}) == (
        422,
        name,
        f"{name} is relative and the message has no price; give {name}.{exact}, "
        "or signalPrice beside it",
    )


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (THREE_COMMAS, "order"),
        (THREE_COMMAS, "strategy_info"),
        (TRADERS_POST, "stopLoss"),
        (TRADERS_POST, "takeProfit"),
    ],
)
def test_a_part_must_be_an_object(message: Message, name: str) -> None:
    assert refused(message, **{name: "5"}) == (400, name, f"{name} is '5'; it must be an object")


# --- the credential -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["secret", "signalToken", "TOKEN", "token"])
def test_the_credential_is_a_text_under_any_of_its_names(name: str) -> None:
    assert secret_of({name: "x", "other": "y"}) == "x"
    assert secret_of({name: 5}) == ""
    assert secret_of({"secret": "", name: "x"}) == "x"


def test_a_translated_message_is_an_alert() -> None:
    alert = alert_from(OCTO_BOT | {"VOLUME": "10%", "STOP_PRICE": "9", "TAKE_PROFIT_PRICE": "11"})
    assert (alert.stop_loss, alert.take_profit) == (9, 11)
