"""Routes about the whole: how everything stands, who asks, the kill switch, what was done."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, LIMIT, Asked, Routes
from chalicelib.api.answers import Refused, page, value_of

if TYPE_CHECKING:
    from chalicelib.domain.trading.account import Halt

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_TEXT: Final = {"type": "string"}
_DONE: Final = {"properties": {"would": {}, "done": _TEXT}}
_NEWEST: Final = 10
_HALTED: Final = {
    "no_entries": "and exits still run",
    "flatten": "and the next tick sells what the strategies own",
}
_REASON: Final = {"type": "string", "maxLength": 200, "description": "Kept with the halt."}


@routes.reads(
    "/overview",
    answer={
        "properties": {
            "stage": _TEXT,
            "modes": {"type": "array", "items": _TEXT},
            "gate": {"type": "object"},
            "tick": {"type": "object"},
            "accounts": _ROWS,
            "totals": _ROWS,
            "positions": _ROWS,
            "signals": _ROWS,
            "health": _ROWS,
        }
    },
)
def show_overview(_asked: Asked) -> dict[str, Any]:
    """How everything stands: figures, positions, the newest signals, the kill switch, health.

    `totals` has one row per badge (PAPER, SANDBOX, LIVE) and quote currency: unlike money is never
    added up. Profit counts from the UTC day's beginning (`today`), and over 7 and 30 days; `at` is
    when the prices were looked at. `tick.next` is null while nothing waits.
    """
    from chalicelib import bootstrap
    from chalicelib.services.operation.report_overview import report_overview

    settings = bootstrap.settings()
    seen = report_overview(bootstrap.trading(), bootstrap.analytics(), settings.tick_interval)
    beat, interval = seen.last_tick, settings.tick_interval
    return {
        "stage": settings.stage,
        "modes": sorted({account.badge for account in seen.accounts}),
        "gate": _gate(seen.halt),
        "tick": {
            "last": None if beat is None else beat.at,
            "outcome": "" if beat is None else beat.outcome,
            "next": seen.next_tick,
            "every": None if interval is None else int(interval.total_seconds()),
        },
        "accounts": seen.accounts,
        "totals": seen.totals,
        "positions": seen.positions,
        "signals": [record for _, record in bootstrap.signals().page(_NEWEST)],
        "health": seen.checks,
    }


def _gate(halt: "Halt | None") -> dict[str, Any]:
    from chalicelib.domain.trading.account import HaltLevel

    level = HaltLevel.NONE if halt is None else halt.level
    return {
        "halted": level is not HaltLevel.NONE,
        "level": level,
        "reason": "" if halt is None else halt.reason,
        "at": None if halt is None else halt.at,
    }


@routes.reads("/me", answer={"properties": {"name": _TEXT, "role": _TEXT}})
def show_holder(asked: Asked) -> dict[str, Any]:
    """Whose token it is, and its role."""
    return {"name": asked.holder.name, "role": asked.holder.role}


@routes.acts(
    "/halt",
    body={
        "flatten": {"type": "boolean", "description": "Also sell all that the strategies own."},
        "reason": _REASON,
    },
    again=True,
    answer=_DONE,
)
def halt(asked: Asked) -> dict[str, Any]:
    """Stop all entries on every account from the next send on; exits still run.

    While everything is being sold, that goes on: only /resume ends it.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.trading.account import HaltLevel
    from chalicelib.services.trading.halt_trading import halt_trading

    level = HaltLevel.FLATTEN if asked.body.get("flatten") else HaltLevel.NO_ENTRIES
    if asked.is_dry_run:
        level = level.on(bootstrap.trading().control.halt_level())
        sold = _sold() if level is HaltLevel.FLATTEN else ()
        return {"would": [f"No strategy enters any more, {_HALTED[level]}.", *sold]}
    reason = asked.body.get("reason") or f"{asked.holder.name} halted trading"
    halted = halt_trading(bootstrap.trading(), level, reason)
    done = f"Halted: no strategy enters any more, {_HALTED[halted.level]}. {halted.trouble}"
    return {"done": done.rstrip()}


def _sold() -> list[str]:
    from chalicelib.domain.money import plain

    return [
        f"{plain(position.quantity)} {position.symbol} of {position.strategy} is sold on "
        f"{position.account}."
        for position in _positions()
    ]


def _positions() -> list[Any]:
    from chalicelib import bootstrap
    from chalicelib.domain.operation.overview import positions_of

    ports = bootstrap.trading()
    return [
        position
        for _, account in sorted(bootstrap.strategies().configuration().accounts.items())
        for position in positions_of(
            account,
            ports.ledger.portfolio(account.name, account.quote),
            ports.plans.state(account.name),
        )
        if position.quantity > 0
    ]


@routes.acts("/resume", answer=_DONE)
def resume(asked: Asked) -> dict[str, Any]:
    """End the halt; pauses of strategies and open breakers of accounts stay."""
    from chalicelib import bootstrap
    from chalicelib.domain.trading.account import HaltLevel
    from chalicelib.services.trading.halt_trading import halt_trading

    level = bootstrap.trading().control.halt_level()
    if asked.is_dry_run:
        if level is HaltLevel.NONE:
            return {"would": []}
        return {"would": [f"The halt ({level}) ends, and the next tick works off what is due."]}
    reason = f"{asked.holder.name} resumed trading"
    halted = halt_trading(bootstrap.trading(), HaltLevel.NONE, reason)
    if halted.before is HaltLevel.NONE:
        return {"done": f"Trading was not halted. {halted.trouble}".rstrip()}
    done = f"Trading goes on: the halt ({halted.before}) has ended. {halted.trouble}"
    return {"done": done.rstrip()}


@routes.acts("/accounts/{account}/resume", answer=_DONE)
def resume_one(asked: Asked, account: str) -> dict[str, Any]:
    """Let an account buy again that its breakers have stopped; losses are counted from here on."""
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.names import suggestion
    from chalicelib.services.trading.resume_account import resume_account

    known = bootstrap.strategies().configuration().accounts
    if account not in known:
        sentence = f"there is no account {account}; {suggestion(account, known)}"
        raise Refused(404, sentence, field="account")
    if asked.is_dry_run:
        breakers = bootstrap.trading().plans.state(account).breakers
        lines = [f"{account} may buy again: {b.reason} ({b.code}) is over." for b in breakers]
        return {"would": lines}
    closed = resume_account(bootstrap.trading(), account)
    if not closed:
        return {"done": f"Nothing kept {account} from buying."}
    return {"done": " ".join(f"{b.reason} ({b.code}) is over." for b in closed)}


@routes.reads(
    "/audit",
    query={"limit": LIMIT, "cursor": CURSOR},
    answer={"properties": {"deeds": _ROWS, "next": {"type": ["string", "null"]}}},
)
def list_deeds(asked: Asked) -> dict[str, Any]:
    """What was done over the API, the newest first: who, what, when, and how it ended.

    `status` 0 is for what was begun and of which nobody knows how it ended; from 500 on it met with
    trouble, and nobody knows how much of it was done.
    """
    from chalicelib.api.listing import found_on_page
    from chalicelib.bootstrap.access import deeds

    found, end = found_on_page(deeds().recent, asked.limit(), asked.cursor(), None)
    shown = [value_of(deed) for deed in found]
    for row in shown:
        del row["answer"], row["digest"], row["version"]
    return page("deeds", shown, end=end)
