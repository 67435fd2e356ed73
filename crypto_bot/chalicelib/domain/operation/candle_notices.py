"""What the owner has to know of ranking and candles: each occasion said once a day.

All of it can wait until the day's end: no order depends on it.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from chalicelib.domain.operation.notice import Notice, Severity

_DIGEST = 8


def ranking_kept(trouble: Sequence[str], as_of: datetime | None, at: datetime) -> Notice:
    """There is no new list."""
    last = f"the one of {as_of:%Y-%m-%d} stays" if as_of else "there is none at all"
    return Notice(
        key=f"market ranking {at:%Y-%m-%d}",
        severity=Severity.P2,
        sentence=f"markets could not be ranked, and {last}: {'; '.join(trouble)}",
        at=at,
    )


def candles_not_collected(trouble: str, at: datetime) -> Notice:
    """One for each reason; the next run tries again."""
    return Notice(
        key=f"market candles {at:%Y-%m-%d} {sha256(trouble.encode()).hexdigest()[:_DIGEST]}",
        severity=Severity.P2,
        sentence=f"candles were not collected, and will be tried again: {trouble}",
        at=at,
    )


def candles_refused(series: str, flaws: Sequence[str], at: datetime) -> Notice:
    """A gap stays where they would be, until the venue says something else."""
    return Notice(
        key=f"market candles refused {at:%Y-%m-%d} {series}",
        severity=Severity.P2,
        sentence=f"{len(flaws)} candles of {series} cannot be right, such as {flaws[0]}",
        at=at,
    )


def candles_not_loaded(trouble: str, at: datetime) -> Notice:
    """One for each reason; the next run goes on from there."""
    return Notice(
        key=f"market load {at:%Y-%m-%d} {sha256(trouble.encode()).hexdigest()[:_DIGEST]}",
        severity=Severity.P2,
        sentence=f"candles were not loaded, and will be tried again: {trouble}",
        at=at,
    )


def candles_set_aside(series: str, count: int, folder: str, at: datetime) -> Notice:
    """They are no part of the time series, until the lake has others in their place."""
    return Notice(
        key=f"market candles set aside {at:%Y-%m-%d} {series}",
        severity=Severity.P2,
        sentence=(
            f"{count} candles of {series} cannot be right and are not in the time series; the lake"
            f" has them with the reasons in {folder}"
        ),
        at=at,
    )


def candles_not_copied(series: str, trouble: str, at: datetime) -> Notice:
    """The time series itself has them."""
    return Notice(
        key=f"market copy {at:%Y-%m-%d} {series}",
        severity=Severity.P2,
        sentence=f"{series}: {trouble}",
        at=at,
    )


def not_analysed(trouble: str, at: datetime) -> Notice:
    """The last analysis stays; the next run tries again."""
    return Notice(
        key=f"market analysis {at:%Y-%m-%d} {sha256(trouble.encode()).hexdigest()[:_DIGEST]}",
        severity=Severity.P2,
        sentence=f"nothing new was analysed, and will be tried again: {trouble}",
        at=at,
    )


def candles_not_compacted(trouble: str, at: datetime) -> Notice:
    """Nothing is lost: the candles stay in more files than there could be."""
    return Notice(
        key=f"market compaction {at:%Y-%m-%d} {sha256(trouble.encode()).hexdigest()[:_DIGEST]}",
        severity=Severity.P2,
        sentence=f"candles were not made into one file, and will be tried again: {trouble}",
        at=at,
    )
