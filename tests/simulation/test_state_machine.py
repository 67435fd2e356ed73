"""Hypothesis tells stories of one account, and shrinks what fails to a few readable steps.

The random schedules find more; what is found here can be read. So nothing is left to rates: every
fault is a step of its own, and the dice choose nothing but latencies and how late is late.
"""

import os
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.schedule import judged
from tests.simulation.stage import (
    A_MOMENT,
    BY_HAND,
    COMMANDS,
    FATES,
    MOODS,
    MOVES,
    STORE_FAULTS,
    STRATEGIES,
    VENUES,
    SentAlert,
    Stage,
    a_setting,
)

ASKED: Final = os.environ.get("CRYPTO_BOT_TEST_EXAMPLES")  # noqa: TID251 - a test's own
STEPS: Final = 25
SENDERS: Final = (*STRATEGIES, "btc and btc_2")
DELAYS: Final = (0, 0, 40, 700)
MOST_UNREAD: Final = 3  # alerts before somebody looks, lest stories are nothing else
MOST_BY_HAND: Final = 4  # times that the owner's own coins last


SEEN_SOON: Final = (
    "blind resend",
    "intent after send",
    "ledger entry without key",
    "sell from the account's balance",
)


class TradingMachine(RuleBasedStateMachine):
    """Every step is something that happens to an account; `mutant` takes a defence away."""

    mutant: Mutant | None = None
    alerts = Bundle("alerts")

    @initialize(
        style=st.sampled_from(["marketable_limit", "limit"]),
        policy=st.sampled_from(["fixed", "boost"]),
        stops=st.sampled_from(["none", "watched", "at the venue"]),
        fees_in=st.sampled_from(["quote", "received", "BNB"]),
        venue_accepts=st.sampled_from(list(VENUES)),
    )
    def an_account(
        self, style: str, policy: str, stops: str, fees_in: str, venue_accepts: str
    ) -> None:
        self.stage = Stage(a_setting(style, policy, stops, fees_in, venue_accepts))
        self.position = dict.fromkeys(STRATEGIES, "flat")
        self.by_hand: list[str] = []
        self.begun = False
        self.unread = 0
        if self.mutant is not None:
            self.mutant.prepare(self.stage)

    # --- alerts ----------------------------------------------------------------------------

    @precondition(lambda self: self.unread < MOST_UNREAD)
    @rule(target=alerts, of=st.sampled_from(SENDERS), seconds_late=st.sampled_from(DELAYS))
    def an_entry(self, of: str, seconds_late: int) -> MultipleResults[SentAlert]:
        return self._sent(dict.fromkeys(of.split(" and "), "long"), seconds_late)

    @rule(
        target=alerts,
        of=st.sampled_from(SENDERS),
        says=st.sampled_from(["flat", "short"]),
        seconds_late=st.sampled_from(DELAYS),
    )
    def an_exit(self, of: str, says: str, seconds_late: int) -> MultipleResults[SentAlert]:
        return self._sent(dict.fromkeys(of.split(" and "), says), seconds_late)

    @precondition(lambda self: self.unread < MOST_UNREAD)
    @rule(target=alerts, leaves=st.sampled_from(["btc", "btc_2"]))
    def one_leaves_as_the_other_enters(self, leaves: str) -> MultipleResults[SentAlert]:
        enters = "btc_2" if leaves == "btc" else "btc"
        return self._sent({enters: "long", leaves: "flat"}, 0)

    @rule(alert=alerts)
    def the_same_alert_again(self, alert: SentAlert) -> None:
        self.stage.send(alert, seconds_late=0)
        self.stage.pass_time(A_MOMENT)

    def _sent(self, said: dict[str, str], seconds_late: int) -> MultipleResults[SentAlert]:
        """Alerts of the same moment, which arrive together."""
        now, sent = self.stage.kernel.now, []
        for strategy, after in said.items():
            before = self.position[strategy]
            self.position[strategy] = "long" if after == "long" else "flat"
            self.unread += after == "long"  # what leaves wakes a tick
            sent.append(SentAlert(strategy=strategy, after=after, before=before, fired=now))
            self.stage.send(sent[-1], seconds_late=seconds_late)
        self.begun = True
        self.stage.pass_time(A_MOMENT)
        return multiple(*sent)

    # --- ticks -----------------------------------------------------------------------------

    @rule(send_is=st.sampled_from(FATES))
    def a_tick(self, send_is: str) -> None:
        self.unread = 0
        self.stage.tick(send_is=send_is)

    @precondition(lambda self: self.has_work())
    @rule(send_is=st.sampled_from(FATES))
    def two_ticks_at_once(self, send_is: str) -> None:
        self.unread = 0
        self.stage.tick(send_is=send_is, times=2)

    @precondition(lambda self: self.has_work())
    @rule(step=st.integers(1, 120), send_is=st.sampled_from(FATES), request_lands=st.booleans())
    def a_tick_killed_at(self, step: int, send_is: str, *, request_lands: bool) -> None:
        self.unread = 0
        self.stage.killed_tick(step, send_is=send_is, request_lands=request_lands)

    @precondition(lambda self: self.has_work())
    @rule(step=st.integers(1, 60), fault=st.sampled_from(STORE_FAULTS))
    def a_tick_whose_store_fails_at(self, step: int, fault: str) -> None:
        self.unread = 0
        self.stage.tick_without_store(step, fault)

    def has_work(self) -> bool:
        """Whether a tick may meet what is to strike it: idle ones are struck in vain."""
        return self.unread > 0 or bool(self.stage.ports.plans.state("main").open_plans)

    # --- what else happens -----------------------------------------------------------------

    @rule(seconds=st.sampled_from([60, 300, 1000]))
    def no_tick_for(self, seconds: int) -> None:
        self.stage.pass_time(seconds)

    @rule()
    def everything_works_for_some_minutes(self) -> None:
        self.unread = 0
        self.stage.everything_works(300)

    @precondition(lambda self: self.begun)
    @rule(does=st.sampled_from([*MOVES, *MOODS]))
    def the_market(self, does: str) -> None:
        self.stage.the_market(does)

    @precondition(lambda self: self.begun)
    @rule(does=st.sampled_from([*COMMANDS, *BY_HAND]))
    def the_owner(self, does: str) -> None:
        if does in BY_HAND:
            self.by_hand.append(does)
        if self.by_hand.count(does) <= MOST_BY_HAND:
            self.stage.the_owner(does)

    # --- what must hold --------------------------------------------------------------------

    @invariant()
    def nothing_is_violated(self) -> None:
        violations = judged(self.stage).violations
        assert not violations, "\n".join(violations)

    def teardown(self) -> None:
        """Everything works from here on, so everything has to end and agree."""
        if not hasattr(self, "stage"):
            return  # the story ended before it began
        if not judged(self.stage).violations:
            self.stage.the_market("fills everything")
            self.stage.calm_down()
            self.stage.reckon()
        self.nothing_is_violated()  # once more, for stories that are replayed by hand

    def check_invariants(
        self,
        settings: settings,
        output: Callable[[str], object],
        runtimes: dict[str, float],
    ) -> None:
        """A story has steps and an end; that nothing is violated between them is not printed."""
        del output
        super().check_invariants(settings, _silently, runtimes)


def _silently(line: str) -> None:
    """Nothing is printed."""


def stories(number: int, **options: Any) -> settings:
    """Nearly all are 25 steps; those that the drawn rules leave nothing to do are dropped."""
    return settings(
        max_examples=number,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        **options,
    )


# The suite plays the same stories every time; who asks for a number of them gets others.
TestTradingMachine = TradingMachine.TestCase
TestTradingMachine.settings = stories(int(ASKED or 120), derandomize=ASKED is None)


@pytest.mark.parametrize("name", SEEN_SOON)
def test_stories_see_what_a_missing_defence_does(name: str) -> None:
    class Weakened(TradingMachine):
        mutant = MUTANTS[name]

    hundred = stories(100, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
    with MUTANTS[name].at_work(), pytest.raises(AssertionError, match=r"^I\d+ at "):
        run_state_machine_as_test(Weakened, settings=hundred)
