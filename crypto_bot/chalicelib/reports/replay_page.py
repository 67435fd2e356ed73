"""One replay as one HTML file: nothing is loaded from anywhere, and no script runs."""

from decimal import Decimal
from typing import Final

from chalicelib.domain.bots.candles import at_ms
from chalicelib.domain.money import plain
from chalicelib.domain.replay.report import ASSUMPTIONS, ReplayReport, reasons_of
from chalicelib.domain.replay.result import Part, PolicyResult
from chalicelib.domain.replay.weights import Search
from chalicelib.domain.trading.drift import Deviation
from chalicelib.reports.figures import (
    figure,
    minute,
    money,
    percent,
    price,
    signed_percent,
    tone,
)
from chalicelib.reports.markup import section, table, text
from chalicelib.reports.page import page
from chalicelib.reports.replay_charts import drawdown_chart, equity_chart, legend, profit_chart

_MOST_ALERTS: Final = 1000
_MOST_TRIALS: Final = 50


def replay_page(report: ReplayReport) -> str:
    """The whole file, which is XML too. `report` has one result at least."""
    policies = [result.policy for result in report.results]
    body = (
        _header(report),
        section("Policies side by side", _policies(report)),
        section("Equity", legend(policies), equity_chart(report.results)),
        *(part for result in report.results for part in _of_policy(report, result)),
        "" if report.search is None else _search(report.search),
        section("Lists", _lists(report)),
        section("What was assumed", _assumed(report)),
    )
    title = f"Replay of {', '.join(report.portfolio.symbols)}"
    return page(title, (*body, _footer(report)))


def _header(report: ReplayReport) -> str:
    portfolio, at = report.portfolio, report.results[0].curves.at
    weights = report.results[0].weights
    chips = "".join(
        f"<li>{text(name)} <b>{plain(weight)}</b></li>" for name, weight in weights.items()
    )
    notes = "".join(f'<p class="warning">{text(note)}</p>' for note in report.notes)
    return (
        f"<header><h1>Replay of {len(portfolio.symbols)} strategies</h1>"
        f"<p>{len(portfolio.told):,} alerts, {minute(at[0])} to {minute(at[-1])} UTC,"
        f" {plain(portfolio.cash)} {text(portfolio.account.quote)}; prices:"
        f" {text(report.prices)}</p>"
        f'<ul class="chips">{chips}</ul>{notes}</header>'
    )


def _policies(report: ReplayReport) -> str:
    head = ("Policy", "Return", "Deepest drawdown", "Sharpe", "Fees", "Round trips", "Not as asked")
    rows = []
    for result in report.results:
        found = result.metrics
        unasked = sum(reason.alerts for reason in reasons_of(result))
        rows.append(
            (
                f"<td><b>{text(result.policy)}</b></td>",
                f'<td class="{tone(found.total_return)}">{signed_percent(found.total_return)}</td>',
                percent(found.max_drawdown),
                figure("sharpe", found.sharpe),
                money(found.fees),
                str(found.round_trips),
                str(unasked),
            )
        )
    return table(head, rows, kind="numbers", label="Policies")


def _of_policy(report: ReplayReport, result: PolicyResult) -> tuple[str, ...]:
    name = result.policy
    strategies = list(result.curves.profit)
    parts = [_parts(result.parts)]
    if strategies:
        parts = [legend(strategies), profit_chart(result), *parts]
    cash = float(report.portfolio.cash)
    return (
        section(
            f"{name}: strategies", *parts, note="Profit after fees, open positions at the end."
        ),
        section(f"{name}: drawdown", drawdown_chart(result, cash)),
        _reasons(name, result),
        _alerts(name, result.deviations),
        section(
            f"{name}: figures", _figures(result), note="Daily returns in UTC, 365 days a year."
        ),
    )


def _parts(parts: tuple[Part, ...]) -> str:
    head = (
        *("Strategy", "Instrument", "Weight", "Profit", "Fees", "Alerts", "Executed", "Partly"),
        *("Skipped", "Missed", "Resized for others", "Slippage, bps"),
    )
    rows = [
        (
            text(part.strategy),
            text(part.symbol),
            plain(part.weight),
            f'<td class="{tone(float(part.profit))}">{money(float(part.profit))}</td>',
            money(float(part.tally.fees)),
            str(part.tally.alerts),
            str(part.tally.executed),
            str(part.tally.partly),
            str(part.tally.skipped + part.tally.superseded),
            str(part.tally.missed),
            str(part.tally.unasked),
            _known(part.tally.slippage_bps),
        )
        for part in parts
    ]
    return table(head, rows, kind="numbers", label="Strategies")


def _reasons(name: str, result: PolicyResult) -> str:
    rows = [
        (
            text(r.status.lower()),
            f"<td>{text(r.code)}</td>",
            str(r.alerts),
            f"<td>{text(r.example)}</td>",
        )
        for r in reasons_of(result)
    ]
    if not rows:
        return section(f"{name}: alerts that were not executed as asked", "<p>None.</p>")
    head = ("Ended", "Why", "Alerts", "Such as")
    held = table(head, rows, label="Reasons")
    return section(f"{name}: alerts that were not executed as asked", held)


def _alerts(name: str, deviations: tuple[Deviation, ...]) -> str:
    shown = deviations[: -_MOST_ALERTS - 1 : -1]
    rows = [
        (
            minute(at_ms(each.fired_at)),
            text(each.strategy),
            text(each.state.value),
            text("open" if each.status is None else each.status.value.lower()),
            _price(each.alert_price),
            _price(each.price),
            plain(each.quantity),
            _known(each.slippage_bps),
        )
        for each in shown
    ]
    head = (
        *("Alert", "Strategy", "Wanted", "Ended", "TradingView's price", "Ours", "Quantity"),
        "Worse by, bps",
    )
    held = table(head, rows, kind="numbers", label="Alerts")
    held = held.replace('class="scroll"', 'class="scroll tall"', 1)
    note = f"The latest {len(shown):,} of {len(deviations):,}, latest first."
    return section(f"{name}: alerts", held, note=note)


def _figures(result: PolicyResult) -> str:
    rows = "".join(
        f"<div><dt>{text(key)}</dt><dd>{text(figure(key, value))}</dd></div>"
        for key, value in result.metrics._asdict().items()
    )
    return f'<dl class="pairs">{rows}</dl>'


def _search(search: Search) -> str:
    head = ("", "Weights", "Return", "Deepest drawdown", "Sharpe")
    after = [
        ("best of the search", search.chosen),
        ("as given", search.given),
    ]
    judged = [
        (
            f"<td>{who}</td>",
            f"<td>{_weights(result)}</td>",
            signed_percent(result.metrics.total_return),
            percent(result.metrics.max_drawdown),
            figure("sharpe", result.metrics.sharpe),
        )
        for who, result in after
    ]
    ranked = sorted(search.tried, key=lambda trial: trial.rank, reverse=True)[:_MOST_TRIALS]
    tried = [
        (
            str(number),
            f"<td>{text(', '.join(f'{n} {plain(w)}' for n, w in trial.weights.items()))}</td>",
            signed_percent(trial.total_return),
            percent(trial.max_drawdown),
            figure("sharpe", trial.sharpe),
        )
        for number, trial in enumerate(ranked, 1)
    ]
    return section(
        "Weights searched",
        f"<p>Chosen among {len(search.tried):,} before {text(search.split)} (seed {search.seed}),"
        " judged after it: only these figures say anything of what may come. That the best was more"
        f" than the luck of trying so often is {percent(search.deflated)} likely.</p>",
        table(head, judged, kind="numbers", label="Judged"),
        f"<p>What the first {len(tried):,} came to before it, by Sharpe ratio:</p>",
        table(head, tried, kind="numbers", label="Tried"),
    )


def _weights(result: PolicyResult) -> str:
    return text(", ".join(f"{name} {plain(weight)}" for name, weight in result.weights.items()))


def _lists(report: ReplayReport) -> str:
    head = ("Strategy", "Instrument", "File", "Trades", "Open", "Long trades won, by the list")
    rows = [
        (
            text(each.strategy),
            text(each.symbol),
            f"<td>{text(each.source)}</td>",
            str(each.trades),
            str(each.open),
            money(float(each.profit)),
        )
        for each in report.lists
    ]
    return table(head, rows, kind="numbers", label="Lists")


def _assumed(report: ReplayReport) -> str:
    portfolio = report.portfolio
    venue = portfolio.account.exchange_options["virtual"]
    own = [
        ("Fee", f"{float(venue['fee']):.3%}"),
        ("Slippage", f"{float(venue['slippage']):.3%}"),
        ("Lag in seconds", f"{portfolio.lag.total_seconds():g}"),
        ("Reserve", plain(portfolio.account.reserve)),
    ]
    rows = [(f"<b>{text(name)}</b>", text(words)) for name, words in (*own, *ASSUMPTIONS)]
    return table((), rows, label="Assumptions")


def _footer(report: ReplayReport) -> str:
    return (
        f"<footer>Made by crypto-bot from {len(report.lists):,} lists of trades. What has been says"
        " little of what will be.</footer>"
    )


def _price(value: Decimal | None) -> str:
    return "" if value is None else price(float(value))


def _known(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
