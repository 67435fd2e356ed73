"""What the API tells: the same as the stores, page by page, in text that loses nothing."""

import csv
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import Breaker
from tests.canaries import BODY_SECRET, PATH_TOKEN
from tests.functional.api.floor import Api

MOST_PAGES = 20


def all_of(api: Api, template: str, name: str, query: dict[str, str], **path: str) -> list[Any]:
    rows: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = api.get(template, query | cursor, **path)
        assert len(page[name]) <= int(query["limit"])
        rows += page[name]
        if page["next"] is None:
            return rows
        cursor = {"cursor": page["next"]}
    raise AssertionError(f"the list has no end: {rows}")


def in_and_out(api: Api, times: int = 2) -> list[str]:
    """Alerts that take BTC in and out, with fills; newest last."""
    signals = []
    for number in range(times):
        signals.append(api.alert("flat" if number % 2 else "long", order_comment=f"no. {number}"))
        api.tick()
        api.clock.pass_time(minutes=10)
    return signals


def test_signals_come_page_by_page_and_filtered(api):
    signals = in_and_out(api, 5)
    other = api.alert("long", "ETHUSDT")
    rows = all_of(api, "/signals", "signals", {"limit": "2"})
    assert [row["id"] for row in rows] == [other, *reversed(signals)]
    for query, found in (
        ({"strategy": "eth"}, [other]),
        ({"status": "EXECUTED"}, signals[::-1]),
        ({"status": "RECEIVED"}, [other]),
        ({"text": "NO. 3"}, [signals[3]]),
        ({"text": signals[1][:9]}, [signals[1]]),
        ({"since": "2026-03-02T08:10:01Z", "until": "2026-03-02T08:30:03Z"}, signals[3:0:-1]),
    ):
        rows = all_of(api, "/signals", "signals", query | {"limit": "2"})
        assert [row["id"] for row in rows] == found, query


def test_an_alert_is_shown_as_it_came_and_a_signal_without_one_has_none(api):
    secret = api.alert("long", secret=BODY_SECRET, order_comment=f"of {PATH_TOKEN}")
    shown = api.get("/signals/{signal_id}", signal_id=secret)["alert"]
    assert json.loads(shown)["secret"] == "[blanked]"
    assert json.loads(shown)["order_comment"] == "of [blanked]"
    closed = api.done("/strategies/{strategy}/close", strategy="btc")
    [own] = [row for row in api.get("/signals")["signals"] if row["id"] != secret]
    assert closed["done"]
    assert api.get("/signals/{signal_id}", signal_id=own["id"])["alert"] == ""
    api.clock.pass_time(seconds=1)
    tried = api.ask("POST", "/test-signal", body={"strategy": "btc"}).json["signal_id"]
    assert json.loads(api.get("/signals/{signal_id}", signal_id=tried)["alert"])["test"] is True


def test_what_is_rare_is_found_over_several_pages(api, monkeypatch):
    monkeypatch.setattr("chalicelib.api.listing.MOST_LOOKED_AT", 2)
    monkeypatch.setattr("chalicelib.api.listing._AT_ONCE", 2)
    signals = in_and_out(api, 5)
    first = api.get("/signals", {"text": "no. 0"})
    assert (first["signals"], bool(first["next"])) == ([], True)
    rows = all_of(api, "/signals", "signals", {"text": "no. 0", "limit": "5"})
    assert [row["id"] for row in rows] == [signals[0]]


def test_a_signal_shows_its_whole_way(api):
    [signal] = in_and_out(api, 1)
    shown = api.get("/signals/{signal_id}", signal_id=signal)
    assert shown["signal"]["id"] == signal
    [link] = shown["chain"]
    [order] = link["orders"]
    assert (link["account"], link["verdict"]["signal_id"]) == ("paper", signal)
    assert order["status"] == "FILLED"
    assert [moment["what"] for moment in shown["timings"]] == [
        "fired",
        "received",
        "planned",
        "sent",
        "filled",
        "ended",
    ]
    assert PATH_TOKEN not in json.dumps(shown)
    assert json.loads(shown["alert"]) == {
        "ticker": "BTCUSDT",
        "market_position": "long",
        "order_comment": "no. 0",
        "time": "2026-03-02T08:00:00+00:00",
    }
    answer = api.ask("GET", "/signals/{signal_id}", signal_id="nobody's")
    assert (answer.status, answer.json["error"]) == (404, "there is no signal nobody's")


def test_a_script_in_an_alert_stays_text(api):
    script = "<script>alert(1)</script>"
    api.alert("long", order_comment=script)
    answer = api.ask("GET", "/signals")
    assert answer.json["signals"][0]["comment"] == script
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_orders_page_by_page_filtered_and_as_a_file(api):
    in_and_out(api, 4)
    api.alert("long", "ETHUSDT")
    api.tick()
    rows = all_of(api, "/orders", "orders", {"limit": "2"})
    assert [row["intent"]["symbol"] for row in rows] == ["ETH/USDT", *4 * ["BTC/USDT"]]
    for query, count in (
        ({"strategy": "eth"}, 1),
        ({"symbol": "BTC/USDT"}, 4),
        ({"account": "paper"}, 5),
        ({"account": "other"}, 0),
        ({"status": "FILLED"}, 5),
        ({"status": "HELD"}, 0),
        ({"since": "2026-03-02T08:20:00Z"}, 3),
    ):
        assert len(all_of(api, "/orders", "orders", query | {"limit": "2"})) == count, query
    answer = api.ask("GET", "/orders", query={"format": "csv", "limit": "2"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    first = list(csv.DictReader(StringIO(answer.text)))
    query = {"format": "csv", "cursor": answer.headers["X-Next-Cursor"]}
    last = api.ask("GET", "/orders", query=query)
    assert "X-Next-Cursor" not in last.headers
    second = list(csv.DictReader(StringIO(last.text)))
    assert [row["id"] for row in (*first, *second)] == [row["intent"]["id"] for row in rows]
    assert first[0]["side"] == "buy"
    assert first[0]["quantity"] == rows[0]["intent"]["quantity"]


def test_a_cell_is_no_formula(api):
    in_and_out(api, 1)
    orders = bootstrap.trading().orders
    [order] = orders.recent(1)
    orders.save(replace(order, reason='=HYPERLINK("http://x","y")'))
    text = api.ask("GET", "/orders", query={"format": "csv"}).text
    assert next(csv.DictReader(StringIO(text)))["reason"].startswith("'=HYPERLINK")


def test_one_order_with_its_signals(api):
    [signal] = in_and_out(api, 1)
    [row] = api.get("/orders")["orders"]
    shown = api.get("/order", {"id": row["intent"]["id"]})
    assert shown["order"] == row
    assert [found["signal_id"] for found in shown["signals"]] == [signal]
    unknown = api.ask("GET", "/order", query={"id": "p#BTC/USDT#0"})
    assert unknown.status == 404
    assert api.ask("GET", "/order", query={"id": "17"}).status == 400


def test_positions_say_what_is_held_and_with_all_what_was(api):
    in_and_out(api, 1)
    [position] = api.get("/positions", {"account": "paper"})["positions"]
    assert (position["badge"], position["strategy"], position["state"]) == ("PAPER", "btc", "long")
    [holding] = bootstrap.trading().ledger.portfolio("paper", "USDT").holdings
    assert Decimal(position["quantity"]) == holding.quantity
    assert Decimal(position["cost"]) == holding.cost
    spread = abs(Decimal(position["price"]) * holding.quantity - holding.cost)
    assert spread < Decimal("1e-9")
    api.alert("flat")
    api.tick()
    assert api.get("/positions")["positions"] == []
    [position] = api.get("/positions", {"all": "true"})["positions"]
    assert (position["quantity"], position["price"], position["state"]) == ("0", "0", "flat")
    assert api.ask("GET", "/positions", query={"account": "other"}).status == 404


def test_the_ledger_page_by_page_and_of_one_strategy(api):
    in_and_out(api, 4)
    api.alert("long", "ETHUSDT")
    api.tick()
    ledger, path = "/ledger/{account}", {"account": "paper"}
    count = bootstrap.trading().ledger.portfolio("paper", "USDT").sequence
    rows = all_of(api, ledger, "entries", {"limit": "2"}, **path)
    assert [row["sequence"] for row in rows] == list(range(count, 0, -1))
    for strategy, entries in (("btc", 4), ("eth", 1), ("doge", 0)):
        query = {"limit": "3", "strategy": strategy}
        assert len(all_of(api, ledger, "entries", query, **path)) == entries
    assert api.ask("GET", ledger, account="other").status == 404


def test_the_overview_counts_profit_from_its_beginnings(api):
    now = api.clock.now()
    figures = [
        (timedelta(days=40), "100", "5"),
        (timedelta(days=20), "130", "5"),
        (timedelta(days=3), "145", "5"),
        (timedelta(hours=1), "160", "15"),
    ]
    bootstrap.analytics().add(
        [
            PerformancePoint(
                account="paper",
                strategy="",
                at=now - ago,
                equity=Decimal(10_000) + Decimal(realized),
                realized=Decimal(realized),
                unrealized=Decimal(unrealized),
                fees=Decimal(1),
            )
            for ago, realized, unrealized in figures
        ]
    )
    [account] = api.get("/overview")["accounts"]
    assert (account["equity"], account["at"]) == ("10160", "2026-03-02T07:00:00Z")
    assert account["today"] == {
        "since": "2026-03-02T00:00:00Z",
        "realized": "15",
        "unrealized": "10",
        "total": "25",
    }
    assert (account["week"]["realized"], account["month"]["realized"]) == ("30", "60")
    points = api.get("/performance/{account}", {"limit": "2"}, account="paper")
    assert (points["quote"], [p["realized"] for p in points["points"]]) == ("USDT", ["145", "160"])
    query = {"until": "2026-02-20T00:00:00Z"}
    points = api.get("/performance/{account}", query, account="paper")
    assert [p["realized"] for p in points["points"]] == ["100", "130"]


def test_unlike_money_is_never_added_up(api):
    configuration = bootstrap.strategies().configuration()
    paper = configuration.accounts["paper"]
    bootstrap.strategies().apply(
        expected_version=configuration.version,
        accounts=[
            replace(paper, name="second"),
            replace(paper, name="euros", quote="EUR"),
            Account(name="real", exchange="gemini", mode=Mode.LIVE, quote="USDT", secret="keys"),
            Account(name="try", exchange="gemini", mode=Mode.SANDBOX, quote="USDT", secret="keys"),
        ],
    )
    names = ("paper", "second", "euros", "real")  # the sandbox has no figures yet
    bootstrap.analytics().add(
        [
            PerformancePoint(
                account=name,
                strategy="",
                at=api.clock.now() + timedelta(minutes=number),
                equity=Decimal(100),
                realized=Decimal(7),
                unrealized=Decimal(3),
                fees=Decimal(1),
            )
            for number, name in enumerate(names)
        ]
    )
    overview = api.get("/overview")
    assert overview["modes"] == ["LIVE", "PAPER", "SANDBOX"]
    totals = [(t["badge"], t["quote"], t["accounts"], t["equity"]) for t in overview["totals"]]
    assert totals == [
        ("LIVE", "USDT", ["real"], "100"),
        ("PAPER", "EUR", ["euros"], "100"),
        ("PAPER", "USDT", ["paper", "second"], "200"),
    ]
    both = overview["totals"][2]
    assert (both["at"], both["today"]["total"]) == ("2026-03-02T08:00:00Z", "20")


def test_the_overview_says_what_is_not_well(api):
    assert api.get("/overview")["tick"] == {
        "last": None,
        "outcome": "",
        "next": None,
        "every": 60,
    }
    in_and_out(api, 1)
    plans = bootstrap.trading().plans
    state = plans.state("paper")
    breaker = Breaker(code="MAX_DRAWDOWN", reason="lost 20 %", opened_at=api.clock.now())
    plans.save_state(replace(state, breakers=(breaker,), frozen={"BTC/USDT": "sold elsewhere"}))
    overview = api.get("/overview")
    health = {check["name"]: (check["ok"], check["detail"]) for check in overview["health"]}
    assert health["tick"] == (
        False,
        "none has ended well for too long: see the log",
    )
    assert health["account paper"] == (
        False,
        "lost 20 % (MAX_DRAWDOWN); nothing is bought of BTC/USDT: sold elsewhere",
    )
    assert health["held orders"] == (True, "no order waits for your word")
    [account] = overview["accounts"]
    assert account["stopped_by"] == ["lost 20 %"]
    assert account["frozen"] == [["BTC/USDT", "sold elsewhere"]]
    resume = "/accounts/{account}/resume"
    would = api.ask("POST", resume, account="paper").json["would"]
    assert would == ["paper may buy again: lost 20 % (MAX_DRAWDOWN) is over."]
    assert api.done(resume, account="paper")["done"] == "lost 20 % (MAX_DRAWDOWN) is over."
    assert api.get("/overview")["accounts"][0]["stopped_by"] == []
    assert api.act(resume, account="other").status == 404


def test_the_plan_of_the_next_tick(api):
    assert api.get("/plan/{account}", account="paper")["steps"] == []
    signal = api.alert("long")
    steps = api.get("/plan/{account}", account="paper")["steps"]
    assert [step["what"] for step in steps] == ["order", "planned"]
    assert (steps[0]["side"], steps[0]["strategies"]) == ("buy", ["btc"])
    assert api.get("/signals/{signal_id}", signal_id=signal)["signal"]["status"] == "RECEIVED"
    assert api.ask("GET", "/plan/{account}", account="other").status == 404


def test_nothing_that_opens_anything_is_told(api):
    text = json.dumps([api.get("/strategies"), api.get("/overview"), api.get("/portfolios")])
    assert "token_hashes" not in text
    [btc, _] = api.get("/strategies")["strategies"]
    assert (btc["name"], btc["tokens"]) == ("btc", 1)


def test_the_message_for_tradingview_is_checked(api):
    shown = api.get("/alert-message/{strategy}", strategy="btc")
    assert (shown["problems"], shown["url"]) == ([], "/hook/btc/TOKEN")
    assert json.loads(shown["message"])["strategy"] == "btc"
    check = "/alert-message/{strategy}/check"
    said = api.ask("POST", check, body={"message": '{"ticker": "BTCUSDT",}'}, strategy="btc")
    assert len(said.json["problems"]) == 1
    said = api.ask("POST", check, body={"message": shown["message"]}, strategy="btc")
    assert said.json == {"problems": [], "notes": []}
    assert api.ask("GET", "/alert-message/{strategy}", strategy="doge").status == 404
