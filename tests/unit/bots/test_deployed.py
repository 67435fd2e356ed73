"""Deployments: what may become of one, and what is told where it may not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import LogLine, Plot
from chalicelib.domain.bots.deployed import (
    DeployedBot,
    at_rest,
    check_deletable,
    deployment_of,
    started,
    stopped,
    updated,
)
from chalicelib.domain.bots.deployment import Deployment
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.trail import LONGEST_LINE, MOST_CURVES, Mark, Point, mark
from chalicelib.domain.bots.version import VersionNumber
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.paper_market import BTC, ETH, scripted

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
NUMBER = VersionNumber(1, 0)


def deployed(**changes: Any) -> DeployedBot:
    usual = DeployedBot(
        name="mine",
        bot="cross",
        number=NUMBER,
        strategy="trend",
        instruments=(BTC, ETH),
        interval=Interval.H1,
        parameters={},
        cash=Decimal(500),
        since=AT,
        changed_at=AT,
        resting={},
    )
    return replace(usual, **changes)


def test_it_runs_as_it_was_deployed() -> None:
    bot = scripted({})
    assert deployment_of(deployed(interval=Interval.M5), bot) == Deployment(
        name="mine",
        strategy="trend",
        setups=tuple(set_up(bot, instruments=(BTC, ETH), interval="5m")),
        since=AT,
        cash=Decimal(500),
        version="1.0",
    )
    assert deployment_of(deployed(number=None), bot).version == ""
    with pytest.raises(BotRefused, match="has no parameter fast"):
        deployment_of(deployed(parameters={"fast": 1}), bot)


def test_it_says_which_bot_it_is_and_by_what_its_state_is_kept() -> None:
    assert deployed().source == "cross 1.0"
    assert deployed(number=None).source == "cross"
    assert deployed().on(ETH) == ETH
    assert deployed(together=True).on(ETH) == "BTC/USDT ETH/USDT"


@pytest.mark.parametrize(("together", "how"), [(True, "together"), (False, "one by one")])
def test_what_it_holds_is_not_taken_over_by_a_bot_of_another_kind(
    *, together: bool, how: str
) -> None:
    other = scripted({}, together=together)
    with pytest.raises(BotRefused) as refused:
        deployment_of(deployed(together=not together), other)
    assert str(refused.value) == (
        f"cross 1.0 trades its instruments {how}, and mine was deployed with a bot that does not:"
        " what it holds cannot be taken over, so deploy it under another name"
    )
    (setup,) = deployment_of(deployed(together=True), scripted({}, together=True)).setups
    assert setup.instruments == (BTC, ETH)


def test_it_is_stopped_once_and_goes_on() -> None:
    resting = stopped(deployed(), "enough", LATER)
    assert (resting.is_running, resting.why, resting.changed_at) == (False, "enough", LATER)
    with pytest.raises(ActionRefused, match=r"^mine is stopped already: enough$"):
        stopped(resting, "again", LATER)
    again = started(resting, LATER + timedelta(hours=1))
    assert (again.is_running, again.why) == (True, "")
    assert again.changed_at == LATER + timedelta(hours=1)
    with pytest.raises(ActionRefused, match=r"^mine is running already$"):
        started(again, LATER)


def test_it_rests_on_one_instrument_and_is_stopped_when_it_rests_on_all() -> None:
    one = at_rest(deployed(), BTC, "line 3", LATER)
    assert (one.is_running, one.resting, one.changed_at) == (True, {BTC: "line 3"}, AT)
    both = at_rest(one, ETH, "line 4", LATER)
    assert (both.is_running, both.why) == (False, "it has stopped: line 4")
    assert both.resting == {BTC: "line 3", ETH: "line 4"}
    assert both.changed_at == LATER
    assert started(one, LATER).resting == {}
    assert started(both, LATER).is_running


def test_what_was_stopped_by_its_owner_keeps_the_owners_word() -> None:
    off = stopped(deployed(instruments=(BTC,)), "enough", AT)
    assert at_rest(off, BTC, "line 3", LATER).why == "enough"


def test_an_update_changes_something_and_stops_or_starts_nothing() -> None:
    for is_running in (True, False):
        before = deployed(is_running=is_running, resting={BTC: "line 3"})
        after = updated(before, VersionNumber(1, 1), {"fast": 2}, LATER)
        assert after.source == "cross 1.1"
        assert (after.parameters, after.resting) == ({"fast": 2}, {})
        assert (after.is_running, after.changed_at) == (is_running, LATER)
    with pytest.raises(ActionRefused, match=r"^mine is cross 1\.0 with these parameters already$"):
        updated(deployed(), NUMBER, {}, LATER)


def test_only_what_is_stopped_is_deleted() -> None:
    check_deletable(deployed(is_running=False))
    with pytest.raises(ActionRefused, match="mine is running, and nothing is deleted: crypto-bot"):
        check_deletable(deployed())


def test_a_mark_has_what_the_candle_left_behind() -> None:
    plots = [
        Plot("fast", "price", [0, 60], [1.0, 1 / 3]),
        Plot("slow", "price", [60], [None]),
        Plot("rsi", "rsi(14)", [0], [50.0]),
    ]
    left = mark(60, "100", [LogLine(60, "in")], plots)
    assert left == Mark(60, "100", ("in",), (Point("fast", "price", 0.3333333333),))
    assert not left.is_empty
    assert mark(60, "100", [], []).is_empty
    assert not Mark(60, "100", signal="abc").is_empty
    assert not Mark(60, "100", lines=("in",)).is_empty
    assert not Mark(60, "100", points=(Point("fast", "price", 1.0),)).is_empty


def test_a_mark_is_cut_and_says_so() -> None:
    four = [LogLine(0, str(n)) for n in range(4)]
    fifth = LogLine(0, "x" * (LONGEST_LINE + 1))
    assert mark(0, "1", [*four, fifth], []).lines == ("0", "1", "2", "3", "x" * LONGEST_LINE)
    cut = mark(0, "1", [*four, fifth, fifth], [])
    assert cut.lines == ("0", "1", "2", "3", "2 more lines at this candle are not kept")
    many = [Plot(str(n), "price", [0], [1.0]) for n in range(MOST_CURVES + 1)]
    assert [p.name for p in mark(0, "1", [], many).points] == [str(n) for n in range(MOST_CURVES)]
