"""The function that works on the jobs of the API: backtests, checks and replays of lists of trades.

The code of bots runs in `bot_sandbox` and never here. Lambda may deliver an event twice, or after a
failure again: the second one finds the job taken on, and does nothing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

from chalicelib.adapters.job_function import CHECK, SERIES
from chalicelib.adapters.sandboxes.whole_runs import check_said
from chalicelib.bootstrap.bots import bot_ports, check_bot
from chalicelib.bootstrap.jobs import job_files, series_of_the_lake, taken_on
from chalicelib.bootstrap.market import lake
from chalicelib.bootstrap.sandbox import whole_runs
from chalicelib.bootstrap.trials import backtested, setup_of, told_of_check
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.version import number_named
from chalicelib.domain.errors import ActionRefused, CryptoBotError
from chalicelib.ports.jobs import JobState, Work, WorkEnded, told_to_page
from chalicelib.reports.backtest_chart import backtest_chart
from chalicelib.reports.backtest_page import backtest_page
from chalicelib.services.bots.check_on_lake import CheckedOn
from chalicelib.services.bots.find_bot import FoundBot, find_bot
from chalicelib.services.bots.keep_backtest import Drawn, keep_backtest

# A candle is a kB, and this function has 1.7 GB.
_MOST_CANDLES: Final = 1_000_000
_LOG = logging.getLogger(__name__)
# What a page leaves out, an option of the verb would leave out, too.
_LEFT_OUT: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("interval", "venue", "since", "until", "cash", "fee", "slippage")),
    **dict.fromkeys(("step", "tick", "minimum")),
    "instruments": (),
    "ask_venue": False,
}


def work_on_job(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """{"job": ID}: how it ended, '' where it was not this one's to do; else what is asked."""
    if event.get("ask") == SERIES:
        return {"series": series_of_the_lake()}
    if event.get("ask") == CHECK:
        return _answered(event["asked"])
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    work = taken_on(event["job"], left)
    return {"state": "" if work is None else _worked(work)}


def _worked(work: Work) -> str:
    try:
        result = _WORK[work.kind](work)
    except WorkEnded:
        return "ended early"
    except CryptoBotError as error:
        work.conclude(JobState.FAILED, error=told_to_page(str(error)))
        return JobState.FAILED.value
    except Exception:  # noqa: BLE001 - the one who waits is told, and the log has it
        _LOG.exception("a %s failed", work.kind)
        work.conclude(JobState.FAILED, error="it failed; the log of its function has why")
        return JobState.FAILED.value
    work.conclude(JobState.DONE, result=result)
    return JobState.DONE.value


def _backtest(work: Work) -> None:
    sandbox = whole_runs()
    ports = replace(bot_ports(), load=sandbox)
    asked = {**_LEFT_OUT, **work.asked}
    found = _found(asked)
    if found.stored is None or found.number is None:
        raise ActionRefused(f"{found.name} comes with the program and has no history")
    setup = setup_of(sandbox(found.source, found.title), asked, asked["parameters"])
    report = backtested(setup, asked, work.tell, sandbox.rehearse)
    drawn = Drawn(backtest_page(report), backtest_chart(report))
    work.go_on()
    keep_backtest(ports, lake(), found.stored, found.number, report, drawn)


def _replay(work: Work) -> None:
    from chalicelib.bootstrap.replays.lists import read_lists
    from chalicelib.bootstrap.replays.report import USUAL, counted, replayed
    from chalicelib.domain.replay.document import document, short_document

    words = {**USUAL, **work.asked, "most_candles": _MOST_CANDLES}
    with TemporaryDirectory() as folder:
        for file, text in job_files().files(work.id).items():
            (Path(folder) / file).write_text(text, encoding="utf-8")
        named = [f"{name}={folder}/{file}" for name, file in words["files"].items()]
        lists, problems = read_lists(named, words["symbols"], {}, words["timezone"])
    report = replayed(lists, problems, {}, words, lambda _, length: counted(work.tell, length))
    work.go_on()
    job_files().keep_result(work.id, short_document(document(report), words["rows"]))


def _check(work: Work) -> list[str]:
    return told_of_check(*_checked(work.asked))


def _answered(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Before a bot is deployed, the API wants to know what the check finds, and waits for it."""
    try:
        _, checked = _checked(asked)
    except CryptoBotError as error:
        return {"refused": str(error)}
    check = checked.check
    said = None if check is None else check_said(check)
    return {"checked": {"venue": checked.venue, "check": said}}


def _checked(words: Mapping[str, Any]) -> tuple[FoundBot, CheckedOn]:
    asked = {**_LEFT_OUT, **words}
    found = _found(asked)
    if found.stored is None:  # it comes with the program
        return found, check_bot(found, lambda: setup_of(found.load(), asked, asked["parameters"]))
    sandbox = whole_runs()

    def load() -> Setup:
        return setup_of(sandbox(found.source, found.title), asked, asked["parameters"])

    return found, check_bot(found, load, sandbox.check)


def _found(asked: Mapping[str, Any]) -> FoundBot:
    number = number_named(asked["version"]) if asked["version"] else None
    return find_bot(bot_ports(), asked["bot"], number)


_WORK: Final[Mapping[str, Callable[[Work], Any]]] = MappingProxyType(
    {"backtest": _backtest, "check": _check, "replay": _replay}
)
