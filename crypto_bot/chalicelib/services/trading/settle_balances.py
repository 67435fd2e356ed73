"""The venue's balances are compared with the books, which open, note drift, or freeze trading."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chalicelib.domain.money import ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.entries import drift_entry, opening_entry
from chalicelib.domain.trading.instrument import Balance, Instrument
from chalicelib.domain.trading.ledger import Entry, Portfolio, post
from chalicelib.domain.trading.plan import AccountState
from chalicelib.services.trading.desk import Desk


def settle_balances(
    desk: Desk,
    state: AccountState,
    balances: Mapping[str, Balance],
    instruments: Iterable[Instrument],
) -> AccountState:
    """Make the books match the venue; only while no order of the account is under way.

    Returns the state with the instruments frozen whose strategies own more than the venue holds.
    """
    portfolio = desk.ports.ledger.portfolio(desk.name, desk.account.quote)
    if portfolio.sequence == 0:
        portfolio = _book(desk, portfolio, [_opening(desk, balances)])
    else:
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
    known = {asset for assets in portfolio.balances.values() for asset in assets}
    entries = []
    with exact_arithmetic():
        for asset in sorted(known | set(balances)):
            held = balances[asset].total if asset in balances else ZERO
            difference = held - portfolio.owned(asset)
            if difference:
                entries.append(
                    drift_entry(portfolio=portfolio, asset=asset, difference=difference, at=now)
                )
    return _book(desk, portfolio, entries) if entries else portfolio


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
