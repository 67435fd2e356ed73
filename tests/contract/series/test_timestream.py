"""What is written into Timestream, how it is written again, and what its refusals become."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.adapters.series.timestream import TimestreamCopy
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesRow
from tests.market.timestream import DATABASE, TABLE, Timestream, timestream
from tests.trading_floor import HandClock

BTC = CandleSeries("binance", "BTC/USDT", Interval.M1)
OF_BTC = ("binance", "BTC/USDT", "1m")
MIDNIGHT = datetime(2024, 8, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timestream]:
    with timestream(monkeypatch) as made:
        yield made


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def copy(there: Timestream, clock: HandClock) -> Iterator[TimestreamCopy]:
    with there.client() as client:
        yield TimestreamCopy(client, DATABASE, TABLE, now=clock.now)


def row(number: int, close: str = "100", **derived: float | None) -> SeriesRow:
    price = Decimal(close)
    start = MIDNIGHT + number * MINUTE
    return SeriesRow(Candle(start, price, price, price, price, Decimal("1E-8")), derived)


def rejected(*records: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    kind = "com.amazonaws.timestream.v20181101#RejectedRecordsException"
    return 419, {"__type": kind, "Message": "see them", "RejectedRecords": list(records)}


def refusal(kind: str, message: str, status: int = 400) -> tuple[int, dict[str, Any]]:
    return status, {"__type": kind, "message": message}


def test_a_row_becomes_one_record_with_all_that_it_has(
    copy: TimestreamCopy, there: Timestream
) -> None:
    derived = {"return": 0.1 + 0.2, "rsi_14": None, "obv": -5e-324}
    assert copy.write(BTC, [row(0, "61837.01", **derived)]) is None
    assert there.kept() == 1
    assert there.seen(*OF_BTC) == {
        MIDNIGHT: {
            **dict.fromkeys(("open", "high", "low", "close"), 61837.01),
            "volume": 1e-8,
            "return": 0.1 + 0.2,
            "obv": -5e-324,
        }
    }
    [request] = there.asked
    kinds = {m["Type"] for record in request["Records"] for m in record["MeasureValues"]}
    assert kinds == {"DOUBLE"}


def test_a_day_of_minutes_goes_by_the_hundred(copy: TimestreamCopy, there: Timestream) -> None:
    assert copy.write(BTC, [row(n, str(n + 1)) for n in range(1440)]) is None
    assert [len(request["Records"]) for request in there.asked] == [*[100] * 14, 40]
    assert there.kept() == 1440
    seen = there.seen(*OF_BTC)
    assert [measures["close"] for measures in seen.values()] == [n + 1 for n in range(1440)]


def test_what_is_written_again_later_takes_the_place_of_the_old(
    copy: TimestreamCopy, there: Timestream, clock: HandClock
) -> None:
    copy.write(BTC, [row(0, "1"), row(1, "2")])
    clock.pass_time(seconds=0.001)
    copy.write(BTC, [row(1, "7")])
    assert [measures["close"] for measures in there.seen(*OF_BTC).values()] == [1, 7]
    copy.write(BTC._replace(interval=Interval.H1), [row(1, "9")])
    assert len(there.seen(*OF_BTC)) == 2
    assert len(there.seen("binance", "BTC/USDT", "1h")) == 1


def test_refused_rows_are_counted_and_the_others_written(
    copy: TimestreamCopy, there: Timestream
) -> None:
    outside = "The record timestamp is outside the time range of the data ingestion window."
    there.refusals = [rejected({"RecordIndex": 3, "Reason": outside}, {"RecordIndex": 4})]
    found = copy.write(BTC, [row(n) for n in range(101)])
    assert found == (2, f"2024-08-08T00:03Z: {outside}")
    assert [len(request["Records"]) for request in there.asked] == [100, 1]


@pytest.mark.parametrize("kind", ["AccessDeniedException", "ResourceNotFoundException"])
def test_what_only_the_owner_can_mend_is_said(
    copy: TimestreamCopy, there: Timestream, kind: str
) -> None:
    there.refusals = [refusal(kind, "made up")]
    with pytest.raises(StoreUnavailable) as raised:
        copy.write(BTC, [row(0)])
    assert str(raised.value).startswith(
        f"Timestream's {DATABASE}.{TABLE} refuses to be written to ({kind}: made up); check"
    )
    assert len(there.asked) == 1, "to repeat it would mend nothing"


def test_what_passes_by_itself_is_tried_again_and_then_told(
    copy: TimestreamCopy, there: Timestream
) -> None:
    there.refusals = [refusal("ThrottlingException", "too much")]
    assert copy.write(BTC, [row(0)]) is None
    there.refusals = [refusal("InternalServerException", "made up", 500)] * 2
    with pytest.raises(
        StoreUnavailable, match=r"did not take rows \(InternalServerException: made"
    ):
        copy.write(BTC, [row(0)])
    there.is_away = True
    with pytest.raises(StoreUnavailable, match="did not answer: "):
        copy.write(BTC, [row(0)])
