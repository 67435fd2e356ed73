"""The columns of a minute's row, in the order that readers of the table were promised.

`timestamp` is the start of the minute in UTC. Behind the promised ones stands `source`: a digest of
the objects that the row was made of.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary

TABLE: Final = "minute_summary"
COUNTS: Final = ("total_count_b", "total_count_s")
AMOUNTS: Final = (
    "total_btc_b",
    "total_btc_s",
    "total_usd_b",
    "total_usd_s",
)
AVERAGES: Final = ("avg_b", "avg_s")
PROMISED: Final = ("timestamp", "symbol", *COUNTS, *AMOUNTS, *AVERAGES)
ALL: Final = (*PROMISED, "source")

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def moment(at: datetime) -> str:
    """As both databases read and compare it."""
    return at.astimezone(UTC).strftime(_FORMAT)


def read_moment(value: object) -> datetime:
    """Text from SQLite, a naive time from MySQL."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    return datetime.strptime(str(value), _FORMAT).replace(tzinfo=UTC)


def amounts_of(summary: MinuteSummary) -> tuple[int | Decimal | None, ...]:
    """What stands behind timestamp and symbol."""
    return (
        summary.total_count_b,
        summary.total_count_s,
        summary.total_btc_b,
        summary.total_btc_s,
        summary.total_usd_b,
        summary.total_usd_s,
        summary.avg_b,
        summary.avg_s,
    )


def summary_of(row: Sequence[object]) -> MinuteSummary:
    """A row of the promised columns."""
    at, symbol, *values = row
    counts = [int(str(value)) for value in values[:2]]
    base_b, base_s, quote_b, quote_s = (Decimal(str(value)) for value in values[2:6])
    avg_b, avg_s = (None if value is None else Decimal(str(value)) for value in values[6:8])
    return MinuteSummary(
        minute=Minute(str(symbol), read_moment(at)),
        total_count_b=counts[0],
        total_count_s=counts[1],
        total_btc_b=base_b,
        total_btc_s=base_s,
        total_usd_b=quote_b,
        total_usd_s=quote_s,
        avg_b=avg_b,
        avg_s=avg_s,
    )
