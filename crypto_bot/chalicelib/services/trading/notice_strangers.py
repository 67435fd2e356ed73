"""The venue's open orders -> those under ids like ours that no open plan of the account knows of.

Last in a tick, so that no trade waits for it: one request where the venue lists every instrument
at once, and none before a quarter of an hour is over.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import CHECK_EVERY
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.stranger import strangers_among
from chalicelib.services.trading.desk import Desk
from chalicelib.services.trading.open_plans import open_plans
from chalicelib.services.trading.read_situation import traded_symbols

# Whether a first sight was real.
_LOOK_AGAIN: Final = timedelta(minutes=1)


def notice_strangers(desk: Desk) -> None:
    """Look if it is time to. A venue that does not answer is asked again by the next tick."""
    if not desk.exchange.lists_open_orders:
        return
    state = desk.ports.plans.state(desk.name)
    now = desk.ports.clock.now()
    if state.listed_at is None or now - state.listed_at >= _pause(state):
        try:
            look_for_strangers(desk)
        except ExchangeUnavailable:
            return  # what it wants of us, silence for example, the tick itself heeds


def look_for_strangers(desk: Desk) -> AccountState | None:
    """The state with what rests there now; None where the venue does not tell.

    Plans are read after the venue has answered: whatever it has of ours was written down before.
    """
    ports = desk.ports
    portfolio = ports.ledger.portfolio(desk.name, desk.account.quote)
    listed = desk.exchange.open_orders(traded_symbols(desk, portfolio))
    if listed is None:
        return None
    state, now = ports.plans.state(desk.name), ports.clock.now()
    known = {
        order.intent.client_order_id
        for item in open_plans(ports.plans, ports.orders, state)
        for order in item.orders
    }
    found = strangers_among(listed, known, state.strangers, now)
    seen = replace(state, strangers=found, listed_at=now)
    return ports.plans.save_state(replace(seen, due_at=_due_at(seen, now)))


def _pause(state: AccountState) -> timedelta:
    is_sure = all(stranger.confirmed for stranger in state.strangers)
    return CHECK_EVERY if is_sure else _LOOK_AGAIN


def _due_at(state: AccountState, now: datetime) -> datetime | None:
    """While one is there, also an account that nothing else happens to is looked at."""
    if not state.strangers:
        return state.due_at
    again = now + _pause(state)
    return again if state.due_at is None else min(state.due_at, again)
