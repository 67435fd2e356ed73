"""The day in one sentence, so that silence is a message, too."""

from collections import Counter
from collections.abc import Sequence

from chalicelib.domain.operation.conditions import worth_saying
from chalicelib.domain.operation.notice import Notice, Severity
from chalicelib.domain.operation.observation import Observation
from chalicelib.domain.trading.signal import Signal


def summary_of(seen: Observation, signals: Sequence[Signal], *, at_least: bool) -> Notice:
    """What the last day's signals became, and what waits now; `at_least`: there were more."""
    counts = Counter(signal.status for signal in signals)
    ended = ", ".join(f"{counts[status]} {status}" for status in sorted(counts))
    more = "more than " if at_least else ""
    alerts = (
        f"{more}{len(signals)} alerts in 24 hours ({ended})" if signals else "no alert in 24 hours"
    )
    open_matters = [n for n in worth_saying(seen) if n.severity is Severity.P1]
    return Notice(
        key=f"summary#{seen.at:%Y-%m-%d}",
        severity=Severity.P2,
        sentence=f"daily summary: {alerts}; {_standing(len(open_matters))}",
        at=seen.at,
    )


def _standing(open_matters: int) -> str:
    if not open_matters:
        return "all quiet, nothing waits for you"
    return f"{open_matters} urgent matter{'s wait' if open_matters > 1 else ' waits'} for you"
