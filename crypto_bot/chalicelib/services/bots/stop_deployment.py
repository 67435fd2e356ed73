"""A deployment that runs -> one that does not, and keeps its state."""

from chalicelib.domain.bots.deployed import DeployedBot, stopped
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment


def stop_deployment(ports: BotPorts, name: str, why: str) -> DeployedBot:
    """ActionRefused where there is none of that name, or it is stopped already."""
    return ports.deployments.put(stopped(find_deployment(ports, name), why, ports.clock.now()))
