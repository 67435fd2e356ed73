"""A deployment that is stopped -> nothing, its bots' states and trails included."""

from chalicelib.domain.bots.deployed import check_deletable
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment


def delete_deployment(ports: BotPorts, name: str) -> None:
    """ActionRefused while it runs. The signals that it sent are the trading's, and stay."""
    found = find_deployment(ports, name)
    check_deletable(found)
    ports.deployments.delete(found)
