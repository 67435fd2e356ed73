"""What is a trade, and what is told about everything else."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.market.trade import MalformedTrade, Trade, parse_trade

AGGREGATED = {
    "e": "aggTrade",
    "E": 123456789,
    "s": "BNBBTC",
    "a": 12345,
    "p": "0.001",
    "q": "100",
    "f": 100,
    "l": 105,
    "T": 1723161255342,
    "m": True,
    "M": True,
}
SINGLE = {k: v for k, v in AGGREGATED.items() if k not in "afl"} | {"e": "trade", "t": 7}


def parse(fact: Any) -> Trade:
    return parse_trade(json.dumps(fact).encode())


def test_an_aggregated_trade_of_binance() -> None:
    assert parse(AGGREGATED) == Trade(
        kind="aggTrade",
        symbol="BNBBTC",
        id=12345,
        price=Decimal("0.001"),
        quantity=Decimal(100),
        at_ms=1723161255342,
        taker_sold=True,
        first=100,
        last=105,
    )


def test_the_largest_numbers_are_counted() -> None:
    most = 2**63 - 1
    trade = parse(AGGREGATED | {"a": most, "f": 0, "l": most})
    assert (trade.id, trade.first, trade.last) == (most, 0, most)


def test_a_single_trade_consists_of_itself() -> None:
    single = parse(SINGLE | {"m": False})
    assert (single.kind, single.id, single.first, single.last) == ("trade", 7, 7, 7)
    assert not single.taker_sold


@pytest.mark.parametrize("symbol", ["1000SATSUSDT", "BTC-USDT", "币安人生USDT", "tBTCUSD", "A.B"])
def test_symbols_of_every_venue(symbol: str) -> None:
    assert parse(AGGREGATED | {"s": symbol}).symbol == symbol


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"e": "kline"}, "e is 'kline'; it must be aggTrade or trade"),
        ({"e": ["trade"]}, "e is ['trade']; it must be aggTrade or trade"),
        ({"s": "../../etc"}, "s is '../../etc'; it must be a symbol such as BTCUSDT"),
        ({"s": ".."}, "s is '..'; it must be a symbol such as BTCUSDT"),
        ({"s": "A" * 41}, "s is '" + "A" * 41 + "'; it must be a symbol such as BTCUSDT"),
        ({"s": None}, "s is None; it must be a symbol such as BTCUSDT"),
        ({"a": "12345"}, "a is '12345'; it must be a whole number, not below zero"),
        ({"a": True}, "a is True; it must be a whole number, not below zero"),
        ({"a": -1}, "a is -1; it must be a whole number, not below zero"),
        ({"f": 1.0}, "f is 1.0; it must be a whole number, not below zero"),
        ({"l": 2**63}, f"l is {2**63}; it must be a whole number, not below zero"),
        ({"m": 1}, "m is 1; it must be true or false"),
        ({"T": 1723161255}, "T is 1723161255; it must be milliseconds since 1970"),
        ({"T": 1723161255342000}, "T is 1723161255342000; it must be milliseconds since 1970"),
        ({"T": 1723161255342.5}, "T is 1723161255342.5; it must be milliseconds since 1970"),
    ],
)
def test_what_is_no_trade_is_told(change: dict[str, Any], told: str) -> None:
    with pytest.raises(MalformedTrade) as refusal:
        parse(AGGREGATED | change)
    assert str(refusal.value).startswith(told)


@pytest.mark.parametrize("field", ["p", "q"])
@pytest.mark.parametrize(
    "amount",
    [0.1, 1, None, "", "0", "0.000", "-1", "+1", "1e5", "NaN", "Infinity", " 1", "1_000", "1,5",
     "1.", ".5", "1.0000000000001", "1000000000000000", "٣", "0x10", "9" * 3000],
)  # fmt: skip
def test_an_absurd_amount_is_no_amount(field: str, amount: Any) -> None:
    with pytest.raises(MalformedTrade, match=rf"^{field} is .*; it must be text with a decimal"):
        parse(AGGREGATED | {field: amount})


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"1", b"null", b"\xff", b'{"a":NaN}', b"{} {}", b"[" * 4000, b'{"a":' * 800,
     b" " * 5000],
)  # fmt: skip
def test_what_is_no_object_is_no_trade(text: bytes) -> None:
    with pytest.raises(MalformedTrade):
        parse_trade(text)


@given(text=st.binary(max_size=300))
@example(text=b"\xef\xbb\xbf{}")
def test_no_bytes_make_it_fail_otherwise(text: bytes) -> None:
    with pytest.raises(MalformedTrade):
        parse_trade(text)


@given(
    fact=st.fixed_dictionaries(
        {
            name: st.sampled_from([AGGREGATED.get(name), SINGLE.get(name)])
            | st.none()
            | st.integers()
            | st.text(max_size=20)
            | st.floats()
            for name in "espqaftlTm"
        }
    )
)
def test_whatever_the_fields_hold_it_is_a_trade_or_told(fact: dict[str, Any]) -> None:
    try:
        trade = parse_trade(json.dumps(fact).encode())
    except MalformedTrade:
        return
    assert trade.price > 0
    assert trade.quantity > 0
