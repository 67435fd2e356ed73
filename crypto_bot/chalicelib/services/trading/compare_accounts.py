"""One strategy on the accounts that follow it: on paper, at a test exchange, and live."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode
from chalicelib.domain.trading.comparison import ComparedAlert, side_by_side
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.drift import Tally
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.report_drift import report_drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Accounts with paper first, then sandbox, then live; alerts oldest first; a tally each.

    An account that no alert has reached yet has no tally.
    """

    accounts: tuple[Account, ...]
    alerts: tuple[ComparedAlert, ...]
    tallies: tuple[Tally, ...]


def compare_accounts(
    ports: TradingPorts,
    strategy: str,
    names: Sequence[str] = (),
    *,
    since: datetime | None = None,
) -> Comparison:
    """On the accounts of these names, or on all that follow it; `since` is of the alerts.

    SettingsError where there is no such account, or none at all.
    """
    accounts = _chosen(ports.strategies.configuration(), strategy, names)
    report = report_drift(ports, accounts, strategy=strategy, since=since)
    tallies = {tally.account: tally for tally in report.tallies}
    return Comparison(
        accounts=tuple(accounts),
        alerts=tuple(side_by_side(report.deviations, [account.name for account in accounts])),
        tallies=tuple(tallies[a.name] for a in accounts if a.name in tallies),
    )


def _chosen(configuration: Configuration, strategy: str, names: Sequence[str]) -> list[Account]:
    chosen = names or configuration.followers(strategy)
    if not chosen:
        raise SettingsError(
            f"no account follows {strategy}, so there is nothing to compare; "
            "crypto-bot accounts list shows who follows what"
        )
    accounts = [account_named(configuration, name) for name in dict.fromkeys(chosen)]
    return sorted(accounts, key=lambda account: (list(Mode).index(account.mode), account.name))
