"""Targets, holdings and prices become one step of orders: reductions first, then increases.

Pure: the service reads a Situation, this decides a Draft, the service writes it down as a Plan.
"""

from dataclasses import replace

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.situation import Draft, Key, Situation
from chalicelib.domain.trading.sizing import Sizing


def draft_plan(situation: Situation) -> Draft:
    """The next step for the account; an empty draft when nothing is to be done.

    What a stop at the venue guards is not sold in this step: the stop is released, the rest goes
    on without that slot, and purchases wait for what its sale will bring.
    """
    with exact_arithmetic():
        sizing = Sizing(situation)
        draft = sizing.reduce()
        released = situation.guarded & sizing.judged.leaving.keys()
        if released:
            rest = draft_plan(_without(situation, frozenset(released)))
            return replace(rest, released=(*rest.released, *sorted(released)))
        if draft is not None:
            return draft
        return sizing.wait() if situation.reducing else sizing.increase()


def _without(situation: Situation, released: frozenset[Key]) -> Situation:
    return replace(
        situation,
        guarded=situation.guarded - released,
        releasing=situation.releasing | released,
        reducing=True,
    )
