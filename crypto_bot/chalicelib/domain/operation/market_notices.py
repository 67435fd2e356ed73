"""What the owner has to know of the market data: each occasion said once, however often it is met.

All of it can wait until the day's end: no order depends on it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.market.minute import Minute
from chalicelib.domain.operation.notice import Notice, Severity

# What comes back by itself within this time is not worth a word.
LONG: Final = timedelta(minutes=10)


def minute_withheld(minute: Minute, damaged: Sequence[str], at: datetime) -> Notice:
    """One for all the damage of a symbol within an hour."""
    return Notice(
        key=f"market withheld {minute.symbol} {_hour(minute.start)}",
        severity=Severity.P2,
        sentence=(
            f"{damaged[0]} cannot be read, and the summary of {minute.symbol} for"
            f" {minute.start:%Y-%m-%d %H:%M} waits for it: put it there again. crypto-bot"
            " sweep-summaries names every minute that waits"
        ),
        at=at,
    )


def lines_rejected(minute: Minute, count: int, folder: str, at: datetime) -> Notice:
    """Lines of a minute that are not in its row: one for a symbol and hour."""
    return Notice(
        key=f"market rejected {minute.symbol} {_hour(minute.start)}",
        severity=Severity.P2,
        sentence=(
            f"{count} lines of {minute.symbol} for {minute.start:%Y-%m-%d %H:%M} are not in its"
            f" summary; the lake has them with the reasons in {folder}"
        ),
        at=at,
    )


def messages_rejected(count: int, folder: str, at: datetime) -> Notice:
    """Messages that are no trades: one an hour."""
    return Notice(
        key=f"market messages {_hour(at)}",
        severity=Severity.P2,
        sentence=(
            f"{count} messages of the market are no trades; the lake has them with the reasons in"
            f" {folder}"
        ),
        at=at,
    )


def stage_failing(stage: str, since: datetime, trouble: str, at: datetime) -> Notice | None:
    """None before it has failed for long; then one for the whole time."""
    if at - since < LONG:
        return None
    return Notice(
        key=f"market failing {stage} {since:%Y-%m-%dT%H:%M:%S}",
        severity=Severity.P2,
        sentence=f"{stage} fails since {since:%Y-%m-%d %H:%M} UTC and tries again: {trouble}",
        at=at,
    )


def table_unreachable(trouble: str, at: datetime) -> Notice:
    """One a day: who is asked hourly does not know since when."""
    return Notice(
        key=f"market table {at:%Y-%m-%d}",
        severity=Severity.P2,
        sentence=(
            f"minutes cannot be summed up: {trouble}. Nothing is lost: the trades are in the lake,"
            " and crypto-bot sweep-summaries --since makes up for what the hourly sweep does not"
            " reach"
        ),
        at=at,
    )


def _hour(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H}"
