"""A deployment that is stopped, or rests on an instrument -> one that goes on where it was."""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.domain.bots.deployed import DeployedBot, started
from chalicelib.domain.bots.waiting_order import BUYS
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment


def start_deployment(ports: BotPorts, name: str) -> DeployedBot:
    """ActionRefused where there is none of that name, or it runs."""
    found = find_deployment(ports, name)
    after = started(found, ports.clock.now())
    forget_purchases(ports, found, found.resting if found.is_running else found.instruments)
    return ports.deployments.put(after)


def forget_purchases(ports: BotPorts, deployed: DeployedBot, symbols: Iterable[str]) -> None:
    """What was taken back when the bot stopped on these waits no more for the bot itself, too."""
    for symbol in symbols:
        kept = ports.states.get(deployed.name, deployed.on(symbol))
        if kept is None:
            continue
        before = kept.bot.waiting
        left = tuple(order for order in before if (order.symbol, order.side) != (symbol, BUYS))
        if left != before:
            ports.states.put(replace(kept, bot=kept.bot._replace(waiting=left)))
