"""An instrument's candles with the bot's fills and curves: the whole time, and a part from near."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

from chalicelib.domain.bots.backtest_report import BacktestReport
from chalicelib.domain.bots.candles import Candles, length_ms
from chalicelib.domain.bots.context import Plot
from chalicelib.domain.bots.paper_ledger import PaperFill
from chalicelib.domain.money import plain
from chalicelib.domain.trading.side import Side
from chalicelib.reports import chart
from chalicelib.reports.figures import axis, minute
from chalicelib.reports.markup import section, text
from chalicelib.reports.style import CURVES
from chalicelib.reports.thinning import DrawnCandle, merged, stretches

_WIDEST: Final = 220  # candles of one picture
_MOST_FILLS: Final = 400
_MOST_PANELS: Final = 4
_POINTS: Final = 900
_AFTER: Final = 20  # candles behind the last fill
_TOP: Final = 8.0
_HIGH: Final = 330.0
_PANEL: Final = 90.0
_SPACE: Final = 30.0


def price_sections(report: BacktestReport, symbol: str) -> str:
    """One card, or two where there are more candles than fit."""
    candles = report.candles[symbol]
    fills = [fill for fill in report.test.fills if fill.symbol == symbol]
    plots = [plot for plot in report.test.plots if _is_of(plot, symbol, report.candles)]
    count = len(candles.start)
    length = length_ms(report.setup.interval)
    if count <= _WIDEST:
        return _card(symbol, candles, fills, plots, length)
    end = count
    if fills:
        end = min(count, bisect_left(candles.start, fills[-1].at) + _AFTER)
    near = candles.between(max(0, end - _WIDEST), end)
    shown = [fill for fill in fills if near.start[0] <= fill.at <= near.start[-1]]
    count = len(near.start)
    which = f"{count} candles up to the last fills" if fills else f"the last {count} candles"
    return _card(f"{symbol}, the whole time", candles, fills, (), length) + _card(
        f"{symbol}, {which}", near, shown, plots, length
    )


def _card(
    title: str,
    candles: Candles,
    fills: Sequence[PaperFill],
    plots: Sequence[Plot],
    length: int,
) -> str:
    drawn, size = merged(candles, _WIDEST)
    shown = fills[-_MOST_FILLS:]
    notes = [f"Each candle drawn is {size} of the test's."] if size > 1 else []
    if len(shown) < len(fills):
        notes.append(f"Of {len(fills)} fills the last {len(shown)} are marked.")
    panels = _panels(plots, candles.start[0], candles.start[-1])
    left_out = list(panels)[_MOST_PANELS + 1 :]
    if left_out:
        notes.append(f"Not drawn: {', '.join(left_out)}.")
    until = candles.start[-1] + length
    over = panels.pop("price", [])
    frame = _price_box(candles, drawn, over, until)
    parts = [
        chart.grid(frame, axis),
        chart.candle_marks(frame, drawn, length * size),
        _curves(frame, over, length),
        *(_fill_mark(frame, fill, length) for fill in shown),
    ]
    for name, held in list(panels.items())[:_MOST_PANELS]:
        frame = _next_box(frame, held)
        parts += [
            chart.grid(frame, axis),
            _curves(frame, held, length),
            chart.caption(frame, name),
        ]
    parts.append(chart.times(frame))
    picture = chart.picture(chart.foot_of(frame), title, parts)
    return section(title, _legend(over), picture, note=" ".join(notes))


def _price_box(
    candles: Candles, drawn: Sequence[DrawnCandle], over: Sequence[Plot], until: int
) -> chart.Box:
    values = [value for each in drawn for value in (each.high, each.low)]
    values += [value for plot in over for value in plot.values if value is not None]
    return chart.box(candles.start[0], until, values, top=_TOP, height=_HIGH)


def _next_box(above: chart.Box, plots: Sequence[Plot]) -> chart.Box:
    values = [value for plot in plots for value in plot.values if value is not None]
    top = above.top + above.height + _SPACE
    return chart.box(above.since, above.until, values, top=top, height=_PANEL)


def _curves(frame: chart.Box, plots: Sequence[Plot], length: int) -> str:
    lines = []
    for number, plot in enumerate(plots):
        middles = [at + length // 2 for at in plot.start]
        parts = stretches(middles, plot.values, _POINTS)
        lines.append(chart.line(frame, parts, f"curve{number % CURVES + 1}"))
    return "".join(lines)


def _panels(plots: Sequence[Plot], first: int, last: int) -> dict[str, list[Plot]]:
    """By panel, the part of each curve between the two times."""
    found: dict[str, list[Plot]] = {}
    for plot in plots:
        begin, end = bisect_left(plot.start, first), bisect_left(plot.start, last + 1)
        part = plot._replace(start=plot.start[begin:end], values=plot.values[begin:end])
        if part.start:
            found.setdefault(plot.panel, []).append(part)
    return found


def _is_of(plot: Plot, symbol: str, symbols: Iterable[str]) -> bool:
    """Indicators are named after their instrument; what the bot plots belongs to all of them."""
    return not any(plot.name.startswith(f"{other} ") for other in symbols if other != symbol)


def _fill_mark(frame: chart.Box, fill: PaperFill, length: int) -> str:
    is_purchase = fill.side is Side.BUY
    word = "bought" if is_purchase else "sold"
    words = f"{word} {plain(fill.quantity)} at {plain(fill.price)}, {minute(fill.at)}"
    at = fill.at + length / 2
    return chart.arrow(frame, at, float(fill.price), words, is_purchase=is_purchase)


def _legend(plots: Sequence[Plot]) -> str:
    marks = [
        f'<li><i style="color:var(--{_colour(number)})"></i>{text(plot.name)}</li>'
        for number, plot in enumerate(plots)
    ]
    fills = (
        '<li class="gain">\N{BLACK UP-POINTING TRIANGLE} bought</li>'
        '<li class="loss">\N{BLACK DOWN-POINTING TRIANGLE} sold</li>'
    )
    return f'<ul class="legend">{fills}{"".join(marks)}</ul>'


def _colour(number: int) -> str:
    place = number % CURVES + 1
    return "brand" if place == 1 else f"curve{place}"
