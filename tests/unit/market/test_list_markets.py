"""Which markets there are to draw, told by the names of folders."""

from chalicelib.adapters.candles.listing import listed_series
from chalicelib.domain.market.candle_series import CandleSeries, candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.services.market.list_markets import ListedMarket, list_markets
from tests.market.shown import candles, collect, lake_of

M1, M5, H1, D1 = Interval.M1, Interval.M5, Interval.H1, Interval.D1


def series(symbol: str, *intervals: Interval, venue: str = "binance") -> list[CandleSeries]:
    return [CandleSeries(venue, symbol, interval) for interval in intervals]


def test_intervals_are_those_collected_and_those_that_loading_makes():
    found = list_markets(
        [*series("ETH/USDT", D1), *series("BTC/USDT", H1, M1)], [M5, Interval.H4, H1]
    )

    assert found == [
        ListedMarket(
            venue="binance", symbol="BTC/USDT", collected=(M1, H1), made=(M5, Interval.H4)
        ),
        ListedMarket(venue="binance", symbol="ETH/USDT", collected=(D1,), made=()),
    ]


def test_one_symbol_at_two_venues_is_two_markets():
    both = [*series("BTC/USDT", H1), *series("BTC/USDT", H1, venue="kraken")]

    assert [(one.venue, one.symbol) for one in list_markets(both, [])] == [
        ("binance", "BTC/USDT"),
        ("kraken", "BTC/USDT"),
    ]


def test_a_lake_is_listed_without_opening_a_file(tmp_path):
    home = tmp_path / "home"
    for name in ("BTC/USDT", "BTC-PERP/USDT"):
        collect(home, candles(1), candle_series("binance", name, "1h"))
    lake = lake_of(home)
    lake.put("candles/venue=binance/symbol=BTC-USDT/interval=13h/x", b"somebody else's")

    assert listed_series(lake) == [
        *series("BTC-PERP/USDT", H1),
        *series("BTC/USDT", H1),
    ]
    assert listed_series(lake, "kraken") == []
    lake.close()
