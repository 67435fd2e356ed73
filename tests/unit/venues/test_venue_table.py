"""The venue table and the forms of a client order id."""

from datetime import timedelta

import pytest

from chalicelib.adapters.venues.ccxt.client_ids import ClientIdFormat, recognise, render
from chalicelib.adapters.venues.ccxt.venue_table import (
    VENUES,
    constructor_config,
    venue_row,
)

UUID = "b358bcf5-1d41-5057-bda6-f8dd72560487"
PERMIT = timedelta(seconds=2)
MARGIN = timedelta(seconds=2)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (ClientIdFormat.UUID, UUID),
        (ClientIdFormat.ALNUM32, "b358bcf51d415057bda6f8dd72560487"),
        (ClientIdFormat.INTEGER45, 27339385078919),
        (ClientIdFormat.HEX128, "0xb358bcf51d415057bda6f8dd72560487"),
    ],
)
def test_a_client_order_id_in_the_venues_form(form: ClientIdFormat, expected: object) -> None:
    assert render(UUID, form) == expected


@pytest.mark.parametrize("venue", ["gemini", "kraken", "bitfinex"])
def test_where_the_nonce_rises_one_request_is_under_way(venue: str) -> None:
    assert VENUES[venue].traits.in_flight == 1


def test_a_venue_without_a_row_never_has_an_order_sent_again() -> None:
    traits = venue_row("somewhere").traits

    assert traits.in_flight == 1
    assert traits.settle_after(PERMIT, MARGIN) is None


def test_binance_settles_after_its_window_and_the_lag() -> None:
    settle = VENUES["binance"].traits.settle_after(PERMIT, MARGIN)

    assert VENUES["binance"].options["recvWindow"] == 5000
    assert settle == timedelta(seconds=12)


def test_the_owners_options_lie_over_ours_at_every_depth() -> None:
    given = {"timeout": 500, "options": {"recvWindow": 9000, "own": True}, "urls": {"api": "x"}}
    config = constructor_config(VENUES["binance"], given)

    assert config["timeout"] == 500
    assert config["enableRateLimit"] is True
    assert config["urls"] == {"api": "x"}
    assert config["options"]["recvWindow"] == 9000
    assert config["options"]["own"] is True
    assert config["options"]["fetchMarkets"] == {"types": ["spot"]}
    assert given["options"] == {"recvWindow": 9000, "own": True}


@pytest.mark.parametrize(("symbols", "cost"), [(20, 0.4), (21, 8), (100, 8), (101, 16)])
def test_binances_price_of_many_tickers(symbols: int, cost: float) -> None:
    listed = "[" + ",".join(['"BTCUSDT"'] * symbols) + "]"

    assert VENUES["binance"].request_cost("ticker/24hr", {"symbols": listed}) == cost


def test_other_requests_cost_what_ccxt_says() -> None:
    assert VENUES["binance"].request_cost("order", {}) is None
    assert VENUES["binance"].request_cost("ticker/24hr", {}) is None
    assert VENUES["gemini"].request_cost("ticker/24hr", {"symbols": "[]"}) is None


@pytest.mark.parametrize("form", ClientIdFormat)
def test_an_id_of_ours_is_recognised_in_every_form_but_a_number(form: ClientIdFormat) -> None:
    rendered = str(render(UUID, form))
    expected = "" if form is ClientIdFormat.INTEGER45 else UUID
    assert recognise(rendered) == expected
    assert recognise(rendered.upper().replace("0X", "0x")) == expected


@pytest.mark.parametrize("given", ["", "None", "web_1234", "x-TKT5PX2F22bf0f", "1655110144598"])
def test_what_others_call_their_orders_is_no_id_of_ours(given: str) -> None:
    assert recognise(given) == ""
