"""Account + secret -> a connected CcxtExchange, or a sentence that says what is missing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from chalicelib.adapters.venues.ccxt.exchange import CcxtExchange
from chalicelib.adapters.venues.ccxt.venue import Venue, make_venue
from chalicelib.adapters.venues.ccxt.venue_table import VENUES, venue_row
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.ports import Clock

# ccxt's name of a credential -> its name in the secret's JSON
FIELDS: Final[Mapping[str, str]] = {
    "apiKey": "api-key",
    "secret": "api-secret",
    "password": "passphrase",
    "uid": "uid",
    "walletAddress": "wallet-address",
    "privateKey": "private-key",
    "accountId": "account-id",
    "login": "login",
    "token": "token",
    "twofa": "twofa",
}


def needed_fields(exchange: str) -> list[str]:
    """What a secret of this exchange must hold; SettingsError for an exchange ccxt has not."""
    client = make_venue(exchange, venue_row(exchange), {}).client
    return [FIELDS.get(name, name) for name, needed in client.requiredCredentials.items() if needed]


def connect(account: Account, secret: Mapping[str, str], clock: Clock) -> CcxtExchange:
    """No request is made. SettingsError names the account and what is wrong with it."""
    if account.mode is Mode.VIRTUAL:
        raise SettingsError(
            f'account {account.name!r}: mode = "virtual" never opens {account.exchange!r}; '
            f'set exchange = "virtual" and prices_from = "{account.exchange}"'
        )
    _refuse_retries(account)
    _refuse_talk(account)
    row = venue_row(account.exchange)
    venue = make_venue(account.exchange, row, account.exchange_options)
    if account.exchange not in VENUES:
        sandbox = bool(venue.client.urls.get("test"))
        venue = replace(venue, row=replace(row, has_sandbox=sandbox))
    _hand_over(account, secret, venue)
    if account.mode is Mode.SANDBOX:
        _enter_sandbox(account, venue)
    return CcxtExchange(venue, clock)


def _refuse_retries(account: Account) -> None:
    options = account.exchange_options.get("options")
    if isinstance(options, Mapping) and "maxRetriesOnFailure" in options:
        raise SettingsError(
            f"account {account.name!r}: exchange_options.options.maxRetriesOnFailure would send an "
            "order of unknown fate again; remove it"
        )


def _refuse_talk(account: Account) -> None:
    if account.exchange_options.get("verbose"):
        raise SettingsError(
            f"account {account.name!r}: exchange_options.verbose would print every request with "
            "its keys and signature; remove it"
        )


def _hand_over(account: Account, secret: Mapping[str, str], venue: Venue) -> None:
    required = [name for name, needed in venue.client.requiredCredentials.items() if needed]
    for name in required:
        given = secret.get(FIELDS.get(name, name))
        if given:
            setattr(venue.client, name, given)
    missing = [FIELDS.get(name, name) for name in required if not getattr(venue.client, name, None)]
    if missing:
        what = f"account {account.name!r}: {venue.id} needs {', '.join(missing)}"
        if not account.secret:
            raise SettingsError(f"{what}; write secret = the name of a secret that has them")
        raise SettingsError(
            f"{what}, and the secret {account.secret!r} does not have "
            f"{'it' if len(missing) == 1 else 'them'}"
        )


def _enter_sandbox(account: Account, venue: Venue) -> None:
    if not venue.row.has_sandbox:
        raise SettingsError(
            f"account {account.name!r}: {venue.id} has no sandbox; for paper trading on its prices "
            f'set exchange = "virtual", mode = "virtual" and prices_from = "{venue.id}"'
        )
    venue.client.set_sandbox_mode(True)
