"""signals and orders: what arrived, what became of it, what was sent."""

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_known_home, one_account, row_limit
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import order_row, quarantine_row, signal_row
from chalicelib.cli.waiting import Waiting
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.configuration.names import account_named, strategy_named

_SIGNAL_COLUMNS = ("fired_at", "strategy", "ticker", "state", "status", "reason", "id")
_ALERT_COLUMNS = ("received_at", "strategy", "status", "reason", "excerpt")
_ORDER_COLUMNS = (
    "created_at",
    "account",
    "side",
    "symbol",
    "quantity",
    "filled",
    "limit_price",
    "status",
    "code",
    "reason",
    "id",
)
_EVERYTHING = 1_000_000


@click.command()
@in_known_home
@as_json
@row_limit(20)
@click.argument("signal_id", required=False)
@click.option("--strategy", metavar="NAME", help="Only those of this strategy.")
@click.option("--quarantined", is_flag=True, help="Alerts that could not become signals.")
def signals(
    as_json: bool, limit: int, signal_id: str | None, strategy: str | None, quarantined: bool
) -> None:
    """Alerts that arrived, and their outcomes.

    With SIGNAL_ID everything about that one.
    """
    store = bootstrap.signals()
    if signal_id is not None:
        _one_signal(signal_id)
    elif quarantined:
        rows = [quarantine_row(alert) for alert in store.quarantined(limit)]
        show(rows, _ALERT_COLUMNS, as_json=as_json, empty="No alert is in quarantine.")
    else:
        if strategy is not None:
            strategy_named(bootstrap.strategies().configuration(), strategy)
        found = store.recent(limit if strategy is None else _EVERYTHING)
        mine = [s for s in found if strategy in {None, s.strategy}][:limit]
        waiting = Waiting()
        show(
            [signal_row(signal, waiting.words(signal)) for signal in mine],
            _SIGNAL_COLUMNS,
            as_json=as_json,
            empty="No alert has arrived yet.",
        )


def _one_signal(signal_id: str) -> None:
    signal = bootstrap.signals().get(signal_id)
    if signal is None:
        raise ActionRefused(f"there is no signal {signal_id}; crypto-bot signals lists them")
    show_json(signal_row(signal, Waiting().words(signal)))


@click.command()
@in_known_home
@as_json
@row_limit(20)
@one_account
@click.option("--held", is_flag=True, help="Only those that wait for the owner's word.")
def orders(as_json: bool, limit: int, account: str | None, held: bool) -> None:
    """Orders and what became of them."""
    if account is not None:
        account_named(bootstrap.strategies().configuration(), account)
    store = bootstrap.trading().orders
    enough = limit if account is None else _EVERYTHING
    found = store.held(enough) if held else store.recent(enough)
    mine = [order for order in found if account in {None, order.intent.account}][:limit]
    show(
        [order_row(order) for order in mine],
        _ORDER_COLUMNS,
        as_json=as_json,
        empty="No order waits for a word." if held else "No order has been made yet.",
    )
