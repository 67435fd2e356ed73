"""Trades -> candles: in Python for archived ones, by DuckDB for files; both say the same."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters.candles.files import MarketFile
from chalicelib.domain.errors import SettingsError, StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candles_from_trades import candles_from_trades
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute, milliseconds
from chalicelib.domain.market.trade import Trade, parse_trade
from chalicelib.services.market.build_candles import candles_of_archive
from tests.market.floor import Floor, trade
from tests.market.public_binance import candles_from

START = datetime(2024, 8, 8, 23, 55, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DAY = datetime(2024, 8, 8, tzinfo=UTC)


def candle(start: datetime, *amounts: str) -> Candle:
    return Candle(start, *map(Decimal, amounts))


def traded(number: int, at: datetime, price: str, quantity: str) -> Trade:
    return Trade(
        kind="aggTrade",
        symbol="BTCUSDT",
        id=number,
        price=Decimal(price),
        quantity=Decimal(quantity),
        at_ms=milliseconds(at),
        taker_sold=False,
        first=number,
        last=number,
    )


def test_trades_become_candles_in_whatever_order_they_come() -> None:
    trades = [
        traded(7, START + 59 * SECOND, "9.5", "1"),
        traded(9, START, "10", "0.1"),
        traded(3, START + SECOND, "9", "0.2"),
        traded(2, START + SECOND, "12", "0.3"),
        traded(8, START + 3 * MINUTE, "11", "5"),
    ]
    first = candle(START, "10", "12", "9", "9.5", "1.6")
    alone = candle(START + 3 * MINUTE, "11", "11", "11", "11", "5")
    assert candles_from_trades(trades, Interval.M1) == [first, alone]
    assert candles_from_trades(reversed(trades), Interval.M1) == [first, alone]
    assert candles_from_trades(trades, Interval.M5) == [
        candle(START, "10", "12", "9", "11", "6.6"),
    ]
    assert candles_from_trades([], Interval.M1) == []


def test_ids_order_the_trades_of_a_millisecond() -> None:
    trades = [traded(n, START, str(n), "1") for n in (3, 1, 2)]
    assert candles_from_trades(trades, Interval.M1) == [candle(START, "1", "3", "1", "3", "3")]


amounts = st.decimals("0.00000001", "99999999", places=8)
moments = st.integers(0, 2) | st.integers(0, 30 * 86_400_000)  # often several in a millisecond


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(moments, amounts, amounts), min_size=1),
    st.sampled_from(list(Interval)),
)
def test_duckdb_and_python_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    facts: list[tuple[int, Decimal, Decimal]],
    interval: Interval,
) -> None:
    start = int(DAY.timestamp() * 1000)
    rows = [(start + ms, n, p, q) for n, (ms, p, q) in enumerate(sorted(facts))]
    trades = [
        Trade("aggTrade", "BTCUSDT", n, p, q, ms, taker_sold=False, first=n, last=n)
        for ms, n, p, q in rows
    ]
    expected = candles_from_trades(trades, interval)
    folder = tmp_path_factory.mktemp("trades")
    text = "".join(f"{ms},{n},{p},{q}\n" for ms, n, p, q in reversed(rows))
    (folder / "trades.csv").write_text(f"transact_time,agg_trade_id,price,quantity\n{text}")
    ordered = "".join(f"{ms},{p},{q}\n" for ms, n, p, q in rows)
    (folder / "without-ids.csv").write_text(f"time,price,quantity\n{ordered}")
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT epoch_ms(transact_time) AS T, agg_trade_id AS a,"
            " price AS p, quantity AS q FROM read_csv(?, columns = {'transact_time': 'BIGINT',"
            " 'agg_trade_id': 'BIGINT', 'price': 'DECIMAL(18, 8)', 'quantity': 'DECIMAL(18, 8)'})",
            [str(folder / "trades.csv")],
        )
        connection.sql("SELECT * FROM t").write_parquet(str(folder / "trades.parquet"))
    for name in ("trades.csv", "without-ids.csv", "trades.parquet"):
        file = MarketFile(folder / name)
        assert not file.has_candles
        found = [candle for portion in file.candles_of_trades(interval) for candle in portion]
        assert found == expected, name


TIMES = {
    "start": lambda at: at.isoformat(),
    "open_time": lambda at: int(at.timestamp() * 1000),
    "Time": lambda at: int(at.timestamp()),
    "timestamp": lambda at: int(at.timestamp() * 1_000_000),
    "date": lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    "datetime": lambda at: int(at.timestamp() * 10**9),
}


@pytest.mark.parametrize("name", TIMES)
def test_files_of_candles_by_what_exporters_call_their_time(tmp_path: Path, name: str) -> None:
    made = candles_from(DAY, 30)
    rows = [f"{TIMES[name](c.start)},{','.join(map(str, c[1:]))}" for c in made]
    path = tmp_path / "candles.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("\n".join([f"{name},Open,High,Low,Close,Volume", *rows]))
    opened = MarketFile(path)
    assert opened.has_candles
    assert [each for portion in opened.candles() for each in portion] == made


def test_files_of_the_archive_have_no_header(tmp_path: Path) -> None:
    made = candles_from(DAY, 3)
    rows = [
        f"{int(c.start.timestamp())}000000,{','.join(map(str, c[1:]))},0,0,1,0,0,0" for c in made
    ]
    (tmp_path / "klines.csv").write_text("\n".join(rows))
    assert list(MarketFile(tmp_path / "klines.csv").candles()) == [made]
    at = int(DAY.timestamp() * 1000)
    (tmp_path / "agg.csv").write_text(f"7,10.5,2,1,1,{at},True,True\n8,11.5,3,2,2,{at},True,True")
    (tmp_path / "trades.csv").write_text(f"7,10.5,2,21,{at},True,True\n8,11.5,3,33,{at},True,True")
    for name in ("agg.csv", "trades.csv"):
        found = list(MarketFile(tmp_path / name).candles_of_trades(Interval.H1))
        assert found == [[candle(DAY, "10.5", "11.5", "10.5", "11.5", "5")]]


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT", "DECIMAL(12, 3)"])
def test_floats_count_as_the_text_they_stand_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "candles.parquet"
    with duckdb.connect() as connection:
        values = ", ".join(f"CAST({v} AS {kind})" for v in ("0.1", "0.3", "0.1", "0.2", "61837.23"))
        connection.sql(
            f"SELECT * FROM (VALUES (TIMESTAMP '2024-08-08', {values}))"  # noqa: S608 - above
            " AS t(time, open, high, low, close, volume)"
        ).write_parquet(str(path))
    (found,) = [each for portion in MarketFile(path).candles() for each in portion]
    assert found == candle(DAY, "0.1", "0.3", "0.1", "0.2", "61837.23")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"x,y\n1,2\n", "has no column for time; it must be called start or time"),
        ("a.csv", b"time,price\n1,2\n", "has no column for quantity"),
        ("a.csv", b"", "has no column for time"),
        ("a.parquet", b"PAR1 no more", "cannot be read"),
        ("a.csv", b"time,price,quantity\nyesterday,1,1\n", "cannot be read"),
        ("a.csv", b"time,price,quantity\n1722470400,much,1\n", "cannot be read"),
        ("a.csv.gz", b"no gzip", "cannot be read"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=told) as refusal:
        list(MarketFile(path).candles_of_trades(Interval.M1))
    assert str(refusal.value).startswith(str(path))


def test_an_amount_that_is_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "candles.csv"
    path.write_text("time,open,high,low,close,volume\n1722470400,1,,1,1,1\n")
    with pytest.raises(SettingsError, match=r"candles\.csv cannot be read"):
        list(MarketFile(path).candles())


def built(floor: Floor, **other: Any) -> Iterator[Candle]:
    given = {"start": START, "end": START + timedelta(hours=2)} | other
    for portion in candles_of_archive("BTCUSDT", floor.lake, **given):
        yield from portion


def test_archived_trades_become_minutes(floor: Floor) -> None:
    trades = [
        trade(n, START + 25 * n * SECOND, p=f"{100 + n % 5}", q="0.5", m=True) for n in range(40)
    ]
    parsed = [parse_trade(message) for message in trades]
    for name, some in (("p0-0", trades[:30]), ("p0-9", trades[20:])):  # some of them twice
        by_minute: dict[datetime, list[bytes]] = {}
        for message in some:
            at = datetime.fromtimestamp(json.loads(message)["T"] // 60_000 * 60, UTC)
            by_minute.setdefault(at, []).append(message)
        for start, lines in by_minute.items():
            floor.put(Minute("BTCUSDT", start), name, [b"rubbish", *lines])
    expected = candles_from_trades(parsed, Interval.M1)
    assert len(expected) == 17
    assert list(built(floor)) == expected
    assert list(built(floor, start=expected[5].start, end=expected[9].start)) == expected[5:9]


def test_an_absurd_price_makes_no_candle(floor: Floor) -> None:
    lines = [trade(n, START + n * SECOND, p=p) for n, p in enumerate(("100", "101", "9000", "99"))]
    strange = [trade(9, START + 5 * MINUTE), trade(10, START, s="ETHUSDT")]
    floor.put(Minute("BTCUSDT", START), "p0-0", [*lines, *strange])
    assert list(built(floor)) == [candle(START, "100", "101", "99", "99", "1.5")]


def test_a_damaged_object_makes_no_candle_at_all(floor: Floor) -> None:
    key = floor.put(Minute("BTCUSDT", START), "p0-0", [trade(1, START)])
    floor.lake.put(key, (floor.lake.get(key) or b"")[:-3])
    with pytest.raises(StoreUnavailable, match=f"{key} cannot be read"):
        list(built(floor))
