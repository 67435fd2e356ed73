"""The owner pulls the kill switch, or lets it go."""

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.wake_account import wake_account


def halt_trading(ports: TradingPorts, level: HaltLevel, reason: str) -> HaltLevel:
    """Sets the level, which every send checks, and returns the one before.

    Every account becomes due: flattening has to begin, and what a halt held back may go on.
    """
    before = ports.control.halt_level()
    now = ports.clock.now()
    ports.control.set_halt(level, reason, now)
    for account in sorted(ports.strategies.configuration().accounts):
        wake_account(ports.plans, account, now)
    return before
