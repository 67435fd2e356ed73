"""Coins and markets -> the list, what is kept of it, and whether it may be believed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.market.ranking import (
    ListedCoin,
    RankedMarket,
    Ranking,
    RankingRules,
    TradableMarket,
    amount_or_none,
    dated_key,
    has_shrunk,
    is_fresh,
    listed_coin,
    ranked,
    ranked_by_volume,
    ranking_document,
    read_ranking,
)
from tests.elsewhere import machine_in

NOON = datetime(2024, 8, 1, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
RULES = RankingRules(quote="USDT", size=20, least_volume=Decimal(1000))


def coin(rank: int, symbol: str, name: str, market_cap: str | None = None) -> ListedCoin:
    cap = None if market_cap is None else Decimal(market_cap)
    return ListedCoin(rank=rank, symbol=symbol, id=name, market_cap=cap)


def market(symbol: str, volume: str = "5000", price: str = "2") -> TradableMarket:
    base = symbol.partition("/")[0]
    return TradableMarket(symbol=symbol, base=base, price=Decimal(price), volume=Decimal(volume))


BITCOIN = RankedMarket(
    rank=1,
    symbol="BTC",
    id="bitcoin",
    market="BTC/USDT",
    market_cap=Decimal("1219000000000.5"),
    price=Decimal("61837.23"),
    volume_24h=Decimal(1234567),
)
SOLANA = RankedMarket(
    rank=5,
    symbol="SOL",
    id="solana",
    market="sol/USDT",
    market_cap=None,
    price=Decimal("150.1"),
    volume_24h=Decimal(1000),
)
RANKING = Ranking(as_of=NOON, source="coingecko", quote="USDT", items=(BITCOIN, SOLANA))


def test_the_largest_coins_come_first_with_their_markets() -> None:
    coins = [
        coin(5, "SOL", "solana"),
        coin(2, "USDC", "usd-coin", "900"),
        coin(9, "BTC", "another-bitcoin", "1"),
        coin(3, "ATOM", "cosmos", "800"),
        coin(1, "BTC", "bitcoin", "1219000000000.5"),
    ]
    markets = [
        market("BTC/USDT", "1234567", "61837.23"),
        market("USDC/USDT"),
        market("sol/USDT", "1000", "150.1"),  # as small as is wanted, and no smaller
        market("BTC/EUR", "9999999", "57000"),
        market("ATOM/USDT", "999.99"),
        market("ETH/USDT"),
    ]
    assert ranked(coins, markets, RULES) == (BITCOIN, SOLANA)
    assert ranked(coins, markets, replace(RULES, size=1)) == (BITCOIN,)


def test_without_a_list_of_coins_the_most_traded_come_first() -> None:
    markets = [
        market("XRP/USDT", "3000"),
        market("sol/USDT", "7000"),
        market("ADA/USDT", "3000"),
        market("USDC/USDT", "8000"),
        market("DOT/USDT", "10"),
    ]
    found = ranked_by_volume(markets, RULES)
    assert [(item.rank, item.symbol, item.id, item.market_cap) for item in found] == [
        (2, "SOL", "sol", None),
        (3, "ADA", "ADA", None),
        (4, "XRP", "XRP", None),
    ]
    assert [item.volume_24h for item in found] == [Decimal(7000), Decimal(3000), Decimal(3000)]


def test_a_list_stands_for_one_of_now_for_a_week() -> None:
    assert is_fresh(RANKING, RULES, NOON + WEEK)
    assert not is_fresh(RANKING, RULES, NOON + WEEK + SECOND)
    assert not is_fresh(RANKING, replace(RULES, quote="EUR"), NOON)
    assert not is_fresh(None, RULES, NOON)


def listing(count: int) -> Ranking:
    return replace(RANKING, items=(BITCOIN,) * count)


@pytest.mark.parametrize(
    ("count", "last", "size", "shrunk"),
    [
        (8, listing(10), 20, False),
        (7, listing(10), 20, True),
        (4, listing(10), 5, False),  # the owner wants fewer
        (3, listing(10), 5, True),
        (0, None, 20, False),
    ],
)
def test_a_source_that_lists_so_much_less_has_lost_something(
    count: int, last: Ranking | None, size: int, *, shrunk: bool
) -> None:
    rules = replace(RULES, size=size)
    assert has_shrunk((BITCOIN,) * count, last, rules, NOON + WEEK) is shrunk
    assert not has_shrunk((BITCOIN,) * count, last, rules, NOON + WEEK + SECOND)


DOCUMENT = """{
 "schema": 1,
 "as_of": "2024-08-01T12:00:00Z",
 "source": "coingecko",
 "quote": "USDT",
 "items": [
  {
   "rank": 1,
   "symbol": "BTC",
   "id": "bitcoin",
   "market": "BTC/USDT",
   "market_cap": "1219000000000.5",
   "price": "61837.23",
   "volume_24h": "1234567"
  },
  {
   "rank": 5,
   "symbol": "SOL",
   "id": "solana",
   "market": "sol/USDT",
   "market_cap": null,
   "price": "150.1",
   "volume_24h": "1000"
  }
 ]
}"""


def test_the_list_is_kept_as_people_can_read_it() -> None:
    assert ranking_document(RANKING).decode() == DOCUMENT
    assert read_ranking(DOCUMENT.encode()) == RANKING
    assert dated_key(NOON) == "top_marketcap/dt=2024-08-01/top.json"


def test_a_list_is_the_same_wherever_the_machine_stands() -> None:
    with machine_in("Asia/Tokyo"):
        assert ranking_document(read_ranking(DOCUMENT.encode())).decode() == DOCUMENT


WHOLE = json.loads(DOCUMENT)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (WHOLE | {"schema": 2}, "schema is 2; it must be 1"),
        ([], "no ranking: TypeError('list indices must be integers or slices, not str')"),
        ({}, "no ranking: KeyError('schema')"),
        (WHOLE | {"items": [{}]}, "no ranking: KeyError('market_cap')"),
        (
            WHOLE | {"items": [WHOLE["items"][0] | {"price": 5}]},
            "no ranking: AttributeError(\"'int' object has no attribute 'strip'\")",
        ),
    ],
)
def test_what_is_no_list_is_named(document: Any, sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is below
        read_ranking(json.dumps(document).encode())
    assert str(refusal.value) == sentence


def test_an_entry_is_read_in_its_list_s_own_words() -> None:
    assert listed_coin(1, " btc ", "bitcoin", "900.5") == coin(1, "BTC", "bitcoin", "900.5")
    assert listed_coin(7, "Lunc", None, None) == coin(7, "LUNC", "LUNC")


@pytest.mark.parametrize(
    ("rank", "symbol"),
    [(None, "btc"), ("1", "btc"), (True, "btc"), (0, "btc"), (1, None), (1, ""), (1, "b t c")],
)
def test_an_entry_without_a_place_or_a_symbol_is_none(rank: object, symbol: object) -> None:
    assert listed_coin(rank, symbol, "bitcoin", "900") is None


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("0.5", Decimal("0.5")),
        (12, Decimal(12)),
        (0, None),
        ("-1", None),
        (None, None),
        ("much", None),
        ("NaN", None),
    ],
)
def test_an_amount_is_above_zero_or_unknown(value: object, amount: Decimal | None) -> None:
    assert amount_or_none(value) == amount
