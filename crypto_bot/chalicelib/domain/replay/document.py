"""A replay's report as JSON has it.

Amounts are texts with every digit, times UTC in ISO 8601, fractions and equities numbers, and what
is undefined is null.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.bots.candles import moment
from chalicelib.domain.money import plain
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.replay.report import ASSUMPTIONS, ReplayReport, reasons_of
from chalicelib.domain.replay.result import Part, PolicyResult
from chalicelib.domain.replay.weights import Search, Trial
from chalicelib.domain.trading.drift import Deviation

SCHEMA: Final = 1

LONGEST_CURVE: Final = 1_000  # days

_DAY: Final = 86_400_000


def document(report: ReplayReport) -> dict[str, Any]:
    """`schema` grows by one when a field changes its meaning or goes."""
    portfolio = report.portfolio
    return {
        "schema": SCHEMA,
        "prices": report.prices,
        "notes": list(report.notes),
        "lists": [{**each._asdict(), "profit": plain(each.profit)} for each in report.lists],
        "account": {
            "name": portfolio.account.name,
            "quote": portfolio.account.quote,
            "cash": plain(portfolio.cash),
            "reserve": plain(portfolio.account.reserve),
            "venue": portfolio.account.exchange_options,
        },
        "lag_seconds": portfolio.lag.total_seconds(),
        "alerts": len(portfolio.told),
        "assumptions": dict(ASSUMPTIONS),
        "policies": [_policy(result) for result in report.results],
        "search": None if report.search is None else _search(report.search),
    }


def short_document(whole: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """For a page: the last alerts of each policy and the last refused, and how many there were.

    The equity has fewer days where there are more than `LONGEST_CURVE`; the last is always there.
    """
    return {**whole, "policies": [_short(policy, rows) for policy in whole["policies"]]}


def _short(policy: Mapping[str, Any], rows: int) -> dict[str, Any]:
    days = policy["equity"]
    apart = max(1, -(-len(days) // LONGEST_CURVE))
    cut = {name: policy[name][-rows:] for name in ("alerts", "refused")}
    counts = {f"{name}_in_all": len(policy[name]) for name in cut}
    return {**policy, **cut, **counts, "equity": days[::-1][::apart][::-1]}


def _policy(result: PolicyResult) -> dict[str, Any]:
    return {
        "policy": result.policy,
        "weights": _weights(result.weights),
        "summary": result.metrics._asdict(),
        "strategies": [_part(part) for part in result.parts],
        "reasons": [reason._asdict() for reason in reasons_of(result)],
        "equity": _days(result.curves),
        "alerts": [_alert(each) for each in result.deviations],
        "refused": [refused._asdict() for refused in result.refused],
    }


def _part(part: Part) -> dict[str, Any]:
    tally = part.tally
    return {
        "strategy": part.strategy,
        "symbol": part.symbol,
        "weight": plain(part.weight),
        "profit": plain(part.profit),
        "realized": plain(part.realized),
        "open_profit": plain(part.open_profit),
        "held": plain(part.held),
        "fees": plain(tally.fees),
        "slippage": plain(tally.slippage),
        "slippage_bps": _text(tally.slippage_bps),
        "alerts": tally.alerts,
        "executed": tally.executed,
        "partly": tally.partly,
        "missed": tally.missed,
        "skipped": tally.skipped,
        "superseded": tally.superseded,
        "open": tally.open,
        "resized_for_others": tally.unasked,
    }


def _alert(each: Deviation) -> dict[str, Any]:
    return {
        "strategy": each.strategy,
        "symbol": each.symbol,
        "at": _iso(each.fired_at),
        "state": each.state.value,
        "status": None if each.status is None else each.status.value,
        "reason": each.reason,
        "listed_price": _text(each.alert_price),
        "price": _text(each.price),
        "quantity": plain(each.quantity),
        "slippage": _text(each.slippage),
        "slippage_bps": _text(each.slippage_bps),
        "fee": plain(each.fee),
        "late_seconds": None if each.late is None else each.late.total_seconds(),
    }


def _search(search: Search) -> dict[str, Any]:
    return {
        "split": search.split,
        "seed": search.seed,
        "trials": len(search.tried),
        "tried": [_trial(trial) for trial in search.tried],
        "best": _trial(search.best),
        "deflated_sharpe": search.deflated,
        "after": {
            "best": search.chosen.metrics._asdict(),
            "given": search.given.metrics._asdict(),
        },
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {**trial._asdict(), "weights": _weights(trial.weights)}


def _weights(weights: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(weight) for name, weight in weights.items()}


def _days(curves: Curves) -> list[dict[str, Any]]:
    """The last of each UTC day."""
    places = {at // _DAY: place for place, at in enumerate(curves.at)}
    return [
        {
            "day": f"{moment(day * _DAY):%Y-%m-%d}",
            "equity": curves.equity[place],
            "profit": {name: column[place] for name, column in curves.profit.items()},
        }
        for day, place in places.items()
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
