"""Nobody delivers alerts in order: what counts is when they fired, not when or how they came."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
from chalicelib.domain.trading.wishes import gather_wishes
from tests.situations import BTC, NOON, a_signal
from tests.trading_floor import TradingFloor, virtual_account

STATES = ("long", "flat", "short")
KEY = ("a", BTC)


@st.composite
def histories(draw: st.DrawFn, *, equal_seconds: bool = True) -> list[Signal]:
    """One strategy's alerts as they fired, each naming the state before it; some in one second."""
    state, at, sent = "flat", NOON, []
    for number in range(draw(st.integers(1, 6))):
        step = draw(st.sampled_from([0, 1, 60])) if equal_seconds else 60
        at += timedelta(seconds=step)
        before, state = state, draw(st.sampled_from([s for s in STATES if s != state]))
        sent.append(
            a_signal(
                "a",
                state=state,
                at=at,
                id=f"{number}",
                previous_state=DesiredState(before),
            )
        )
    return sent


def stance(
    state: str = "flat", applied_at: datetime | None = None
) -> dict[tuple[str, str], Stance]:
    return {KEY: Stance(strategy="a", symbol=BTC, state=DesiredState(state), applied_at=applied_at)}


@settings(max_examples=200, deadline=None)
@given(data=st.data(), history=histories(), start=st.sampled_from(STATES))
def test_any_permutation_and_duplication_of_one_batch_gives_the_same_wish(
    data: st.DataObject, history: list[Signal], start: str
) -> None:
    order = data.draw(st.permutations(history))
    again = data.draw(st.lists(st.sampled_from(history), max_size=3))
    doubled = {signal.id: signal for signal in [*order, *again]}  # the store keeps one of each
    wishes, spent = gather_wishes(history, stance(start))
    shuffled, spent_too = gather_wishes(doubled.values(), stance(start))
    assert shuffled == wishes
    assert spent_too == spent


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_last_state_of_a_chain_counts_and_all_others_are_superseded(
    data: st.DataObject,
) -> None:
    history = data.draw(histories())
    seconds = [signal.fired_at for signal in history]
    shuffled = data.draw(st.permutations(history))
    wishes, spent = gather_wishes(shuffled, stance("flat"))
    if _is_a_line(history):
        assert wishes[KEY].latest == history[-1]
        event("several in one second" if len(set(seconds)) < len(seconds) else "apart")
    assert wishes[KEY].latest.fired_at == seconds[-1]
    assert {v.status for v in spent} <= {SignalStatus.SUPERSEDED}
    assert len(spent) == len(history) - 1


def _is_a_line(history: list[Signal]) -> bool:
    """Whether within each second no state comes twice: then there is one way to chain them."""
    for moment in {signal.fired_at for signal in history}:
        states = [s.state for s in history if s.fired_at == moment]
        first = next(s.previous_state for s in history if s.fired_at == moment)
        if len({*states, first}) < len(states) + 1:
            return False
    return True


@settings(max_examples=100, deadline=None)
@given(data=st.data(), states=st.lists(st.sampled_from(STATES), min_size=1, max_size=4))
def test_without_previous_states_flat_comes_before_entry(
    data: st.DataObject, states: list[str]
) -> None:
    sent = [a_signal("a", state=state, id=f"{n}") for n, state in enumerate(states)]
    wishes, _ = gather_wishes(data.draw(st.permutations(sent)), stance("flat"))
    wants = wishes[KEY].state is DesiredState.LONG
    assert wants == ("long" in states)


@settings(max_examples=100, deadline=None)
@given(history=histories(), applied=st.integers(-1, 200))
def test_what_fired_before_the_applied_signal_is_superseded(
    history: list[Signal], applied: int
) -> None:
    at = NOON + timedelta(seconds=applied)
    wishes, spent = gather_wishes(history, stance("flat", at))
    superseded = {verdict.signal_id for verdict in spent}
    for signal in history:
        if signal.fired_at < at:
            assert signal.id in superseded
    if any(signal.fired_at > at for signal in history):
        assert wishes[KEY].latest.fired_at == history[-1].fired_at


def _active(floor: TradingFloor) -> set[str]:
    return {name for name in ("btc", "eth", "sol") if floor.owned(name) > 0}


def _floor() -> TradingFloor:
    prices = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
    weights = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}
    return TradingFloor(prices, weights, account=virtual_account(policy="boost"))


ALERTS = st.lists(
    st.tuples(st.sampled_from(["btc", "eth", "sol"]), st.sampled_from(STATES)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(alerts=ALERTS, data=st.data())
def test_one_by_one_or_at_once_or_in_any_order_the_same_strategies_end_active(
    alerts: list[tuple[str, str]], data: st.DataObject
) -> None:
    expected = {name for name, state in dict(alerts).items() if state == "long"}
    numbered = list(enumerate(alerts))
    orders = [numbered, data.draw(st.permutations(numbered))]
    for arrival in orders:
        for one_by_one in (True, False):
            floor = _floor()
            floor.clock.pass_time(minutes=10)
            fired = floor.clock.now()
            sent = []
            for number, (name, state) in arrival:
                at = fired - timedelta(minutes=9) + timedelta(seconds=number)
                sent.append(floor.alert(name, state, fired_at=at))
                if one_by_one:
                    floor.tick()
            floor.tick()
            assert _active(floor) == expected
            assert all(floor.signal(s).status.is_final for s in sent)


def test_an_exit_of_the_same_second_that_comes_after_its_re_entry_is_superseded() -> None:
    floor = _floor()
    floor.alert("btc", "long", previous_state=DesiredState.FLAT)
    floor.tick()
    floor.clock.pass_time(minutes=1)
    fired = floor.clock.now()
    floor.alert("btc", "long", previous_state=DesiredState.FLAT, fired_at=fired)
    floor.tick()
    late = floor.alert("btc", "flat", previous_state=DesiredState.LONG, fired_at=fired)
    floor.tick()
    assert _active(floor) == {"btc"}
    assert floor.outcome(late)[0] is SignalStatus.SUPERSEDED


def test_a_partial_exit_that_overtakes_its_entry_does_not_cost_the_entry() -> None:
    floor = _floor()
    fired = floor.clock.now()
    floor.clock.pass_time(seconds=30)
    floor.alert("btc", "long", size_ratio=Decimal("0.5"))
    floor.tick()
    floor.alert("btc", "long", fired_at=fired)
    floor.tick()
    assert _active(floor) == {"btc"}
