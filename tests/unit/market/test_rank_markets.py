"""Which markets are worth watching, by whom, and what stays when nobody says so."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.rankings.binance_lists import BinanceProducts, BinanceSymbols
from chalicelib.adapters.rankings.coingecko import CoinGecko
from chalicelib.adapters.venues.ccxt.public_markets import PublicMarkets
from chalicelib.domain.market.ranking import LATEST, RankingRules, read_ranking
from chalicelib.market_ports.ranking import RankingSource
from chalicelib.services.market.rank_markets import (
    RankingReport,
    last_ranking,
    rank_markets,
)
from tests.market.public_binance import (
    GECKO,
    PRODUCTS,
    START,
    SYMBOLS,
    PublicBinance,
    Publisher,
    gecko_answer,
    published,
    publisher,
)
from tests.venues.loopback import Answer, json_answer

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
COINS = {"BTC": 900, "ETH": 300, "SOL": 80, "XRP": 70, "ADA": 20, "DOT": 10}
DOWN = Answer(status=503)


@dataclass(kw_only=True)
class Room:
    venue: PublicBinance
    markets: PublicMarkets
    publisher: Publisher
    lake: FolderLake
    clock: ReplayClock
    rules: RankingRules
    key: str = ""

    def rank(self) -> RankingReport:
        sources: list[RankingSource] = [
            CoinGecko(self.publisher.url, self.key, self.clock),
            BinanceSymbols(self.publisher.url, self.clock),
            BinanceProducts(self.publisher.url, self.clock),
        ]
        return rank_markets(sources, self.markets, self.lake, self.rules, self.clock)

    def symbols(self) -> list[str]:
        report = self.rank()
        assert report.is_new, report.trouble
        assert report.ranking is not None
        return [item.symbol for item in report.ranking.items]

    def pass_time(self, time: timedelta) -> None:
        self.clock.advance_to(self.clock.now() + time)

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.publisher.asked)

    def publish(self, **coins: int) -> None:
        published(self.publisher, coins)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    clock = ReplayClock(START)
    rules = RankingRules(quote="USDT", size=20)
    symbols = [f"{coin}/USDT" for coin in (*COINS, "USDC", "WBTC", "EUR")]
    with (
        PublicBinance(*symbols, "ETH/BTC") as venue,
        closing(PublicMarkets("binance", venue.options, clock)) as markets,
        publisher() as opened,
        closing(FolderLake(tmp_path / "lake")) as lake,
    ):
        room = Room(
            venue=venue,
            markets=markets,
            publisher=opened,
            lake=lake,
            clock=clock,
            rules=rules,
        )
        room.publish(**COINS)
        yield room


def test_the_largest_come_first_with_all_that_is_known(room: Room) -> None:
    room.venue.volumes["BTCUSDT"] = Decimal("1234567.5")
    room.venue.set_price("BTCUSDT", Decimal("61837.23"))
    room.publisher.answers[GECKO] = Answer(
        body='[{"id": "bitcoin", "symbol": "btc", "market_cap_rank": 1,'
        ' "market_cap": 1219000000000.123456789012345, "current_price": 61837.2}]'
    )
    report = room.rank()
    assert report.is_new
    document = json.loads(room.lake.get(LATEST) or b"")
    assert document == {
        "schema": 1,
        "as_of": "2024-08-01T00:00:00Z",
        "source": "coingecko",
        "quote": "USDT",
        "items": [
            {
                "rank": 1,
                "symbol": "BTC",
                "id": "bitcoin",
                "market": "BTC/USDT",
                "market_cap": "1219000000000.123456789012345",
                "price": "61837.23",
                "volume_24h": "1234567.5",
            }
        ],
    }
    assert room.lake.get("top_marketcap/dt=2024-08-01/top.json") == room.lake.get(LATEST)
    assert last_ranking(room.lake) == report.ranking == read_ranking(room.lake.get(LATEST) or b"")


def test_coins_that_share_a_symbol_or_follow_another_are_left_out(room: Room) -> None:
    room.publisher.answers[GECKO] = gecko_answer(
        ("btc", "bitcoin", 900),
        ("usdt", "tether", 850),
        ("usdc", "usd-coin", 800),
        ("wbtc", "wrapped-bitcoin", 700),
        ("eth", "ethereum", 300),
        ("eur", "some-euro", 250),
        ("btc", "another-coin", 200),
        ("nowhere", "not-traded-here", 100),
        ("sol", "solana", 90),
    )
    report = room.rank()
    assert report.ranking is not None
    assert [(item.rank, item.id) for item in report.ranking.items] == [
        (1, "bitcoin"),
        (5, "ethereum"),
        (9, "solana"),
    ]


def test_markets_that_are_halted_or_too_small_are_left_out(room: Room) -> None:
    for coin, volume in (("BTC", 100), ("ETH", 99), ("SOL", 500)):
        room.venue.volumes[f"{coin}USDT"] = Decimal(volume)
    room.venue.halted.add("SOLUSDT")
    room.rules = RankingRules(quote="USDT", size=20, least_volume=Decimal(100))
    assert room.symbols() == ["BTC"]


def test_no_more_than_wanted_and_against_the_wanted_currency(room: Room) -> None:
    room.rules = RankingRules(quote="USDT", size=2)
    assert room.symbols() == ["BTC", "ETH"]
    room.rules = RankingRules(quote="BTC", size=20)
    report = room.rank()
    assert report.ranking is not None
    assert [item.market for item in report.ranking.items] == ["ETH/BTC"]


@pytest.mark.parametrize(
    ("down", "source"),
    [([GECKO], "binance-symbols"), ([GECKO, SYMBOLS], "binance-products")],
)
@pytest.mark.parametrize(
    "answer",
    [DOWN, Answer(body="<html>"), json_answer({"data": 5}), json_answer([]), json_answer([[1]])],
    ids=["down", "html", "other", "empty", "odd"],
)
def test_the_next_publisher_is_asked(
    room: Room, down: list[str], source: str, answer: Answer
) -> None:
    room.publisher.answers.update(dict.fromkeys(down, answer))
    report = room.rank()
    assert report.ranking is not None
    assert (report.is_new, report.ranking.source) == (True, source)
    assert [item.symbol for item in report.ranking.items] == list(COINS)
    assert [item.market_cap for item in report.ranking.items] == list(COINS.values())
    assert len(report.trouble) == len(down)


def test_a_publisher_that_is_not_there(room: Room) -> None:
    nowhere = CoinGecko("http://127.0.0.1:9", "", room.clock)
    report = rank_markets([nowhere], room.markets, room.lake, room.rules, room.clock)
    assert report.trouble[0].startswith("coingecko cannot be reached: ")
    assert report.ranking is not None
    assert report.ranking.source == "volume"


def nobody(room: Room) -> None:
    room.publisher.answers.update(dict.fromkeys((GECKO, SYMBOLS, PRODUCTS), DOWN))


def test_without_any_list_the_last_stays_for_a_week(room: Room) -> None:
    first = room.rank()
    nobody(room)
    room.pass_time(7 * DAY)
    report = room.rank()
    assert not report.is_new
    assert report.ranking == first.ranking == last_ranking(room.lake)
    assert report.trouble[0] == "coingecko answered 503"
    assert room.lake.get("top_marketcap/dt=2024-08-08/top.json") is None
    room.pass_time(HOUR)
    for coin, volume in (("ADA", 3), ("BTC", 2), ("USDC", 9), ("DOT", 1)):
        room.venue.volumes[f"{coin}USDT"] = Decimal(volume)
    room.rules = RankingRules(quote="USDT", size=20, least_volume=Decimal(1))
    report = room.rank()
    assert report.ranking is not None
    assert report.ranking.source == "volume"
    assert [item.symbol for item in report.ranking.items] == ["ADA", "BTC", "DOT"]
    assert [item.market_cap for item in report.ranking.items] == [None] * 3


def test_a_list_that_has_lost_a_fifth_is_not_believed(room: Room) -> None:
    first = room.rank()
    room.publish(**{coin: cap for coin, cap in COINS.items() if coin not in {"BTC", "ETH"}})
    room.pass_time(DAY)
    report = room.rank()
    assert (report.is_new, report.ranking) == (False, first.ranking)
    assert report.trouble == (
        "by coingecko there are 4 markets, and there were 6",
        "by binance-symbols there are 4 markets, and there were 6",
        "by binance-products there are 4 markets, and there were 6",
    )
    room.publish(**{coin: cap for coin, cap in COINS.items() if coin != "BTC"})
    assert room.symbols() == ["ETH", "SOL", "XRP", "ADA", "DOT"]


def test_an_owner_who_wants_fewer_gets_fewer(room: Room) -> None:
    room.rank()
    room.rules = RankingRules(quote="USDT", size=2)
    assert room.symbols() == ["BTC", "ETH"]


def test_after_a_week_a_smaller_world_is_believed(room: Room) -> None:
    room.rank()
    room.publish(BTC=900)
    room.pass_time(7 * DAY)
    assert not room.rank().is_new
    room.pass_time(HOUR)
    assert room.symbols() == ["BTC"]


@pytest.mark.parametrize(
    ("retry_after", "silence"),
    [
        ("90", timedelta(seconds=90)),
        ("Thu, 01 Aug 2024 00:05:00 GMT", timedelta(minutes=5)),
        ("", HOUR),
        ("soon", HOUR),
    ],
)
def test_who_wants_silence_gets_it(room: Room, retry_after: str, silence: timedelta) -> None:
    told = Answer(status=429, headers={"Retry-After": retry_after} if retry_after else {})
    room.publisher.answers[GECKO] = told
    report = room.rank()
    assert report.ranking is not None
    assert report.ranking.source == "binance-symbols"
    assert room.asked(GECKO) == 1
    room.publish(**COINS)
    room.pass_time(silence - timedelta(seconds=1))
    report = room.rank()
    assert room.asked(GECKO) == 1
    until = START + silence
    assert report.trouble == (f"coingecko is not asked before {until:%Y-%m-%d %H:%M:%S} UTC",)
    room.pass_time(timedelta(seconds=1))
    report = room.rank()
    assert report.ranking is not None
    assert report.ranking.source == "coingecko"


def test_a_key_goes_to_whom_it_belongs(room: Room) -> None:
    room.key = "made-up"
    room.publisher.answers[GECKO] = DOWN
    room.rank()
    keys = {r.path: r.headers.get("x-cg-demo-api-key") for r in room.publisher.asked}
    assert keys == {GECKO: "made-up", SYMBOLS: None}


def test_a_redirect_is_not_followed(room: Room) -> None:
    elsewhere = f"{room.publisher.url}/elsewhere"
    room.publisher.answers[GECKO] = Answer(status=302, headers={"Location": elsewhere})
    assert room.rank().trouble == ("coingecko answered 302",)
    assert room.asked("/elsewhere") == 0


def test_several_pages_are_one_list(room: Room) -> None:
    pages = [("btc", "bitcoin", 900), ("eth", "ethereum", 300)]
    for number, coin in enumerate(pages, 1):
        query = f"vs_currency=usd&order=market_cap_desc&per_page=250&page={number}"
        entry = json.loads(gecko_answer(coin).body)[0] | {"market_cap_rank": number}
        room.publisher.answers[f"{GECKO}?{query}"] = json_answer([entry])
    assert room.symbols() == ["BTC", "ETH"]


@pytest.mark.parametrize(
    "entry",
    [
        {"market_cap_rank": None},
        {"market_cap_rank": 0},
        {"market_cap_rank": "1"},
        {"symbol": None},
        {"symbol": "b t c"},
    ],
)
def test_entries_that_name_no_coin_are_left_out(room: Room, entry: dict[str, Any]) -> None:
    good, odd = json.loads(gecko_answer(("eth", "ethereum", 5), ("btc", "bitcoin", 3)).body)
    room.publisher.answers[GECKO] = json_answer([odd | entry, good])
    assert room.symbols() == ["ETH"]


def test_a_coin_without_capitalisation_keeps_its_place(room: Room) -> None:
    (entry,) = json.loads(gecko_answer(("eth", "ethereum", 5)).body)
    room.publisher.answers[GECKO] = json_answer([entry | {"market_cap": None}])
    report = room.rank()
    assert report.ranking is not None
    assert report.ranking.items[0].market_cap is None
    assert read_ranking(room.lake.get(LATEST) or b"") == report.ranking


def test_a_venue_that_does_not_answer_leaves_the_last_list(room: Room) -> None:
    first = room.rank()
    room.venue.close()
    report = room.rank()
    assert (report.is_new, report.ranking) == (False, first.ranking)
    assert report.trouble[0].startswith("binance did not give its markets")


def test_what_lies_in_the_lake_may_be_rubbish(room: Room) -> None:
    for rubbish in (b"{", b"[]", b'{"schema": 2}', b'{"schema": 1, "items": 5}'):
        room.lake.put(LATEST, rubbish)
        room.lake.put("top_marketcap/_silence.json", rubbish)
        assert last_ranking(room.lake) is None
        assert room.symbols() == list(COINS)
