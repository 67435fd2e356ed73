"""An instrument whose filters the venue states so that nothing can be ordered by them."""

from collections.abc import Mapping, Sequence

import pytest

from chalicelib.domain.money import ONE
from chalicelib.domain.trading.instrument import unstated
from chalicelib.domain.trading.plan import AccountState, Cross, Plan, Step, Verdict
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.settlement import outcomes
from chalicelib.domain.trading.signal import Signal, SignalStatus
from chalicelib.domain.trading.stuck import Act, stuck_after
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_instrument

A = ("a", BTC)
DENIED = ("DENIED", "BTC/USDT cannot be traded, it states no step (INSTRUMENT_UNUSABLE)")


def told(
    signals: Sequence[Signal],
    owns: Mapping[tuple[str, str], str] | None = None,
    busy: frozenset[str] = frozenset(),
) -> dict[str, tuple[str, str]]:
    """What is said to each signal where nothing of BTC can be ordered."""
    draft = draft_plan(
        a_situation(
            weights={A: "0.5"},
            owns=owns,
            signals=signals,
            prices={BTC: "100", ETH: "10"},
            instruments=[an_instrument(ETH)],
            unusable={BTC: "it states no step"},
            busy=busy,
        )
    )
    assert not draft.intents
    return {v.signal_id: (v.status.value, v.reason) for v in draft.verdicts}


@pytest.mark.parametrize(
    ("state", "owned", "busy", "answer"),
    [
        ("long", False, False, DENIED),
        ("long", False, True, DENIED),
        ("flat", False, False, DENIED),
        ("flat", True, False, None),
        ("flat", False, True, None),  # its own purchase may be under way
    ],
)
def test_an_entry_is_denied_and_an_exit_of_what_may_be_held_waits(
    state: str, answer: tuple[str, str] | None, *, owned: bool, busy: bool
) -> None:
    answers = told(
        [a_signal(*A, state, id="1")],
        owns={A: "2"} if owned else None,
        busy=frozenset({BTC}) if busy else frozenset(),
    )
    assert answers == ({} if answer is None else {"1": answer})


def test_another_instrument_that_waits_keeps_nobody_here() -> None:
    assert told([a_signal(*A, "flat", id="1")], busy=frozenset({ETH})) == {"1": DENIED}


def test_what_needs_its_filters_fails_by_its_name() -> None:
    assert str(unstated(BTC)) == "the venue states no filters of BTC/USDT that can be used"


@pytest.mark.parametrize(("act", "partly"), [(Act.BOOKED, True), (Act.CONCLUDED, False)])
def test_books_are_compared_again_once_all_that_traded_is_in_them(
    act: Act, *, partly: bool
) -> None:
    stuck = stuck_after((), act, {("7", BTC): "odd"}, NOON)
    assert AccountState(account="main", stuck=stuck).is_partly_booked is partly
    assert not AccountState(account="main").is_partly_booked


def test_an_order_that_traded_is_judged_once_its_filters_are_stated_again() -> None:
    verdict = Verdict(
        signal_id="1", strategy="a", symbol=BTC, status=SignalStatus.PLANNED, reason="", crossed=ONE
    )
    cross = Cross(symbol=BTC, seller="b", buyer="a", quantity=ONE, price=ONE)
    plan = Plan(
        id="7",
        account="main",
        sequence=1,
        step=Step.INCREASE,
        created_at=NOON,
        configuration_version=1,
        equity=ONE,
        crosses=(cross,),
        verdicts=(verdict,),
    )
    with pytest.raises(LookupError, match="no filters of BTC/USDT"):
        outcomes(plan, [], {ETH: an_instrument(ETH)}, NOON)
    assert outcomes(plan, [], {BTC: an_instrument()}, NOON)["1"].status is SignalStatus.EXECUTED
