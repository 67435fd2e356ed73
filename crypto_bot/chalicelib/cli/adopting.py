"""accounts adopt | write-off | reopen: what of an account is whose, by the owner's word."""

from collections.abc import Sequence
from decimal import Decimal

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_known_home
from chalicelib.cli.orders import Amount
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import Row, posting_rows
from chalicelib.cli.slips import WithQuantity
from chalicelib.cli.words import moment
from chalicelib.domain.money import plain
from chalicelib.domain.trading.evidence import OwnTrade, RestingOrder
from chalicelib.domain.trading.gaps import Gap
from chalicelib.domain.trading.ledger import Entry
from chalicelib.services.trading.adopt_holding import Adoption, adopt_holding
from chalicelib.services.trading.reopen_account import Comparison, reopen_account
from chalicelib.services.trading.write_off_holding import WriteOff, write_off_holding

_LEGS = ("kind", "owner", "asset", "amount", "reference")
_GAPS = ("asset", "books", "venue", "difference", "strategies", "pool", "unmanaged")
_OWNER = "owner"  # on the lease
_NOTHING_SENT = "Only the books change; nothing is bought or sold."

_yes = click.option("--yes", is_flag=True, help="Store it; without this it is only shown.")
_price = click.option("--price", type=Amount(), metavar="PRICE", help="Quote per unit of base.")
_reason = click.option("--reason", default="", help="Kept in the ledger with the entry.")


@click.command(cls=WithQuantity)
@in_known_home
@as_json
@_price
@_reason
@_yes
@click.option("--to", required=True, metavar="pool|unmanaged|STRATEGY", help="Who gets it.")
@click.argument("account")
@click.argument("asset")
@click.argument("quantity", type=Amount())
def adopt(  # noqa: PLR0917 - click hands them over by name
    as_json: bool,
    price: Decimal | None,
    reason: str,
    yes: bool,
    to: str,
    account: str,
    asset: str,
    quantity: Decimal,
) -> None:
    """Give what is unmanaged to the pool or a strategy.

    QUANTITY of ASSET on ACCOUNT. A strategy counts it as bought at --price [default: the price of
    now], and its next exit sells it. `--to unmanaged` takes quote out of the pool.
    """
    adoption = Adoption(asset=asset, quantity=quantity, to=to, price=price, reason=reason)
    ports = bootstrap.trading()
    entries = adopt_holding(ports, account, adoption, owner=_OWNER, dry_run=not yes)
    _show_entries(entries, as_json=as_json, yes=yes)


@click.command("write-off", cls=WithQuantity)
@in_known_home
@as_json
@_price
@_reason
@_yes
@click.argument("account")
@click.argument("strategy")
@click.argument("symbol")
@click.argument("quantity", type=Amount())
def write_off(  # noqa: PLR0917 - click hands them over by name
    as_json: bool,
    price: Decimal | None,
    reason: str,
    yes: bool,
    account: str,
    strategy: str,
    symbol: str,
    quantity: Decimal,
) -> None:
    """Say that a strategy owns something no more.

    QUANTITY of SYMBOL, which STRATEGY had on ACCOUNT and somebody else sold. It goes for --price
    [default: what it had cost, so that nothing is won or lost].
    """
    what = WriteOff(strategy=strategy, symbol=symbol, quantity=quantity, price=price, reason=reason)
    ports = bootstrap.trading()
    entries = write_off_holding(ports, account, what, owner=_OWNER, dry_run=not yes)
    _show_entries(entries, as_json=as_json, yes=yes)


def _show_entries(entries: Sequence[Entry], *, as_json: bool, yes: bool) -> None:
    rows: list[Row] = [row for entry in entries for row in posting_rows(entry)]
    if as_json:
        show_json({"stored": yes, "postings": rows})
        return
    show(rows, _LEGS, as_json=False, empty="")
    click.echo(f"{'Stored' if yes else 'Dry run: --yes stores it'}. {_NOTHING_SENT}")


@click.command()
@in_known_home
@as_json
@_yes
@click.option(
    "--mine",
    multiple=True,
    metavar="ASSET",
    help="Its gap is your own doing; `orders` for those that rest there. May be repeated.",
)
@click.argument("account")
def reopen(as_json: bool, yes: bool, mine: tuple[str, ...], account: str) -> None:
    """Compare a restored account with its exchange, and let it trade again.

    ACCOUNT came out of a backup; what was traded after that shows as a gap between books and
    venue.
    """
    ports = bootstrap.trading()
    found = reopen_account(ports, account, mine=mine, owner=_OWNER, dry_run=not yes)
    if as_json:
        show_json(_document(found, reopened=yes))
        return
    rows = [_gap_row(gap) for gap in found.gaps]
    show(rows, _GAPS, as_json=False, empty="Books and venue are equal to the last digit.")
    _tell_activity(found)
    for refusal in found.refusals:
        click.echo(f"First: {refusal}")
    if yes:
        click.echo(f"Account {account} is open again; crypto-bot resume ends the halt.")
    else:
        click.echo("Dry run: --yes reopens it, and what differs becomes unmanaged.")


def _tell_activity(found: Comparison) -> None:
    for symbol, trade in found.trades or ():
        click.echo(
            f"Traded since {moment(found.taken_at)}: {trade.side.value} "
            f"{plain(trade.fill.quantity)} {symbol} at {plain(trade.fill.price)}, "
            f"{moment(trade.fill.at)}"
        )
    for symbol, order in found.strangers or ():
        click.echo(
            f"Rests at the venue: {order.side.value} {plain(order.quantity)} {symbol} at "
            f"{plain(order.limit_price)}, {order.venue_order_id}"
        )
    if found.strangers is None or found.trades is None:
        click.echo("The venue does not list orders or trades: look at its own page.")


def _resting_row(symbol: str, order: RestingOrder) -> Row:
    return {
        "symbol": symbol,
        "side": order.side.value,
        "quantity": order.quantity,
        "filled": order.filled,
        "limit_price": order.limit_price,
        "venue_order_id": order.venue_order_id,
    }


def _trade_row(symbol: str, trade: OwnTrade) -> Row:
    return {
        "symbol": symbol,
        "side": trade.side.value,
        "quantity": trade.fill.quantity,
        "price": trade.fill.price,
        "fee": trade.fill.fee,
        "fee_asset": trade.fill.fee_asset,
        "at": trade.fill.at,
        "venue_order_id": trade.venue_order_id,
    }


def _gap_row(gap: Gap) -> Row:
    return {
        "asset": gap.asset,
        "books": gap.books,
        "venue": gap.venue,
        "difference": gap.difference,
        "strategies": gap.strategies,
        "pool": gap.pool,
        "unmanaged": gap.unmanaged,
    }


def _document(found: Comparison, *, reopened: bool) -> dict[str, object]:
    return {
        "account": found.account,
        "reopened": reopened,
        "taken_at": found.taken_at,
        "gaps": [_gap_row(gap) for gap in found.gaps],
        "resting": None if found.strangers is None else [_resting_row(*s) for s in found.strangers],
        "trades": None if found.trades is None else [_trade_row(*t) for t in found.trades],
        "refusals": found.refusals,
    }
