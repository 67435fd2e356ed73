"""What one look at the stores after a tick has found, as plain facts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.account import Halt
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTrouble:
    """Why an account could not be worked on; `status` is the tick's word for it."""

    account: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TickEnd:
    """How a tick ended: `failure` is what it raised. Neither good nor failed: there was none.

    `interval` is the time from one tick to the next, None where the gaps are not even.
    """

    good: bool = True
    failure: str = ""
    troubles: tuple[AccountTrouble, ...] = ()
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A strategy that has said nothing since `heard_at`, for longer than the owner allows."""

    strategy: Strategy
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """`ended`, `refused` and `quarantined` are news, the rest is how things stand at `at`.

    `waiting` are due signals that are not final, `approvals` those of them that wait for the
    owner's yes. `refused` are orders that the venue rejected for their keys, `unknown` those that
    were sent and not seen since. `watch` is what has to be remembered for the next look, `before`
    what was remembered for this one.
    """

    at: datetime
    tick: TickEnd
    before: Watch
    watch: Watch
    ended: tuple[Signal, ...] = ()
    waiting: tuple[Signal, ...] = ()
    approvals: tuple[Signal, ...] = ()
    refused: tuple[Order, ...] = ()
    quarantined: tuple[QuarantinedAlert, ...] = ()
    held: tuple[Order, ...] = ()
    unknown: tuple[Order, ...] = ()
    states: tuple[AccountState, ...] = ()
    silences: tuple[Silence, ...] = ()
    halt: Halt | None = None
    last_good_tick: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way that would grow older, or end, without a tick at work."""
        return not (self.waiting or self.held or self.unknown)

    def without_news(self, at: datetime, tick: TickEnd) -> "Observation":
        """The same standing at a later moment, after a tick that found nothing to do."""
        return replace(self, at=at, tick=tick, ended=(), refused=(), quarantined=())
