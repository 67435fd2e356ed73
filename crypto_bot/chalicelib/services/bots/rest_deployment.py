"""What a bot has stopped at -> the record of its deployment, where the owner finds it."""

from collections.abc import Mapping
from typing import Final

from chalicelib.domain.bots.deployed import DeployedBot, at_rest, stopped
from chalicelib.domain.errors import StoreConflict
from chalicelib.ports.bots import BotPorts
from chalicelib.services.trading.receive_signal import Inbox
from chalicelib.services.trading.withdraw_purchases import withdraw_purchases

_ATTEMPTS: Final = 5


def rest_deployment(
    ports: BotPorts,
    inbox: Inbox,
    deployed: DeployedBot,
    resting: Mapping[str, str],
    why: str = "",
) -> None:
    """On these symbols, or with a `why` on all of them; what it waits to buy there is taken back.
    Of one that the owner has changed meanwhile nothing is noted: what went wrong went wrong with
    the one before.
    """
    symbols = None if why else resting.keys()
    withdraw_purchases(inbox, strategy=deployed.strategy, sender=deployed.name, symbols=symbols)
    for _ in range(_ATTEMPTS):
        found = ports.deployments.get(deployed.name)
        if found is None or found.changed_at != deployed.changed_at:
            return
        now = ports.clock.now()
        after = found
        for symbol, sentence in resting.items():
            after = at_rest(after, symbol, sentence, now)
        if why and after.is_running:
            after = stopped(after, why, now)
        try:
            ports.deployments.put(after)
        except StoreConflict:
            continue
        return
