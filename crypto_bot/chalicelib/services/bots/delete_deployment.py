"""A deployment that is stopped -> nothing, its bots' states and trails included."""

from chalicelib.domain.bots.deployed import check_deletable
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment
from chalicelib.services.trading.receive_signal import Inbox
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases


def delete_deployment(ports: BotPorts, inbox: Inbox, name: str) -> None:
    """ActionRefused while it runs. The signals that it sent are the trading's, and stay; what of
    them waits to buy is taken back.
    """
    found = find_deployment(ports, name)
    check_deletable(found)
    withdraw_purchases(inbox, strategy=found.strategy, sender=name)
    ports.deployments.delete(found)
