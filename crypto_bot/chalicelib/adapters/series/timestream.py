"""Rows of the time series as records of Amazon Timestream: a row is one record of many measures.

A record that is written again with a higher version takes the place of the one before, so each
write has the time of writing for its version. Prices become floating point here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.domain.money import plain
from chalicelib.market_ports.series import NotTaken

AT_ONCE: Final = 100  # Timestream takes no more
MEASURE: Final = "candle"

_AMOUNTS: Final = Candle._fields[1:]
_REJECTED: Final = "RejectedRecordsException"
_WRONG: Final = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)

Record = dict[str, Any]


class TimestreamCopy:
    """`SeriesCopy` over a low-level client of timestream-write; `now` makes the versions."""

    def __init__(
        self, client: Any, database: str, table: str, *, now: Callable[[], datetime]
    ) -> None:
        self.name: Final = f"Timestream's {database}.{table}"
        self._client = client
        self._where = {"DatabaseName": database, "TableName": table}
        self._now = now

    def write(self, series: CandleSeries, rows: Sequence[SeriesRow]) -> NotTaken | None:
        """See `SeriesCopy.write`."""
        common = {**_alike(series), "Version": int(self._now().timestamp() * 1000)}
        count, example = 0, ""
        for first in range(0, len(rows), AT_ONCE):
            batch = rows[first : first + AT_ONCE]
            for number, reason in self._rejected(common, batch):
                example = example or f"{batch[number].candle.start:%Y-%m-%dT%H:%MZ}: {reason}"
                count += 1
        return NotTaken(count, example) if count else None

    def _rejected(self, common: Record, batch: Sequence[SeriesRow]) -> list[tuple[int, str]]:
        """The others of the batch are written. Number and reason."""
        with self._trouble_named():
            try:
                self._client.write_records(
                    **self._where, CommonAttributes=common, Records=[_record(row) for row in batch]
                )
            except ClientError as error:
                if _code(error) != _REJECTED:
                    raise
                said = error.response.get("RejectedRecords", [])
                return [(one["RecordIndex"], one.get("Reason", "no reason")) for one in said]
        return []

    @contextmanager
    def _trouble_named(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            said = f"({_code(error)}: {error.response['Error'].get('Message', '')})"
            if _code(error) in _WRONG:
                raise StoreUnavailable(  # no SettingsError: nothing else has to stop for a copy
                    f"{self.name} refuses to be written to {said}; check SERIES_TIMESTREAM, the"
                    " region and what the credentials may do. AWS has taken no new customers of"
                    " Timestream for LiveAnalytics since June 2025"
                ) from error
            raise StoreUnavailable(f"{self.name} did not take rows {said}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"{self.name} did not answer: {error}") from error


def _alike(series: CandleSeries) -> Record:
    """What all records of a series have in common."""
    return {
        "Dimensions": [
            {"Name": name, "Value": str(value)} for name, value in series._asdict().items()
        ],
        "MeasureName": MEASURE,
        "MeasureValueType": "MULTI",
        "TimeUnit": "SECONDS",
    }


def _record(row: SeriesRow) -> Record:
    amounts = {name: plain(getattr(row.candle, name)) for name in _AMOUNTS}
    derived = {name: repr(value) for name, value in row.derived.items() if value is not None}
    return {
        "Time": str(int(row.candle.start.timestamp())),
        "MeasureValues": [
            {"Name": name, "Value": value, "Type": "DOUBLE"}
            for name, value in {**amounts, **derived}.items()
        ],
    }


def _code(error: ClientError) -> str:
    code: str = error.response["Error"]["Code"]
    return code
