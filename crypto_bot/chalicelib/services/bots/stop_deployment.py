"""A deployment that runs -> one that does not, keeps its state and buys nothing more."""

from chalicelib.domain.bots.deployed import DeployedBot, stopped
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment
from chalicelib.services.trading.receive_signal import Inbox
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases


def stop_deployment(ports: BotPorts, inbox: Inbox, name: str, why: str) -> DeployedBot:
    """ActionRefused where there is none of that name. One that is stopped already stays as it is,
    and what of it waits to buy is taken back once more: the first time may have ended halfway.
    """
    after = find_deployment(ports, name)
    if after.is_running:
        after = ports.deployments.put(stopped(after, why, ports.clock.now()))
    withdraw_purchases(inbox, strategy=after.strategy, sender=name)
    return after
