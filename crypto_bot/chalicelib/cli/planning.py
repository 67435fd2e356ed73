"""preview: what the next tick would decide, without deciding it."""

import click

from chalicelib import bootstrap
from chalicelib.cli.books import chosen_accounts
from chalicelib.cli.options import as_json, in_known_home
from chalicelib.cli.output import show
from chalicelib.cli.rows import Row
from chalicelib.domain.trading.plan import Plan
from chalicelib.services.trading.preview_plan import preview_plan

_COLUMNS = ("account", "what", "strategies", "symbol", "side", "quantity", "limit_price", "reason")


@click.command()
@in_known_home
@as_json
@click.argument("account", required=False)
def preview(as_json: bool, account: str | None) -> None:
    """What the next tick would decide.

    For ACCOUNT, or for all; nothing is stored or sent.
    """
    rows: list[Row] = []
    for chosen in chosen_accounts(account):
        for plan in preview_plan(bootstrap.trading(), chosen.name):
            rows += _rows(plan)
    show(rows, _COLUMNS, as_json=as_json, empty="The next tick has nothing to decide.")


def _rows(plan: Plan) -> list[Row]:
    rows = [_row(plan, "order", intent.symbol) for intent in plan.intents]
    for row, intent in zip(rows, plan.intents, strict=True):
        row["strategies"] = [share.strategy for share in intent.shares]
        row["side"] = intent.side.value
        row["quantity"] = intent.quantity
        row["limit_price"] = intent.limit_price
    for cross in plan.crosses:
        row = _row(plan, "internal cross", cross.symbol)
        row["strategies"] = [cross.seller, cross.buyer]
        row["quantity"] = cross.quantity
        row["limit_price"] = cross.price
        rows.append(row)
    for trigger in plan.triggers:
        row = _row(plan, "protection", trigger.symbol)
        row["strategies"] = [trigger.strategy]
        row["reason"] = trigger.reason
        rows.append(row)
    for verdict in plan.verdicts:
        row = _row(plan, verdict.status.value.lower(), verdict.symbol)
        row["strategies"] = [verdict.strategy]
        row["quantity"] = verdict.quantity or None
        row["reason"] = verdict.reason
        rows.append(row)
    return rows


def _row(plan: Plan, what: str, symbol: str) -> Row:
    return {
        "account": plan.account,
        "step": plan.step.value,
        "what": what,
        "strategies": [],
        "symbol": symbol,
        "side": "",
        "quantity": None,
        "limit_price": None,
        "reason": "",
    }
