"""tokens list | new | revoke, and owner-token: the keys to the API and the dashboard."""

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.access import access_tokens
from chalicelib.cli.applying import make_token
from chalicelib.cli.options import as_json, in_home, in_known_home
from chalicelib.cli.output import show, show_json
from chalicelib.cli.slips import SubVerbs
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.role import OWNER_NAME, AccessToken, Role, with_new_token
from chalicelib.domain.trading.alerts.tokens import hash_token

_COLUMNS = ("name", "role", "made_at")
_LONGEST_NAME = 60


@click.group(cls=SubVerbs)
def tokens() -> None:
    """Who may use the API and the dashboard."""


@tokens.command("list")
@in_known_home
@as_json
def list_tokens(as_json: bool) -> None:
    """Whom the tokens were made for, and their roles.

    The tokens themselves are stored nowhere. The owner's token of a run at home is a file in its
    folder, and not in this list.
    """
    rows = [
        {"name": token.name, "role": token.role.value, "made_at": token.made_at}
        for token in access_tokens().tokens()
    ]
    show(rows, _COLUMNS, as_json=as_json, empty="No token is stored: crypto-bot tokens new NAME.")


@tokens.command("new")
@in_home
@as_json
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.VIEWER.value,
    show_default=True,
    help="A viewer looks; an owner acts, too.",
)
@click.option("--revoke", is_flag=True, help="End all earlier tokens of this name at once.")
@click.argument("name")
def new_token(as_json: bool, role: str, revoke: bool, name: str) -> None:
    """Make a token for NAME and show it once.

    NAME stands in the list of what was done. The token that NAME had before stays valid.
    """
    if not name.isprintable() or not name.strip() or len(name) > _LONGEST_NAME:
        raise SettingsError(
            f"NAME is {name[:_LONGEST_NAME]!r}; it must be 1 to {_LONGEST_NAME} printable letters"
        )
    token = _make(name, Role(role), revoke=revoke)
    if as_json:
        show_json({"name": name, "role": role, "token": token})
        return
    click.echo(f"Token of {name} ({role}), shown this once: {token}")
    click.echo(_fate(revoke=revoke))


def _refuse_other_role(
    stored: tuple[AccessToken, ...], name: str, role: Role, *, revoke: bool
) -> None:
    """An owner's token that stayed valid beside a viewer's of the same name would be overlooked."""
    others = {t.role for t in stored if t.name == name} - {role}
    if others and not revoke:
        raise SettingsError(
            f"{name} has a token with the role {others.pop()}; give --revoke to end it, or choose "
            "another name"
        )


@tokens.command("revoke")
@in_known_home
@click.argument("name")
def revoke_tokens(name: str) -> None:
    """End all tokens of NAME at once."""

    def without(stored: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        left = tuple(token for token in stored if token.name != name)
        if left == stored:
            known = ", ".join(sorted({token.name for token in stored})) or "nobody"
            raise SettingsError(f"{name} has no stored token; tokens have: {known}")
        return left

    access_tokens().change(without)
    click.echo(f"The tokens of {name} have ended.")


@click.command("owner-token")
@in_home
@as_json
@click.option("--revoke", is_flag=True, help="End all earlier tokens at once.")
def owner_token(as_json: bool, revoke: bool) -> None:
    """Make a new owner's token and show it once.

    For the API and the dashboard of a deployed stage. Only its hash is stored; the one before stays
    valid.
    """
    if not bootstrap.is_deployed():
        raise SettingsError(
            f"a run at home keeps its owner's token in {bootstrap.home() / 'owner-token'}; "
            "--stage dev or --stage prod makes one for the API on AWS, and crypto-bot tokens new "
            "makes one for somebody else"
        )
    token = _make(OWNER_NAME, Role.OWNER, revoke=revoke)
    if as_json:
        show_json({"token": token})
        return
    click.echo(f"Owner's token, shown this once: {token}")
    click.echo(_fate(revoke=revoke))


def _make(name: str, role: Role, *, revoke: bool) -> str:
    token = make_token()
    made = AccessToken(
        name=name, role=role, hash=hash_token(token), made_at=bootstrap.clock().now()
    )

    def with_it(stored: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        _refuse_other_role(stored, name, role, revoke=revoke)
        return with_new_token(stored, made, revoke=revoke)

    access_tokens().change(with_it)
    return token


def _fate(*, revoke: bool) -> str:
    return "Earlier ones have ended." if revoke else "The one before it stays valid."
