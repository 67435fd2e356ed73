"""resolve: what the venue shows of an order of unknown fate, and the owner's word on it."""

import os
from decimal import Decimal

import click

from chalicelib import bootstrap
from chalicelib.cli.evidence import evidence_lines, evidence_row
from chalicelib.cli.options import as_json, in_known_home
from chalicelib.cli.orders import Amount
from chalicelib.cli.output import show_json
from chalicelib.cli.rows import Row, order_row
from chalicelib.cli.words import order_line
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.evidence import Evidence, contradiction
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.services.trading.examine_order import examine_order
from chalicelib.services.trading.resolve_order import Resolution, Word, resolve_order


@click.command()
@in_known_home
@as_json
@click.option("--filled", type=Amount(), metavar="QUANTITY", help="The venue filled so much more.")
@click.option("--price", type=Amount(), help="Average price of that, as the venue shows it.")
@click.option("--fee", type=Amount(), default="0", show_default=True, help="Fee that it cost.")
@click.option("--fee-asset", default="", help="Currency of the fee [default: the quote].")
@click.option("--absent", is_flag=True, help="The venue never had it, or filled no more of it.")
@click.option("--adopt", is_flag=True, help="Take over what the venue shows of it now.")
@click.option("--without-evidence", is_flag=True, help="Do not ask the venue: it cannot answer.")
@click.option("--yes", is_flag=True, help="Store it; without this it is only shown.")
@click.argument("order_id")
def resolve(  # noqa: PLR0917 - click hands them over by name
    as_json: bool,
    filled: Decimal | None,
    price: Decimal | None,
    fee: Decimal,
    fee_asset: str,
    absent: bool,
    adopt: bool,
    without_evidence: bool,
    yes: bool,
    order_id: str,
) -> None:
    """Find out what became of an order, and say it.

    ORDER_ID alone shows what the venue shows now: the lookup by its id, open orders, own trades,
    and what the balances say beyond the books. Then name one of --adopt, --filled and --absent;
    what the venue's answers contradict is refused. What is left of a sale is tried again.
    """
    resolution = _resolution(filled, price, fee, fee_asset, absent=absent, adopt=adopt)
    if resolution is None:
        if without_evidence or yes:
            raise SettingsError("name one of --adopt, --filled QUANTITY and --absent with that")
        _show(order_id, as_json=as_json)
        return
    evidence = None
    if not without_evidence:
        evidence = _ask(order_id)[1]
    after = resolve_order(bootstrap.trading(), order_id, resolution, evidence, dry_run=not yes)
    if as_json:
        show_json({"stored": yes, "order": order_row(after)})
        return
    click.echo(order_line(after))
    click.echo("Stored; the next tick books it." if yes else "Dry run: --yes stores it.")


def _resolution(
    filled: Decimal | None,
    price: Decimal | None,
    fee: Decimal,
    fee_asset: str,
    *,
    absent: bool,
    adopt: bool,
) -> Resolution | None:
    named = [filled is not None, absent, adopt]
    if sum(named) > 1:
        raise SettingsError("name only one of --adopt, --filled QUANTITY and --absent")
    if filled is None and (price is not None or fee or fee_asset):
        raise SettingsError("--price, --fee and --fee-asset go with --filled QUANTITY")
    if filled is not None:
        if price is None:
            raise SettingsError("--filled needs --price, the average price that the venue shows")
        return Resolution(
            word=Word.FILLED, quantity=filled, price=price, fee=fee, fee_asset=fee_asset
        )
    if adopt:
        return Resolution(word=Word.ADOPT)
    return Resolution(word=Word.ABSENT) if absent else None


def _ask(order_id: str) -> tuple[Order, Evidence]:
    looked = examine_order(bootstrap.trading(), order_id, owner=f"cli-{os.getpid()}")
    return looked.order, looked.evidence


def _show(order_id: str, *, as_json: bool) -> None:
    order, evidence = _ask(order_id)
    advice = _advice(order, evidence)
    if as_json:
        row: Row = {"order": order_row(order), **evidence_row(evidence), "advice": advice}
        show_json(row)
        return
    click.echo(order_line(order))
    for line in evidence_lines(order, evidence):
        click.echo(line)
    click.echo(advice)


def _advice(order: Order, evidence: Evidence) -> str:
    if order.status.is_final:
        return f"The order is {order.status}: nothing is left to be said of it."
    against = contradiction(order, evidence)
    if against:
        return f"So {against}"
    if order.status is not OrderStatus.HELD:
        return f"The order is {order.status}: the next tick asks again by itself."
    return (
        f"Nothing shows it. If the venue's own page agrees: crypto-bot resolve {order.intent.id} "
        "--absent --yes; if that shows a fill: --filled QUANTITY --price PRICE --yes"
    )
