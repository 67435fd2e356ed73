"""A backtest's report as JSON has it; its fields are those of docs/bots.md.

Amounts are texts with every digit, times UTC in ISO 8601, fractions and equities numbers, and what
is undefined is null.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.domain.bots.backtest_report import BacktestReport, days_of, months_of
from chalicelib.domain.bots.candles import Candles, moment
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.money import plain
from chalicelib.domain.trading.instrument import Instrument

SCHEMA: Final = 1


def document(report: BacktestReport) -> dict[str, Any]:
    """`schema` grows by one when a field changes its meaning or goes."""
    setup, terms, test = report.setup, report.terms, report.test
    return {
        "schema": SCHEMA,
        "bot": setup.name,
        "parameters": dict(setup.parameters),
        "seed": setup.seed,
        "venue": report.venue,
        "interval": str(setup.interval),
        "candles": {
            symbol: _range(series, report.gaps[symbol]) for symbol, series in report.candles.items()
        },
        "trials": report.trials,
        "terms": {
            "cash": plain(terms.cash),
            "maker_fee": plain(terms.costs.maker_fee),
            "taker_fee": plain(terms.costs.taker_fee),
            "slippage_bps": plain(terms.costs.slippage_bps),
            "allows_short": terms.allows_short,
            "instruments": {
                symbol: _filters(terms.instruments[symbol]) for symbol in report.candles
            },
        },
        "assumptions": dict(ASSUMPTIONS),
        "summary": report.metrics._asdict(),
        "cash": plain(test.cash),
        "positions": {symbol: plain(held) for symbol, held in test.positions.items() if held},
        "fills": [_fill(fill) for fill in test.fills],
        "trades": [_trade(trip) for trip in test.round_trips],
        "denied": [{**denied._asdict(), "at": _iso(denied.at)} for denied in test.denied],
        "equity": [
            {"day": str(day.day), "equity": day.equity, "benchmark": day.benchmark}
            for day in days_of(report)
        ],
        "months": [
            {"month": f"{month.year}-{month.month:02}", "gain": month.gain}
            for month in months_of(report)
        ],
    }


def _range(candles: Candles, gaps: list[Gap]) -> Mapping[str, Any]:
    return {
        "first": _iso(candles.start[0]),
        "last": _iso(candles.start[-1]),
        "count": len(candles.start),
        "gaps": [{"start": _text(gap.start), "end": _text(gap.end)} for gap in gaps],
    }


def _filters(instrument: Instrument) -> Mapping[str, str]:
    return {
        "quantity_step": plain(instrument.quantity_step),
        "price_tick": plain(instrument.price_tick),
        "minimum_quantity": plain(instrument.minimum_quantity),
        "minimum_notional": plain(instrument.minimum_notional),
    }


def _fill(fill: PaperFill) -> Mapping[str, Any]:
    return {
        "at": _iso(fill.at),
        "order_id": fill.order_id,
        "symbol": fill.symbol,
        "side": fill.side.value,
        "quantity": plain(fill.quantity),
        "price": plain(fill.price),
        "fee": plain(fill.fee),
        "is_maker": fill.is_maker,
        "cash": plain(fill.cash),
        "position": plain(fill.position),
    }


def _trade(trip: RoundTrip) -> Mapping[str, Any]:
    return {
        "symbol": trip.symbol,
        "side": trip.side.value,
        "quantity": plain(trip.quantity),
        "entered_at": _iso(trip.entered_at),
        "entry_price": plain(trip.entry_price),
        "left_at": _iso(trip.left_at),
        "exit_price": plain(trip.exit_price),
        "fees": plain(trip.fees),
        "profit": plain(trip.profit),
    }


def _iso(ms: int) -> str:
    return _text(moment(ms))


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
