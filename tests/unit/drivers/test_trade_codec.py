"""The quick reader of trades says what the careful one says, of everything."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.market.trade import MalformedTrade, ReadTrade, Trade, parse_trade
from chalicelib.drivers import trade_codec
from chalicelib.drivers.trade_codec import read_trade

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
ODD: list[Any] = [
    None, True, 0, 1, -1, 1.0, -0.0, 1e3, 2**63 - 1, 2**63, 2**64, 10**40, 1723161255, "", "1",
    "0.0", "1e5", "NaN", " 1", "1_0", "1.", ".5", "٣", "A" * 41, "../x", "aggTrade", "trade",
    [], {}, [1],
]  # fmt: skip


def said(read: ReadTrade, text: bytes) -> Trade | str:
    try:
        return read(text)
    except MalformedTrade as reason:
        return str(reason)


def packed(fact: Any) -> bytes:
    return json.dumps(fact, separators=(",", ":")).encode()


def is_same(text: bytes) -> bool:
    quick, careful = said(read_trade, text), said(parse_trade, text)
    assert repr(quick) == repr(careful)
    return isinstance(quick, Trade)


@pytest.mark.parametrize("fact", [AGGREGATED, SINGLE, SINGLE | {"b": 88, "a": 50}])
def test_a_usual_message_needs_the_quick_reader_alone(
    fact: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = parse_trade(packed(fact))
    monkeypatch.delattr(trade_codec, "parse_trade")  # whoever asks it fails
    assert read_trade(packed(fact)) == expected


@pytest.mark.parametrize("whole", [AGGREGATED, SINGLE])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_an_odd_field_is_the_same_to_both(whole: dict[str, Any], value: Any) -> None:
    for name in [*whole, "x"]:
        is_same(packed(whole | {name: value}))
        is_same(packed({k: v for k, v in whole.items() if k != name}))


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"\xef\xbb\xbf{}", b"[" * 4000,
        packed(AGGREGATED) + b" \n", b" " + packed(AGGREGATED), packed(AGGREGATED) + b"x",
        packed(AGGREGATED) + b"\x1c",
        packed(AGGREGATED).ljust(4096), packed(AGGREGATED).ljust(4097),
        packed(AGGREGATED)[:-1] + b',"a":9}', packed(AGGREGATED)[:-1] + b',"e":"trade"}',
        packed(AGGREGATED)[:-1] + b',"E":NaN}', packed(AGGREGATED)[:-1] + b',"M":null}',
        packed(AGGREGATED).replace(b"12345,", b"012345,"),
        packed(AGGREGATED).replace(b":100,", b":-0,"),
        packed(AGGREGATED).replace(b"BNBBTC", b"\\u0042NBBTC"),
        packed(AGGREGATED).replace(b"BNBBTC", b"BNB\x01BTC"),
        packed(AGGREGATED).replace(b"BNBBTC", b"\\ud800BTC"),
        json.dumps(AGGREGATED | {"s": "币安人生USDT"}, ensure_ascii=False).encode(),
    ],
)  # fmt: skip
def test_odd_bytes_are_the_same_to_both(text: bytes) -> None:
    is_same(text)


@given(
    at=st.integers(0, len(packed(AGGREGATED)) - 1),
    cut=st.integers(0, 3),
    put=st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\\", b"1", b".", b"e", b" ", b"{"]),
)
@example(at=0, cut=0, put=b"")
def test_a_damaged_message_is_the_same_to_both(at: int, cut: int, put: bytes) -> None:
    for text in (packed(AGGREGATED), packed(SINGLE)):
        is_same(text[:at] + put + text[at + cut :])
