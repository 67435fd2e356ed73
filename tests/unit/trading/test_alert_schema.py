"""The published schema and the parser agree on what a message is."""

import json

import pytest
from jsonschema import Draft202012Validator

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.schema import alert_schema
from tests.unit.trading.alerts import body, fixture

VALIDATOR = Draft202012Validator(alert_schema())


def status_of(raw: bytes) -> int:
    try:
        parse_alert(raw)
    except SignalRejected as problem:
        return problem.status
    return 200


def test_the_schema_is_one():
    Draft202012Validator.check_schema(alert_schema())


@pytest.mark.parametrize("name", ["seed.json", "full.json", "partial_exit.json"])
def test_our_own_messages_fit_the_schema(name):
    VALIDATOR.validate(json.loads(fixture(name)))


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"order_price": 1.5}, True),
        ({"order_price": "1.5e-3"}, True),
        ({"order_price": "NaN"}, True),
        ({"order_price": "{{close}}"}, True),
        ({"order_price": None}, True),
        ({"order_price": "1e999"}, True),  # well-formed, and refused with 422
        ({"order_price": "cheap"}, False),
        ({"order_price": True}, False),
        ({"position_size": -3}, True),
        ({"time": None}, True),
        ({"time": "1723257002"}, True),
        ({"time": "today"}, False),
        ({"ticker": ""}, False),
        ({"ticker": "{{ticker}}"}, False),
        ({"ticker": ["A"]}, False),
        ({"ticker": "B" * 65}, False),
        ({"order_action": "hodl"}, False),
        ({"order_action": None}, False),
        ({"order_action": "", "market_position": "flat"}, True),
        ({"order_comment": "a\tb"}, False),
        ({"order_comment": "c" * 257}, False),
        ({"size": 5, "size_unit": "percent"}, True),
        ({"size_unit": "lots"}, False),
        ({"test": True}, True),
        ({"test": 1}, False),
        ({"anything": {"else": [1, 2]}}, True),
    ],
)
def test_what_fits_is_never_malformed_and_what_does_not_fit_always_is(fields, fits):
    raw = body(**fields)

    assert VALIDATOR.is_valid(json.loads(raw)) is fits
    assert (status_of(raw) != 400) is fits
