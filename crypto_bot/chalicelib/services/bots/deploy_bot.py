"""A version of a bot -> a deployment that runs, if the bot stands its check."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.deployed import DeployedBot, deployment_of
from chalicelib.domain.bots.deployment import check_deployment
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.version import VersionNumber, with_use
from chalicelib.domain.errors import ActionRefused
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.check_on_lake import CheckedOn
from chalicelib.services.bots.check_strategy import check_strategy
from chalicelib.services.bots.find_bot import FoundBot, find_bot
from chalicelib.services.trading.receive_signal import Inbox

Check = Callable[[FoundBot, Callable[[], Setup]], CheckedOn]


class Wanted(NamedTuple):
    """What is left out, the bot's class says; `since` says from when on it is heard."""

    name: str
    bot: str
    strategy: str
    since: datetime
    cash: Decimal
    number: VersionNumber | None = None
    instruments: Sequence[str] = ()
    interval: str = ""
    parameters: Mapping[str, Any] = {}


class Deploying(NamedTuple):
    """What it would be, and what was seen of it on the candles of the lake."""

    deployed: DeployedBot
    found: FoundBot
    checked: tuple[CheckedOn, ...]


def prepare_deployment(ports: BotPorts, inbox: Inbox, wanted: Wanted, check: Check) -> Deploying:
    """Nothing is stored. ActionRefused or BotRefused with the evidence where it must not run."""
    if ports.deployments.get(wanted.name) is not None:
        raise ActionRefused(
            f"there is a deployment {wanted.name} already: crypto-bot bots update {wanted.name}"
            " changes it, and --name NAME deploys another one"
        )
    found = find_bot(ports, wanted.bot, wanted.number)
    bot = found.load()
    setups = set_up(
        bot,
        instruments=wanted.instruments,
        interval=wanted.interval,
        parameters=wanted.parameters,
    )
    deployed = DeployedBot(
        name=wanted.name,
        bot=found.name,
        number=found.number,
        strategy=wanted.strategy,
        instruments=tuple(symbol for setup in setups for symbol in setup.instruments),
        interval=setups[0].interval,
        parameters=dict(setups[0].parameters),
        cash=wanted.cash,
        since=wanted.since,
        changed_at=ports.clock.now(),
        resting={},
        together=bot.together,
    )
    return Deploying(deployed, found, check_to_run(deployed, found, bot, inbox, check))


def deploy_bot(ports: BotPorts, deploying: Deploying) -> DeployedBot:
    """From now on it runs wherever deployments are run."""
    mark_used(ports, deploying.found)
    return ports.deployments.put(deploying.deployed)


def check_to_run(
    deployed: DeployedBot, found: FoundBot, bot: type[Bot], inbox: Inbox, check: Check
) -> tuple[CheckedOn, ...]:
    """All that can be known beforehand; ActionRefused says what speaks against it."""
    deployment = deployment_of(deployed, bot)
    check_deployment(deployment)
    check_strategy(deployment, inbox)
    checked = []
    for number, setup in enumerate(deployment.setups):
        checked.append(check(found, partial(_anew, deployed, found, number)))
        said = checked[-1].check
        if said is not None and said.findings:
            raise ActionRefused(
                f"{found.title} is not deployed; on {', '.join(setup.instruments)} of"
                f" {checked[-1].venue}: {'; '.join(finding.text for finding in said.findings)}"
            )
    return tuple(checked)


def mark_used(ports: BotPorts, found: FoundBot) -> None:
    """A version that runs, or has run, never changes again."""
    if found.stored is None or found.number is None:
        return
    used = with_use(found.stored, found.number, ports.clock.now())
    if used != found.stored:
        ports.bots.save(used)


def _anew(deployed: DeployedBot, found: FoundBot, number: int) -> Setup:
    return deployment_of(deployed, found.load()).setups[number]
