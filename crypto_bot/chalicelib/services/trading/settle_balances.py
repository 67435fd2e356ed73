"""The venue's balances are compared with the books, which open, note drift, or freeze trading."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.errors import ExchangeUnavailable, StoreConflict
from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.entries import drift_entry, opening_entry
from chalicelib.domain.trading.gaps import gaps_between
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.plan import AccountState
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import OpenPlan, open_plans, open_stops


def settle_balances(
    desk: Desk,
    state: AccountState,
    open_now: Sequence[OpenPlan],
    balances: Mapping[str, Balance],
    instruments: Iterable[Instrument],
) -> AccountState:
    """Make the books match the venue; only while no order of the account is under way.

    A stop may rest, unless it has just sold something: that is no drift. Returns the state with
    the instruments frozen whose strategies own more than the venue holds.
    """
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    if portfolio.sequence == 0:
        portfolio = _book(desk, portfolio, [_opening(desk, balances)])
    elif gaps_between(portfolio, balances):
        _refuse_moved(desk, state, open_now, portfolio)
        if not _stops_stand(desk, open_now):
            return state
        portfolio = _note_drift(desk, portfolio, balances)
    frozen = _frozen(portfolio, balances, instruments)
    if frozen == state.frozen:
        return state
    return desk.ports.plans.save_state(replace(state, frozen=frozen))


def _opening(desk: Desk, balances: Mapping[str, Balance]) -> Entry:
    return opening_entry(
        account=desk.name,
        quote=desk.account.quote,
        balances=list(balances.values()),
        capital=desk.account.capital,
        at=desk.ports.clock.now(),
    )


def _note_drift(desk: Desk, portfolio: Portfolio, balances: Mapping[str, Balance]) -> Portfolio:
    """Deposits, withdrawals and manual trades change only what is unmanaged."""
    now = desk.ports.clock.now()
    entries = [
        drift_entry(portfolio=portfolio, asset=gap.asset, difference=gap.difference, at=now)
        for gap in gaps_between(portfolio, balances)
    ]
    return _book(desk, portfolio, entries)


def _refuse_moved(
    desk: Desk, state: AccountState, open_now: Sequence[OpenPlan], portfolio: Portfolio
) -> None:
    """StoreConflict where another tick has traded meanwhile: what it moved is no drift.

    The lease keeps others away, unless it has run out under a tick that hangs.
    """
    ports = desk.ports
    now = ports.plans.state(desk.name)
    same = now == state and open_plans(ports.plans, ports.orders, now) == list(open_now)
    if not same or not all(item.is_booked(portfolio) for item in open_now):
        raise StoreConflict(f"another tick works on {desk.name}: its fills are not booked yet")


def _stops_stand(desk: Desk, open_now: Sequence[OpenPlan]) -> bool:
    """Whether the venue's stops have sold nothing since they were looked up."""
    for stop in open_stops(open_now).values():
        try:
            report = desk.exchange.find(stop.intent, stop.first_sent_at or stop.created_at)
        except ExchangeUnavailable:
            return False
        if report is not None and report.filled != stop.filled:
            return False
    return True


def _book(desk: Desk, portfolio: Portfolio, entries: Iterable[Entry]) -> Portfolio:
    numbered = []
    for entry in entries:
        portfolio, booked = post(portfolio, entry)
        numbered.append(booked)
    return desk.ports.ledger.book(portfolio, numbered)


def _frozen(
    portfolio: Portfolio, balances: Mapping[str, Balance], instruments: Iterable[Instrument]
) -> dict[str, str]:
    """Instruments whose strategies own more than the venue holds: someone else has sold."""
    frozen = {}
    for instrument in instruments:
        owned = portfolio.owned_by_strategies(instrument.base)
        balance = balances.get(instrument.base)
        held = balance.total if balance else ZERO
        if owned - held >= instrument.quantity_step:
            frozen[instrument.symbol] = (
                f"strategies own {plain(owned)} {instrument.base}, the venue holds {plain(held)}: "
                "no entries until it is brought back, and exits sell what is there"
            )
    return frozen
