"""Routes about deployments: bots that run on live candles, and what came of them."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import LIMIT, Asked, Routes
from chalicelib.api.answers import Refused, page
from chalicelib.api.bot_words import (
    DIGEST,
    PARAMETERS,
    RUNS,
    VERSION,
    check_seen,
    deployment_row,
    followers_of,
    mark_row,
    number,
    of_bots,
    order_row,
    real_money,
    signal_row,
    standing_row,
)

if TYPE_CHECKING:
    from chalicelib.domain.bots.deployed import DeployedBot

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_REASON: Final = {"type": "string", "maxLength": 200, "description": "Kept with it."}
_SIGNALS: Final = 50
_STOPPED: Final = "{} is stopped already; what of it still waits to buy is taken back"


@routes.reads("/deployments", answer={"properties": {"deployments": _ROWS}})
def list_deployments(_asked: Asked) -> dict[str, Any]:
    """All bots that are deployed, with what each has gained by its own reckoning."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.services.bots.report_deployment import report_deployment

    ports, trading = bot_ports(), bootstrap.trading()
    rows = []
    for deployed in ports.deployments.all():
        report = report_deployment(ports, trading, deployed, 1)
        rows.append(
            {
                **deployment_row(deployed),
                "followers": followers_of(deployed.strategy),
                "standing": [standing_row(bot) for bot in report.bots],
                "last_signal": signal_row(report.signals[0]) if report.signals else None,
            }
        )
    return page("deployments", rows, end=None)


@routes.reads("/deployment_choices")
def list_choices(_asked: Asked) -> dict[str, Any]:
    """For whom a bot can be deployed: strategies with their followers, and accounts with the share
    of each that no strategy has yet.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.money import ONE, ZERO

    configuration = bootstrap.strategies().configuration()
    accounts = []
    for account in configuration.accounts.values():
        followed = configuration.subscriptions_of(account.name)
        taken = sum((each.weight for each in followed), ZERO)
        accounts.append(
            {
                "name": account.name,
                "mode": account.mode.value,
                "quote": account.quote,
                "free_share": max(ZERO, ONE - account.reserve - taken),
            }
        )
    strategies = [
        {"name": each.name, "symbols": each.symbols(), "followers": followers_of(each.name)}
        for each in configuration.strategies.values()
    ]
    return {"strategies": strategies, "accounts": accounts}


@routes.reads("/deployments/{name}", answer={"properties": {"name": {"type": "string"}}})
def show_deployment(_asked: Asked, name: str) -> dict[str, Any]:
    """How one stands, its last signals, the orders that they led to, and its state on each
    instrument.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.services.bots.report_deployment import report_deployment

    ports, deployed = bot_ports(), _found(name)
    report = report_deployment(ports, bootstrap.trading(), deployed, _SIGNALS)
    stored = ports.bots.get(deployed.bot)
    return {
        **deployment_row(deployed),
        "followers": followers_of(deployed.strategy),
        "newest_version": None if stored is None else str(stored.newest.number),
        "standing": [standing_row(bot) for bot in report.bots],
        "signals": [signal_row(signal) for signal in report.signals[:_SIGNALS]],
        "orders": [order_row(order) for order in report.orders[:_SIGNALS]],
        "states": {symbol: _state(deployed, symbol) for symbol in deployed.instruments},
    }


@routes.reads(
    "/deployments/{name}/marks", query={"limit": LIMIT}, answer={"properties": {"marks": _ROWS}}
)
def list_marks(asked: Asked, name: str) -> dict[str, Any]:
    """What it logged, plotted and sent at its last candles, newest first, and those candles.

    `candles` are the newest of each instrument that it keeps by itself: as many as its warm-up.
    """
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.services.bots.report_deployment import marks_of

    deployed = _found(name)
    marks = marks_of(bot_ports(), deployed, asked.limit())
    rows = [mark_row(symbol, mark) for symbol, mark in marks]
    candles = {symbol: _candles(deployed, symbol) for symbol in deployed.instruments}
    return page("marks", rows, end=None, candles=candles)


@routes.acts("/deployments/{name}/stop", body={"reason": _REASON}, again=True)
def stop(asked: Asked, name: str) -> dict[str, Any]:
    """Let a deployment ask for nothing more; what it holds stays, and its state is kept."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports, forget_reader
    from chalicelib.services.bots.stop_deployment import stop_deployment

    found = _found(name)
    if asked.is_dry_run:
        would = f"{name} would stop" if found.is_running else _STOPPED.format(name)
        return {"would": f"{would}; what strategy {found.strategy} holds stays"}
    stopped = stop_deployment(
        bot_ports(),
        bootstrap.webhook(),
        name,
        asked.body.get("reason") or f"{asked.holder.name} stopped it",
    )
    forget_reader(name)
    done = f"{name} stops within seconds" if found.is_running else _STOPPED.format(name)
    return {"done": done, **deployment_row(stopped)}


@routes.acts("/deployments/{name}/start")
def start(asked: Asked, name: str) -> dict[str, Any]:
    """Let a deployment that is stopped, or rests on an instrument, go on where it was."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.domain.bots.deployed import started
    from chalicelib.services.bots.start_deployment import start_deployment

    found = _found(name)
    if asked.is_dry_run:
        started(found, bootstrap.clock().now())  # refuses what would be refused
        return {"would": f"{name} would go on{real_money(found.strategy)}"}
    after = start_deployment(bot_ports(), name)
    return {"done": f"{name} goes on. {RUNS}", **deployment_row(after)}


@routes.acts(
    "/deployments/{name}/update",
    body={"version": VERSION, "parameters": PARAMETERS, "digest": DIGEST},
)
def update(asked: Asked, name: str) -> dict[str, Any]:
    """Let a deployment go on with another version of its bot, or with other parameters.

    It keeps what it holds, and where it can its state. The dry run answers the `digest` of the
    version's source, and `confirm` takes it back.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports, remembered_check
    from chalicelib.services.bots.update_deployment import prepare_update, update_deployment

    before = _found(name)
    given = asked.body.get("parameters", {})
    with of_bots():
        wanted = number(asked.body.get("version", ""))
        updating = prepare_update(
            bot_ports(), bootstrap.webhook(), remembered_check(), name, wanted, given
        )
    if asked.is_dry_run:
        told = f"{name} would go from {before.source} on to {updating.found.title}"
        old = before.parameters
        changes = [
            f"{each}: {old.get(each, 'new')} -> {value}"
            for each, value in given.items()
            if old.get(each) != value
        ]
        would = [told + real_money(before.strategy), *changes]
        return {"would": would, "digest": updating.found.digest}
    check_seen(asked, updating.found)
    after = update_deployment(bot_ports(), updating)
    return {"done": f"{name} is {after.source} now", **deployment_row(after)}


@routes.acts("/deployments/{name}/delete")
def delete(asked: Asked, name: str) -> dict[str, Any]:
    """Forget a deployment that is stopped, with its state and its logs; its signals stay."""
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports, forget_reader
    from chalicelib.domain.bots.deployed import check_deletable
    from chalicelib.services.bots.delete_deployment import delete_deployment

    found = _found(name)
    check_deletable(found)
    if asked.is_dry_run:
        return {"would": f"{name}, its state and its logs would be forgotten"}
    delete_deployment(bot_ports(), bootstrap.webhook(), name)
    forget_reader(name)
    return {"done": f"{name} is deleted"}


def _found(name: str) -> "DeployedBot":
    from chalicelib.bootstrap.bots import bot_ports

    found = bot_ports().deployments.get(name)
    if found is None:
        raise Refused(404, f"there is no deployment {name[:60]!r}; GET /deployments lists them")
    return found


def _state(deployed: "DeployedBot", symbol: str) -> Any:
    """What the bot itself keeps in ctx.state; None before its first candle."""
    from chalicelib.bootstrap.bots import bot_ports

    kept = bot_ports().states.get(deployed.name, deployed.on(symbol))
    return None if kept is None or kept.bot.state is None else kept.bot.state["bot"]


def _candles(deployed: "DeployedBot", symbol: str) -> dict[str, Any]:
    from chalicelib.bootstrap.bots import bot_ports

    kept = bot_ports().states.get(deployed.name, deployed.on(symbol))
    columns = [] if kept is None or kept.bot.state is None else kept.bot.state["candles"][symbol]
    return dict(zip(("at", "open", "high", "low", "close", "volume"), columns, strict=False))
