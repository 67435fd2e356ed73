"""[deployment store] -> one deployment by its name."""

from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.errors import ActionRefused
from chalicelib.ports.bots import BotPorts


def find_deployment(ports: BotPorts, name: str) -> DeployedBot:
    """ActionRefused where there is none."""
    found = ports.deployments.get(name)
    if found is None:
        known = ", ".join(deployed.name for deployed in ports.deployments.all())
        raise ActionRefused(f"there is no deployment {name}; there is {known or 'none'}")
    return found
