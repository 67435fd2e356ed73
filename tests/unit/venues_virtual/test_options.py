"""The options of a virtual account: what they mean, and the sentence for each odd one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.venues.virtual.faults import Fault
from chalicelib.adapters.venues.virtual.options import FeeIn, parse_options
from chalicelib.domain.errors import SettingsError
from tests.unit.venues_virtual.support import paper


def test_an_account_without_options_has_ten_thousand_and_no_surprises():
    options = parse_options(replace(paper(), exchange_options={}))
    assert options.balances == {"USDT": Decimal(10000)}
    assert (options.fee, options.fee_in, options.fee_digits) == (None, FeeIn.QUOTE, None)
    assert options.cost == options.partial_fill == 0
    assert options.latency == timedelta(0)
    assert not options.faults.any


def test_without_balances_the_capital_is_what_is_there():
    account = replace(paper(), exchange_options={"virtual": {}}, capital=Decimal(500))
    assert parse_options(account).balances == {"USDT": Decimal(500)}


def test_every_option_arrives():
    options = parse_options(
        paper(
            balances={"EUR": 5, "BTC": Decimal("0.1")},
            instruments={"BTC/EUR": {"price_tick": "0.5", "minimum_notional": "0"}},
            fee="0.002",
            fee_in="received",
            fee_digits=8,
            spread="0.001",
            slippage="0.0005",
            latency_ms=250,
            partial_fill="0.05",
            partial_fraction="0.25",
            seed="again",
            faults={"lost": "0.5", "late": "0.5", "script": ["lost", "none"], "late_seconds": 7},
            traits={"in_flight": 1, "visibility_lag": "0.5"},
            prices={
                "seed": "s",
                "volatility": "0.1",
                "base": {"BTC/EUR": "1"},
                "files": {"BTC/EUR": "a.csv"},
            },
        )
    )
    assert options.balances == {"EUR": Decimal(5), "BTC": Decimal("0.1")}
    assert options.filters["BTC/EUR"].price_tick == Decimal("0.5")
    assert options.filters["BTC/EUR"].minimum_notional == 0
    assert options.filters["BTC/EUR"].quantity_step is None
    assert (options.fee, options.fee_in, options.fee_digits) == (
        Decimal("0.002"),
        FeeIn.RECEIVED,
        8,
    )
    assert options.cost == Decimal("0.001")
    assert options.latency == timedelta(milliseconds=250)
    assert (options.partial_fill, options.partial_fraction, options.seed) == (
        Decimal("0.05"),
        Decimal("0.25"),
        "again",
    )
    assert options.faults.rates[Fault.LATE] == Decimal("0.5")
    assert options.faults.script == (Fault.LOST, Fault.NONE)
    assert options.traits.in_flight == 1
    assert options.traits.acceptance_bound == timedelta(seconds=7)
    assert options.traits.visibility_lag == timedelta(milliseconds=500)
    assert options.prices.volatility == Decimal("0.1")
    assert options.prices.base == {"BTC/EUR": Decimal(1)}
    assert options.prices.files == {"BTC/EUR": "a.csv"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fee": "abc"}, ["virtual.fee is 'abc'", "a decimal number"]),
        ({"fee": 0.001}, ["virtual.fee is 0.001", "written as text"]),
        ({"fee": "2"}, ["virtual.fee is '2'", 'from "0" to "1"']),
        ({"fee": "NaN"}, ["virtual.fee is 'NaN'"]),
        ({"fee": True}, ["virtual.fee is True"]),
        ({"fee_in": "bnb"}, ["virtual.fee_in is 'bnb'", "quote, received"]),
        ({"fee_in": ["quote"]}, ["virtual.fee_in is ['quote']"]),
        ({"fee_digits": -1}, ["virtual.fee_digits is -1", "0 or more"]),
        ({"latency_ms": "50"}, ["virtual.latency_ms is '50'", "a whole number"]),
        ({"latency_ms": 10**30}, [f"virtual.latency_ms is {10**30}", "at most 1000000"]),
        ({"fee_digits": 19}, ["virtual.fee_digits is 19", "at most 18 digits"]),
        ({"fee": "1e-19"}, ["virtual.fee is '1e-19'", "at most 18 digits before and 18 behind"]),
        ({"balances": {"USDT": "1e18"}}, ["balances.USDT is '1e18'", "at most 18 digits before"]),
        ({"faults": {"late_seconds": 2678401}}, ["late_seconds is 2678401", "at most 2678400 sec"]),
        ({"seed": 7}, ["virtual.seed is 7", "text"]),
        ({"feee": "0.1"}, ["no option 'feee'", "known are balances, faults, fee,"]),
        ({"balances": {"USDT": "-1"}}, ["virtual.balances.USDT is '-1'", "zero or more"]),
        ({"balances": ["USDT"]}, ["virtual.balances is ['USDT']", "a table"]),
        ({"instruments": {"BTCUSDT": {}}}, ["instruments.BTCUSDT must be named like BTC/USDT"]),
        ({"instruments": {"A/B": {"price_tick": "0"}}}, ["A/B.price_tick is '0'", "above zero"]),
        ({"instruments": {"A/B": {"tick": "1"}}}, ["instruments.A/B has no option 'tick'"]),
        ({"faults": {"lost": "0.6", "late": "0.6"}}, ["virtual.faults", "add up to 1.2"]),
        ({"faults": {"script": ["boom"]}}, ["faults.script is ['boom']", "answer_lost"]),
        ({"faults": {"chaos": "1"}}, ["faults has no option 'chaos'"]),
        ({"traits": {"in_flight": 0}}, ["traits.in_flight is 0", "1 or more"]),
        ({"traits": {"finds_by_client_id": "no"}}, ["finds_by_client_id is 'no'", "true or false"]),
        ({"traits": {"lag": 1}}, ["traits has no option 'lag'"]),
        ({"prices": {"vol": "1"}}, ["prices has no option 'vol'"]),
        ({"spread": "1", "slippage": "0.5"}, ["spread 1 and slippage 0.5", "below 1"]),
    ],
)
def test_an_odd_option_is_refused_with_a_sentence(options, words):
    with pytest.raises(SettingsError) as refusal:
        parse_options(paper(**options))
    assert str(refusal.value).startswith("account paper: exchange_options.virtual")
    for word in words:
        assert word in str(refusal.value)


def test_options_outside_the_table_are_a_slip_unless_another_venue_reads_them():
    stray = replace(paper(), exchange_options={"balances": {"USDT": "1"}})
    with pytest.raises(SettingsError, match=r"no option 'balances'; put .* into the table"):
        parse_options(stray)
    mixed = {"urls": {"api": "http://127.0.0.1"}, "virtual": {"balances": {"USDT": "1"}}}
    shared = replace(paper(), prices_from="binance", exchange_options=mixed)
    assert parse_options(shared).balances == {"USDT": Decimal(1)}
