"""A backtest's report: its days, months and gaps, and the whole document as JSON has it."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot, Param
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import (
    BacktestReport,
    Month,
    days_of,
    months_of,
    report_on,
)
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.fill_model import ASSUMPTIONS, Costs
from chalicelib.domain.bots.metrics import Metrics
from chalicelib.domain.bots.report_document import document
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, instrument, scripted

EVENING = 1_769_896_800_000  # 2026-01-31 22:00 UTC, when the first candle begins


class Switch(Bot):
    """Out of the one into the other; a third order is too small for anything."""

    instruments: ClassVar[Sequence[str]] = (BTC, ETH)
    interval = "1h"
    together = True
    size = Param(2, 1, 5)

    def on_candle(self, ctx: Any) -> None:
        hour = (ctx.start - EVENING) // HOUR
        if hour == 0 and BTC in (ctx.universe or ()):
            ctx.buy(self.size, symbol=BTC)
        elif hour == 1:
            ctx.sell(symbol=BTC)
        elif hour == 2:
            ctx.buy(3, limit=11, symbol=ETH)
            ctx.buy(0.001, symbol=BTC)


def at_hours(**rows: Sequence[float]) -> Candles:
    """Each by how many hours after that evening it begins: `h5=(...)`."""
    full = candles(*rows.values())
    return full._replace(start=[EVENING + int(name[1:]) * HOUR for name in rows])


def report() -> BacktestReport:
    """One night, and a candle of the day after the next."""
    (setup,) = set_up(Switch, seed=7)
    prices = {
        BTC: at_hours(
            h0=(100,), h1=(100, 110, 100, 110), h2=(110,), h5=(120,), h6=(120,), h50=(120,)
        ),
        ETH: at_hours(h1=(10,), h5=(12, 12, 10.5, 12), h6=(12, 12, 11, 11)),
    }
    terms = Terms(
        {
            BTC: instrument(BTC, minimum_quantity=Decimal("0.002")),
            ETH: instrument(ETH, minimum_notional=Decimal("5.50")),
        },
        Decimal(1000),
        Costs(Decimal("0.0010"), Decimal("0.002"), Decimal(10)),
        allows_short=True,
    )
    views = Views(universe=Timeline([(EVENING, [BTC])]))
    return report_on(setup, "kraken", prices, terms, views)


def test_the_document_is_all_of_it() -> None:
    told = document(report())
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    summary = told.pop("summary")
    assert told == {
        "schema": 1,
        "bot": "Switch",
        "parameters": {"size": 2},
        "seed": 7,
        "venue": "kraken",
        "interval": "1h",
        "candles": {
            BTC: {
                "first": "2026-01-31T22:00:00Z",
                "last": "2026-02-03T00:00:00Z",
                "count": 6,
                "gaps": [
                    {"start": "2026-02-01T01:00:00Z", "end": "2026-02-01T03:00:00Z"},
                    {"start": "2026-02-01T05:00:00Z", "end": "2026-02-03T00:00:00Z"},
                ],
            },
            ETH: {
                "first": "2026-01-31T23:00:00Z",
                "last": "2026-02-01T04:00:00Z",
                "count": 3,
                "gaps": [{"start": "2026-02-01T00:00:00Z", "end": "2026-02-01T03:00:00Z"}],
            },
        },
        "trials": 1,
        "terms": {
            "cash": "1000",
            "maker_fee": "0.001",
            "taker_fee": "0.002",
            "slippage_bps": "10",
            "allows_short": True,
            "instruments": {
                BTC: {
                    "quantity_step": "0.001",
                    "price_tick": "0.01",
                    "minimum_quantity": "0.002",
                    "minimum_notional": "0",
                },
                ETH: {
                    "quantity_step": "0.001",
                    "price_tick": "0.01",
                    "minimum_quantity": "0",
                    "minimum_notional": "5.5",
                },
            },
        },
        "assumptions": dict(ASSUMPTIONS),
        "cash": "985.70704",
        "positions": {ETH: "3"},
        "fills": [
            {
                "at": "2026-01-31T23:00:00Z",
                "order_id": "1",
                "symbol": BTC,
                "side": "buy",
                "quantity": "2",
                "price": "100.1",
                "fee": "0.4004",
                "is_maker": False,
                "cash": "799.3996",
                "position": "2",
            },
            {
                "at": "2026-02-01T00:00:00Z",
                "order_id": "2",
                "symbol": BTC,
                "side": "sell",
                "quantity": "2",
                "price": "109.89",
                "fee": "0.43956",
                "is_maker": False,
                "cash": "1018.74004",
                "position": "0",
            },
            {
                "at": "2026-02-01T03:00:00Z",
                "order_id": "3",
                "symbol": ETH,
                "side": "buy",
                "quantity": "3",
                "price": "11",
                "fee": "0.033",
                "is_maker": True,
                "cash": "985.70704",
                "position": "3",
            },
        ],
        "trades": [
            {
                "symbol": BTC,
                "side": "buy",
                "quantity": "2",
                "entered_at": "2026-01-31T23:00:00Z",
                "entry_price": "100.1",
                "left_at": "2026-02-01T00:00:00Z",
                "exit_price": "109.89",
                "fees": "0.83996",
                "profit": "18.74004",
            }
        ],
        "denied": [
            {
                "order_id": "4",
                "symbol": BTC,
                "at": "2026-02-01T03:00:00Z",
                "code": "QUANTITY_BELOW_MINIMUM",
            }
        ],
        "equity": [
            {"day": "2026-01-31", "equity": 1019.3996, "benchmark": 1050.0},
            {"day": "2026-02-01", "equity": 1018.70704, "benchmark": pytest.approx(1150)},
            {"day": "2026-02-03", "equity": 1018.70704, "benchmark": pytest.approx(1150)},
        ],
        "months": [
            {"month": "2026-01", "gain": pytest.approx(0.0193996)},
            {"month": "2026-02", "gain": pytest.approx(1018.70704 / 1019.3996 - 1)},
        ],
    }
    assert list(summary) == list(Metrics._fields)
    assert summary["total_return"] == pytest.approx(0.01870704)
    assert summary["fees"] == pytest.approx(0.87296)
    assert summary["buy_and_hold"] == pytest.approx(0.15)
    assert (summary["round_trips"], summary["days"]) == (1, 50 / 24)


def test_the_benchmark_waits_in_cash_for_what_has_no_candle_yet() -> None:
    #    BTC 100, 110, 110, 120, 120, 120; ETH -, 10, -, 12, 11, -
    found = report().benchmark
    assert found == pytest.approx([1, 1.05, 1.05, 1.2, 1.15, 1.15])


def test_the_benchmark_of_one_is_its_own_course() -> None:
    both = report()
    (setup,) = set_up(scripted({}))
    alone = report_on(setup, "kraken", {BTC: both.candles[BTC]}, both.terms)
    assert alone.benchmark == [1, 1.1, 1.1, 1.2, 1.2, 1.2]


def test_nothing_is_gained_on_nothing() -> None:
    given = report()
    starts = [EVENING, EVENING + 3 * HOUR, EVENING + 700 * HOUR, EVENING + 1440 * HOUR]
    lost = given.test._replace(start=starts, equity=[500.0, 0.5, 0.0, 5.0])
    told = given._replace(test=lost, benchmark=[1.0] * 4)
    assert months_of(told) == [
        Month(2026, 1, -0.5),
        Month(2026, 2, -0.999),
        Month(2026, 3, -1.0),
        Month(2026, 4, None),
    ]
    assert [str(day.day) for day in days_of(told)] == [
        *("2026-01-31", "2026-02-01", "2026-03-02", "2026-04-01")
    ]
