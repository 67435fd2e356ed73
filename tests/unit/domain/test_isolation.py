"""Planning goes on without what it fails on: what is left out, what is kept, what is said of it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.isolation import Decision, decide, exits_among, may_buy
from chalicelib.domain.trading.plan import AccountState, Stance, Step
from chalicelib.domain.trading.planning import draft_plan
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Signal, Size, SizeUnit
from chalicelib.domain.trading.situation import Situation
from tests.situations import BTC, ETH, NOON, a_signal, a_situation, an_account, an_instrument

A, B, E = ("a", BTC), ("b", BTC), ("e", ETH)
SOL = "SOL/USDT"
S = ("s", SOL)
PRICES = {BTC: "100", ETH: "10", SOL: "1"}
# More days than a span of time can have: the age of an entry cannot be judged.
ENDLESS = "99999999999w"
# So large that one can be counted with, and two together cannot.
HUGE = Decimal("6e999999")


def second(count: float) -> Any:
    return NOON + timedelta(seconds=count)


def odd(situation: Situation, *strategies: str) -> Situation:
    """No entry of these strategies can be planned."""
    known = situation.configuration.strategies
    changed = {name: replace(known[name], timeframe=ENDLESS) for name in strategies}
    configuration = replace(situation.configuration, strategies={**known, **changed})
    return replace(situation, configuration=configuration)


def broken(**changes: Mapping[str, str]) -> list[Any]:
    """The three instruments, with what the venue states of them changed."""
    return [an_instrument(s, **changes.get(s.split("/")[0], {})) for s in PRICES]


def moved(decision: Decision) -> dict[str, str]:
    """'+2' bought or '-2' sold, by symbol."""
    return {
        i.symbol: f"{'+' if i.side is Side.BUY else '-'}{i.quantity.normalize():f}"
        for i in decision.draft.intents
    }


def left_out(decision: Decision) -> list[str]:
    return [failing.signal.id for failing in decision.failing]


def ids(signals: Sequence[Signal]) -> list[str]:
    return [signal.id for signal in signals]


# --- nothing is odd --------------------------------------------------------------------------


def test_where_nothing_fails_it_is_the_plan_of_all_signals() -> None:
    account = an_account(max_drawdown=Decimal("0.5"))
    old = a_signal("a", state="flat", at=second(-9))
    signals = [a_signal("e", ETH), old, a_signal("a", state="flat")]
    stance = Stance(strategy="a", symbol=BTC, state=DesiredState.LONG, applied_at=second(-5))
    situation = a_situation(
        weights={A: "0.5", E: "0.2"}, owns={A: "3"}, account=account, stances=[stance]
    )
    decision = decide(situation, signals)
    wished = a_situation(
        weights={A: "0.5", E: "0.2"},
        owns={A: "3"},
        account=account,
        stances=[stance],
        signals=signals,
    )
    whole = draft_plan(wished)
    assert decision.draft.intents == whole.intents
    assert moved(decision) == {BTC: "-3"}
    assert decision.draft.verdicts[1:] == whole.verdicts
    assert decision.draft.verdicts[0].signal_id == old.id
    assert decision.situation.wishes == wished.wishes
    assert decision.situation.state.watermarks is not None
    assert situation.state.watermarks is None
    assert (decision.failing, decision.failure, decision.unsold) == ((), None, False)


@pytest.mark.parametrize(
    ("state", "owned", "unsold"),
    [("flat", "3", True), ("long", "3", False), ("flat", "0.001", False)],
)
def test_what_was_left_and_waits_to_be_sold_is_unsold(
    state: str, owned: str, *, unsold: bool
) -> None:
    """Its symbol is being sold already, so nothing is decided about it now."""
    decision = decide(
        a_situation(
            weights={A: "0.5"},
            owns={A: owned},
            stances=[Stance(strategy="a", symbol=BTC, state=DesiredState(state))],
            selling=frozenset({BTC}),
            busy=frozenset({BTC}),
        ),
        [],
    )
    assert decision.draft.is_empty
    assert decision.unsold is unsold


def test_a_draft_with_something_in_it_says_nothing_of_what_is_unsold() -> None:
    decision = decide(a_situation(weights={A: "0.5"}, owns={A: "3"}, stances=[]), [])
    assert moved(decision) == {BTC: "-3"}
    assert not decision.unsold


# --- signals ---------------------------------------------------------------------------------


def test_the_others_are_planned_without_the_one_that_fails() -> None:
    situation = odd(a_situation(weights={A: "0.4", E: "0.2"}, owns={A: "3"}), "e")
    bad, leave = a_signal("e", ETH), a_signal("a", state="flat")
    decision = decide(situation, [bad, leave])
    assert moved(decision) == {BTC: "-3"}
    assert [verdict.signal_id for verdict in decision.draft.verdicts] == [leave.id]
    assert set(decision.situation.wishes) == {A}
    assert decision.failure is None
    [failing] = decision.failing
    assert failing.signal is bad
    assert re.fullmatch(r"OverflowError: .+ \(strategy\.py:\d+\)", failing.why)


def test_what_is_said_of_an_error_stays_short() -> None:
    name = "x" * 500
    situation = a_situation(weights={A: "0.4"}, account=an_account(policy=name))
    [failing] = decide(situation, [a_signal("a")]).failing
    assert re.fullmatch(r"KeyError: 'x{189} \(allocation\.py:\d+\)", failing.why)


@pytest.mark.parametrize("odd_ones", [{0}, {16}, {32}, {4, 5}, {0, 13, 32}, set(range(33))])
def test_each_that_fails_is_found_among_many(odd_ones: set[int]) -> None:
    names = [f"s{number:02}" for number in range(33)]
    situation = a_situation(weights={(name, BTC): "0.02" for name in names})
    situation = odd(situation, *(names[number] for number in odd_ones))
    signals = [a_signal(name, at=second(-n)) for n, name in enumerate(names)]
    decision = decide(situation, signals)
    assert set(left_out(decision)) == {signals[number].id for number in odd_ones}
    bought = {share.strategy for intent in decision.draft.intents for share in intent.shares}
    assert bought == {name for n, name in enumerate(names) if n not in odd_ones}


def test_of_very_many_that_fail_some_wait_and_the_exits_do_not() -> None:
    names = [f"s{number:02}" for number in range(80)]
    situation = a_situation(
        weights={**{(name, BTC): "0.01" for name in names}, E: "0.1"}, owns={E: "3"}
    )
    entries = [a_signal(name, at=second(-90)) for name in names]
    decision = decide(odd(situation, *names), [*entries, a_signal("e", ETH, state="flat")])
    assert moved(decision) == {ETH: "-3"}
    assert 40 <= len(decision.failing) < 80


def huge(strategy: str, symbol: str, at: float) -> Signal:
    size = Size(amount=HUGE, unit=SizeUnit.NOTIONAL)
    return a_signal(strategy, symbol, at=second(at), size=size)


def test_of_two_that_do_not_go_together_the_newer_is_left_out() -> None:
    situation = a_situation(weights={A: "0.4", E: "0.4"}, account=an_account(policy="signal_sized"))
    older, newer = huge("e", ETH, 0), huge("a", BTC, 1)
    for alone in (older, newer):
        assert decide(situation, [alone]).failing == ()
    decision = decide(situation, [newer, older])
    assert left_out(decision) == [newer.id]
    assert moved(decision) == {ETH: "+979.999"}
    assert decision.failing[0].why.startswith("Overflow: ")


def test_and_no_exit_is_left_out_for_an_older_entry() -> None:
    situation = a_situation(weights={A: "0.4", E: "0.4"}, account=an_account(policy="signal_sized"))
    older = huge("e", ETH, 0)
    signals = [a_signal("a", state="flat", at=second(1)), huge("a", BTC, 2)]
    decision = decide(situation, [older, *signals])
    assert left_out(decision) == [older.id]
    assert moved(decision) == {BTC: "+97.999"}


# --- several signals of one strategy ---------------------------------------------------------


@pytest.mark.parametrize("apart", [1, 0])
def test_an_exit_is_kept_of_a_strategy_whose_entry_fails(apart: int) -> None:
    situation = odd(a_situation(weights={A: "0.4"}, owns={A: "3"}), "a")
    leave, enter = a_signal("a", state="flat"), a_signal("a", at=second(apart))
    decision = decide(situation, [enter, leave])
    assert moved(decision) == {BTC: "-3"}
    assert left_out(decision) == [enter.id]


def test_the_longest_beginning_that_only_sells_is_kept() -> None:
    situation = odd(a_situation(weights={A: "0.4"}, owns={A: "8"}), "a")
    ratios = ["0.5", "0.5", "4", "0.25", "8"]
    signals = [
        a_signal("a", at=second(n), size_ratio=Decimal(ratio)) for n, ratio in enumerate(ratios)
    ]
    decision = decide(situation, signals)
    assert moved(decision) == {BTC: "-6"}  # 0.5 * 0.5 * 4 * 0.25
    assert left_out(decision) == ids(signals[4:])
    # With 4 as the last of them it would be neither more nor less.
    assert left_out(decide(situation, [*signals[:3], signals[4]])) == ids([signals[4]])


def test_an_exit_is_kept_however_many_entries_come_after_it() -> None:
    situation = odd(a_situation(weights={A: "0.4"}, owns={A: "3"}), "a")
    leave = a_signal("a", state="flat", at=second(-1))
    entries = [a_signal("a", at=second(number / 100)) for number in range(100)]
    decision = decide(situation, [*entries, leave])
    assert moved(decision) == {BTC: "-3"}
    assert left_out(decision) == ids(entries)


def test_nothing_is_bought_on_the_word_before_the_one_that_fails() -> None:
    situation = a_situation(weights={A: "0.4"}, owns={A: "1"})
    more = a_signal("a", at=second(0), size_ratio=Decimal("1.5"))
    absurd = a_signal("a", at=second(1), size_ratio=HUGE)
    assert moved(decide(situation, [more])) == {BTC: "+0.5"}
    decision = decide(situation, [more, absurd])
    assert moved(decision) == {}
    assert left_out(decision) == ids([more, absurd])


def test_what_cannot_even_be_put_together_is_left_out() -> None:
    situation = a_situation(weights={A: "0.4", E: "0.2"}, owns={A: "1", E: "3"})
    absurd = [a_signal("a", at=second(n), size_ratio=HUGE) for n in range(2)]
    decision = decide(situation, [*absurd, a_signal("e", ETH, state="flat")])
    assert moved(decision) == {ETH: "-3"}
    assert left_out(decision) == ids(absurd)


# --- an instrument ---------------------------------------------------------------------------


def with_a_broken_step(**changes: Any) -> Situation:
    """Of SOL nothing can be said, not even whether what is owned of it can be sold."""
    usual: dict[str, Any] = {
        "weights": {A: "0.3", E: "0.3", S: "0.3"},
        "owns": {A: "3", E: "3"},
        "prices": PRICES,
        "instruments": broken(SOL={"quantity_step": "0"}),
    }
    return a_situation(**{**usual, **changes})


def test_exits_go_on_while_an_instrument_cannot_be_planned() -> None:
    signals = [
        a_signal("a", state="flat"),
        a_signal("e", ETH, size_ratio=Decimal(2)),
        a_signal("s", SOL),
        a_signal("s", SOL, state="flat", at=second(1)),
    ]
    decision = decide(with_a_broken_step(), signals)
    assert moved(decision) == {BTC: "-3"}
    assert decision.draft.step is Step.REDUCE
    assert ids(signals[:1]) == [verdict.signal_id for verdict in decision.draft.verdicts]
    assert decision.failing == ()
    assert isinstance(decision.failure, ValueError)
    assert str(decision.failure) == "step 0 must be above zero"
    assert set(decision.situation.prices) == {BTC, ETH}


def sound(situation: Situation) -> Situation:
    return replace(situation, instruments={i.symbol: i for i in broken()})


def test_nothing_is_bought_while_an_instrument_cannot_be_planned() -> None:
    account = an_account(policy="boost", reboost_on_exit=True)
    situation = with_a_broken_step(account=account, owns={A: "1"})
    assert moved(decide(sound(situation), [])) == {BTC: "+89.9"}
    decision = decide(situation, [])
    assert decision.draft.is_empty
    assert decision.situation.halt is HaltLevel.NO_ENTRIES


def test_nothing_is_evened_out_while_an_instrument_cannot_be_planned() -> None:
    account = an_account(rebalance_band=Decimal("0.01"))
    situation = with_a_broken_step(account=account, owns={A: "3", E: "600"})
    leave = a_signal("a", state="flat")
    assert moved(decide(sound(situation), [leave])) == {BTC: "-3", ETH: "-111"}
    assert moved(decide(situation, [leave])) == {BTC: "-3"}


def test_what_is_to_be_flattened_is_flattened_where_it_can_be() -> None:
    decision = decide(with_a_broken_step(halt=HaltLevel.FLATTEN, owns={A: "3", S: "9"}), [])
    assert moved(decision) == {BTC: "-3"}
    assert decision.failure is not None


def test_a_signal_that_fails_besides_is_told_apart() -> None:
    situation = with_a_broken_step(
        instruments=broken(SOL={"quantity_step": "0"}, ETH={"price_tick": "0"})
    )
    bad, leave = a_signal("e", ETH, state="flat"), a_signal("a", state="flat")
    decision = decide(situation, [bad, leave])
    assert moved(decision) == {BTC: "-3"}
    assert left_out(decision) == [bad.id]
    assert decision.failure is not None


def test_where_nothing_can_be_planned_the_error_comes_out() -> None:
    situation = a_situation(weights={A: "0.3"}, owns={A: "3"})
    nobody = replace(situation, configuration=replace(situation.configuration, strategies={}))
    with pytest.raises(KeyError, match="'a'"):
        decide(nobody, [a_signal("a", state="flat")])


# --- what signals want -----------------------------------------------------------------------

STATE = AccountState(
    account="main", stances=(Stance(strategy="a", symbol=BTC, state=DesiredState.LONG),)
)


@pytest.mark.parametrize(
    ("signals", "buys"),
    [
        ([], False),
        ([a_signal("b")], True),
        ([a_signal("a", state="flat")], False),
        ([a_signal("a", size_ratio=Decimal("1.1"))], True),
        ([a_signal("a", size_ratio=Decimal("0.9"))], False),
        ([a_signal("b"), a_signal("b", state="flat", at=second(1))], False),
        ([a_signal("a", state="flat"), a_signal("b")], True),
        ([a_signal("a", size_ratio=HUGE, at=second(n)) for n in range(2)], True),
    ],
)
def test_whether_signals_may_buy(signals: list[Signal], *, buys: bool) -> None:
    assert may_buy(signals, STATE) is buys


def test_exits_are_known_whatever_other_signals_say() -> None:
    signals = [
        *(a_signal("a", size_ratio=HUGE, at=second(n)) for n in range(2)),
        a_signal("b"),
        a_signal("b", state="flat", at=second(1)),
        a_signal("c", state="flat"),
        a_signal("c", at=second(1)),
        a_signal("e", ETH, state="short"),
    ]
    assert exits_among(signals, STATE) == {B, E}
