"""A kill at every step of the way, under every fate of the first send: nothing is ever lost."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import VenueTraits
from tests.simulation.floor import Habits
from tests.simulation.kernel import Trouble
from tests.simulation.schedule import judged
from tests.simulation.setting import TOKEN, Setting
from tests.simulation.venue import SEND_FAULTS
from tests.simulation.world import World

PERIOD: Final = 15.0
END: Final = 240.0
FATES: Final = ("", "partial", "hidden", *SEND_FAULTS)


def a_setting(names: list[str], fate: str) -> Setting:
    """Nothing goes wrong here but what the matrix asks for."""
    return Setting(
        strategies=tuple(
            Strategy(
                name=name,
                instruments={"BTCUSDT": "BTC/USDT"},
                sibling_wait=0,
                token_hashes=(hash_token(TOKEN.format(name)),),
            )
            for name in names
        ),
        accounts=(Account(name="main", exchange="simulated", mode=Mode.SANDBOX, quote="USDT"),),
        subscriptions=tuple(
            Subscription(account="main", strategy=name, weight=Decimal("0.3")) for name in names
        ),
        habits=Habits(
            traits=VenueTraits(
                in_flight=10,
                acceptance_bound=timedelta(seconds=5),
                visibility_lag=timedelta(seconds=3),
                finds_by_client_id=True,
            ),
            late_by=5.0,
            hidden=1.0 if fate == "hidden" else 0.0,
            partial=1.0 if fate == "partial" else 0.0,
            nothing=0.0,
            trailing=0.0,
            expires=0.0,
        ),
        trouble=Trouble(),
        fee_in="received",
        lag=0.0,
        period=PERIOD,
        alerts=0,
        owner_acts=0,
        manual_acts=0,
        faults_until=END,
    )


def one_signal(fate: str) -> World:
    """An entry, and a minute later nothing more."""
    world = World(1, a_setting(["btc"], fate))
    deliver(world, 1.0, "btc", "long", "flat")
    return world


def netted(fate: str) -> World:
    """Two strategies enter the same coin at once: one order for both."""
    world = World(1, a_setting(["btc", "btc_2"], fate))
    deliver(world, 1.0, "btc", "long", "flat")
    deliver(world, 1.0, "btc_2", "long", "flat")
    return world


def deliver(world: World, time: float, name: str, after: str, before: str) -> None:
    """An alert whose sender does not give up before it is answered."""

    def insist() -> None:
        if not world.auditor.seen["answer 200 stored"] >= len(world.setting.strategies):
            world.senders.alert_at(world.kernel.now, name, after, before, time)
            world.kernel.at(world.kernel.now + 5, insist)

    world.kernel.at(time, insist)


def played(
    scenario: Callable[[str], World], fate: str, kill_at: int | None, *, lands: bool
) -> World:
    world = scenario(fate)
    for venue in world.venues.values():
        venue.script = [fate] if fate in SEND_FAULTS else []
        venue.lands = lands
    world.kernel.kill_at = kill_at if kill_at is not None else 1_000_000_000
    time = 2.0
    while time < END and not is_over(world):
        world.tick_at(time)
        time += PERIOD
        world.kernel.run(time)
    world.kernel.run(time + PERIOD)
    world.auditor.judge_the_end(world.ports)
    return world


def is_over(world: World) -> bool:
    """Every alert has its last word and no plan is open: further ticks would be idle."""
    signals = world.ports.signals.recent(10)
    return (
        len(signals) == len(world.setting.strategies)
        and all(signal.status.is_final for signal in signals)
        and not world.ports.plans.state("main").open_plans
    )


@pytest.mark.parametrize("fate", FATES, ids=[fate or "answered" for fate in FATES])
@pytest.mark.parametrize("scenario", [one_signal, netted])
def test_a_kill_at_any_step_loses_and_doubles_nothing(
    scenario: Callable[[str], World], fate: str
) -> None:
    undisturbed = played(scenario, fate, None, lands=False)
    steps = undisturbed.kernel.kill_points
    assert not judged(undisturbed).violations
    assert undisturbed.venues["main"].book.orders or fate == "refused"
    assert steps > 90

    killed = 0
    for step in range(1, steps + 1):
        for lands in (False, True):
            world = played(scenario, fate, step, lands=lands)
            killed += sum(world.kernel.kills.values())
            assert not judged(world).violations, f"killed at step {step} of {steps}, lands={lands}"
            if not any("under way" in name for name in world.kernel.kills):
                break  # only a request under way has two fates
    assert killed >= steps
