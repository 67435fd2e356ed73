"""Columns of indicators that several bots run on: computed once, and packed once."""

from chalicelib.domain.bots.tracks import Shared, Tracks
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC

PRICES = moving(30)


def declared(*lengths: int) -> Tracks:
    tracks = Tracks(Interval.H1)
    for length in lengths:
        tracks.declare("sma", (length,), BTC, "close", "")
    tracks.declare("macd", (2, 3, 2), BTC, "close", "")
    return tracks


def test_what_one_bot_has_is_not_computed_for_another() -> None:
    shared = Shared()
    first = declared(2, 3).columns(BTC, PRICES, shared)
    second = declared(3, 4).columns(BTC, PRICES, shared)
    average, signals = f"{BTC} sma(3)", f"{BTC} macd(2, 3, 2)"
    assert second[average] is first[average]
    assert second[signals] is first[signals]
    assert second == declared(3, 4).columns(BTC, PRICES)
    assert list(shared) == [
        *((f"{BTC} sma({length})", BTC) for length in (2, 3)),
        (signals, BTC),
        (f"{BTC} sma(4)", BTC),
    ]


def test_a_line_is_packed_once_until_its_indicator_is_dropped() -> None:
    shared, tracks = Shared(), declared(2, 20)
    columns = tracks.columns(BTC, PRICES, shared)
    lines = {
        line: column
        for name, of in columns.items()
        for line, column in zip(tracks.all[name].lines, of, strict=True)
    }
    assert [line.name for line in lines] == [
        *(f"{BTC} sma(2)", f"{BTC} sma(20)"),
        *(f"{BTC} macd(2, 3, 2) {part}" for part in ("macd", "signal", "histogram")),
    ]
    packed = {line: shared.packed(line, column) for line, column in lines.items()}
    two, twenty, *of_macd = lines
    assert packed[two] is not None
    assert [packed[line] for line in of_macd] == [None] * 3  # some of their values lie below 0
    assert all(shared.packed(line, []) is packed[line] for line in lines)

    name = f"{BTC} macd(2, 3, 2)"
    assert shared.drop((name, BTC)) is columns[name]
    assert (name, BTC) not in shared
    empty = [shared.packed(line, []) for line in lines]
    assert empty[:2] == [packed[two], packed[twenty]]
    assert all(found is not None and found.length == 0 for found in empty[2:])
