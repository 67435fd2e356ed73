"""Signals become one wish each for strategy and instrument; the rest is told why it is not."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.trading.plan import Stance
from chalicelib.domain.trading.signal import DesiredState, Signal, SignalStatus
from chalicelib.domain.trading.wishes import Wish, gather_wishes
from tests.situations import BTC, ETH, NOON, a_signal

KEY = ("a", BTC)
LATER = NOON + timedelta(minutes=1)
LAST = NOON + timedelta(minutes=2)


def gathered(
    *signals: Signal, state: str = "flat", applied: bool = False, last_id: str = ""
) -> tuple[Wish | None, dict[str, SignalStatus]]:
    stance = Stance(
        strategy="a",
        symbol=BTC,
        state=DesiredState(state),
        applied_at=NOON if applied else None,
        signal_id=last_id,
    )
    wishes, spent = gather_wishes(signals, {KEY: stance})
    return wishes.get(KEY), {verdict.signal_id: verdict.status for verdict in spent}


def test_the_newest_state_wins_and_overtakes_the_others() -> None:
    entry, leave = a_signal("a", id="1"), a_signal("a", state="flat", at=LATER, id="2")
    wish, spent = gathered(leave, entry)
    assert wish is not None
    assert (wish.state, wish.signals, wish.sets_state) == (DesiredState.FLAT, (leave,), True)
    assert spent == {"1": SignalStatus.SUPERSEDED}


def test_partial_exits_and_additions_multiply() -> None:
    half = a_signal("a", at=NOON, id="1", size_ratio=Decimal("0.5"))
    triple = a_signal("a", at=LATER, id="2", size_ratio=Decimal(3))
    wish, spent = gathered(triple, half, state="long")
    assert wish is not None
    assert (wish.ratio, wish.sets_state, wish.signals) == (Decimal("1.5"), False, (half, triple))
    assert wish.wants_more
    assert spent == {}


def test_a_partial_exit_after_an_entry_scales_the_entry() -> None:
    entry = a_signal("a", id="1")
    half = a_signal("a", at=LATER, id="2", size_ratio=Decimal("0.5"))
    wish, _ = gathered(entry, half)
    assert wish is not None
    assert (wish.sets_state, wish.ratio, wish.latest) == (True, Decimal("0.5"), half)


def test_a_new_state_forgets_partial_exits_before_it() -> None:
    half = a_signal("a", id="1", size_ratio=Decimal("0.5"))
    leave = a_signal("a", state="flat", at=LATER, id="2")
    entry = a_signal("a", at=LAST, id="3")
    wish, spent = gathered(entry, half, leave, state="long")
    assert wish is not None
    assert (wish.state, wish.ratio) == (DesiredState.LONG, 1)
    assert set(spent) == {"1"}
    assert wish.instead is not None  # should the entry be refused
    assert wish.instead.latest == leave


def test_without_a_position_an_exit_before_an_entry_is_pointless() -> None:
    leave = a_signal("a", state="flat", id="1")
    wish, spent = gathered(a_signal("a", at=LATER, id="2"), leave)
    assert wish is not None
    assert wish.instead is None
    assert set(spent) == {"1"}


def test_a_test_alert_trades_nothing_and_overtakes_nothing() -> None:
    trial = a_signal("a", at=LATER, id="t", test=True)
    wish, spent = gathered(trial, a_signal("a", id="1"))
    assert wish is not None
    assert wish.latest.id == "1"
    assert spent == {"t": SignalStatus.SKIPPED}


@pytest.mark.parametrize(
    ("stance", "state", "previous", "follows"),
    [
        ("long", "flat", "long", True),
        ("long", "short", "long", True),
        ("long", "flat", "flat", False),
        ("long", "flat", "short", False),  # a long-only account holds nothing while short
        ("flat", "long", "flat", True),
        ("flat", "long", "short", True),
        ("short", "long", "flat", True),
        ("flat", "long", "long", False),
        ("flat", "long", None, True),
        ("long", "long", None, False),
        ("long", "flat", None, False),
        ("flat", "flat", None, False),
    ],
)
def test_what_follows_within_the_very_second_of_the_applied_signal(
    stance: str, state: str, previous: str | None, *, follows: bool
) -> None:
    signal = a_signal(
        "a", state=state, previous_state=None if previous is None else DesiredState(previous)
    )
    wish, spent = gathered(signal, state=stance, applied=True)
    assert (wish is not None) is follows
    assert (spent == {}) is follows


def test_a_chain_within_the_second_of_the_applied_signal_is_followed_to_its_end() -> None:
    leave = a_signal("a", state="flat", id="1", previous_state=DesiredState.LONG)
    enter = a_signal("a", state="long", id="2", previous_state=DesiredState.FLAT)
    wish, spent = gathered(enter, leave, state="long", applied=True)
    assert wish is not None
    assert wish.latest == enter
    assert wish.instead is not None
    assert (wish.instead.latest, spent) == (leave, {})


def test_the_applied_signal_itself_is_not_applied_again() -> None:
    wish, spent = gathered(a_signal("a", at=LATER, id="x"), applied=True, last_id="x")
    assert wish is None
    assert spent == {"x": SignalStatus.SUPERSEDED}


def test_strategies_and_instruments_do_not_overtake_each_other() -> None:
    signals = [
        a_signal("a", id="1"),
        a_signal("a", ETH, state="flat", at=LATER, id="2"),
        a_signal("b", state="flat", at=LAST, id="3"),
    ]
    wishes, spent = gather_wishes(signals, {})
    assert {key: wish.latest.id for key, wish in wishes.items()} == {
        ("a", BTC): "1",
        ("a", ETH): "2",
        ("b", BTC): "3",
    }
    assert spent == []
