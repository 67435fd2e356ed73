"""The whole report of a replay in JSON."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

from chalicelib.domain.bots.metrics import Metrics
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.replay.document import document, short_document
from chalicelib.domain.replay.portfolio import Portfolio
from chalicelib.domain.replay.report import ListedAs, ReplayReport
from chalicelib.domain.replay.result import Part, PolicyResult, Refused
from chalicelib.domain.replay.telling import Telling
from chalicelib.domain.replay.weights import Search, Trial
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.drift import Deviation, Tally
from chalicelib.domain.trading.signal import DesiredState, SignalStatus
from tests.unit.replay.books import BTC, hours
from tests.unit.replay.lists import at

NOTHING = dict.fromkeys(Metrics._fields)


def result(policy: str, sharpe: float, **others: Any) -> PolicyResult:
    metrics = Metrics(**NOTHING | {"sharpe": sharpe})  # type: ignore[arg-type]
    usual = PolicyResult(policy, {}, Curves([], [], {}), metrics, (), (), ())
    return usual._replace(**others)


def portfolio(**others: Any) -> Portfolio:
    account = Account(
        name="replay",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        reserve=Decimal("0.050"),
        exchange_options={"virtual": {"fee": "0.001"}},
    )
    told = tuple(Telling(at(hour), "btc", at(hour), {}) for hour in range(3))
    lag = timedelta(seconds=1, milliseconds=500)
    return Portfolio(account, (), {}, {}, told, {}, Decimal("1E+4"), lag)._replace(**others)


def told(report: ReplayReport) -> dict[str, Any]:
    """As a reader of the JSON has it, without what stands in every report."""
    found = json.loads(json.dumps(document(report)))
    del found["assumptions"]
    return found


def of_policy(given: PolicyResult) -> dict[str, Any]:
    (found,) = told(ReplayReport(portfolio(), (), "", (), (given,)))["policies"]
    return found


def test_it_says_what_went_in() -> None:
    listed = ListedAs("btc", BTC, "btc.csv", 5, 2, Decimal("9.50"))
    report = ReplayReport(
        portfolio(), (listed,), "candles of Binance", ("eth.csv is empty",), (result("fixed", 1.5),)
    )
    assert told(report) == {
        "schema": 1,
        "prices": "candles of Binance",
        "notes": ["eth.csv is empty"],
        "lists": [
            {
                "strategy": "btc",
                "symbol": "BTC/USDT",
                "source": "btc.csv",
                "trades": 5,
                "open": 2,
                "profit": "9.5",
            }
        ],
        "account": {
            "name": "replay",
            "quote": "USDT",
            "cash": "10000",
            "reserve": "0.05",
            "venue": {"virtual": {"fee": "0.001"}},
        },
        "lag_seconds": 1.5,
        "alerts": 3,
        "policies": [
            {
                "policy": "fixed",
                "weights": {},
                "summary": {**NOTHING, "sharpe": 1.5},
                "strategies": [],
                "reasons": [],
                "equity": [],
                "alerts": [],
                "refused": [],
            }
        ],
        "search": None,
    }


def test_it_says_what_is_assumed() -> None:
    found = document(ReplayReport(portfolio(), (), "", (), ()))["assumptions"]
    assert found["Short"] == "is not traded: it means at most flat"


def test_a_policy_has_weights_parts_and_reasons_of_its_own() -> None:
    tally = Tally(
        account="replay",
        strategy="btc",
        alerts=21,
        executed=6,
        partly=5,
        missed=4,
        skipped=3,
        superseded=2,
        open=1,
        unasked=7,
        late_mean=timedelta(seconds=8),
        late_most=timedelta(seconds=9),
        slippage=Decimal("0.10"),
        slippage_bps=Decimal("20.00"),
        fees=Decimal("1.50"),
    )
    part = Part(
        strategy="btc",
        symbol=BTC,
        weight=Decimal("0.40"),
        profit=Decimal("3.0"),
        realized=Decimal("1.0"),
        open_profit=Decimal("2.0"),
        held=Decimal("0.50"),
        tally=tally,
    )
    refused = Refused("btc", "2024-01-01T00:00:00Z", 400, "it is odd")
    given = result("boost", 2, weights={"btc": Decimal("0.40")}, parts=(part,), refused=(refused,))
    found = of_policy(given)
    assert found["weights"] == {"btc": "0.4"}
    assert found["strategies"] == [
        {
            "strategy": "btc",
            "symbol": "BTC/USDT",
            "weight": "0.4",
            "profit": "3",
            "realized": "1",
            "open_profit": "2",
            "held": "0.5",
            "fees": "1.5",
            "slippage": "0.1",
            "slippage_bps": "20",
            "alerts": 21,
            "executed": 6,
            "partly": 5,
            "missed": 4,
            "skipped": 3,
            "superseded": 2,
            "open": 1,
            "resized_for_others": 7,
        }
    ]
    assert found["reasons"] == [
        {"status": "REFUSED 400", "code": "it is odd", "alerts": 1, "example": "it is odd"}
    ]
    assert found["refused"] == [
        {"strategy": "btc", "at": "2024-01-01T00:00:00Z", "status": 400, "reason": "it is odd"}
    ]


def test_an_alert_has_its_end_and_what_it_cost() -> None:
    filled = Deviation(
        account="replay",
        strategy="btc",
        symbol=BTC,
        signal_id="s",
        fired_at=at(1.5),
        state=DesiredState.LONG,
        status=SignalStatus.EXECUTED,
        reason="done",
        alert_price=Decimal("100.0"),
        quantity=Decimal("2.0"),
        price=Decimal("101.0"),
        late=timedelta(seconds=90),
        slippage=Decimal("2.00"),
        slippage_bps=Decimal("100.00"),
        fee=Decimal("0.20"),
    )
    waiting = Deviation(
        account="replay",
        strategy="btc",
        symbol=BTC,
        signal_id="t",
        fired_at=at(2),
        state=DesiredState.FLAT,
        status=None,
        reason="",
    )
    assert of_policy(result("fixed", 1, deviations=(filled, waiting)))["alerts"] == [
        {
            "strategy": "btc",
            "symbol": "BTC/USDT",
            "at": "2024-01-01T01:30:00Z",
            "state": "long",
            "status": "EXECUTED",
            "reason": "done",
            "listed_price": "100",
            "price": "101",
            "quantity": "2",
            "slippage": "2",
            "slippage_bps": "100",
            "fee": "0.2",
            "late_seconds": 90.0,
        },
        {
            "strategy": "btc",
            "symbol": "BTC/USDT",
            "at": "2024-01-01T02:00:00Z",
            "state": "flat",
            "status": None,
            "reason": "",
            "listed_price": None,
            "price": None,
            "quantity": "0",
            "slippage": None,
            "slippage_bps": None,
            "fee": "0",
            "late_seconds": None,
        },
    ]


def test_a_short_one_has_the_last_alerts_of_each_policy_and_how_many_there_were() -> None:
    first = {"policy": "fixed", "alerts": ["a", "b", "c"], "refused": ["x"], "equity": [1]}
    second = {"policy": "boost", "alerts": ["d"], "refused": ["x", "y", "z"], "equity": []}
    whole = {"schema": 1, "policies": [dict(first), dict(second)]}
    assert short_document(whole, 2) == {
        "schema": 1,
        "policies": [
            first | {"alerts": ["b", "c"], "alerts_in_all": 3, "refused_in_all": 1},
            second | {"refused": ["y", "z"], "alerts_in_all": 1, "refused_in_all": 3},
        ],
    }
    assert whole == {"schema": 1, "policies": [first, second]}


def test_a_short_one_has_a_thousand_days_at_most_and_the_last() -> None:
    def shown(days: int) -> list[int]:
        policy = {"alerts": [], "refused": [], "equity": list(range(days))}
        equity: list[int] = short_document({"policies": [policy]}, 1)["policies"][0]["equity"]
        return equity

    assert shown(1_000) == list(range(1_000))
    assert shown(1_001) == list(range(0, 1_001, 2))
    assert shown(2_000) == list(range(1, 2_000, 2))
    assert (len(shown(2_001)), shown(2_001)[-2:]) == (667, [1_997, 2_000])


def test_the_equity_is_the_last_of_each_day() -> None:
    curves = Curves(
        hours(0, 23.999, 24, 30, 80),
        [1000.0, 1001.0, 1002.0, 1003.0, 1004.0],
        {"btc": [0.0, 1.0, 2.0, 2.5, 3.0], "eth": [0.0, 0.0, 0.0, 0.5, 1.0]},
    )
    assert of_policy(result("fixed", 1, curves=curves))["equity"] == [
        {"day": "2024-01-01", "equity": 1001.0, "profit": {"btc": 1.0, "eth": 0.0}},
        {"day": "2024-01-02", "equity": 1003.0, "profit": {"btc": 2.5, "eth": 0.5}},
        {"day": "2024-01-04", "equity": 1004.0, "profit": {"btc": 3.0, "eth": 1.0}},
    ]


def test_a_search_has_all_that_was_tried_and_what_came_after_it() -> None:
    given = Trial({"btc": Decimal("0.50")}, 1.0, 0.1, -0.2)
    best = Trial({"btc": Decimal("0.30")}, 2.0, None, None)
    search = Search(
        split="2024-01-02T00:00:00Z",
        seed=7,
        tried=(given, best),
        best=best,
        deflated=0.75,
        chosen=result("fixed", 3),
        given=result("fixed", 4),
    )
    of_given = {"weights": {"btc": "0.5"}, "sharpe": 1, "total_return": 0.1, "max_drawdown": -0.2}
    of_best = {"weights": {"btc": "0.3"}, "sharpe": 2, "total_return": None, "max_drawdown": None}
    assert told(ReplayReport(portfolio(), (), "", (), (), search))["search"] == {
        "split": "2024-01-02T00:00:00Z",
        "seed": 7,
        "trials": 2,
        "tried": [of_given, of_best],
        "best": of_best,
        "deflated_sharpe": 0.75,
        "after": {"best": {**NOTHING, "sharpe": 3}, "given": {**NOTHING, "sharpe": 4}},
    }
