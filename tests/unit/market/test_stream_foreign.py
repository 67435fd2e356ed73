"""Trades in ccxt's words -> in ours, and copies that are known by their numbers."""

from typing import Any

import pytest

from chalicelib.domain.market.stream_foreign import MOST_REMEMBERED, Remembered, in_our_words
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.trade import MalformedTrade, parse_trade

START_MS = 1_760_000_000_000
TRADE = {"id": "7", "timestamp": START_MS, "price": "1", "amount": "2", "side": "buy"}


def told(*trades: dict[str, Any]) -> list[Numbered]:
    return in_our_words("okx.BTCUSDT", [TRADE | trade for trade in trades])


def numbers(*names: object) -> list[int]:
    return [message.number for message in told(*({"id": name} for name in names))]


def test_a_trade_is_told_in_our_words_and_the_earliest_first() -> None:
    later = {"id": "9", "timestamp": START_MS + 5, "price": 6e4, "amount": "1E-7", "side": "sell"}
    assert told(later, {}) == [
        Numbered(
            7,
            START_MS,
            b'{"e":"trade","s":"okx.BTCUSDT","t":7,"p":"1","q":"2","T":1760000000000,"m":false}',
        ),
        Numbered(
            9,
            START_MS + 5,
            b'{"e":"trade","s":"okx.BTCUSDT","t":9,"p":"60000.0","q":"0.0000001",'
            b'"T":1760000000005,"m":true}',
        ),
    ]


def test_an_id_that_is_a_number_is_kept() -> None:
    assert numbers("12", 12, "0012", str((1 << 63) - 1)) == [12, 12, 12, (1 << 63) - 1]


def test_any_other_id_becomes_a_number_that_stays_with_every_version_and_restart() -> None:
    assert numbers("a-b", str(1 << 63), "٣") == [
        3455638242845392136,
        6846299146460759967,
        2009613453607861262,
    ]
    (elsewhere,) = in_our_words("kraken.BTCUSDT", [TRADE | {"id": "a-b"}])
    assert elsewhere.number != 3455638242845392136


def test_trades_without_ids_that_are_alike_are_as_many_as_are_told() -> None:
    alike = [7638225105070708197, 3043456228580296961, 2775725526427784073]
    assert numbers(None, None, None) == alike
    assert numbers(None) == alike[:1]
    (dearer,) = told({"id": None, "price": "1.1"})
    assert dearer.number not in alike


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"side": None}, "m is None; it must be true or false"),
        (
            {"price": None},
            "p is None; it must be text with a decimal number above zero, of at most 15 digits and"
            " 12 decimals",
        ),
        (
            {"amount": "x"},
            "q is 'x'; it must be text with a decimal number above zero, of at most 15 digits and"
            " 12 decimals",
        ),
        (
            {"timestamp": None},
            "T is 0; it must be milliseconds since 1970, between 2009 and 2100",
        ),
    ],
)
def test_what_a_venue_leaves_out_is_left_to_the_archive(wrong: dict[str, Any], said: str) -> None:
    (message,) = told(wrong)
    with pytest.raises(MalformedTrade) as refusal:
        parse_trade(message.text)
    assert str(refusal.value) == said


def test_copies_are_known_by_their_numbers_within_bounds() -> None:
    known = Remembered()
    first = [Numbered(n, 0, b"") for n in range(MOST_REMEMBERED)]
    assert known.new(first) == first
    assert known.new(first) == []
    fresh = Numbered(-1, 0, b"")
    assert known.new([first[5], fresh, first[6]]) == [fresh]
    assert known.new(first[1:]) == []
    assert known.new(first[:1]) == first[:1]
