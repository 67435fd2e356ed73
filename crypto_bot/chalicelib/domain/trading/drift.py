"""What a strategy's alerts believe against what was filled: missed, late, dearer, and why.

The alerts tell TradingView's side, the ledger tells ours; nothing else is asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.domain.money import ZERO, Exact, exact_arithmetic
from chalicelib.domain.trading.answered import Answers, Filled, Key, by_time
from chalicelib.domain.trading.ledger import Portfolio
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Outcome, Signal, SignalStatus

_FILLED: Final = frozenset({SignalStatus.EXECUTED, SignalStatus.PARTIALLY_EXECUTED})
_UNMET: Final = frozenset({SignalStatus.EXPIRED, SignalStatus.SUPERSEDED, SignalStatus.SKIPPED})
_MISSED: Final = frozenset({SignalStatus.EXPIRED, SignalStatus.REJECTED, SignalStatus.DENIED})
_BASIS_POINTS: Final = Decimal(10_000)
_GRAIN: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation(Exact):
    """One alert and what one account made of it. `status` is None while it is open.

    `slippage` is in quote and `slippage_bps` in hundredths of a percent of the alert's price, both
    above zero where the fill was worse. `late` runs from the alert's fire time to the last fill.
    """

    account: str
    strategy: str
    symbol: str
    signal_id: str
    fired_at: datetime
    state: DesiredState
    status: SignalStatus | None
    reason: str
    alert_price: Decimal | None = None
    quantity: Decimal = ZERO
    price: Decimal | None = None
    late: timedelta | None = None
    slippage: Decimal | None = None
    slippage_bps: Decimal | None = None
    fee: Decimal = ZERO

    @property
    def is_missed(self) -> bool:
        """Whether TradingView counts on something that did not come about."""
        return self.status in _MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally(Exact):
    """All alerts of one strategy on one account; amounts in quote.

    `unasked` counts what was moved without an alert of its own, whose fees are among `fees`.
    `slippage_bps` is weighted by what was traded.
    """

    account: str
    strategy: str
    alerts: int = 0
    executed: int = 0
    partly: int = 0
    missed: int = 0
    skipped: int = 0
    superseded: int = 0
    open: int = 0
    unasked: int = 0
    late_mean: timedelta | None = None
    late_most: timedelta | None = None
    slippage: Decimal = ZERO
    slippage_bps: Decimal | None = None
    fees: Decimal = ZERO


def deviations(
    signals: Iterable[Signal], found: Answers, accounts: Sequence[str]
) -> list[Deviation]:
    """One per alert and account that has said something of it, oldest alert first."""
    return [
        _deviation(signal, outcome, found.asked.get((account, signal.id)))
        for signal in sorted(signals, key=by_time)
        for account in accounts
        if (outcome := signal.outcome_for(account)) is not None
        and not signal.cancels
        and not _came_to_nothing(signal, outcome)
    ]


def _came_to_nothing(signal: Signal, outcome: Outcome) -> bool:
    """An order whose price did not come was not missed."""
    return signal.order is not None and outcome.status in _UNMET


def _deviation(signal: Signal, outcome: Outcome, moved: Filled | None) -> Deviation:
    slippage, points = _slippage(signal.price, moved)
    return Deviation(
        account=outcome.account,
        strategy=signal.strategy,
        symbol=signal.symbol,
        signal_id=signal.id,
        fired_at=signal.fired_at,
        state=signal.state,
        status=outcome.status if outcome.status.is_final else None,
        reason=outcome.reason,
        alert_price=signal.price,
        quantity=ZERO if moved is None else moved.quantity,
        price=None if moved is None else moved.price,
        late=None if moved is None or signal.order else moved.last_at - signal.fired_at,
        slippage=slippage,
        slippage_bps=points,
        fee=ZERO if moved is None else moved.fee,
    )


def _slippage(
    alert_price: Decimal | None, moved: Filled | None
) -> tuple[Decimal | None, Decimal | None]:
    """A buyer who paid more than the alert said, or a seller who got less, is above zero."""
    if moved is None or not moved.quantity or not alert_price:
        return None, None
    with exact_arithmetic():
        expected = moved.quantity * alert_price
        worse = moved.quote - expected
        return worse, (worse / abs(expected) * _BASIS_POINTS).quantize(_GRAIN)


def tallies(found: Iterable[Deviation], unasked: Mapping[Key, Filled]) -> list[Tally]:
    """Totals by account and strategy."""
    alerts: dict[tuple[str, str], list[Deviation]] = {}
    others: dict[tuple[str, str], list[Filled]] = {}
    for deviation in found:
        alerts.setdefault((deviation.account, deviation.strategy), []).append(deviation)
    for (account, _, strategy, _), moved in unasked.items():
        others.setdefault((account, strategy), []).append(moved)
    return [
        _tally(key, alerts.get(key, []), others.get(key, []))
        for key in sorted(alerts.keys() | others.keys())
    ]


def _tally(key: tuple[str, str], group: Sequence[Deviation], others: Sequence[Filled]) -> Tally:
    late = [deviation.late for deviation in group if deviation.late is not None]
    statuses = [deviation.status for deviation in group]
    with exact_arithmetic():
        slippage = sum((d.slippage for d in group if d.slippage is not None), ZERO)
        traded = sum((abs(d.quantity) * d.alert_price for d in group if d.alert_price), ZERO)
        return Tally(
            account=key[0],
            strategy=key[1],
            alerts=len(group),
            executed=statuses.count(SignalStatus.EXECUTED),
            partly=statuses.count(SignalStatus.PARTIALLY_EXECUTED),
            missed=sum(deviation.is_missed for deviation in group),
            skipped=statuses.count(SignalStatus.SKIPPED),
            superseded=statuses.count(SignalStatus.SUPERSEDED),
            open=statuses.count(None),
            unasked=len(others),
            late_mean=sum(late, timedelta()) / len(late) if late else None,
            late_most=max(late, default=None),
            slippage=slippage,
            slippage_bps=(slippage / traded * _BASIS_POINTS).quantize(_GRAIN) if traded else None,
            fees=sum((d.fee for d in group), ZERO) + sum((m.fee for m in others), ZERO),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing(Exact):
    """Where TradingView has a strategy by its last alert, and where the account has it.

    `held` is base: dust, where both say that it is out.
    """

    account: str
    strategy: str
    symbol: str
    believed: DesiredState
    since: datetime
    actual: DesiredState
    held: Decimal

    @property
    def is_in_step(self) -> bool:
        """Whether both are in or both are out; a short is out on a long-only account."""
        return (self.believed is DesiredState.LONG) is (self.actual is DesiredState.LONG)


def standings(
    signals: Iterable[Signal], states: Iterable[AccountState], portfolios: Iterable[Portfolio]
) -> list[Standing]:
    """One per account, strategy and instrument of which an alert has told its state."""
    told: dict[tuple[str, str], list[Signal]] = {}
    for signal in sorted(signals, key=by_time):
        if not signal.test:
            told.setdefault((signal.strategy, signal.symbol), []).append(signal)
    held = {portfolio.account: portfolio for portfolio in portfolios}
    return [
        Standing(
            account=state.account,
            strategy=strategy,
            symbol=symbol,
            believed=word[1],
            since=word[0],
            actual=state.stance(strategy, symbol).state,
            held=held[state.account].holding(strategy, symbol).quantity,
        )
        for state in states
        for (strategy, symbol), group in sorted(told.items())
        if (word := _last_word(group, state.account)) is not None
    ]


def _last_word(signals: Sequence[Signal], account: str) -> tuple[datetime, DesiredState] | None:
    """Of alerts the newest, if the account has looked at it; orders count since they were filled.

    One that sells a part says nothing: what is left depends on what there was.
    """
    alerts = [signal for signal in signals if signal.order is None]
    if alerts and alerts[-1].outcome_for(account) is None:
        return None
    words = [(signal.fired_at, signal.state) for signal in alerts[-1:]]
    for signal in signals:
        outcome, order = signal.outcome_for(account), signal.order
        if order is None or signal.cancels or outcome is None or outcome.status not in _FILLED:
            continue
        if order.side is Side.BUY or order.quantity is None:
            words.append((outcome.at, signal.state))
    return max(words, key=lambda word: word[0], default=None)
