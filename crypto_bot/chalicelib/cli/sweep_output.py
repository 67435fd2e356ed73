"""What a sweep has found, as people read it in a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import click

from chalicelib.cli.output import show
from chalicelib.domain.bots.candles import moment

if TYPE_CHECKING:
    from chalicelib.domain.bots.sweep_report import Choice, Pair, SweepReport

_HEADS: Final = {"total_return": "return", "max_drawdown": "drawdown", "round_trips": "trades"}
_COMPARED: Final = ("sharpe", *_HEADS)


def show_sweep(report: "SweepReport") -> None:
    """The best of it, out of how many, and what that is worth."""
    question = report.question
    setup = question.setup
    names = [axis.name for axis in question.axes]
    candles = sum(len(series.start) for series in report.candles.values())
    click.echo(
        f"{setup.name} on {', '.join(setup.instruments)} {setup.interval} of {question.venue},"
        f" {candles:,} candles, {len(question.combinations):,} combinations of {' x '.join(names)}"
    )
    for sentence, count in report.failed.items():
        click.echo(f"crypto-bot: {count:,} of the trials stopped: {sentence}", err=True)
    click.echo()
    if len(report.choices) == 1:
        _show_best(report.choices[0], names, question.metric)
    else:
        _show_windows(report.choices, names)
    _show_worth(report)


def _show_best(choice: "Choice", names: Sequence[str], metric: str) -> None:
    columns = dict.fromkeys((metric, *_COMPARED))
    rows = [_row(number, pair, names, columns) for number, pair in enumerate(choice.best, start=1)]
    inside, outside = choice.window
    click.echo(f"In-sample (in) {_days(*inside)}, out-of-sample (out) {_days(*outside)}:")
    show(rows, list(rows[0]), as_json=False, empty="")


def _row(
    number: int, pair: "Pair", names: Sequence[str], columns: Mapping[str, None]
) -> dict[str, object]:
    from chalicelib.reports.figures import figure

    row: dict[str, object] = {"rank": number}
    row |= {name: f"{pair.parameters[name]:g}" for name in names}
    for name in columns:
        head = _HEADS.get(name, name)
        row[f"{head} in"] = figure(name, pair.inside.get(name))
        row[f"{head} out"] = figure(name, pair.outside.get(name))
    return row


def _show_windows(choices: "Sequence[Choice]", names: Sequence[str]) -> None:
    from chalicelib.reports.figures import figure, percent

    rows = []
    for choice in choices:
        chosen = choice.chosen
        row: dict[str, object] = {"in-sample": _days(*choice.window.inside)}
        row["out-of-sample"] = _days(*choice.window.outside)
        row |= {name: f"{chosen.parameters[name]:g}" for name in names}
        for name in ("sharpe", "total_return"):
            head = _HEADS.get(name, name)
            row[f"{head} in"] = figure(name, chosen.inside.get(name))
            row[f"{head} out"] = figure(name, chosen.outside.get(name))
        row["deflated"] = percent(choice.deflated)
        rows.append(row)
    show(rows, list(rows[0]), as_json=False, empty="")


def _show_worth(report: "SweepReport") -> None:
    from chalicelib.reports.figures import figure, percent, signed_percent

    known = f", {report.resumed:,} of them known from before" if report.resumed else ""
    lines = [("trials", f"{report.trials:,}{known}")]
    if len(report.choices) == 1:
        lines.append(("deflated Sharpe", percent(report.choices[0].deflated)))
    else:
        lines.append(("out-of-sample Sharpe", figure("sharpe", report.outside_sharpe)))
        lines.append(("out-of-sample return", signed_percent(report.outside_return)))
    click.echo()
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        click.echo(f"  {name:<{width}}  {value}")
    if report.warning:
        click.echo(f"\ncrypto-bot: {report.warning}", err=True)


def _days(since: int, until: int) -> str:
    return f"{moment(since):%Y-%m-%d} to {moment(until):%Y-%m-%d}"
