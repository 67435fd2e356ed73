"""The owner pulls the kill switch, or lets it go."""

from typing import NamedTuple

from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.wake_account import wake_account


class Halted(NamedTuple):
    """The level before and the one that holds now; `asleep` are accounts that are not woken."""

    before: HaltLevel
    level: HaltLevel
    asleep: tuple[str, ...]

    @property
    def trouble(self) -> str:
        """A sentence for the owner; empty where every account was woken."""
        if not self.asleep:
            return ""
        state = "ended" if self.level is HaltLevel.NONE else "set"
        return (
            f"The halt is {state}; account {', '.join(self.asleep)} could not be woken, because "
            "others keep changing its state: it is looked at when it is next due."
        )


def halt_trading(ports: TradingPorts, level: HaltLevel, reason: str) -> Halted:
    """Sets the level, which every send checks.

    While everything is being sold, that goes on until the level is NONE.
    Every account becomes due: flattening has to begin, and what a halt held back may go on. One
    that others keep changing is under way anyhow; the rest are woken nonetheless.
    """
    now = ports.clock.now()
    before = ports.control.set_halt(level, reason, now)
    asleep = []
    for account in sorted(ports.strategies.configuration().accounts):
        try:
            wake_account(ports.plans, account, now)
        except StoreConflict:
            asleep.append(account)
    return Halted(before, level.on(before), tuple(asleep))
