"""Bots that the owner has deployed: what is kept of each, and what may become of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.version import VersionNumber
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.money import Exact


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedBot(Exact):
    """`name` is what states are kept by and signals are known by; it speaks for `strategy`.

    `bot` is a stored one, or without a `number` one that comes with the program. It trades its
    instruments `together`, or there is one of it for each. `why` says why it does not run.
    `resting` has the instruments on which its code has stopped, and how; the others go on.
    `changed_at` is when the owner last had a word in it. `version` counts its writes.
    """

    name: str
    bot: str
    number: VersionNumber | None
    strategy: str
    instruments: tuple[str, ...]
    interval: Interval
    parameters: dict[str, Any]
    cash: Decimal
    since: datetime
    changed_at: datetime
    is_running: bool = True
    why: str = ""
    resting: dict[str, str]
    version: int = 0
    together: bool = False

    def on(self, symbol: str) -> str:
        """What the state of the bot that trades the symbol is kept by, as `Setup.on` has it."""
        return " ".join(self.instruments) if self.together else symbol

    @property
    def source(self) -> str:
        """Which bot it is, in words."""
        return self.bot if self.number is None else f"{self.bot} {self.number}"


def deployment_of(deployed: DeployedBot, bot: type[Bot]) -> Deployment:
    """What runs; BotRefused where this bot cannot be what was deployed."""
    if bot.together is not deployed.together:
        how = "together" if bot.together else "one by one"
        raise BotRefused(
            f"{deployed.source} trades its instruments {how}, and {deployed.name} was deployed with"
            " a bot that does not: what it holds cannot be taken over, so deploy it under another"
            " name"
        )
    setups = set_up(
        bot,
        instruments=deployed.instruments,
        interval=deployed.interval,
        parameters=deployed.parameters,
    )
    return Deployment(
        name=deployed.name,
        strategy=deployed.strategy,
        setups=tuple(setups),
        since=deployed.since,
        cash=deployed.cash,
        version="" if deployed.number is None else str(deployed.number),
    )


def stopped(deployed: DeployedBot, why: str, at: datetime) -> DeployedBot:
    """It keeps its state, and trades nothing. ActionRefused where it is stopped already."""
    if not deployed.is_running:
        raise ActionRefused(f"{deployed.name} is stopped already: {deployed.why}")
    return replace(deployed, is_running=False, why=why, changed_at=at)


def started(deployed: DeployedBot, at: datetime) -> DeployedBot:
    """It goes on where it was, with the instruments on which it rested too."""
    if deployed.is_running and not deployed.resting:
        raise ActionRefused(f"{deployed.name} is running already")
    return replace(deployed, is_running=True, why="", resting={}, changed_at=at)


def updated(
    deployed: DeployedBot,
    number: VersionNumber | None,
    parameters: dict[str, Any],
    at: datetime,
) -> DeployedBot:
    """By another version of its bot or by other parameters. One that is stopped stays so."""
    if (deployed.number, deployed.parameters) == (number, parameters):
        raise ActionRefused(f"{deployed.name} is {deployed.source} with these parameters already")
    return replace(deployed, number=number, parameters=parameters, resting={}, changed_at=at)


def at_rest(deployed: DeployedBot, symbol: str, why: str, at: datetime) -> DeployedBot:
    """Its code has stopped on this instrument. Where it rests on all of them, it is stopped."""
    resting = {**deployed.resting, symbol: why}
    rested = replace(deployed, resting=resting)
    if not deployed.is_running or not set(deployed.instruments) <= set(resting):
        return rested
    return replace(rested, is_running=False, why=f"it has stopped: {why}", changed_at=at)


def check_deletable(deployed: DeployedBot) -> None:
    """ActionRefused while it runs: what it holds would be nobody's."""
    if deployed.is_running:
        raise ActionRefused(
            f"{deployed.name} is running, and nothing is deleted: crypto-bot bots stop"
            f" {deployed.name}"
        )
