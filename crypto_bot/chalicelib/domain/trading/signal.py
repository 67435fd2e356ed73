"""A signal: the state one strategy wants one instrument to be in, and what became of that wish."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final

from chalicelib.domain.money import Exact
from chalicelib.domain.trading.signal_order import OrderKind, SignalOrder

# The order id of the signals that the owner's own command to close makes.
OWNER_CLOSE: Final = "owner-close"

# The last word on an alert that was only a try.
TESTED: Final = "test: nothing is traded"

# So often planning may fail on a signal before it is given up for the account, and failures that
# follow one another faster count as one: a venue that is odd for a moment costs no exit.
MOST_FAILURES: Final = 5
_APART: Final = timedelta(seconds=30)


class DesiredState(StrEnum):
    """Where the strategy wants to be; SHORT means at most flat on a long-only account."""

    LONG = "long"
    FLAT = "flat"
    SHORT = "short"


class SignalStatus(StrEnum):
    """Where an alert stands; all but RECEIVED and PLANNED are final."""

    RECEIVED = "RECEIVED"
    PLANNED = "PLANNED"
    EXECUTED = "EXECUTED"
    PARTIALLY_EXECUTED = "PARTIALLY_EXECUTED"
    SKIPPED = "SKIPPED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    DENIED = "DENIED"
    QUARANTINED = "QUARANTINED"

    @property
    def is_final(self) -> bool:
        """Whether nothing can change any more."""
        return self not in {SignalStatus.RECEIVED, SignalStatus.PLANNED}


class SizeUnit(StrEnum):
    """What the amount in an alert counts."""

    QUANTITY = "quantity"  # base asset
    NOTIONAL = "notional"  # quote currency
    PERCENT = "percent"  # of the account's equity, 0 to 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Exact):
    """How much the alert itself asks for; used by the signal-sized policy."""

    amount: Decimal
    unit: SizeUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one account made of a signal, and why."""

    account: str
    status: SignalStatus
    reason: str
    at: datetime
    plan_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """How often planning has failed on a signal for one account, last at `at`, and with what."""

    account: str
    count: int
    why: str
    at: datetime

    @property
    def reason(self) -> str:
        """For people."""
        return f"planning has failed on it {self.count} of {MOST_FAILURES} times: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(Exact):
    """One stored wish. Times are UTC; `due_at` is when it may be planned; prices are in quote.

    With an `order` it counts once that is met. `keeps` names the sender's earlier orders that go on
    waiting after it; `holds` is what the sender holds after it, in base, where it says so.
    """

    id: str
    strategy: str
    ticker: str
    symbol: str
    state: DesiredState
    fired_at: datetime
    received_at: datetime
    due_at: datetime
    body_digest: str
    urgent: bool = False
    test: bool = False
    previous_state: DesiredState | None = None
    size_ratio: Decimal | None = None  # new size / old size of a partial exit or an addition
    size: Size | None = None
    price: Decimal | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    interval: str = ""
    order_id: str = ""
    comment: str = ""
    approved: bool = False
    status: SignalStatus = SignalStatus.RECEIVED
    reason: str = ""
    outcomes: tuple[Outcome, ...] = ()
    failures: tuple[Failures, ...] = ()
    version: int = 0
    order: SignalOrder | None = None
    keeps: tuple[str, ...] = ()
    holds: Decimal | None = None

    @property
    def cancels(self) -> bool:
        """Whether it takes an earlier order back, and wants nothing else."""
        return self.order is not None and self.order.kind is OrderKind.CANCEL

    @property
    def waits_for_price(self) -> bool:
        """Whether nothing has come of it because it waits, which is as it should be."""
        return self.order is not None and self.status is SignalStatus.RECEIVED

    @property
    def failing(self) -> tuple[Failures, ...]:
        """Of accounts that have not got over it: they try again."""
        return tuple(f for f in self.failures if self.outcome_for(f.account) is None)

    @property
    def quarantined_by(self) -> tuple[Outcome, ...]:
        """The word of the accounts that have given it up."""
        return tuple(o for o in self.outcomes if o.status is SignalStatus.QUARANTINED)

    def outcome_for(self, account: str) -> Outcome | None:
        """What the account recorded so far, if anything."""
        return next((outcome for outcome in self.outcomes if outcome.account == account), None)

    def with_outcome(self, outcome: Outcome) -> "Signal":
        """The signal with the account's word on it; a final word is never replaced."""
        earlier = self.outcome_for(outcome.account)
        if earlier is not None and earlier.status.is_final:
            return self
        others = tuple(o for o in self.outcomes if o.account != outcome.account)
        return replace(self, outcomes=(*others, outcome))

    def with_failure(self, account: str, why: str, at: datetime) -> "Signal":
        """The signal after planning has failed on it once more; too often is the last word."""
        earlier = next((f for f in self.failures if f.account == account), None)
        if self.outcome_for(account) is not None:
            return self
        if earlier is not None and at - earlier.at < _APART:
            return self
        others = tuple(f for f in self.failures if f.account != account)
        count = 1 if earlier is None else earlier.count + 1
        failed = Failures(account=account, count=count, why=why, at=at)
        counted = replace(self, failures=(*others, failed))
        if count < MOST_FAILURES:
            return counted
        return counted.with_outcome(
            Outcome(account=account, status=SignalStatus.QUARANTINED, reason=failed.reason, at=at)
        )

    def taken_again(self, accounts: Collection[str], at: datetime) -> "Signal":
        """The signal, due at once for accounts that had given it up: they decide anew."""
        given_up = {o for o in self.quarantined_by if o.account in accounts}
        return replace(
            self,
            status=SignalStatus.RECEIVED,
            reason="",
            due_at=at,
            outcomes=tuple(o for o in self.outcomes if o not in given_up),
            failures=tuple(f for f in self.failures if f.account not in accounts),
        )

    def settled_for(self, accounts: Iterable[str]) -> "Signal":
        """The signal with its overall status, final once every following account has spoken."""
        followers = tuple(accounts)
        if not followers and not self.outcomes:
            reason = TESTED if self.test else f"no account follows strategy {self.strategy}"
            return replace(self, status=SignalStatus.SKIPPED, reason=reason)
        heard = {o.account for o in self.outcomes if o.status.is_final}
        if any(account not in heard for account in followers) or any(
            not o.status.is_final for o in self.outcomes
        ):
            planned = any(o.status is SignalStatus.PLANNED for o in self.outcomes)
            return replace(self, status=SignalStatus.PLANNED if planned else SignalStatus.RECEIVED)
        return replace(self, status=_overall(self.outcomes), reason=_reasons(self.outcomes))


def _overall(outcomes: Sequence[Outcome]) -> SignalStatus:
    statuses = {outcome.status for outcome in outcomes}
    if len(statuses) == 1:
        return statuses.pop()
    if statuses & {SignalStatus.EXECUTED, SignalStatus.PARTIALLY_EXECUTED}:
        return SignalStatus.PARTIALLY_EXECUTED
    return next(status for status in SignalStatus if status in statuses)


def _reasons(outcomes: Sequence[Outcome]) -> str:
    if len(outcomes) == 1:
        return outcomes[0].reason
    ordered = sorted(outcomes, key=lambda outcome: outcome.account)
    return "; ".join(f"{o.account}: {o.status.value.lower()}, {o.reason}" for o in ordered)


def signal_id(
    *, strategy: str, symbol: str, state: DesiredState, fired_at: datetime, order_id: str
) -> str:
    """The identity of a wish: the same alert delivered twice gives the same id."""
    return _digest("state", strategy, symbol, state.value, fired_at.isoformat(), order_id)


def signal_id_from_sender(*, strategy: str, sender_id: str) -> str:
    """The identity when the sender names one; it alone decides what is a repetition."""
    return _digest("sender", strategy, sender_id)


def _digest(*parts: str) -> str:
    # Lengths in front of the parts keep ("ab", "c") and ("a", "bc") apart.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return sha256(text.encode()).hexdigest()[:32]
