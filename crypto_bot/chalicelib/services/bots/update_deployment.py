"""A deployment -> the same one by another version of its bot, or by other parameters."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.domain.bots.deployed import DeployedBot, updated
from chalicelib.domain.bots.parameters import chosen
from chalicelib.domain.bots.version import VersionNumber
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.deploy_bot import Check, check_to_run, mark_used
from chalicelib.services.bots.find_bot import FoundBot, find_bot
from chalicelib.services.bots.find_deployment import find_deployment
from chalicelib.services.bots.start_deployment import forget_purchases
from chalicelib.services.trading.receive_signal import Inbox


class Updating(NamedTuple):
    """What it would be, and by which version."""

    deployed: DeployedBot
    found: FoundBot


def prepare_update(
    ports: BotPorts,
    inbox: Inbox,
    check: Check,
    name: str,
    number: VersionNumber | None,
    parameters: Mapping[str, Any],
) -> Updating:
    """Nothing is stored. ActionRefused or BotRefused where it must not run, or nothing changes.

    To the newest version where none is named. Parameters that the new version has no more go,
    unless they are among those named here.
    """
    before = find_deployment(ports, name)
    found = find_bot(ports, before.bot, number)
    bot = found.load()
    known = chosen(bot, {})
    kept = {each: value for each, value in before.parameters.items() if each in known}
    after = updated(
        before, found.number, dict(chosen(bot, {**kept, **parameters})), ports.clock.now()
    )
    check_to_run(after, found, bot, inbox, check)
    return Updating(after, found)


def update_deployment(ports: BotPorts, updating: Updating) -> DeployedBot:
    """From now on it runs so; what it holds stays (see `live.begin`)."""
    mark_used(ports, updating.found)
    before = find_deployment(ports, updating.deployed.name)
    forget_purchases(ports, before, before.resting)
    return ports.deployments.put(updating.deployed)
