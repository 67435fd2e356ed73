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

    `keys` tells the names of the fields that have a value, and never a value; `keys_refusal` why
    none can be handed in here.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.key_desk import key_desk, keys_refusal
    from chalicelib.domain.errors import StoreUnavailable
    from chalicelib.domain.operation.key_acts import ShowAccountKeys
    from chalicelib.services.trading.key_presence import Presence

    configuration = bootstrap.strategies().configuration()
    unknown: dict[str, Any] = {"presence": Presence.NOT_TOLD, "fields": (), "told": ""}
    try:
        keys = key_desk().do(ShowAccountKeys())
    except StoreUnavailable as error:  # whoever looks at the money is not kept from it
        keys, unknown["told"] = {}, str(error)
    return {
        "accounts": [
            {**_row(account, configuration), "keys": keys.get(name, unknown)}
            for name, account in sorted(configuration.accounts.items())
        ],
        "live_refusal": bootstrap.settings().live_refusal,
        "keys_refusal": keys_refusal(),
    }


def _row(account: "Account", configuration: "Configuration") -> dict[str, Any]:
    from chalicelib import bootstrap

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
    """Add an account that follows nothing yet; its keys have to be there.

    Keys of a live account that can withdraw, as the venue tells, are refused.
    """
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import AddAccount
    from chalicelib.domain.trading.account import Mode

    fields = dict(asked.body)
    needs_keys = fields["mode"] != Mode.VIRTUAL
    act = AddAccount(
        name=fields.pop("name"), fields=fields, by=asked.holder.name, dry_run=asked.is_dry_run
    )
    return key_desk(needs_keys=needs_keys).do(act)


@routes.acts(
    "/accounts/{account}/check",
    confirm=False,
    answer={"properties": {"checks": {"type": "array", "items": {"type": "object"}}}},
)
def check_account(asked: Asked, account: str) -> dict[str, Any]:
    """Ask the account's venue what it has: markets, prices, sizes, clock, balances, permissions.

    Nothing is traded. `ok` is null where it cannot be told.
    """
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import CheckAccount

    _refuse_unknown(account)
    return key_desk().do(CheckAccount(account=account, by=asked.holder.name))


@routes.acts(
    "/accounts/{account}/keys",
    body={"keys": _KEYS, "exchange": _TEXT},
    needed=("keys",),
)
def put_keys(asked: Asked, account: str) -> dict[str, Any]:
    """Hand over the keys of an account, in place of those that were there.

    They go straight to where the bot reads them, and to no other place. `exchange` is needed for an
    account that is yet to be added. Keys of a live account that can withdraw, as the venue tells,
    are refused.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import PutKeys

    exchange = asked.body.get("exchange", "")
    if not exchange and account not in bootstrap.strategies().configuration().accounts:
        raise Refused(
            404,
            f"there is no account {account}; send its exchange with the keys if you are about to"
            " add it",
        )
    act = PutKeys(
        account=account,
        exchange=exchange,
        keys=asked.body["keys"],
        by=asked.holder.name,
        dry_run=asked.is_dry_run,
    )
    return key_desk().do(act)


@routes.acts("/accounts/{account}/keys/unlink")
def unlink_keys(asked: Asked, account: str) -> dict[str, Any]:
    """Remove the keys of an account. It stays, and can do nothing until it has others."""
    from chalicelib.bootstrap.key_desk import key_desk
    from chalicelib.domain.operation.key_acts import UnlinkKeys

    _refuse_unknown(account)
    act = UnlinkKeys(account=account, by=asked.holder.name, dry_run=asked.is_dry_run)
    return key_desk().do(act)


def _refuse_unknown(name: str) -> None:
    from chalicelib import bootstrap

    if name not in bootstrap.strategies().configuration().accounts:
        raise Refused(404, f"there is no account {name[:60]!r}; GET /accounts lists them")
