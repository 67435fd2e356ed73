"""What becomes of an order: fills, fees, locks, refusals."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.errors import OrderNotPlaced, OrderRejected, OutcomeUnknown
from chalicelib.domain.trading.order import OrderStatus, OrderType
from tests.unit.venues_virtual.support import BTC, COARSE, START, buy, open_venue, sell


def test_a_marketable_buy_fills_at_the_last_price_and_pays_its_fee_in_quote():
    venue = open_venue()
    report = venue.send(buy("2", "100.1"))
    assert report.status is OrderStatus.FILLED
    [fill] = report.fills
    assert (fill.quantity, fill.price, fill.fee, fill.fee_asset) == (
        Decimal(2),
        Decimal(100),
        Decimal("0.2"),
        "USDT",
    )
    assert (fill.trade_id, fill.at) == (f"{report.client_order_id}#1", START)
    assert venue.held() == {"USDT": Decimal("9799.8"), "BTC": Decimal(3)}
    assert venue.balance("USDT").locked == 0


def test_a_buyer_pays_in_what_he_receives_where_the_options_say_so():
    venue = open_venue(fee_in="received", fee="0.002")
    [fill] = venue.send(buy("2", "100")).fills
    assert (fill.fee, fill.fee_asset) == (Decimal("0.004"), "BTC")
    assert venue.held() == {"USDT": Decimal(9800), "BTC": Decimal("2.996")}


@pytest.mark.parametrize("fee_in", ["received", "quote"])
def test_a_seller_pays_in_quote(fee_in):
    venue = open_venue(fee_in=fee_in)
    [fill] = venue.send(sell("0.5", "99.9")).fills
    assert (fill.fee, fill.fee_asset) == (Decimal("0.05"), "USDT")
    assert venue.held() == {"USDT": Decimal("10049.95"), "BTC": Decimal("0.5")}


def test_fees_keep_every_digit_unless_told_otherwise():
    odd = {BTC: "67656.77"}
    exact = open_venue(prices=odd).send(buy("0.01234", "70000"))
    assert exact.fills[0].fee == Decimal("0.8348845418")
    cut = open_venue(prices=odd, fee_digits=2).send(buy("0.01234", "70000"))
    assert cut.fills[0].fee == Decimal("0.83")


def test_immediate_or_cancel_expires_where_the_limit_is_not_met():
    venue = open_venue()
    for report in (venue.send(buy("1", "99.9")), venue.send(sell("1", "100.1", name="other"))):
        assert (report.status, report.filled) == (OrderStatus.EXPIRED, Decimal(0))
        assert not report.fills
        assert "not filled" in report.reason
    assert venue.held() == {"USDT": Decimal(10000), "BTC": Decimal(1)}


def test_a_resting_buy_waits_for_its_price_and_trades_at_its_limit():
    venue = open_venue()
    intent = buy("10", "90", rests=True)
    assert venue.send(intent).status is OrderStatus.ACCEPTED
    usdt = venue.balance("USDT")
    assert (usdt.free, usdt.locked) == (Decimal("9099.1"), Decimal("900.9"))
    venue.price("85")
    venue.wait(60)
    report = venue.find(intent)
    assert report is not None
    assert report.status is OrderStatus.FILLED
    assert (report.fills[0].price, report.fills[0].at) == (Decimal(90), venue.clock.now())
    assert venue.held() == {"USDT": Decimal("9099.1"), "BTC": Decimal(11)}


def test_a_cancelled_order_gives_back_what_it_locked():
    venue = open_venue()
    intent = sell("1", "120", rests=True)
    venue.exchange.cancel(intent, venue.send(intent).venue_order_id)
    report = venue.find(intent)
    assert report is not None
    assert report.status is OrderStatus.CANCELED
    assert venue.balance("BTC").free == 1


def test_a_cancel_that_comes_after_the_price_is_too_late():
    venue = open_venue()
    intent = sell("1", "120", rests=True)
    order_id = venue.send(intent).venue_order_id
    venue.price("121")
    venue.exchange.cancel(intent, order_id)
    report = venue.find(intent)
    assert report is not None
    assert report.status is OrderStatus.FILLED


def test_cancelling_what_is_not_there_is_nothing():
    venue = open_venue()
    venue.exchange.cancel(buy("1", "90"), "")
    assert venue.exchange.accepted() == []


def test_a_market_order_ignores_its_limit():
    report = open_venue().send(buy("1", "50", kind=OrderType.MARKET))
    assert (report.status, report.fills[0].price) == (OrderStatus.FILLED, Decimal(100))


def test_spread_and_slippage_make_takers_worse_off_and_still_keep_their_limits():
    venue = open_venue(spread="0.002", slippage="0.001", instruments=COARSE, prices={BTC: "99.99"})
    ticker = venue.exchange.tickers([BTC])[BTC]
    assert (ticker.bid, ticker.ask) == (Decimal("99.89001"), Decimal("100.08999"))
    assert venue.send(buy("1", "100.2")).fills[0].price == Decimal("100.19")
    assert venue.send(sell("1", "99", name="exit")).fills[0].price == Decimal("99.79")
    assert venue.send(buy("1", "100.18", name="shy")).status is OrderStatus.EXPIRED


def test_a_part_of_an_immediate_order_may_be_all_there_is():
    venue = open_venue(partial_fill="1", partial_fraction="0.3", instruments=COARSE)
    report = venue.send(buy("0.999", "100"))
    assert (report.status, report.filled) == (OrderStatus.EXPIRED, Decimal("0.299"))
    assert venue.held() == {"USDT": Decimal("9970.0701"), "BTC": Decimal("1.299")}


def test_a_resting_order_fills_part_by_part_and_once_per_instant():
    venue = open_venue(partial_fill="1", instruments=COARSE)
    intent = buy("0.008", "2000", rests=True)
    venue.price("2000")
    assert venue.send(intent).status is OrderStatus.PARTIALLY_FILLED
    quantities = []
    report = venue.find(intent)
    for _ in range(5):
        venue.exchange.match()
        venue.wait(1)
        report = venue.find(intent)
        quantities.append(str(report.filled) if report else "")
    assert report is not None
    assert quantities == ["0.006", "0.007", "0.008", "0.008", "0.008"]
    assert report.status is OrderStatus.FILLED
    assert [fill.trade_id[-2:] for fill in report.fills] == ["#1", "#2", "#3", "#4"]
    assert venue.balance("USDT").locked == 0


@pytest.mark.parametrize(
    ("intent", "code"),
    [
        (buy("0.0015", "100"), "QUANTITY_INVALID"),
        (buy("0.2", "100.001"), "PRICE_INVALID"),
        (buy("0.2", "0"), "PRICE_INVALID"),
        (buy("0.001", "100"), "QUANTITY_BELOW_MINIMUM"),
        (buy("0", "100"), "QUANTITY_BELOW_MINIMUM"),
        (buy("0.099", "100"), "NOTIONAL_BELOW_MINIMUM"),
        (buy("50.001", "100"), "QUANTITY_ABOVE_MAXIMUM"),
        (sell("1.001", "100"), "INSUFFICIENT_FUNDS"),
        (buy("49.951", "200"), "INSUFFICIENT_FUNDS"),
        (replace(buy("1", "100"), symbol="XYZ/USDT"), "SYMBOL_UNKNOWN"),
    ],
)
def test_the_venue_refuses_with_a_code_and_keeps_nothing(intent, code):
    venue = open_venue(instruments=COARSE)
    with pytest.raises(OrderRejected) as refusal:
        venue.send(intent)
    assert refusal.value.code == code
    assert venue.find(intent) is None
    assert venue.held() == {"USDT": Decimal(10000), "BTC": Decimal(1)}


def test_the_last_unit_that_fee_and_limit_leave_can_be_bought():
    venue = open_venue(instruments=COARSE)
    assert venue.send(buy("49.950", "200")).status is OrderStatus.FILLED


def test_a_venue_without_market_orders_says_so():
    venue = open_venue(traits={"has_market_orders": False})
    assert not venue.exchange.traits().has_market_orders
    with pytest.raises(OrderRejected) as refusal:
        venue.send(buy("1", "100", kind=OrderType.MARKET))
    assert refusal.value.code == "ORDER_TYPE_UNSUPPORTED"


def test_an_expired_permit_stops_the_order():
    venue = open_venue()
    with pytest.raises(OrderNotPlaced, match="permit"):
        venue.exchange.submit(buy("1", "100"), START - timedelta(microseconds=1))
    venue.exchange.submit(buy("1", "100"), START)


def test_a_client_order_id_is_unique_among_open_orders_only():
    venue = open_venue()
    resting = buy("1", "90", rests=True, name="resting")
    venue.send(resting)
    with pytest.raises(OutcomeUnknown, match="open already"):
        venue.send(resting)
    at_once = buy("1", "100", name="at once")
    first, second = venue.send(at_once), venue.send(at_once)
    assert venue.held()["BTC"] == 3  # nothing but our own care keeps this from happening
    assert first.venue_order_id != second.venue_order_id
    assert first.fills[0].trade_id != second.fills[0].trade_id
    assert venue.find(at_once) == second
    assert len(venue.exchange.accepted()) == 3


def test_a_look_up_tells_the_same_as_the_first_answer():
    venue = open_venue(prices={BTC: "67656.77"})
    intent = buy("0.0123", "70000.10")
    assert venue.find(intent) is None
    answer = venue.send(intent)
    found = venue.find(intent)
    assert found == answer
    assert repr(found) == repr(answer)


def test_instruments_are_the_sources_with_the_options_on_top():
    venue = open_venue(
        fee="0.002",
        instruments={BTC: {"fee": "0.003", "quantity_step": "0.5"}},
        prices={BTC: "100", "ETH/USDT": "10"},
    )
    found = venue.exchange.instruments([BTC, "ETH/USDT", "XYZ/USDT"])
    assert set(found) == {BTC, "ETH/USDT"}
    assert (found[BTC].taker_fee, found[BTC].quantity_step) == (Decimal("0.003"), Decimal("0.5"))
    assert (found[BTC].base, found[BTC].quote) == ("BTC", "USDT")
    assert found["ETH/USDT"].taker_fee == Decimal("0.002")
    assert venue.exchange.daily_closes(BTC, 2) == [Decimal(100), Decimal(100)]


def test_assets_with_nothing_in_them_are_not_listed():
    venue = open_venue()
    venue.send(sell("1", "100"))
    assert set(venue.held()) == {"USDT"}
