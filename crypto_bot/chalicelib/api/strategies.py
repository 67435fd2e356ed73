"""Routes about strategies and who follows them: as they are, pauses, closing."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.answers import Answer, as_json, value_of
from chalicelib.api.named import CONFIGURATION_TAG, known_strategy

if TYPE_CHECKING:
    from chalicelib.domain.trading.account import Configuration
    from chalicelib.domain.trading.signal import Signal

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_TEXT: Final = {"type": "string"}
_DONE: Final = {"properties": {"would": {}, "done": _TEXT}}
_HIDDEN: Final = {"token_hashes", "exchange_options"}
_ACCOUNT: Final = {
    "account": _TEXT
    | {"minLength": 1, "maxLength": 64, "description": "Only on this account; else on all."}
}


@routes.reads(
    "/strategies",
    answer={
        "properties": {
            "version": {"type": "integer"},
            "strategies": _ROWS,
            "accounts": _ROWS,
        }
    },
)
def list_strategies(_asked: Asked) -> Answer:
    """Strategies and accounts, with the weights and limits by which the accounts follow them.

    The ETag begins with the version of the configuration: send it as If-Match with a change.
    """
    from chalicelib import bootstrap

    configuration = bootstrap.strategies().configuration()
    names = sorted(configuration.strategies)
    body = {
        "version": configuration.version,
        "strategies": [_strategy(configuration, name) for name in names],
        "accounts": [_account(configuration, name) for name in sorted(configuration.accounts)],
    }
    # What the environment adds has no version: a tag of that alone would call it unchanged.
    digest = sha256(as_json(body).encode()).hexdigest()[:12]
    return Answer(body, tag=f"{CONFIGURATION_TAG}{configuration.version}-{digest}")


def _strategy(configuration: "Configuration", name: str) -> dict[str, Any]:
    strategy = configuration.strategies[name]
    return {
        **_shown(strategy),
        "tokens": len(strategy.token_hashes),
        "followers": [_shown(s) for s in configuration.subscriptions if s.strategy == name],
    }


def _account(configuration: "Configuration", name: str) -> dict[str, Any]:
    from chalicelib.domain.operation.overview import BADGES

    account = configuration.accounts[name]
    return {
        **_shown(account),
        "badge": BADGES[account.mode],
        "strategies": [_shown(s) for s in configuration.subscriptions_of(name)],
    }


def _shown(record: object) -> dict[str, Any]:
    return {name: value for name, value in value_of(record).items() if name not in _HIDDEN}


@routes.acts("/strategies/{strategy}/pause", body=_ACCOUNT, again=True, answer=_DONE)
def pause(asked: Asked, strategy: str) -> dict[str, Any]:
    """Keep a strategy from entering; its exits still run."""
    return _set_paused(asked, strategy, paused=True)


@routes.acts("/strategies/{strategy}/resume", body=_ACCOUNT, answer=_DONE)
def resume(asked: Asked, strategy: str) -> dict[str, Any]:
    """Let a paused strategy enter again."""
    return _set_paused(asked, strategy, paused=False)


def _set_paused(asked: Asked, strategy: str, *, paused: bool) -> dict[str, Any]:
    from chalicelib import bootstrap
    from chalicelib.services.trading.pause_strategy import pause_strategy, subscriptions_to_set

    store, account = bootstrap.strategies(), asked.body.get("account")
    known_strategy(strategy)
    if asked.is_dry_run:
        change = subscriptions_to_set(
            store.configuration(), strategy=strategy, account=account, paused=paused
        )
        words = "enters no more; its exits still run" if paused else "may enter again"
        return {"would": [f"{s.strategy} {words} on {s.account}." for s in change]}
    changed = pause_strategy(
        store, strategy=strategy, account=account, paused=paused, by=asked.holder.name
    )
    names = ", ".join(s.account for s in changed)
    word = "paused" if paused else "running again"
    done = f"{strategy} is {word} on {names}." if changed else f"{strategy} is {word} already."
    return {"done": done}


@routes.acts("/strategies/{strategy}/close", answer=_DONE)
def close(asked: Asked, strategy: str) -> dict[str, Any]:
    """Sell with the next tick all that a strategy owns, on every account.

    A wish to be flat is stored for each of its instruments, owned or not: it overtakes the entries
    that nothing was decided on yet.
    """
    from chalicelib import bootstrap
    from chalicelib.services.trading.close_strategy import close_strategy

    known_strategy(strategy)
    lines = _closing(strategy)
    if asked.is_dry_run:
        return {"would": lines}
    signals = close_strategy(bootstrap.trading(), strategy)
    done = " ".join(lines) or f"{strategy} trades nothing and owns nothing: there is nothing to do."
    return {"done": done, "signals": [signal.id for signal in signals]}


def _closing(strategy: str) -> list[str]:
    """What it does, a sentence each."""
    from chalicelib import bootstrap
    from chalicelib.services.trading.close_strategy import entries_to_drop, symbols_to_close

    ports = bootstrap.trading()
    configuration = ports.strategies.configuration()
    owned = _owned(configuration, strategy)
    lines = [f"The next tick sells {told}." for _, told in owned]
    held = {symbol for symbol, _ in owned}
    symbols = symbols_to_close(ports, configuration, strategy)
    idle = [symbol for symbol in symbols if symbol not in held]
    if idle:
        lines.append(f"A wish to be flat in {', '.join(idle)} is stored: nothing is owned there.")
    dropped = [
        _dropped(configuration, entry) for entry in entries_to_drop(ports, symbols, strategy)
    ]
    return [*lines, *dict.fromkeys(dropped)]


def _owned(configuration: "Configuration", strategy: str) -> list[tuple[str, str]]:
    """Symbols, each with how much of it and on which account."""
    from chalicelib import bootstrap
    from chalicelib.domain.money import plain

    ledger = bootstrap.trading().ledger
    return [
        (holding.symbol, f"{plain(holding.quantity)} {holding.symbol} on {account.name}")
        for _, account in sorted(configuration.accounts.items())
        for holding in ledger.portfolio(account.name, account.quote).holdings
        if holding.strategy == strategy and holding.quantity > 0
    ]


def _dropped(configuration: "Configuration", entry: "Signal") -> str:
    from chalicelib.services.trading.decide_signal import accounts_waiting

    if entry.waits_for_price:
        why = "that waits for its price"
    elif accounts_waiting(configuration, entry):
        why = "that waits for your word"
    else:
        why = "that the next tick would decide on"
    return f"The entry {entry.state} {entry.symbol} {why} is dropped."
