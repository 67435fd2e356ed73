"""cancel: the owner takes an order back; and how an amount is typed."""

from decimal import Decimal

import click
from typing_extensions import override

from chalicelib import bootstrap
from chalicelib.cli.options import in_known_home
from chalicelib.cli.words import order_line
from chalicelib.domain.money import is_plain_amount, parse_amount
from chalicelib.services.trading.cancel_order import cancel_order


class Amount(click.ParamType[Decimal]):
    """An exact number on the command line."""

    name = "amount"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        """A Decimal of the text; a usage error for anything that is no plain number."""
        try:
            amount = parse_amount(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if amount < 0:
            self.fail(f"{value} is below 0", param, ctx)
        if not is_plain_amount(amount):
            self.fail(
                f"{str(value)[:60]!r} has more than 18 digits before or behind the point",
                param,
                ctx,
            )
        return amount


@click.command()
@in_known_home
@click.option("--yes", is_flag=True, help="Cancel it; without this it is only shown.")
@click.argument("order_id")
def cancel(yes: bool, order_id: str) -> None:
    """Take back an order that rests.

    ORDER_ID, with the next tick.
    """
    order = cancel_order(bootstrap.trading(), order_id, dry_run=not yes)
    click.echo(order_line(order))
    click.echo("The next tick cancels it." if yes else "Dry run: --yes cancels it.")
