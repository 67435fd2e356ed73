"""Routes about strategies and who follows them: weights, limits, pauses, closing, the next plan."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.answers import Answer, Refused, as_json, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.domain.trading.account import Account, Configuration
    from chalicelib.domain.trading.plan import Plan, Step, Trigger, Verdict
    from chalicelib.services.trading.apply_configuration import AppliedConfiguration

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_TEXT: Final = {"type": "string"}
_DONE: Final = {"properties": {"would": {}, "done": _TEXT}}
_TAG: Final = "configuration-"
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
    return Answer(body, tag=f"{_TAG}{configuration.version}-{digest}")


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


@routes.acts(
    "/accounts/{account}/limits",
    body={
        "settings": {
            "type": "object",
            "description": "Of the account, such as reserve, policy, max_drawdown; null: default.",
        },
        "strategies": {
            "type": "object",
            "description": "By strategy: weight, priority, approval, max_order_notional and so on.",
        },
    },
    answer=_DONE,
)
def edit(asked: Asked, account: str) -> dict[str, Any]:
    """Change weights and limits of an account, all of them or none.

    Needs the header If-Match with the ETag of /strategies: where the configuration has changed
    since, nothing is changed, and the answer is 409. Numbers are text, null is the default. The dry
    run checks the same and tells every difference.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.edit import Edit
    from chalicelib.services.trading.edit_limits import edit_limits

    _known_account(account)
    wanted = Edit(
        account=account,
        settings=_amounts(asked.body.get("settings", {}), "settings"),
        strategies={
            name: _amounts(values, f"strategies.{name}")
            for name, values in asked.body.get("strategies", {}).items()
        },
        version=_seen_version(asked),
    )
    applied = edit_limits(
        bootstrap.trading(),
        wanted,
        live_refusal=bootstrap.settings().live_refusal,
        dry_run=asked.is_dry_run,
    )
    return _told(applied, dry_run=asked.is_dry_run)


def _amounts(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise Refused(400, f"{where} must be an object of settings", field=where)
    for name, value in values.items():
        if isinstance(value, float):
            raise Refused(
                400,
                f'{where}.{name} is {value}; send the number as text, such as "0.25"',
                field=f"{where}.{name}",
            )
    return values


def _seen_version(asked: Asked) -> int:
    seen = asked.if_match().removeprefix(_TAG).partition("-")[0]
    if not (seen.isascii() and seen.isdecimal() and len(seen) < 12):  # noqa: PLR2004
        raise Refused(
            428,
            "send the header If-Match with the ETag of GET /strategies, so that nobody else's "
            "change is lost",
            field="If-Match",
        )
    return int(seen)


def _told(applied: "AppliedConfiguration", *, dry_run: bool) -> dict[str, Any]:
    lines = [f"{d.key}: {d.before or '(new)'} -> {d.after or '-'}" for d in applied.differences]
    # A file's notes on other accounts would say nothing here: the change names one.
    if dry_run:
        return {"would": lines, "version": applied.version}
    count = len(lines)
    done = f"{count} setting{'' if count == 1 else 's'} changed." if lines else "Nothing changed."
    return {"done": done, "changes": lines, "version": applied.version}


@routes.acts("/strategies/{strategy}/pause", body=_ACCOUNT, answer=_DONE)
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
    _known_strategy(strategy)
    if asked.is_dry_run:
        change = subscriptions_to_set(
            store.configuration(), strategy=strategy, account=account, paused=paused
        )
        words = "enters no more; its exits still run" if paused else "may enter again"
        return {"would": [f"{s.strategy} {words} on {s.account}." for s in change]}
    changed = pause_strategy(store, strategy=strategy, account=account, paused=paused)
    names = ", ".join(s.account for s in changed)
    word = "paused" if paused else "running again"
    done = f"{strategy} is {word} on {names}." if changed else f"{strategy} is {word} already."
    return {"done": done}


@routes.acts("/strategies/{strategy}/close", answer=_DONE)
def close(asked: Asked, strategy: str) -> dict[str, Any]:
    """Sell with the next tick all that a strategy owns, on every account."""
    from chalicelib import bootstrap
    from chalicelib.services.trading.close_strategy import close_strategy

    _known_strategy(strategy)
    lines = _owned(strategy)
    if asked.is_dry_run:
        return {"would": [f"The next tick sells {line}." for line in lines]}
    signals = close_strategy(bootstrap.trading(), strategy)
    done = f"The next tick sells {', '.join(lines) or 'nothing: nothing is owned'}."
    return {"done": done, "signals": [signal.id for signal in signals]}


def _owned(strategy: str) -> list[str]:
    from chalicelib import bootstrap
    from chalicelib.domain.money import plain

    configuration, ledger = bootstrap.strategies().configuration(), bootstrap.trading().ledger
    return [
        f"{plain(holding.quantity)} {holding.symbol} on {account.name}"
        for _, account in sorted(configuration.accounts.items())
        for holding in ledger.portfolio(account.name, account.quote).holdings
        if holding.strategy == strategy and holding.quantity > 0
    ]


@routes.reads(
    "/plan/{account}",
    answer={"properties": {"account": _TEXT, "steps": _ROWS}},
)
def preview(_asked: Asked, account: str) -> dict[str, Any]:
    """What the next tick would decide for an account by the prices of now; nothing is stored.

    Asks the account's exchange. The API on AWS has no keys, so there only virtual accounts can be
    looked at; crypto-bot preview --stage shows the others.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.trading.account import Mode
    from chalicelib.services.trading.preview_plan import preview_plan

    known = _known_account(account)
    is_function = bootstrap.is_deployed() and not bootstrap.choices().from_outside
    if is_function and known.mode is not Mode.VIRTUAL:
        stage = bootstrap.settings().stage
        raise Refused(
            409,
            f"the API on AWS holds no keys of exchanges: crypto-bot preview {account} "
            f"--stage {stage}",
        )
    plans = preview_plan(bootstrap.trading(), account)
    return {"account": account, "steps": [step for plan in plans for step in _steps(plan)]}


def _steps(plan: "Plan") -> "Sequence[Mapping[str, object]]":
    orders = [
        {
            "what": "order",
            "step": plan.step,
            "strategies": [share.strategy for share in intent.shares],
            "symbol": intent.symbol,
            "side": intent.side,
            "quantity": intent.quantity,
            "price": intent.limit_price,
            "reason": intent.because,
        }
        for intent in plan.intents
    ]
    crosses = [
        {
            "what": "internal cross",
            "step": plan.step,
            "strategies": [cross.seller, cross.buyer],
            "symbol": cross.symbol,
            "quantity": cross.quantity,
            "price": cross.price,
            "reason": f"{cross.seller} hands over to {cross.buyer}",
        }
        for cross in plan.crosses
    ]
    triggered = [_other("protection", plan.step, trigger) for trigger in plan.triggers]
    judged = [_other(str(each.status).lower(), plan.step, each) for each in plan.verdicts]
    return [*orders, *crosses, *triggered, *judged]


def _other(what: str, step: "Step", row: "Trigger | Verdict") -> dict[str, Any]:
    return {
        "what": what,
        "step": step,
        "strategies": [row.strategy],
        "symbol": row.symbol,
        "reason": row.reason,
    }


def _known_strategy(name: str) -> None:
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.names import suggestion

    known = bootstrap.strategies().configuration().strategies
    if name not in known:
        sentence = f"there is no strategy {name}; {suggestion(name, known)}"
        raise Refused(404, sentence, field="strategy")


def _known_account(name: str) -> "Account":
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.names import suggestion

    known = bootstrap.strategies().configuration().accounts
    if name not in known:
        raise Refused(
            404, f"there is no account {name}; {suggestion(name, known)}", field="account"
        )
    return known[name]
