"""A deployment that is stopped, or rests on an instrument -> one that goes on where it was."""

from chalicelib.domain.bots.deployed import DeployedBot, started
from chalicelib.ports.bots import BotPorts
from chalicelib.services.bots.find_deployment import find_deployment


def start_deployment(ports: BotPorts, name: str) -> DeployedBot:
    """ActionRefused where there is none of that name, or it runs."""
    return ports.deployments.put(started(find_deployment(ports, name), ports.clock.now()))
