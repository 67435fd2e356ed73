"""A sweep in the lake: what is asked comes out as it went in, and what was found comes once."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.sweep_objects import SweepObjects
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.ready_made import ready_made
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.sweep_asked import BotText, asked_of, trials_of
from chalicelib.domain.bots.sweep_key import sweep_key
from chalicelib.domain.bots.sweep_trial import Task, Trial, Trials
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, instrument
from tests.unit.bots.test_sweep_trials import walk

OURS = "program 1"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[FolderLake]:
    lake = FolderLake(tmp_path)
    yield lake
    lake.close()


def asked(name: str, *symbols: str, views: Views | None = None) -> Trials:
    """Of a bot that comes with the program, on an account with terms that are none of the usual."""
    (setup,) = set_up(ready_made(name), instruments=symbols, interval="1h")
    filters = {
        symbol: replace(
            instrument(symbol, minimum_notional=Decimal("5.50"), price_digits=5),
            maximum_quantity=Decimal("1e3"),
        )
        for symbol in symbols
    }
    costs = Costs(Decimal("0.0007"), Decimal("0.0011"), Decimal("1.5"))
    terms = Terms(filters, Decimal("1234.56"), costs, allows_short=True)
    candles = {symbol: walk(seed, 400) for seed, symbol in enumerate(symbols, start=1)}
    return Trials(setup, candles, terms, views)


def put_and_found(lake: FolderLake, name: str, put: Trials) -> Trials:
    SweepObjects(lake, "one").put_question(asked_of(put, name), OURS)
    found = SweepObjects(lake, "one").question(OURS)
    assert found.text is None
    return trials_of(found, ready_made(found.bot))


def test_a_bot_of_its_users_own_is_asked_with_its_source(lake: FolderLake) -> None:
    own = BotText("class Mine(Bot): ...\n# größer", "bots/mine.py")
    put = asked_of(asked("sma-cross", BTC), "Mine", own)
    SweepObjects(lake, "one").put_question(put, OURS)
    assert SweepObjects(lake, "one").question(OURS) == put


@pytest.mark.parametrize("symbols", [(BTC,), (ETH,)])
def test_a_question_comes_out_as_it_went_in(lake: FolderLake, symbols: tuple[str, ...]) -> None:
    put = asked("sma-cross", *symbols)
    found = put_and_found(lake, "sma-cross", put)
    assert (found.setup, found.terms, found.views) == (put.setup, put.terms, None)
    assert found.candles == put.candles
    assert sweep_key("", "", found) == sweep_key("", "", put)
    task = Task(Span(0, 400 * HOUR), {**put.setup.parameters, "fast": 3, "slow": 12})
    assert found.run(task) == put.run(task)
    assert put.run(task).fills > 10


def test_a_portfolio_knows_its_rankings_there_too(lake: FolderLake) -> None:
    rows = [{"rank": 1, "symbol": "ETH", "market": ETH, "market_cap": 0.1, "price": 1e300}]
    views = Views(Timeline([(9, {BTC: {"trend": -0.25}})]), Timeline([(5, rows)]), Timeline())
    put = asked("top-basket", ETH, BTC, views=views)
    found = put_and_found(lake, "top-basket", put)
    assert [timeline.versions() for timeline in found.views or ()] == [
        [(9, {BTC: {"trend": -0.25}})],
        [(5, rows)],
        [],
    ]
    assert list(found.candles) == [ETH, BTC]
    assert found.candles == put.candles
    assert sweep_key("", "", found) == sweep_key("", "", put)


def test_another_program_is_asked_nothing(lake: FolderLake) -> None:
    shelf = SweepObjects(lake, "one")
    with pytest.raises(BotRefused, match=r"^sweeps/one/question.gz is not in the lake: the same"):
        shelf.question(OURS)
    shelf.put_question(asked_of(asked("sma-cross", BTC), "sma-cross"), OURS)
    with pytest.raises(BotRefused, match=r"^the stage runs another version of this program than"):
        shelf.question("program 2")


def test_what_was_found_comes_once_to_each_who_looks(lake: FolderLake) -> None:
    span = Span(0, HOUR)
    first, second, third = (
        Trial(Task(span, {"fast": fast}), {"sharpe": None, "cagr": 0.1 / fast}, fast, "")
        for fast in (1, 2, 3)
    )
    stopped = Trial(Task(span, {"fast": 2.5}), {}, 0, "line 3: ValueError: zu groß")
    mine, other = SweepObjects(lake, "one"), SweepObjects(lake, "one")
    mine.add([first, stopped])
    assert list(other.arrived()) == [first, stopped]
    mine.add([first, stopped])  # a call that was repeated
    mine.add([second])
    assert list(other.arrived()) == [second]
    assert list(other.arrived()) == []
    SweepObjects(lake, "another").add([third])
    assert sorted(mine.arrived(), key=lambda trial: trial.fills) == [stopped, first, second]


def test_a_list_is_put_where_its_run_says(lake: FolderLake) -> None:
    shelf = SweepObjects(lake, "one")
    tasks = [Task(Span(1, 2), {"fast": 3, "limit": 0.5}), Task(Span(2, 9), {"fast": 4})]
    key = shelf.ask(tasks, "one-7")
    assert key == "sweeps/one/runs/one-7/tasks.json"
    assert lake.get(key) == (
        b'[{"since": 1, "until": 2, "parameters": {"fast": 3, "limit": 0.5}},'
        b' {"since": 2, "until": 9, "parameters": {"fast": 4}}]'
    )
    assert shelf.results("one-7") == "sweeps/one/runs/one-7/results"
    assert list(shelf.arrived()) == []
