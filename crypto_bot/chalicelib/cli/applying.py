"""A configuration file -> applied or only compared, with what the owner has to know."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

import click

from chalicelib import bootstrap
from chalicelib.cli.output import show_json
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.services.trading.apply_configuration import (
    AppliedConfiguration,
    apply_configuration,
)

TYPED = "command line"  # by whom a version of the configuration was made
_TOKEN_BYTES = 32

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show the difference; nothing is stored."
)


def _public_url() -> str:
    """The embedded run's own, or that of the stage's API."""
    if not bootstrap.is_deployed():
        return "http://127.0.0.1:8000"
    from chalicelib.bootstrap.stage import api_url

    return api_url()


def check_public_url(url: str) -> str:
    """TradingView posts to what it begins: SettingsError where that is no address of the web."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket that is left open
        is_usable = False
    # Behind "?" or "#" the webhook's path would be none, and urlsplit takes line ends away.
    if not is_usable or not url.isprintable() or set(url) & set(" ?#"):
        raise SettingsError(
            f"--public-url is {url!r}; it must be an address such as https://bot.example.com"
        )
    return url


def _checked(_context: click.Context, _: click.Parameter, value: str) -> str:
    return check_public_url(value)


public_url_option = click.option(
    "--public-url",
    default=_public_url,
    callback=_checked,
    show_default="http://127.0.0.1:8000, or the API of --stage",
    metavar="URL",
    help="Where the webhook is reachable from outside.",
)


def read_file(path: Path) -> str:
    """The text of the owner's file; SettingsError where there is none to read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: byte {error.start} is no letter") from error


def apply_draft(draft: Draft, *, dry_run: bool, public_url: str, as_json: bool) -> None:
    """Store the draft unless only the difference is wanted, and tell what changed."""
    applied = apply_configuration(
        bootstrap.trading(),
        draft,
        live_refusal=bootstrap.settings().live_refusal,
        make_token=make_token,
        dry_run=dry_run,
        by=TYPED,
    )
    if as_json:
        show_json(_document(applied, public_url, dry_run=dry_run))
        return
    for difference in applied.differences:
        before = difference.before or "(new)"
        after = difference.after or ("(gone)" if difference.before else "-")
        click.echo(f"{difference.key}: {before} -> {after}")
    for note in applied.notes:
        click.echo(f"Note: {note}.")
    for name, token in applied.tokens.items():
        tell_token(name, token, public_url)
    click.echo(_last_words(applied, dry_run=dry_run))


def _last_words(applied: AppliedConfiguration, *, dry_run: bool) -> str:
    if not applied.differences:
        return f"Nothing changes: version {applied.version} is already so."
    count = len(applied.differences)
    if dry_run:
        return f"Dry run: {count} values would change; version {applied.version} stays."
    return f"Applied: {count} values changed, version {applied.version}."


def _document(applied: AppliedConfiguration, public_url: str, *, dry_run: bool) -> object:
    return {
        "version": applied.version,
        "dry_run": dry_run,
        "differences": [
            {"key": d.key, "before": d.before, "after": d.after} for d in applied.differences
        ],
        "notes": applied.notes,
        "webhooks": {
            name: webhook_url(public_url, name, token) for name, token in applied.tokens.items()
        },
    }


def tell_token(name: str, token: str, public_url: str) -> None:
    """The one time that the token is shown; only its hash is stored."""
    click.echo(f"Webhook of {name}, shown this once: {webhook_url(public_url, name, token)}")


def webhook_url(public_url: str, name: str, token: str) -> str:
    """What goes into the webhook field of TradingView's alert dialog."""
    return f"{public_url.rstrip('/')}/hook/{name}/{token}"


def make_token() -> str:
    """32 random bytes as text that an address can hold."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
