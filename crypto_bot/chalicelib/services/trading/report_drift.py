"""What TradingView's strategies believe against what was filled, out of signals and ledgers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.answered import answers, filled_by_plan
from chalicelib.domain.trading.drift import (
    Deviation,
    Standing,
    Tally,
    deviations,
    standings,
    tallies,
)
from chalicelib.ports import TradingPorts

_EVERYTHING: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """Alert by alert, the totals, and who is out of step now."""

    deviations: tuple[Deviation, ...]
    tallies: tuple[Tally, ...]
    standings: tuple[Standing, ...]


def report_drift(
    ports: TradingPorts,
    accounts: Sequence[Account],
    *,
    strategy: str | None = None,
    since: datetime | None = None,
) -> DriftReport:
    """Of these accounts, and of one strategy or all; `since` is the fire time of the alerts."""
    signals = [
        signal
        for signal in ports.signals.recent(_EVERYTHING)
        if strategy in {None, signal.strategy} and (since is None or signal.fired_at >= since)
    ]
    entries = [
        entry
        for account in accounts
        for entry in ports.ledger.entries(account.name)
        if since is None or entry.at >= since
    ]
    filled = {
        key: moved for key, moved in filled_by_plan(entries).items() if strategy in {None, key[2]}
    }
    answered = answers(signals, filled)
    found = deviations(signals, answered, [account.name for account in accounts])
    return DriftReport(
        deviations=tuple(found),
        tallies=tuple(tallies(found, answered.unasked)),
        standings=tuple(
            standings(
                signals,
                [ports.plans.state(account.name) for account in accounts],
                [ports.ledger.portfolio(account.name, account.quote) for account in accounts],
            )
        ),
    )
