"""owner-token: the key to the reading routes of a stage on AWS."""

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.owner import owner_tokens
from chalicelib.cli.applying import make_token
from chalicelib.cli.options import as_json, in_home
from chalicelib.cli.output import show_json
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.alerts.tokens import MAXIMUM_LIVE_TOKENS, hash_token


@click.command("owner-token")
@in_home
@as_json
@click.option("--revoke", is_flag=True, help="End all earlier tokens at once.")
def owner_token(as_json: bool, revoke: bool) -> None:
    """Make a new owner's token and show it once.

    For GET /signals, /orders and /portfolios of a deployed stage, in the header
    `Authorization: Bearer TOKEN`. Only its hash is stored; the one before stays valid.
    """
    if not bootstrap.is_deployed():
        raise SettingsError(
            f"a run at home keeps its owner's token in {bootstrap.home() / 'owner-token'}; "
            "--stage dev or --stage prod makes one for the API on AWS"
        )
    token = make_token()
    earlier = () if revoke else owner_tokens().hashes()
    owner_tokens().save((hash_token(token), *earlier)[:MAXIMUM_LIVE_TOKENS])
    if as_json:
        show_json({"token": token})
        return
    click.echo(f"Owner's token, shown this once: {token}")
    ends = "Earlier ones have ended." if revoke else "The one before it stays valid."
    click.echo(ends)
