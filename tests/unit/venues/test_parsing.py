"""ccxt's dictionaries -> our values, exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.venues.ccxt import parsing
from chalicelib.domain.trading.order import OrderIntent, OrderStatus
from chalicelib.domain.trading.side import Side

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
TICK_SIZE = 4


def _market(**changes: Any) -> dict[str, Any]:
    usual = {
        "symbol": "BTC/USDT",
        "base": "BTC",
        "quote": "USDT",
        "precision": {"amount": "0.00001", "price": "0.01"},
        "limits": {
            "amount": {"min": "0.0001", "max": "9000"},
            "cost": {"min": "5"},
        },
        "taker": "0.001",
    }
    return usual | changes


def _trade(**changes: Any) -> dict[str, Any]:
    usual = {
        "id": "7",
        "amount": "0.01",
        "price": "60000.10000000",
        "fee": {"cost": "0.00001", "currency": "BTC"},
        "timestamp": 1_767_225_600_123,
    }
    return usual | changes


def test_steps_and_limits_as_sizes() -> None:
    instrument = parsing.instrument(_market(), TICK_SIZE)

    assert instrument.quantity_step == Decimal("0.00001")
    assert instrument.price_tick == Decimal("0.01")
    assert instrument.minimum_quantity == Decimal("0.0001")
    assert instrument.maximum_quantity == Decimal(9000)
    assert instrument.minimum_notional == Decimal(5)
    assert instrument.taker_fee == Decimal("0.001")
    assert instrument.price_digits is None


def test_steps_as_decimal_places() -> None:
    market = _market(precision={"amount": "4", "price": "2"})
    instrument = parsing.instrument(market, parsing.DECIMAL_PLACES)

    assert (instrument.quantity_step, instrument.price_tick) == (Decimal("1E-4"), Decimal("0.01"))


def test_prices_by_significant_digits() -> None:
    market = _market(precision={"amount": 8, "price": 5})
    instrument = parsing.instrument(market, parsing.SIGNIFICANT_DIGITS)

    assert instrument.quantity_step == Decimal("1E-8")
    assert instrument.limit_price(Decimal("60000.123"), Side.BUY) == Decimal(60000)
    assert instrument.limit_price(Decimal("1.234567"), Side.SELL) == Decimal("1.2346")


@pytest.mark.parametrize(("own", "tick"), [("0.5", "0.5"), ("0.001", "0.01"), (None, "0.01")])
def test_the_coarser_of_two_ticks_counts(own: str | None, tick: str) -> None:
    market = _market(info={"tick_size": own})

    assert parsing.instrument(market, TICK_SIZE, "tick_size").price_tick == Decimal(tick)


def test_odd_markets_are_left_out_each_with_its_reason() -> None:
    nothing_stated = {"amount": None, "price": "0.01"}
    markets = {
        "A/B": _market(symbol="A/B"),
        "C/D": _market(precision=nothing_stated),
        "E/F": _market(limits=None),
    }
    found, odd = parsing.instruments(markets, TICK_SIZE)
    assert list(found) == ["A/B"]
    assert odd["C/D"] == (
        "the venue states no amount precision for it: orders could not be rounded"
    )
    assert odd["E/F"].startswith("the venue's filters of it cannot be read: TypeError: ")


@pytest.mark.parametrize("name", ["amount", "price"])
def test_a_market_without_steps_is_refused_by_name(name: str) -> None:
    market = _market(precision={"amount": "0.1", "price": "0.1"} | {name: None})
    with pytest.raises(parsing.UnusableMarket, match=f"states no {name} precision for it"):
        parsing.instrument(market, TICK_SIZE)


def limits(**changes: str) -> dict[str, Any]:
    amounts = {"min": "0.0001", "max": "9000"}
    return {"limits": {"amount": {**amounts, **changes}, "cost": {"min": "5"}}}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"precision": {"amount": "0", "price": "1"}}, "0 as its quantity_step, which must be abo"),
        ({"precision": {"amount": "1", "price": "-1"}}, "-1 as its price_tick, which must be abov"),
        ({"precision": {"amount": "1E-19", "price": "1"}}, "1E-19 as its quantity_step, which mus"),
        ({"precision": {"amount": "1", "price": "NaN"}}, "NaN as its price_tick, which must be ab"),
        (limits(min="-1"), "-1 as its minimum_quantity, which must be 0 or more"),
        (limits(min="Infinity"), "Infinity as its minimum_quantity, which must be 0 or more"),
        (limits(max="-1"), "-1 as its maximum_quantity, which must be above 0"),
        (limits(max="NaN"), "NaN as its maximum_quantity, which must be above 0"),
        ({"taker": "-0.1"}, "-0.1 as its taker_fee, which must be 0 or more"),
        ({"taker": "1"}, "1 as its taker_fee, which must be below 1"),
    ],
)
def test_filters_that_none_can_be_are_refused_by_name(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(parsing.UnusableMarket, match=f"^the venue states {sentence}"):
        parsing.instrument(_market(**changes), TICK_SIZE)


def test_a_largest_order_beyond_all_reason_bounds_nothing() -> None:
    instrument = parsing.instrument(_market(**limits(max="1e30")), TICK_SIZE)
    assert instrument.maximum_quantity == Decimal("1e30")


def test_a_fill_keeps_every_digit() -> None:
    [fill] = parsing.fills([_trade(amount="123456789.12345678901")], "USDT", NOW)

    assert fill.trade_id == "7"
    assert fill.quantity == Decimal("123456789.12345678901")
    assert (fill.fee, fill.fee_asset) == (Decimal("0.00001"), "BTC")
    assert fill.at == datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("trade", "fee", "asset"),
    [
        (_trade(fee=None, fees=[{"cost": "2", "currency": "BNB"}]), "2", "BNB"),
        (_trade(fee=None), "0", "USDT"),
        (_trade(fee={"cost": None, "currency": None}), "0", "USDT"),
        (_trade(fee={"cost": "-0.1", "currency": "USDT"}), "0", "USDT"),
    ],
    ids=["in a list", "none", "unknown", "a rebate"],
)
def test_fees_in_the_forms_they_come(trade: dict[str, Any], fee: str, asset: str) -> None:
    [fill] = parsing.fills([trade], "USDT", NOW)

    assert (fill.fee, fill.fee_asset) == (Decimal(fee), asset)


def test_a_repeated_trade_counts_once_and_order_is_by_time() -> None:
    trades = [_trade(id="2", timestamp=2000), _trade(id="1", timestamp=1000), _trade(id="2")]

    assert [fill.trade_id for fill in parsing.fills(trades, "USDT", NOW)] == ["1", "2"]


def test_a_trade_without_id_is_refused() -> None:
    with pytest.raises(ValueError, match="no id"):
        parsing.fills([_trade(id=None)], "USDT", NOW)


@pytest.mark.parametrize(
    ("status", "filled", "expected"),
    [
        ("open", "0", OrderStatus.ACCEPTED),
        ("open", "0.004", OrderStatus.PARTIALLY_FILLED),
        ("closed", "0.01", OrderStatus.FILLED),
        ("closed", "0.004", OrderStatus.CANCELED),
        ("canceled", "0.004", OrderStatus.CANCELED),
        ("canceled", "0.01", OrderStatus.FILLED),
        ("expired", "0", OrderStatus.EXPIRED),
        ("rejected", "0", OrderStatus.CANCELED),
        ("IOC CANCELED was: PARTIALLY FILLED", "0.004", OrderStatus.CANCELED),
        ("IOC CANCELED", "0", OrderStatus.CANCELED),
        ("cancelled", "0", OrderStatus.CANCELED),
        ("canceling", "0", OrderStatus.ACCEPTED),
        (None, "0", OrderStatus.ACCEPTED),
    ],
)
def test_the_venues_status_in_our_words(
    make_intent: Callable[..., OrderIntent], status: str | None, filled: str, expected: OrderStatus
) -> None:
    fills = parsing.fills([_trade(amount=filled)], "USDT", NOW) if filled != "0" else ()
    order = {"id": "1", "status": status, "filled": filled}

    report = parsing.report(make_intent(), order, fills)

    assert report.status is expected
    assert report.filled == Decimal(filled)


def test_a_finished_order_whose_trades_lag_is_not_reported(
    make_intent: Callable[..., OrderIntent],
) -> None:
    order = {"id": "1", "status": "closed", "filled": "0.01"}
    with pytest.raises(parsing.IncompleteFills):
        parsing.report(make_intent(), order, ())


def test_an_open_order_counts_what_its_trades_prove(
    make_intent: Callable[..., OrderIntent],
) -> None:
    order = {"id": "1", "status": "open", "filled": "0.009"}
    fills = parsing.fills([_trade(amount="0.004")], "USDT", NOW)

    assert parsing.report(make_intent(), order, fills).filled == Decimal("0.004")


def test_the_unfinished_day_has_no_close() -> None:
    midnight = datetime(2026, 1, 10, tzinfo=UTC)
    days = [midnight - timedelta(days=n) for n in range(4)]
    candles = [[parsing.milliseconds(day), "1", "1", "1", f"{day.day}.5", "1"] for day in days]

    closes = parsing.finished_closes(candles, NOW, 2)

    assert closes == [Decimal("8.5"), Decimal("9.5")]


@pytest.mark.parametrize("last", [None, "0"])
def test_a_symbol_that_never_traded_has_no_price(last: str | None) -> None:
    assert parsing.ticker("BTC/USDT", {"last": last, "timestamp": None}, NOW) is None


def test_a_price_without_time_is_of_now() -> None:
    ticker = parsing.ticker("BTC/USDT", {"last": "1.50", "bid": "1.4", "ask": None}, NOW)

    assert ticker is not None
    assert (ticker.last, ticker.bid, ticker.ask, ticker.at) == (
        Decimal("1.50"),
        Decimal("1.4"),
        None,
        NOW,
    )


def test_balances_leave_out_what_is_empty() -> None:
    balances = parsing.balances(
        {
            "total": {"BTC": "1.5", "ETH": "0", "EUR": "10"},
            "free": {"BTC": "1.2", "ETH": "0", "EUR": "4"},
            "used": {"BTC": "0.3", "ETH": "0", "EUR": None},
        }
    )

    assert set(balances) == {"BTC", "EUR"}
    assert (balances["BTC"].free, balances["BTC"].locked) == (Decimal("1.2"), Decimal("0.3"))
    assert balances["EUR"].locked == Decimal(6)
