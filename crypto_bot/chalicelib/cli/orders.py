"""cancel and resolve: the owner's word on single orders."""

from decimal import Decimal

import click
from typing_extensions import override

from chalicelib import bootstrap
from chalicelib.cli.options import in_home
from chalicelib.cli.words import order_line
from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.money import ZERO, parse_amount
from chalicelib.services.trading.cancel_order import cancel_order
from chalicelib.services.trading.resolve_order import Resolution, resolve_order


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
        return amount


@click.command()
@in_home
@click.argument("order_id")
def cancel(order_id: str) -> None:
    """Take back an order that rests.

    ORDER_ID, with the next tick.
    """
    order = cancel_order(bootstrap.trading(), order_id)
    click.echo(f"The next tick cancels it: {order_line(order)}")


@click.command()
@in_home
@click.option("--filled", is_flag=True, help="The venue has filled it, at --price.")
@click.option("--absent", is_flag=True, help="The venue never had it.")
@click.option("--price", type=Amount(), help="Average price that the venue shows.")
@click.option("--quantity", type=Amount(), help="Base filled [default: all that is open].")
@click.option("--fee", type=Amount(), default="0", show_default=True, help="Fee that it cost.")
@click.option("--fee-asset", default="", help="Currency of the fee [default: the quote].")
@click.option("--yes", is_flag=True, help="Store it; without this it is only shown.")
@click.argument("order_id")
def resolve(  # noqa: PLR0917 - click hands them over by name
    filled: bool,
    absent: bool,
    price: Decimal | None,
    quantity: Decimal | None,
    fee: Decimal,
    fee_asset: str,
    yes: bool,
    order_id: str,
) -> None:
    """Say what became of a HELD order.

    ORDER_ID, after a look at the venue's own page. What is left of a sale is tried again; a
    purchase ends.
    """
    if filled is absent:
        raise SettingsError("name one of --filled and --absent: what does the venue's page show?")
    if filled and price is None:
        raise SettingsError("--filled needs --price, the average price that the venue shows")
    resolution = None
    if price is not None and filled:
        whole = quantity if quantity is not None else _open_quantity(order_id)
        resolution = Resolution(quantity=whole, price=price, fee=fee, fee_asset=fee_asset)
    after = resolve_order(bootstrap.trading(), order_id, resolution, dry_run=not yes)
    click.echo(order_line(after))
    click.echo("Stored; the next tick books it." if yes else "Dry run: --yes stores it.")


def _open_quantity(order_id: str) -> Decimal:
    order = bootstrap.trading().orders.get(order_id)
    if order is None:
        raise ActionRefused(f"there is no order {order_id}; crypto-bot orders --held lists them")
    return max(order.remaining, ZERO)
