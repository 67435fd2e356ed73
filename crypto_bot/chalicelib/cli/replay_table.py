"""A replay's report on the terminal: the policies, each strategy's part, and why not more."""

from decimal import Decimal

import click

from chalicelib.cli.output import show
from chalicelib.cli.rows import Row
from chalicelib.domain.money import plain
from chalicelib.domain.replay.report import ReplayReport, reasons_of
from chalicelib.domain.replay.result import Part, PolicyResult
from chalicelib.domain.replay.weights import Search
from chalicelib.reports.figures import figure, minute, money, percent, signed_percent

_POLICIES = (
    *("policy", "return", "deepest_drawdown", "sharpe", "fees", "round_trips"),
    *("executed", "partly", "skipped", "missed", "worse_by_bps"),
)
_PARTS = (
    "strategy",
    "instrument",
    "weight",
    "profit",
    "fees",
    "alerts",
    "executed",
    "worse_by_bps",
)
_REASONS = ("ended", "why", "alerts", "such_as")
_JUDGED = ("weights", "return", "deepest_drawdown", "sharpe")


def show_report(report: ReplayReport) -> None:
    """Parts and reasons are those of the first policy; JSON and page have all of them."""
    portfolio, first = report.portfolio, report.results[0]
    at = first.curves.at
    click.echo(
        f"{len(portfolio.symbols)} strategies, {len(portfolio.told)} alerts, {minute(at[0])} to"
        f" {minute(at[-1])} UTC, {plain(portfolio.cash)} {portfolio.account.quote}; prices:"
        f" {report.prices}"
    )
    for note in report.notes:
        click.echo(f"  {note}")
    click.echo()
    show([_policy_row(r) for r in report.results], _POLICIES, as_json=False, empty="")
    click.echo(f"\nStrategies under {first.policy}:\n")
    show([_part_row(part) for part in first.parts], _PARTS, as_json=False, empty="")
    click.echo(f"\nAlerts that were not executed as asked under {first.policy}:\n")
    rows = [
        {"ended": r.status.lower(), "why": r.code, "alerts": r.alerts, "such_as": r.example}
        for r in reasons_of(first)
    ]
    show(rows, _REASONS, as_json=False, empty="  none")
    if report.search is not None:
        _show_search(report.search)


def _policy_row(result: PolicyResult) -> Row:
    found, tallies = result.metrics, [part.tally for part in result.parts]
    return {
        "policy": result.policy,
        "return": signed_percent(found.total_return),
        "deepest_drawdown": percent(found.max_drawdown),
        "sharpe": figure("sharpe", found.sharpe),
        "fees": money(found.fees),
        "round_trips": found.round_trips,
        "executed": sum(tally.executed for tally in tallies),
        "partly": sum(tally.partly for tally in tallies),
        "skipped": sum(tally.skipped + tally.superseded for tally in tallies),
        "missed": sum(tally.missed for tally in tallies),
        "worse_by_bps": _worse_by(result),
    }


def _worse_by(result: PolicyResult) -> Decimal | None:
    """Of all strategies, weighted by what each has traded."""
    known = [p.tally for p in result.parts if p.tally.slippage_bps]
    traded = sum((t.slippage / (t.slippage_bps or 1) for t in known), Decimal(0))
    if not traded:
        return None
    return (sum((t.slippage for t in known), Decimal(0)) / traded).quantize(Decimal("0.01"))


def _part_row(part: Part) -> Row:
    return {
        "strategy": part.strategy,
        "instrument": part.symbol,
        "weight": part.weight,
        "profit": money(float(part.profit)),
        "fees": money(float(part.tally.fees)),
        "alerts": part.tally.alerts,
        "executed": part.tally.executed,
        "worse_by_bps": part.tally.slippage_bps,
    }


def _show_search(search: Search) -> None:
    click.echo(
        f"\n{len(search.tried)} sets of weights were tried before {search.split} (seed"
        f" {search.seed}). That the best was more than luck is {percent(search.deflated)} likely."
        " After it, the best and the given ones came to:\n"
    )
    show([_judged_row(search.chosen), _judged_row(search.given)], _JUDGED, as_json=False, empty="")


def _judged_row(result: PolicyResult) -> Row:
    return {
        "weights": ", ".join(f"{n}={plain(w)}" for n, w in result.weights.items()),
        "return": signed_percent(result.metrics.total_return),
        "deepest_drawdown": percent(result.metrics.max_drawdown),
        "sharpe": figure("sharpe", result.metrics.sharpe),
    }
