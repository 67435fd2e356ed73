"""What can be neither booked nor concluded is kept with the account, for as long as it is so."""

from dataclasses import replace

from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.stuck import Act, Faults, Stuck, stuck_after
from chalicelib.services.trading.desk import Desk


def note_stuck(desk: Desk, before: AccountState, act: Act, faults: Faults) -> tuple[Stuck, ...]:
    """All that is stuck now, in either way. Nothing is read or written where nothing ever was.

    Before anything is decided: of these instruments nothing is bought.
    """
    if not faults and not before.stuck:
        return ()
    state = desk.ports.plans.state(desk.name)
    stuck = stuck_after(state.stuck, act, faults, desk.ports.clock.now())
    if stuck != state.stuck:
        desk.ports.plans.save_state(replace(state, stuck=stuck))
    return stuck
