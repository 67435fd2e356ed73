"""Backtests, checks and replays that the API of a stage has begun: done by a function, and shown.

What the functions ask of AWS is held against their policies, both ways.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.bot_files import bot_of
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.bootstrap.trials import backtested, setup_of
from chalicelib.domain.deployment.rights import RIGHTS, rights_of
from chalicelib.domain.replay.document import short_document
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.functions import working
from chalicelib.ports.jobs import AT_ONCE
from chalicelib.reports.backtest_chart import backtest_chart
from chalicelib.settings import Stage
from tests.functional.application import application_with
from tests.functional.iam import covers
from tests.functional.job_house import ASKED, BOT, COUNT, WORKER, House, job_house
from tests.functional.stage_on_aws import typed
from tests.trading_floor import MORNING

HOUR = timedelta(hours=1)
TRADES = 12


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        yield opened.enter_context(job_house(tmp_path_factory.mktemp("jobs"), patch))


def listed_trades() -> str:
    """As TradingView exports them: one a day, of six hours."""
    lines = ["Trade #,Type,Date/Time,Signal,Price USDT,Position size (qty)"]
    for number in range(TRADES):
        entry = MORNING - timedelta(days=TRADES - number)
        for kind, at in (("Entry long", entry), ("Exit long", entry + 6 * HOUR)):
            lines.append(f"{number + 1},{kind},{at:%Y-%m-%d %H:%M},x,{100 + number},1")
    return "\n".join([*lines, ""])


def test_what_there_is_to_try_bots_on_is_asked_of_the_function(house: House) -> None:
    found = house.ask("GET /candle_series")
    [series] = found["series"]
    assert (series["venue"], series["symbol"], series["interval"]) == ("binance", "BTC/USDT", "1h")
    last = MORNING - 2 * HOUR
    assert series["last"] == f"{last:%Y-%m-%dT%H:%M:%SZ}"


def test_a_backtest_is_the_one_that_the_bot_has_here_and_is_kept_and_drawn(house: House) -> None:
    calls = house.lambdas.calls
    asked = {name: text for name, text in ASKED.items() if isinstance(text, str)}
    job = house.begin("backtests", "mine", parameters={"fast": 4}, **asked)
    assert house.job(job)["steps"] == 0
    assert house.tests("mine") == []
    event = house.lambdas.woken[0]
    assert house.work() == {"state": "done"}
    assert house.lambdas.calls - calls == 2, "what the bot is, and all of its run"
    done = house.job(job)
    assert (done["state"], done["error"]) == ("done", "")
    assert house.work(event) == {"state": ""}, "Lambda may deliver it twice"
    [test] = house.tests("mine")
    assert (test["parameters"], test["terms"]["cash"]) == ({"fast": 4}, "2000")
    path = f"GET /bots/{{name=mine}}/backtests/{{version=1.0}}/{{test_id={test['id']}}}"
    chart = house.ask(path)
    assert chart["fills_in_all"] > 10
    assert chart["logs"]
    with house.there():
        setup = setup_of(bot_of(BOT, "mine 1.0"), ASKED, {"fast": 4})
        here = backtest_chart(backtested(setup, ASKED))
    assert chart == json.loads(json.dumps(here))
    assert house.ask(f"{path}/report").startswith("<!DOCTYPE html>")
    listed = house.ask("GET /jobs")["jobs"]
    assert [each["id"] for each in listed] == [job]


def test_a_check_finds_what_it_finds_here(house: House) -> None:
    good, odd = house.begin("check", "mine"), house.begin("check", "odd")
    assert [house.work(), house.work()] == [{"state": "done"}] * 2
    assert house.job(good)["lines"][-1].startswith(
        "mine 1.0 does the same however it is run, on 299 candles of binance, with "
    )
    told = house.job(odd)["lines"]
    assert [line for line in told if line.startswith("Wrong: ")], told
    with house.there():
        said = typed("bots", "check", "odd", "--stage", "prod")
    assert said.exit_code == 1
    assert said.output.splitlines() == told


def test_a_bot_is_deployed_with_the_check_of_the_function(house: House) -> None:
    """It comes with the program, or is the owner's; what it is refused for is said."""
    with house.there():
        known = bootstrap.strategies().configuration().version
        trend = Strategy(name="trend", instruments={"BTCUSDT": "BTC/USDT"})
        bootstrap.strategies().apply(expected_version=known, strategies=[trend])
    wanted: dict[str, Any] = {"strategy": "trend", "instruments": ["BTC/USDT"], "interval": "1h"}
    for bot in ("mine", "sma-cross"):
        shown = house.ask("POST /deployments", name=f"of-{bot}", bot=bot, **wanted)
        [check] = shown["checks"]
        assert (check["venue"], check["candles"]) == ("binance", 299)
        given = wanted | {"digest": shown["digest"], "confirm": True}
        done = house.ask("POST /deployments", name=f"of-{bot}", bot=bot, **given)
        assert done["state"] == "running"
    odd = house.ask("POST /deployments", 409, name="of-odd", bot="odd", **wanted)
    assert "live, the bot is made anew and has forgotten it" in odd["error"]
    assert {one["bot"] for one in house.ask("GET /deployments")["deployments"]} == {
        "mine",
        "sma-cross",
    }


def test_why_one_failed_is_said_of_the_candle_and_the_field(house: House) -> None:
    stopped = house.begin("backtests", "stops")
    assert house.work() == {"state": "failed"}
    assert house.job(stopped)["error"].startswith(
        "line 15, Mine.on_candle at the candle of 2026-02-2"
    )
    assert "ZeroDivisionError" in house.job(stopped)["error"]
    wrong = house.begin("backtests", "mine", fee="2")
    house.work()
    assert house.job(wrong)["error"].startswith("fee is 2; it must be a fraction such as 0.001")
    away = house.begin("backtests", "mine")
    house.lambdas.answers = [None]
    house.work()
    assert "crypto_bot-prod-bot_sandbox did not answer" in house.job(away)["error"]
    assert house.tests("stops") == []


def test_no_more_than_two_are_under_way(house: House) -> None:
    jobs = [house.begin("backtests", "mine") for _ in range(AT_ONCE)]
    refused = house.ask("POST /bots/{name=mine}/check", 409)
    assert refused["error"].startswith("a backtest and a backtest are under way")
    for job in jobs:
        ended = house.ask(f"POST /jobs/{{job_id={job}}}/abort")
        assert ended["state"] == "aborted"
        assert house.work() == {"state": ""}, "it was aborted before it began"


def test_one_that_is_aborted_under_way_keeps_nothing(house: House) -> None:
    before = house.tests("mine")
    job = house.begin("backtests", "mine")

    def abort() -> None:
        house.lambdas.meanwhile = None
        house.ask(f"POST /jobs/{{job_id={job}}}/abort")

    house.lambdas.meanwhile = abort
    house.lambdas.calls = 1
    assert house.work() == {"state": "ended early"}
    assert house.job(job)["state"] == "aborted"
    assert house.tests("mine") == before


def test_one_whose_function_has_no_time_left_ends_and_says_so(house: House) -> None:
    job = house.begin("backtests", "mine")
    assert house.work(seconds=5) == {"state": "ended early"}
    assert house.job(job)["error"].startswith("it took longer than it may")


def test_a_function_that_is_not_deployed_is_told_and_nothing_is_under_way(house: House) -> None:
    house.lambdas.deployed = False
    refused = house.ask("POST /bots/{name=mine}/backtests", 409)
    assert refused["error"] == (
        "the function crypto_bot-prod-work_on_job is not deployed yet: make deploy STAGE=prod"
    )
    house.ask("GET /candle_series", 409)
    house.lambdas.deployed = True
    house.ask(f"POST /jobs/{{job_id={house.begin('check', 'mine')}}}/abort")
    house.lambdas.woken.clear()


def test_lists_are_replayed_as_here_and_what_is_no_list_is_named(house: House) -> None:
    """On the lake's candles, under each policy, with the last alerts of each."""
    lists = [
        {"name": "first", "symbol": "BTC/USDT", "text": listed_trades()},
        {"name": "no list", "symbol": "BTC/USDT", "text": "one,two\n1,2\n"},
    ]
    terms: dict[str, Any] = {
        "interval": "1h",
        "cash": "5000",
        "lag": 60,
        "weights": {"first": "0.8"},
    }
    job = house.ask("POST /replays", 202, lists=lists, **terms)["id"]
    house.ask(f"GET /replays/{{job_id={job}}}", 409)
    assert house.work() == {"state": "done"}
    found = house.ask(f"GET /replays/{{job_id={job}}}")
    note, *others = found["notes"]
    assert note.startswith("left out: 2 no list.csv, line 1: ")
    assert others == [  # an entry each day and an exit six hours later
        "first: its times are those of a chart of 6h, which was taken for its timeframe; if it is"
        " another, say --timeframe"
    ]
    assert len(found["policies"]) > 2
    assert found["policies"][0]["alerts_in_all"] == found["alerts"] == 2 * TRADES
    (folder := house.on_aws.project / "lists").mkdir()
    files = {each["name"]: folder / f"{n} {each['name']}.csv" for n, each in enumerate(lists, 1)}
    for each in lists:
        files[each["name"]].write_text(each["text"], encoding="utf-8")
    with house.there():
        here = typed(
            *("replay", "--stage", "prod", "--symbol", "BTC/USDT", "--interval", "1h"),
            *("--cash", "5000", "--lag", "60", "--weights", "first=0.8"),
            *("--json", str(folder / "here.json")),
            *(f"{name}={file}" for name, file in files.items()),
        )
    assert here.exit_code == 1, "one list was left out"
    whole = json.loads((folder / "here.json").read_text(encoding="utf-8"))
    assert found == short_document(whole, rows=300)


def test_why_a_replay_failed_is_said_in_the_words_of_the_page(house: House) -> None:
    one = {"name": "a", "symbol": "ETH/USDT", "text": listed_trades()}
    job = house.ask("POST /replays", 202, lists=[one])["id"]
    assert house.work() == {"state": "failed"}
    assert house.job(job)["error"] == (
        "there are no candles of binance ETH/USDT 15m; give candles FILE, or list-prices to go by"
        " the lists' own prices, or fetch them: crypto-bot candles download binance ETH/USDT"
        " --interval 15m"
    )
    refused = house.ask(f"GET /replays/{{job_id={job}}}", 409)
    assert refused["error"].startswith("the replay is failed: there are no candles of")
    house.ask("GET /replays/{job_id=00none}", 404)


def test_one_that_is_aborted_is_to_be_begun_again(house: House) -> None:
    one = {"name": "a", "symbol": "BTC/USDT", "text": listed_trades()}
    job = house.ask("POST /replays", 202, lists=[one])["id"]
    waiting = house.ask(f"GET /replays/{{job_id={job}}}", 409)
    assert waiting["error"] == "the replay is running: wait for it"
    house.ask(f"POST /jobs/{{job_id={job}}}/abort")
    ended = house.ask(f"GET /replays/{{job_id={job}}}", 409)
    assert ended["error"] == "the replay is aborted: begin it again"
    assert house.work() == {"state": ""}


def test_more_candles_than_the_function_has_room_for_are_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the lists' time alone: what else there is in the lake does not count."""
    monkeypatch.setattr(working, "_MOST_CANDLES", COUNT - 1)
    one = {"name": "a", "symbol": "BTC/USDT", "text": listed_trades()}
    job = house.ask("POST /replays", 202, lists=[one], interval="1h")["id"]
    assert house.work() == {"state": "failed"}
    assert house.job(job)["error"] == (
        "the lists' time has 300 candles, and at most 299 are replayed here at once: take larger"
        " ones with interval, or less time with since and until"
    )
    since = f"{MORNING - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    job = house.ask("POST /replays", 202, lists=[one], interval="1h", since=since)["id"]
    assert house.work() == {"state": "done"}
    found = house.ask(f"GET /replays/{{job_id={job}}}")
    assert (found["alerts"], len(found["policies"][0]["equity"])) == (4, 3)


def test_one_that_is_kept_no_more_says_so(house: House) -> None:
    one = {"name": "a", "symbol": "BTC/USDT", "text": listed_trades()}
    job = house.ask("POST /replays", 202, lists=[one], list_prices=True, policies=["fixed"])["id"]
    assert house.work() == {"state": "done"}
    house.lake().delete(f"jobs/{job}/result.json.gz")
    refused = house.ask(f"GET /replays/{{job_id={job}}}", 409)
    assert refused["error"] == "the replay is done: what came of it is kept no more"
    job = house.ask("POST /replays", 202, lists=[one])["id"]
    house.lake().delete(f"jobs/{job}/files.json.gz")
    assert house.work() == {"state": "failed"}
    assert house.job(job)["error"] == "what was sent with it is kept no more: begin it again"


def test_a_stage_without_the_function_says_what_to_set(house: House) -> None:
    settings = replace(stage_settings(Stage.PROD), bot_functions=())
    whole, house.choices = house.choices, Choices(settings=settings, clock=house.clock)
    try:
        one = {"name": "a", "symbol": "BTC/USDT", "text": "x"}
        replay = house.ask("POST /replays", 409, lists=[one])
        assert "with crypto-bot replay --stage prod" in replay["error"]
        for route in ("POST /bots/{name=mine}/backtests", "GET /candle_series", "GET /jobs"):
            refused = house.ask(route, 409)
            assert refused["error"].startswith(
                "stage prod has no function for this: name work_on_job in BOT_FUNCTIONS of its"
                " environment_variables in .chalice/config.json, then make infra, make configure"
            )
    finally:
        house.choices = whole


def test_the_policies_grant_all_that_is_asked_for_and_nothing_else(
    house: House, not_run_here: frozenset[str]
) -> None:
    for function, usual in (("work_on_job", ()), ("api_handler", RIGHTS["api_handler"])):
        rights, calls = house.on_aws.granted(function), house.recorder.calls.get(function, set())
        assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []
        if not_run_here:
            continue
        declared = rights_of(function, ["work_on_job"])
        excused = {a for right in declared if right.because for a in right.actions}
        asked_elsewhere = {a for right in usual for a in right.actions}
        assert [
            right
            for right in rights
            if right[0] not in excused | asked_elsewhere
            and not right[1].endswith("/top_marketcap/*")  # there were none
            and not any(covers(right, call) for call in calls)
        ] == []
    invoked = {
        function: {
            resource.rpartition(":")[2]
            for action, resource in house.recorder.calls.get(function, set())
            if action == "lambda:InvokeFunction"
        }
        for function in ("work_on_job", "api_handler")
    }
    known = {"work_on_job": {"crypto_bot-prod-bot_sandbox"}, "api_handler": {WORKER}}
    assert invoked == known or not_run_here
    assert "bot_sandbox" not in house.recorder.calls


def test_the_application_has_the_function_where_it_is_asked_for_and_loads_nothing_for_it() -> None:
    application = application_with(BOT_FUNCTIONS="work_on_job")
    assert {"work_on_job", "bot_sandbox"} <= application.functions
    assert not {"duckdb", "ccxt", "chalicelib.functions.working"} & application.loaded
