"""What came of a stored bot's backtest -> the lake, and in short its version's history."""

import json
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.backtest_report import BacktestReport
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.report_document import document
from chalicelib.domain.bots.version import BacktestNote, StoredBot, VersionNumber, with_use
from chalicelib.domain.money import plain
from chalicelib.market_ports.lake import Lake
from chalicelib.ports.bots import BotPorts

FOLDER: Final = "bots"
CHART: Final = "chart.json"
PAGE: Final = "report.html"


class Drawn(NamedTuple):
    """A report as people see it: a file of its own, and what the dashboard draws."""

    page: str
    chart: dict[str, Any]


def keep_backtest(
    ports: BotPorts,
    lake: Lake,
    bot: StoredBot,
    number: VersionNumber,
    report: BacktestReport,
    drawn: Drawn,
) -> BacktestNote:
    """`bot` as it was found before the test: StoreConflict where it was saved anew meanwhile."""
    now = ports.clock.now()
    folder = f"{FOLDER}/{bot.name}/{number}/{now:%Y%m%dT%H%M%S%fZ}"
    words = json.dumps(document(report), ensure_ascii=False)
    lake.put(f"{folder}/report.json", words.encode())
    lake.put(f"{folder}/{PAGE}", drawn.page.encode())
    lake.put(f"{folder}/{CHART}", json.dumps(drawn.chart, ensure_ascii=False).encode())
    used = with_use(bot, number, now)
    if used != bot:
        ports.bots.save(used)
    start, terms = report.test.start, report.terms
    note = BacktestNote(
        bot=bot.name,
        number=number,
        at=now,
        venue=report.venue,
        interval=report.setup.interval,
        instruments=report.setup.instruments,
        parameters=dict(report.setup.parameters),
        first=moment(start[0]),
        last=moment(start[-1]),
        candles=len(start),
        terms={
            "cash": plain(terms.cash),
            "fee": plain(terms.costs.taker_fee),
            "slippage_bps": plain(terms.costs.slippage_bps),
        },
        summary=report.metrics._asdict(),
        report=folder,
    )
    ports.bots.note(note)
    return note
