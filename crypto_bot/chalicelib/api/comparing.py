"""A strategy on paper beside the same one at an exchange. Nothing here is ever added up."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.named import known_strategy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from chalicelib.domain.trading.account import Account
    from chalicelib.domain.trading.comparison import ComparedAlert
    from chalicelib.domain.trading.track_record import TrackRecord

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ALERTS: Final = 50
_BY_FILE: Final = "crypto-bot accounts apply FILE"
_ROWS: Final = {"type": "array", "items": {"type": "object"}}


@routes.reads(
    "/strategies/{strategy}/comparison",
    answer={"properties": {"accounts": _ROWS, "alerts": _ROWS, "step": {"type": "string"}}},
)
def compare(_asked: Asked, strategy: str) -> dict[str, Any]:
    """What each account made of a strategy: its record so far, and its newest alerts side by side.

    Paper comes first. An account's figures are since its books were opened, in its quote currency:
    `trades` are exits, `drawdown` is the deepest fall of their summed profits, `late` is the mean.
    `late` is in seconds; `slippage_bps` above zero is worse than the alert's price, `apart_bps` is
    the last account's price against the first one's. `step` is the command by which the strategy
    comes to be both on paper and at an exchange; '' where it is.
    """
    from chalicelib import bootstrap
    from chalicelib.services.trading.compare_accounts import compare_accounts
    from chalicelib.services.trading.report_track_record import report_track_record

    known_strategy(strategy)
    ports = bootstrap.trading()
    if not ports.strategies.configuration().followers(strategy):
        return {"accounts": [], "alerts": [], "step": _step(strategy, [])}
    found = compare_accounts(ports, strategy)
    tallies = {tally.account: tally for tally in found.tallies}
    return {
        "accounts": [
            _account(
                account, report_track_record(ports, strategy, account, tallies.get(account.name))
            )
            for account in found.accounts
        ],
        "alerts": [_alert(alert) for alert in found.alerts[: -_ALERTS - 1 : -1]],
        "step": _step(strategy, found.accounts),
    }


def _step(strategy: str, accounts: "Iterable[Account]") -> str:
    from chalicelib.domain.trading.account import Mode

    on_paper = {account.mode is Mode.VIRTUAL for account in accounts}
    if on_paper == {True, False}:
        return ""
    return f"crypto-bot promote {strategy} --to ACCOUNT" if True in on_paper else _BY_FILE


def _account(account: "Account", record: "TrackRecord") -> dict[str, Any]:
    from chalicelib.domain.operation.overview import BADGES

    return {
        "account": account.name,
        "badge": BADGES[account.mode],
        "quote": account.quote,
        "since": record.since,
        "trades": record.trades,
        "win_rate": record.win_rate,
        "profit": record.profit,
        "fees": record.fees,
        "drawdown": record.drawdown,
        "holding": record.holding,
        "alerts": record.followed.alerts,
        "executed": record.followed.executed,
        "missed": record.followed.missed,
        "late": _seconds(record.followed.late_mean),
        "slippage_bps": record.followed.slippage_bps,
    }


def _alert(alert: "ComparedAlert") -> dict[str, Any]:
    return {
        "signal_id": alert.signal_id,
        "fired_at": alert.fired_at,
        "symbol": alert.symbol,
        "state": alert.state,
        "alert_price": alert.alert_price,
        "on": {
            name: {
                "status": "open" if made.status is None else made.status,
                "price": made.price,
                "late": _seconds(made.late),
                "slippage_bps": made.slippage_bps,
                "reason": made.reason,
            }
            for name, made in alert.on.items()
        },
        "apart_bps": alert.apart_bps,
    }


def _seconds(span: "timedelta | None") -> float | None:
    return None if span is None else round(span.total_seconds(), 1)
