"""Who may work now, who stopped it, and whether anybody is alive."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.domain.trading.account import Halt, HaltLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to work on an account until `expires_at`; `token` rises with every holder."""

    account: str
    owner: str
    token: int
    expires_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """That a tick ended well, and when."""

    at: datetime
    outcome: str


class ControlStore(Protocol):
    """The kill switch, leases and the heartbeat."""

    def halt_level(self) -> HaltLevel:
        """Read consistently."""
        ...

    def last_halt(self) -> Halt | None:
        """Who last set the switch to what; None where nobody ever did."""
        ...

    def set_halt(self, level: HaltLevel, reason: str, at: datetime) -> HaltLevel:
        """Take effect before the next send, and return the level before.

        FLATTEN stays until NONE is asked for, whoever else sets it at the same time. StoreConflict
        if others keep winning the write; then nothing is changed.
        """
        ...

    def acquire(self, account: str, owner: str, now: datetime, duration: timedelta) -> Lease | None:
        """The lease, or None while another holds it."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back if it is still ours; not an error if it is not."""
        ...

    def beat(self, heartbeat: Heartbeat) -> None:
        """One unconditional write at the end of a good tick."""
        ...

    def last_beat(self) -> Heartbeat | None:
        """The last good tick."""
        ...
