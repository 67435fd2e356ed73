"""accounts strangers: orders at the venue that may be another bot's."""

from collections.abc import Sequence

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_known_home
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import Row
from chalicelib.domain.trading.stranger import Stranger
from chalicelib.services.trading.answer_strangers import Answer, answer_strangers

_COLUMNS = ("venue_order_id", "symbol", "side", "quantity", "limit_price", "seen_at", "standing")
_OWNER = "owner"  # on the lease


@click.command()
@in_known_home
@as_json
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@click.option("--cancel", multiple=True, metavar="ID", help="Cancel this one. May be repeated.")
@click.option("--mine", multiple=True, metavar="ID", help="It may stay. May be repeated.")
@click.argument("account")
def strangers(
    as_json: bool, yes: bool, cancel: tuple[str, ...], mine: tuple[str, ...], account: str
) -> None:
    """Orders under ids like the bot's that are in none of its plans.

    They rest on ACCOUNT, and until they are gone nothing is bought of their instruments. ID is the
    venue's own.
    """
    answer = Answer(cancel=cancel, mine=mine)
    found = answer_strangers(bootstrap.trading(), account, answer, owner=_OWNER, dry_run=not yes)
    rows = [_row(stranger) for stranger in found]
    if as_json:
        show_json(rows)
        return
    nothing = f"No open order of {account} looks like the bot's without being known to it."
    show(rows, _COLUMNS, as_json=False, empty=nothing)
    _tell_next(found, answer, yes=yes)


def _tell_next(found: Sequence[Stranger], answer: Answer, *, yes: bool) -> None:
    if (answer.cancel or answer.mine) and not yes:
        click.echo("Dry run: --yes does it.")
    elif any(not stranger.mine for stranger in found):
        click.echo(
            "Stop whatever else trades with these keys first. Then --cancel ID takes an order "
            "back, and --mine ID lets it stay."
        )


def _row(stranger: Stranger) -> Row:
    order = stranger.order
    standing = "seen once" if not stranger.confirmed else "bars entries"
    return {
        "venue_order_id": order.venue_order_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": order.quantity,
        "limit_price": order.limit_price,
        "client_order_id": order.client_order_id,
        "seen_at": stranger.seen_at,
        "standing": "yours" if stranger.mine else standing,
    }
