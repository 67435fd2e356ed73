"""Routes about accounts: which there are, whether their keys are there, and keys handed over.

Keys come in and never go out: no answer, log line or row of a table has one.
"""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import AMOUNT, Asked, Routes
from chalicelib.api.answers import Refused

if TYPE_CHECKING:
    from chalicelib.domain.trading.account import Account, Configuration

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 200}
# No `type`, and nothing else that would be checked before it comes here: what is wrong with a body
# is said with some of it.
_KEYS: Final = {
    "writeOnly": True,
    "description": 'Fields such as {"api-key": "...", "api-secret": "..."}; they are never shown.',
}


@routes.reads("/accounts", answer={"properties": {"accounts": {"type": "array"}}})
def list_accounts(_asked: Asked) -> dict[str, Any]:
    """All accounts: mode, venue, what they follow, and whether their keys are there.

    `keys` tells the names of the fields that have a value, and never a value.
    """
    from chalicelib import bootstrap

    configuration = bootstrap.strategies().configuration()
    return {
        "accounts": [
            _row(account, configuration) for _, account in sorted(configuration.accounts.items())
        ],
        "live_refusal": bootstrap.settings().live_refusal,
    }


def _row(account: "Account", configuration: "Configuration") -> dict[str, Any]:
    from chalicelib import bootstrap
    from chalicelib.services.trading.key_presence import key_presence

    secrets = None if bootstrap.is_function() else bootstrap.secrets()
    keys = key_presence(account, secrets)
    now, state = bootstrap.clock().now(), bootstrap.trading().plans.state(account.name)
    return {
        "name": account.name,
        "mode": account.mode,
        "exchange": account.exchange,
        "prices_from": account.prices_from,
        "quote": account.quote,
        "policy": account.policy,
        "capital": account.capital,
        "reserve": account.reserve,
        "order_style": account.order_style,
        "secret": account.secret,
        "keys": {"presence": keys.presence, "fields": keys.fields, "told": keys.told},
        "follows": [
            {"strategy": s.strategy, "weight": s.weight, "paused": s.paused}
            for s in configuration.subscriptions_of(account.name)
        ],
        "stopped_by": [breaker.code for breaker in state.breakers if breaker.is_open(now)],
        "silent_until": state.blocked_until if state.is_blocked(now) else None,
        "silent_because": state.blocked_because if state.is_blocked(now) else "",
    }


@routes.reads(
    "/accounts/fields",
    query={"exchange": {"type": "string", "description": "The exchange's id, such as binance."}},
    answer={"properties": {"fields": {"type": "array", "items": {"type": "string"}}}},
)
def list_fields(asked: Asked) -> dict[str, Any]:
    """The fields that the keys of an exchange have."""
    from chalicelib.bootstrap.accounts import needed_keys
    from chalicelib.domain.trading.exchange_keys import USUAL

    exchange = asked.text("exchange")
    if not exchange:
        raise Refused(400, "exchange is missing; send its id, such as binance", field="exchange")
    return {"fields": needed_keys(exchange, "of that name") or USUAL}


@routes.acts(
    "/accounts",
    body={
        "name": _TEXT,
        "exchange": _TEXT,
        "mode": {"type": "string", "enum": ["virtual", "sandbox", "live"]},
        "quote": _TEXT,
        "secret": _TEXT,
        "capital": AMOUNT,
        "policy": _TEXT,
        "prices_from": _TEXT,
    },
    needed=("name", "exchange", "mode", "quote"),
)
def add_account(asked: Asked) -> dict[str, Any]:
    """Add an account that follows nothing yet; its keys have to be there."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.accounts import usual_secret
    from chalicelib.domain.trading.account import Mode
    from chalicelib.services.trading.add_account import add_account as add

    fields = dict(asked.body)
    name = fields.pop("name")
    if fields["mode"] != Mode.VIRTUAL:
        fields.setdefault("secret", usual_secret(name))
    added = add(
        bootstrap.trading(),
        name,
        fields,
        live_refusal=bootstrap.settings().live_refusal,
        dry_run=asked.is_dry_run,
        by=asked.holder.name,
    )
    told = f"account {name} on {fields['exchange']} in mode {fields['mode']}"
    if asked.is_dry_run:
        return {"would": f"{told} would be added", "notes": added.notes}
    return {"done": f"{told} was added", "notes": added.notes, "version": added.version}


@routes.acts(
    "/accounts/{account}/check",
    confirm=False,
    answer={"properties": {"checks": {"type": "array", "items": {"type": "object"}}}},
)
def check_account(_asked: Asked, account: str) -> dict[str, Any]:
    """Ask the account's venue what it has: markets, prices, sizes, clock, balances, permissions.

    Nothing is traded. `ok` is null where it cannot be told.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.accounts import owners_vault
    from chalicelib.services.trading.check_venue import check_venue

    owners_vault(f"accounts check {account}")
    found = _named(account)
    configuration = bootstrap.strategies().configuration()
    checks = check_venue(bootstrap.trading(), found, configuration)
    wrong = sum(check.ok is False for check in checks)
    told = f"{wrong} of {len(checks)} checks failed" if wrong else "all is well"
    return {"done": f"account {account}: {told}", "checks": checks}


@routes.acts(
    "/accounts/{account}/keys",
    body={"keys": _KEYS, "exchange": _TEXT},
    needed=("keys",),
)
def put_keys(asked: Asked, account: str) -> dict[str, Any]:
    """Hand over the keys of an account, in place of those that were there.

    They go straight to where the bot reads them, and to no other place. `exchange` is needed for an
    account that is yet to be added.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.accounts import needed_keys, owners_vault, usual_secret
    from chalicelib.domain.trading.exchange_keys import checked_keys

    vault = owners_vault(f"secrets put {account}")
    known = bootstrap.strategies().configuration().accounts.get(account)
    exchange = asked.body.get("exchange", "") if known is None else known.exchange
    if not exchange:
        raise Refused(
            404,
            f"there is no account {account}; send its exchange with the keys if you are about to"
            " add it",
        )
    fields = checked_keys(asked.body["keys"], needed_keys(exchange, account), account)
    secret = usual_secret(account) if known is None else known.secret
    told = f"{', '.join(fields)} of account {account} as the secret {secret}"
    if asked.is_dry_run:
        return {"would": f"would store {told}", "shared_with": _sharing(account, secret)}
    vault.put(secret, fields)
    return {"done": f"stored {told}", "shared_with": _sharing(account, secret)}


@routes.acts("/accounts/{account}/keys/unlink")
def unlink_keys(asked: Asked, account: str) -> dict[str, Any]:
    """Remove the keys of an account. It stays, and can do nothing until it has others."""
    from chalicelib.bootstrap.accounts import owners_vault
    from chalicelib.domain.errors import ActionRefused

    vault = owners_vault(f"secrets remove {account}")
    found = _named(account)
    if not found.secret:
        raise ActionRefused(f"account {account} has no keys")
    told = f"the keys of account {account}, the secret {found.secret}"
    shared = _sharing(account, found.secret)
    if asked.is_dry_run:
        return {"would": f"would remove {told}", "shared_with": shared}
    vault.remove(found.secret)
    return {"done": f"removed {told}", "shared_with": shared}


def _named(name: str) -> "Account":
    from chalicelib import bootstrap

    found = bootstrap.strategies().configuration().accounts.get(name)
    if found is None:
        raise Refused(404, f"there is no account {name[:60]!r}; GET /accounts lists them")
    return found


def _sharing(account: str, secret: str) -> list[str]:
    """Other accounts that the same keys open."""
    from chalicelib import bootstrap

    accounts = bootstrap.strategies().configuration().accounts
    return sorted(n for n, one in accounts.items() if one.secret == secret and n != account)
