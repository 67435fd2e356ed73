"""The route that deploys a bot: shown with its check, then stored."""

import secrets
from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import AMOUNT, INSTANT, Asked, Routes
from chalicelib.api.answers import Refused
from chalicelib.api.bot_words import (
    DIGEST,
    INSTRUMENTS,
    INTERVAL,
    NAME,
    PARAMETERS,
    RUNS,
    VERSION,
    amount,
    check_seen,
    deployment_row,
    number,
    of_bots,
    real_money,
)

if TYPE_CHECKING:
    from chalicelib.domain.bots.deployed import DeployedBot
    from chalicelib.services.bots.deploy_bot import Deploying, Wanted
    from chalicelib.services.bots.make_strategy import NewStrategy

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_TOKEN_BYTES: Final = 32
_TOGETHER: Final = 5  # seconds in which one close of a bot's instruments has become signals


@routes.acts(
    "/deployments",
    body={
        "name": NAME,
        "bot": NAME,
        "version": VERSION,
        "strategy": {"type": "string", "description": "Whose signals they are."},
        "account": {
            "type": "string",
            "description": "Makes the strategy, and lets this account follow it.",
        },
        "weight": AMOUNT,
        "instruments": INSTRUMENTS,
        "interval": INTERVAL,
        "parameters": PARAMETERS,
        "cash": AMOUNT,
        "since": INSTANT,
        "digest": DIGEST,
    },
    needed=("name", "bot", "strategy"),
)
def deploy(asked: Asked) -> dict[str, Any]:
    """Let a bot run on live candles, if it stands its check.

    What it wants becomes signals of `strategy`, and goes to every account that follows it. With
    `account` and `weight` that strategy is made, too. The dry run answers the `digest` of the
    version's source, and `confirm` takes it back.
    """
    from chalicelib import bootstrap
    from chalicelib.bootstrap.bots import bot_ports, remembered_check
    from chalicelib.services.bots.deploy_bot import deploy_bot, prepare_deployment
    from chalicelib.services.bots.make_strategy import as_if_made

    wanted = _wanted(asked)
    ports, inbox = bot_ports(), bootstrap.webhook()
    made = _new_strategy(asked, wanted)
    check = remembered_check()
    if made is None and wanted.strategy not in bootstrap.strategies().configuration().strategies:
        raise Refused(
            422,
            f"there is no strategy {wanted.strategy!r}: send account and weight to make it",
            field="strategy",
        )
    with of_bots():
        if made is None:
            deploying = prepare_deployment(ports, inbox, wanted, check)
        else:
            _make(asked, made, dry_run=True)
            deploying = prepare_deployment(ports, as_if_made(inbox, made), wanted, check)
    deployed = deploying.deployed
    told = _told(deployed, made)
    shown = {"checks": _checks(deploying), "digest": deploying.found.digest}
    if asked.is_dry_run:
        return {"would": told, **shown, **deployment_row(deployed)}
    check_seen(asked, deploying.found)
    if made is not None:
        _make(asked, made, dry_run=False)
    stored = deploy_bot(ports, deploying)
    return {"done": f"{told} {RUNS}", **shown, **deployment_row(stored)}


def _wanted(asked: Asked) -> "Wanted":
    from chalicelib import bootstrap
    from chalicelib.domain.bots.deployment import USUAL_CASH
    from chalicelib.domain.instant import read_instant
    from chalicelib.services.bots.deploy_bot import Wanted

    body = asked.body
    since = body.get("since")
    with of_bots():
        return Wanted(
            name=body["name"],
            bot=body["bot"],
            strategy=body["strategy"],
            since=read_instant("since", since) if since else bootstrap.clock().now(),
            cash=amount("cash", body["cash"]) if body.get("cash") else USUAL_CASH,
            number=number(body.get("version", "")),
            instruments=tuple(body.get("instruments", ())),
            interval=body.get("interval", ""),
            parameters=body.get("parameters", {}),
        )


def _new_strategy(asked: Asked, wanted: "Wanted") -> "NewStrategy | None":
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.domain.bots.bot import set_up
    from chalicelib.domain.trading.configuration.values import is_name
    from chalicelib.services.bots.find_bot import find_bot
    from chalicelib.services.bots.make_strategy import NewStrategy

    if not asked.body.get("account"):
        return None
    if not is_name(wanted.strategy):
        raise Refused(
            422,
            f"strategy is {wanted.strategy[:60]!r}; it must have up to 64 letters, digits, dots,"
            " dashes or underscores",
            field="strategy",
        )
    with of_bots():
        bot = find_bot(bot_ports(), wanted.bot, wanted.number).load()
        setups = set_up(
            bot,
            instruments=wanted.instruments,
            interval=wanted.interval,
            parameters=wanted.parameters,
        )
    return NewStrategy(
        name=wanted.strategy,
        symbols=[symbol for setup in setups for symbol in setup.instruments],
        interval=setups[0].interval,
        account=asked.body["account"],
        weight=amount("weight", asked.body.get("weight") or "0"),
        sibling_wait=_TOGETHER if bot.together else 0,
    )


def _make(asked: Asked, made: "NewStrategy", *, dry_run: bool) -> None:
    from chalicelib import bootstrap
    from chalicelib.services.bots.make_strategy import make_strategy

    make_strategy(
        bootstrap.trading(),
        made,
        live_refusal=bootstrap.settings().live_refusal,
        make_token=lambda: secrets.token_urlsafe(_TOKEN_BYTES),
        dry_run=dry_run,
        by=asked.holder.name,
    )


def _told(deployed: "DeployedBot", made: "NewStrategy | None") -> str:
    from chalicelib import bootstrap

    where = f"{', '.join(deployed.instruments)} {deployed.interval}"
    told = f"{deployed.source} runs as {deployed.name} on {where} for strategy {deployed.strategy}"
    if made is None:
        return f"{told}{real_money(deployed.strategy)}."
    mode = bootstrap.strategies().configuration().accounts[made.account].mode.value
    real = ", with REAL MONEY" if mode == "live" else ""
    return f"{told}, a new one that account {made.account} ({mode}) follows{real}."


def _checks(deploying: "Deploying") -> list[dict[str, Any]]:
    """What was looked at on the candles of the lake, and what could not be."""
    return [
        {
            "symbol": ", ".join(checked.setup.instruments),
            "venue": checked.venue,
            "candles": 0 if checked.check is None else checked.check.candles,
            "orders": 0 if checked.check is None else checked.check.orders,
            "unchecked": ["there are no candles in the lake to check it on"]
            if checked.check is None
            else list(checked.check.unchecked),
        }
        for checked in deploying.checked
    ]
