"""One sweep as one HTML file: nothing is loaded from anywhere, and no script runs."""

from collections.abc import Sequence
from typing import Final

from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.sweep_figures import FIGURES, Figures
from chalicelib.domain.bots.sweep_report import Choice, Pair, SweepReport
from chalicelib.domain.bots.sweep_windows import Span
from chalicelib.domain.money import plain
from chalicelib.reports.figures import figure, percent, signed_percent, tone
from chalicelib.reports.heat_chart import heat_chart
from chalicelib.reports.markup import section, table, text
from chalicelib.reports.page import page

_COMPARED: Final = ("sharpe", "total_return", "max_drawdown", "round_trips", "fees")
_WORDS: Final = {
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "cagr": "yearly return",
    "total_return": "return",
    "max_drawdown": "drawdown",
    "profit_factor": "profit factor",
    "win_rate": "trades won",
    "expectancy": "mean profit",
    "round_trips": "trades",
    "fees": "fees",
}


_FOOTER: Final = "<footer>Made by crypto-bot. The best of many is better than it will be.</footer>"


def sweep_page(report: SweepReport) -> str:
    """The whole file, which is XML too."""
    body = (
        _header(report),
        _tiles(report),
        _map(report),
        _windows(report) if len(report.choices) > 1 else "",
        _best(report),
        _figures(report),
        _failed(report),
        _terms(report),
        section(
            "How orders are filled",
            table((), [(f"<b>{text(a)}</b>", text(b)) for a, b in ASSUMPTIONS], label="Fill model"),
        ),
    )
    title = f"{report.question.setup.name}: sweep on {', '.join(report.candles)}"
    return page(title, (*body, _FOOTER))


def _header(report: SweepReport) -> str:
    question = report.question
    setup = question.setup
    chips = [
        f"<li>{text(axis.name)} <b>{len(axis.values):,} values, {min(axis.values):g} to"
        f" {max(axis.values):g}</b></li>"
        for axis in question.axes
    ]
    chips += [f"<li>only <b>{text(condition)}</b></li>" for condition in question.conditions]
    drawn = "" if question.drawn is None else ", drawn by chance"
    warning = f'<p class="warning">{text(report.warning)}</p>' if report.warning else ""
    count = sum(len(series.start) for series in report.candles.values())
    return (
        f"<header><h1>{text(setup.name)}</h1>"
        f"<p>{len(question.combinations):,} combinations of its parameters{drawn} on"
        f" {text(', '.join(report.candles))} at {text(question.venue)}, {count:,} candles of"
        f" {text(setup.interval)}</p>"
        f'<ul class="chips">{"".join(chips)}</ul>{warning}</header>'
    )


def _tiles(report: SweepReport) -> str:
    last = report.choices[-1]
    inside, outside = _promised(report), report.outside_sharpe
    tiles = (
        ("Sharpe in-sample", figure("sharpe", inside), tone(inside)),
        ("Sharpe out-of-sample", figure("sharpe", outside), tone(outside)),
        (
            "Return out-of-sample",
            signed_percent(report.outside_return),
            tone(report.outside_return),
        ),
        ("Trials", f"{report.trials:,}", ""),
        ("Deflated Sharpe", percent(last.deflated), ""),
    )
    return (
        '<div class="tiles">'
        + "".join(
            f'<div class="tile"><span>{text(name)}</span>'
            f'<strong class="{kind}">{text(value)}</strong></div>'
            for name, value, kind in tiles
        )
        + "</div>"
    )


def _promised(report: SweepReport) -> float | None:
    return report.choices[0].chosen.inside.get("sharpe") if len(report.choices) == 1 else None


def _map(report: SweepReport) -> str:
    if report.heat is None:
        return ""
    note = "In-sample. Look for a plateau: a single bright cell among dark ones is luck."
    if len(report.choices) > 1 or len(report.question.axes) > 2:  # noqa: PLR2004
        note += " Each cell is the median over all other parameters and windows."
    name = _WORDS[report.heat.metric]
    return section(f"Map of the {name}", heat_chart(report.heat), note=note)


def _windows(report: SweepReport) -> str:
    names = [axis.name for axis in report.question.axes]
    head = (
        *("Chosen on", "Tried on"),
        *names,
        *("Sharpe in", "out", "Return in", "out", "Deflated"),
    )
    rows = [_window_row(choice, names) for choice in report.choices]
    note = "Each window's parameters are chosen on the candles before those that they are tried on."
    return section(
        "Walk forward", table(head, rows, kind="numbers", label="Walk forward"), note=note
    )


def _window_row(choice: Choice, names: Sequence[str]) -> list[str]:
    chosen = choice.chosen
    row = [_days(choice.window.inside), _days(choice.window.outside)]
    row += [f"{chosen.parameters[name]:g}" for name in names]
    for metric in ("sharpe", "total_return"):
        row += [_cell(metric, chosen.inside), _cell(metric, chosen.outside)]
    return [*row, percent(choice.deflated)]


def _best(report: SweepReport) -> str:
    """Of the last window: the newest candles."""
    choice = report.choices[-1]
    names = [axis.name for axis in report.question.axes]
    metrics = list(dict.fromkeys((report.question.metric, *_COMPARED)))
    head = ["No.", *names]
    for metric in metrics:
        head += [_WORDS[metric], "out"]
    rows = [
        [str(number), *_pair_row(pair, names, metrics)]
        for number, pair in enumerate(choice.best, start=1)
    ]
    note = (
        f"By {_WORDS[report.question.metric]} on {_days(choice.window.inside)}; beside each figure,"
        f" under out, the same on {_days(choice.window.outside)}."
    )
    return section("The best", table(head, rows, kind="numbers", label="The best"), note=note)


def _pair_row(pair: Pair, names: Sequence[str], metrics: Sequence[str]) -> list[str]:
    row = [f"{pair.parameters[name]:g}" for name in names]
    for metric in metrics:
        row += [_cell(metric, pair.inside), _cell(metric, pair.outside)]
    return row


def _cell(metric: str, found: Figures) -> str:
    value = found.get(metric)
    kind = tone(value) if metric in {"sharpe", "total_return"} else ""
    return f'<td class="{kind}">{text(figure(metric, value))}</td>'


def _figures(report: SweepReport) -> str:
    chosen = report.choices[-1].chosen
    rows = [
        (text(name), _cell(name, chosen.inside), _cell(name, chosen.outside)) for name in FIGURES
    ]
    head = ("", "In-sample", "Out-of-sample")
    note = (
        "The deflated Sharpe ratio is the probability that the chosen one's true ratio is above"
        " zero, after as many trials as there were and with returns as uneven as these (Bailey and"
        " Lopez de Prado, 2014). Below 95 % it is no evidence."
    )
    return section("The chosen one", table(head, rows, kind="numbers", label="Figures"), note=note)


def _failed(report: SweepReport) -> str:
    if not report.failed:
        return ""
    rows = [(text(sentence), f"{count:,}") for sentence, count in report.failed.items()]
    return section("What did not run", table(("Why", "Trials"), rows, label="What did not run"))


def _terms(report: SweepReport) -> str:
    terms = report.terms
    costs, quote = terms.costs, next(iter(terms.instruments.values())).quote
    rows = [
        ("Cash at the beginning", f"{plain(terms.cash)} {text(quote)}"),
        ("Fee", percent(float(costs.taker_fee))),
        ("Slippage", f"{plain(costs.slippage_bps)} hundredths of a percent"),
        ("Candles to warm up", str(report.question.setup.bot.warmup)),
    ]
    return section("What was assumed of account and venue", table((), rows, label="Terms"))


def _days(span: Span) -> str:
    return f"{moment(span.since):%Y-%m-%d} to {moment(span.until):%Y-%m-%d}"
