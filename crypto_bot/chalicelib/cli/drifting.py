"""drift and compare: what the alerts believe against what was filled, and paper against live."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import click

from chalicelib import bootstrap
from chalicelib.cli.books import chosen_accounts
from chalicelib.cli.options import as_json, in_known_home, one_account
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import Row
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.comparison import ComparedAlert
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.domain.trading.drift import Deviation, Standing, Tally
from chalicelib.services.trading.compare_accounts import compare_accounts
from chalicelib.services.trading.report_drift import DriftReport, report_drift

_ALERTS = (
    "fired_at",
    "account",
    "strategy",
    "symbol",
    "state",
    "status",
    "alert_price",
    "price",
    "late_seconds",
    "slippage_bps",
    "slippage",
    "fee",
    "reason",
)
_TOTALS = (
    "account",
    "strategy",
    "alerts",
    "executed",
    "partly",
    "missed",
    "skipped",
    "superseded",
    "open",
    "unasked",
    "late_mean",
    "late_most",
    "slippage_bps",
    "slippage",
    "fees",
    "quote",
)
_STEP = ("account", "strategy", "symbol", "believed", "since", "actual", "held")
_NOTHING = "No alert has been answered yet."
_DATE = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ")

_since = click.option(
    "--since", type=click.DateTime(_DATE), metavar="DATE", help="Only alerts fired since then, UTC."
)


@click.command()
@in_known_home
@as_json
@one_account
@_since
@click.argument("strategy", required=False)
def drift(as_json: bool, account: str | None, since: datetime | None, strategy: str | None) -> None:
    """What the alerts believe against what was filled.

    Of STRATEGY, or of all: missed, late, skipped and why, slippage against the alert's price (above
    zero: worse), fees. Amounts are in the account's quote currency.
    """
    accounts = chosen_accounts(account)
    _known(strategy)
    report = _report(accounts, strategy, since)
    quotes = {chosen.name: chosen.quote for chosen in accounts}
    if as_json:
        show_json(_document(report, quotes))
        return
    show([_alert_row(d) for d in report.deviations], _ALERTS, as_json=False, empty=_NOTHING)
    if not report.deviations:
        return
    click.echo()
    show([_total_row(t, quotes) for t in report.tallies], _TOTALS, as_json=False, empty=_NOTHING)
    click.echo()
    apart = [_standing_row(standing) for standing in report.standings if not standing.is_in_step]
    show(apart, _STEP, as_json=False, empty="Every strategy is where its last alert has it.")


@click.command()
@in_known_home
@as_json
@_since
@click.option("--account", "names", multiple=True, metavar="NAME", help="May be repeated.")
@click.argument("strategy")
def compare(as_json: bool, since: datetime | None, names: tuple[str, ...], strategy: str) -> None:
    """One strategy on its accounts side by side.

    Alert by alert and in total, STRATEGY on paper first [default: on all that follow it].
    """
    _known(strategy)
    found = compare_accounts(bootstrap.trading(), strategy, names, since=_in_utc(since))
    quotes = {chosen.name: chosen.quote for chosen in found.accounts}
    rows = [_alert_on_all(alert, list(quotes)) for alert in found.alerts]
    totals = [_total_row(tally, quotes) for tally in found.tallies]
    if as_json:
        show_json({"accounts": list(quotes), "alerts": rows, "totals": totals})
        return
    columns = list(rows[0]) if rows else []
    show(rows, [c for c in columns if c != "signal_id"], as_json=False, empty=_NOTHING)
    if rows:
        click.echo()
        show(totals, _TOTALS, as_json=False, empty=_NOTHING)


def _known(strategy: str | None) -> None:
    if strategy is not None:
        strategy_named(bootstrap.strategies().configuration(), strategy)


def _report(
    accounts: Sequence[Account], strategy: str | None, since: datetime | None
) -> DriftReport:
    return report_drift(bootstrap.trading(), accounts, strategy=strategy, since=_in_utc(since))


def _in_utc(since: datetime | None) -> datetime | None:
    return None if since is None else since.replace(tzinfo=UTC)


def _alert_on_all(alert: ComparedAlert, accounts: Sequence[str]) -> Row:
    """One row, with the same cells for each account."""
    row: Row = {
        "fired_at": alert.fired_at,
        "symbol": alert.symbol,
        "state": alert.state.value,
        "alert_price": alert.alert_price,
        "signal_id": alert.signal_id,
    }
    for account in accounts:
        found = alert.on.get(account)
        row[f"{account} status"] = "-" if found is None else _status(found)
        row[f"{account} price"] = None if found is None else found.price
        row[f"{account} late"] = None if found is None else _seconds(found.late)
        row[f"{account} bps"] = None if found is None else found.slippage_bps
    row["apart_bps"] = alert.apart_bps
    return row


def _status(deviation: Deviation) -> str:
    return "open" if deviation.status is None else deviation.status.value


def _seconds(span: timedelta | None) -> Decimal | None:
    return None if span is None else Decimal(str(round(span.total_seconds(), 1)))


def _alert_row(deviation: Deviation) -> Row:
    return {
        "fired_at": deviation.fired_at,
        "account": deviation.account,
        "strategy": deviation.strategy,
        "symbol": deviation.symbol,
        "state": deviation.state.value,
        "status": _status(deviation),
        "alert_price": deviation.alert_price,
        "quantity": deviation.quantity,
        "price": deviation.price,
        "late_seconds": _seconds(deviation.late),
        "slippage_bps": deviation.slippage_bps,
        "slippage": deviation.slippage,
        "fee": deviation.fee,
        "reason": deviation.reason,
        "signal_id": deviation.signal_id,
    }


def _total_row(tally: Tally, quotes: dict[str, str]) -> Row:
    return {
        "account": tally.account,
        "strategy": tally.strategy,
        "alerts": tally.alerts,
        "executed": tally.executed,
        "partly": tally.partly,
        "missed": tally.missed,
        "skipped": tally.skipped,
        "superseded": tally.superseded,
        "open": tally.open,
        "unasked": tally.unasked,
        "late_mean": _seconds(tally.late_mean),
        "late_most": _seconds(tally.late_most),
        "slippage_bps": tally.slippage_bps,
        "slippage": tally.slippage,
        "fees": tally.fees,
        "quote": quotes[tally.account],
    }


def _standing_row(standing: Standing) -> Row:
    return {
        "account": standing.account,
        "strategy": standing.strategy,
        "symbol": standing.symbol,
        "believed": standing.believed.value,
        "since": standing.since,
        "actual": standing.actual.value,
        "held": standing.held,
        "in_step": standing.is_in_step,
    }


def _document(report: DriftReport, quotes: dict[str, str]) -> dict[str, object]:
    return {
        "alerts": [_alert_row(deviation) for deviation in report.deviations],
        "totals": [_total_row(tally, quotes) for tally in report.tallies],
        "standings": [_standing_row(standing) for standing in report.standings],
    }
