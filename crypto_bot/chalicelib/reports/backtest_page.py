"""One backtest as one HTML file: nothing is loaded from anywhere, and no script runs."""

from collections import Counter
from typing import Final

from chalicelib.domain.bots.backtest_report import BacktestReport, Month, months_of
from chalicelib.domain.bots.fill_model import ASSUMPTIONS
from chalicelib.domain.bots.paper_ledger import RoundTrip
from chalicelib.domain.money import plain
from chalicelib.reports.equity_charts import drawdown_chart, equity_chart
from chalicelib.reports.figures import figure, minute, money, percent, price, signed_percent, tone
from chalicelib.reports.markup import section, table, text
from chalicelib.reports.page import page
from chalicelib.reports.price_charts import price_sections

_MOST_TRADES: Final = 1000
_MOST_LINES: Final = 200
_MOST_INSTRUMENTS: Final = 8
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def backtest_page(report: BacktestReport) -> str:
    """The whole file, which is XML too."""
    instruments = list(report.candles)[:_MOST_INSTRUMENTS]
    body = (
        _header(report),
        _tiles(report),
        section("Equity", _equity_legend(), equity_chart(report)),
        section("Drawdown", drawdown_chart(report)),
        *(price_sections(report, symbol) for symbol in instruments),
        _months(report),
        _figures(report),
        _trades(report),
        _denied(report),
        _logs(report),
        _terms(report),
        section(
            "How orders are filled",
            table((), [(f"<b>{text(a)}</b>", text(b)) for a, b in ASSUMPTIONS], label="Fill model"),
        ),
    )
    title = f"{report.setup.name}: backtest on {', '.join(report.candles)}"
    return page(title, (*body, _footer(report)))


def _header(report: BacktestReport) -> str:
    setup, test = report.setup, report.test
    days = report.metrics.days
    chips = [f"<li>{text(name)} <b>{value:g}</b></li>" for name, value in setup.parameters.items()]
    return (
        f"<header><h1>{text(setup.name)}</h1>"
        f"<p>{text(', '.join(report.candles))} at {text(report.venue)}, candles of"
        f" {text(setup.interval)}, {minute(test.start[0])} to {minute(test.start[-1])} UTC"
        f" ({days:,.0f} days)</p>"
        f'<ul class="chips">{"".join(chips)}</ul>{_warning(report)}</header>'
    )


def _warning(report: BacktestReport) -> str:
    missing = report.test.missing
    if not missing:
        return ""
    gaps = sum(map(len, report.gaps.values()))
    return (
        f'<p class="warning">{missing:,} candles are missing, in {gaps:,} gaps. There, nothing'
        " was decided and nothing filled.</p>"
    )


def _tiles(report: BacktestReport) -> str:
    found = report.metrics
    quote = _quote(report)
    tiles = (
        ("Return", signed_percent(found.total_return), tone(found.total_return)),
        ("Buy and hold", signed_percent(found.buy_and_hold), tone(found.buy_and_hold)),
        ("Deepest drawdown", percent(found.max_drawdown), tone(found.max_drawdown)),
        ("Sharpe", figure("sharpe", found.sharpe), ""),
        ("Trades won", f"{percent(found.win_rate)}", ""),
        (f"Fees, {quote}", money(found.fees), ""),
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


def _equity_legend() -> str:
    return (
        '<ul class="legend"><li><i style="color:var(--brand)"></i>equity</li>'
        '<li><i style="color:var(--other)"></i>buy and hold of the same cash</li></ul>'
    )


def _months(report: BacktestReport) -> str:
    by_year: dict[int, dict[int, Month]] = {}
    for month in months_of(report):
        by_year.setdefault(month.year, {})[month.month] = month
    rows = []
    for year, months in by_year.items():
        grown = 1.0
        for month in months.values():
            grown *= 1 + (month.gain or 0)
        gains = [months[n].gain if n in months else None for n in range(1, 13)]
        cells = [_gain_cell(gain) for gain in [*gains, grown - 1]]
        rows.append([f"<b>{year}</b>", *cells])
    head = ("", *_MONTHS, "Year")
    return section("Monthly returns", table(head, rows, kind="numbers", label="Monthly returns"))


def _gain_cell(gain: float | None) -> str:
    if gain is None:
        return "<td></td>"
    return f'<td class="{tone(gain)}">{gain * 100:+.1f} %</td>'


def _figures(report: BacktestReport) -> str:
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(figure(name, value))}</dd></div>"
        for name, value in report.metrics._asdict().items()
    )
    tried = (
        "This one run; of how many it was chosen is not known here."
        if report.trials == 1
        else f"The best of {report.trials:,} runs: expect less of it."
    )
    return section(
        "Figures",
        f'<dl class="pairs">{rows}<div><dt>trials</dt><dd>{report.trials}</dd></div></dl>',
        note=f"Daily returns in UTC, 365 days a year. {tried}",
    )


def _trades(report: BacktestReport) -> str:
    trips = report.test.round_trips
    if not trips:
        return section("Trades", "<p>No position was closed.</p>")
    shown = trips[: -_MOST_TRADES - 1 : -1]
    first = len(trips)
    rows = [[str(first - number), *_trade_row(trip)] for number, trip in enumerate(shown)]
    head = ("No.", "Instrument", "Entered", "Price", "Left", "Price", "Quantity", "Profit", "%")
    note = f"The latest {len(shown):,} of {first:,}." if len(shown) < first else "Latest first."
    open_ones = [
        f"{plain(held)} {symbol}" for symbol, held in report.test.positions.items() if held
    ]
    if open_ones:
        note += f" Still open at the end, and valued at the last close: {', '.join(open_ones)}."
    held = table(head, rows, kind="numbers", label="Trades")
    return section("Trades", held.replace('class="scroll"', 'class="scroll tall"', 1), note=note)


def _trade_row(trip: RoundTrip) -> list[str]:
    share = float(trip.profit / trip.entry_value)
    kind = tone(float(trip.profit))
    return [
        text(trip.symbol),
        minute(trip.entered_at),
        price(float(trip.entry_price)),
        minute(trip.left_at),
        price(float(trip.exit_price)),
        plain(trip.quantity),
        f'<td class="{kind}">{money(float(trip.profit))}</td>',
        f'<td class="{kind}">{signed_percent(share)}</td>',
    ]


def _denied(report: BacktestReport) -> str:
    if not report.test.denied:
        return ""
    counted = Counter((denied.symbol, denied.code) for denied in report.test.denied)
    rows = [
        (text(symbol), f"<td>{text(code.replace('_', ' ').lower())}</td>", str(count))
        for (symbol, code), count in counted.most_common()
    ]
    head = ("Instrument", "Why", "Orders")
    return section("Orders that came to nothing", table(head, rows, label="Denied orders"))


def _logs(report: BacktestReport) -> str:
    logs = report.test.logs
    if not logs:
        return ""
    shown = logs[-_MOST_LINES:]
    rows = [(minute(line.at), text(line.text)) for line in shown]
    note = f"The last {len(shown):,} of {len(logs):,} lines." if len(shown) < len(logs) else ""
    return section("What the bot said", table(("Candle", ""), rows, label="Log"), note=note)


def _terms(report: BacktestReport) -> str:
    terms, quote = report.terms, _quote(report)
    costs = terms.costs
    rows = [
        ("Cash at the beginning", f"{plain(terms.cash)} {text(quote)}"),
        ("Maker's fee", percent(float(costs.maker_fee))),
        ("Taker's fee", percent(float(costs.taker_fee))),
        ("Slippage", f"{plain(costs.slippage_bps)} hundredths of a percent"),
        ("Candles to warm up", str(report.setup.bot.warmup)),
    ]
    for symbol in report.candles:
        held = terms.instruments[symbol]
        rows.append(
            (
                text(symbol),
                f"steps of {plain(held.quantity_step)}, ticks of {plain(held.price_tick)}, orders"
                f" from {plain(held.minimum_quantity)} {text(held.base)} and"
                f" {plain(held.minimum_notional)} {text(held.quote)}",
            )
        )
    return section("What was assumed of account and venue", table((), rows, label="Terms"))


def _footer(report: BacktestReport) -> str:
    return (
        f"<footer>Made by crypto-bot from {len(report.test.start):,} candles. What has been says"
        " little of what will be.</footer>"
    )


def _quote(report: BacktestReport) -> str:
    return next(iter(report.terms.instruments.values())).quote
