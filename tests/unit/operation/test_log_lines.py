"""One JSON object per line, with what it is about, and never a credential."""

import json
import logging
from collections.abc import Iterator
from functools import partial

import pytest

from chalicelib.adapters.telemetry.correlation import correlated
from chalicelib.adapters.telemetry.log_lines import JsonLines, Words, log_as_json
from chalicelib.adapters.workers import ThreadWorkers

MARK = "tok-0123456789abcdef"


class Lines(logging.Handler):
    """Keeps what was formatted."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def said() -> Iterator[Lines]:
    handler = Lines()
    handler.setFormatter(JsonLines())
    log = logging.getLogger("chalicelib.sample")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


LOG = logging.getLogger("chalicelib.sample")


def test_a_line_is_an_object_with_its_fields(said):
    with correlated("request-1"):
        LOG.info("signal %s ended", "s1", extra={"signal_id": "s1", "orders": 2, "late": None})
    [line] = said.lines
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "INFO",
        "logger": "chalicelib.sample",
        "message": "signal s1 ended",
        "signal_id": "s1",
        "orders": 2,
        "late": None,
        "correlation": "request-1",
    }


def test_a_traceback_stays_in_its_line(said):
    error = ValueError(f"no\nsignature={MARK}")
    LOG.error("failed with token=%s", MARK, exc_info=error)
    [line] = said.lines
    assert "\n" not in line
    assert MARK not in line
    told = json.loads(line)
    assert told["message"] == "failed with token=[blanked]"
    assert told["error"] == "ValueError: no\nsignature=[blanked]"
    assert "correlation" not in told


def test_an_extra_is_cleaned_and_cut_like_the_message(said):
    LOG.warning("x" * 9000, extra={"reason": f"Bearer {MARK}", "path": object})
    told = json.loads(said.lines[0])
    assert len(told["message"]) == 4003
    assert told["reason"] == "Bearer [blanked]"
    assert told["path"] == "<class 'object'>"


def test_tasks_side_by_side_carry_the_correlation_of_their_caller(said):
    with correlated("tick-7"):
        ThreadWorkers().run_all([partial(LOG.info, "task %d", n) for n in range(4)], 2)
    assert {json.loads(line)["correlation"] for line in said.lines} == {"tick-7"}


def test_lambdas_own_request_id_is_the_correlation_where_there_is_no_other(said):
    LOG.info("x", extra={"aws_request_id": "r-1"})
    told = json.loads(said.lines[0])
    assert told["correlation"] == "r-1"
    assert "aws_request_id" not in told


def test_words_for_people_are_cleaned_too():
    record = logging.makeLogRecord({"msg": f"/hook/btc/{MARK}", "levelname": "INFO", "name": "n"})
    assert Words().format(record).endswith("INFO n /hook/btc/[blanked]")


def test_every_stream_of_the_process_becomes_json():
    chatty, root = logging.getLogger("chatty"), logging.getLogger()
    mine, its = Lines(), Lines()
    chatty.addHandler(its)
    chatty.propagate = False
    before = {handler: handler.formatter for handler in root.handlers}
    root.addHandler(mine)
    try:
        log_as_json(chatty)
        chatty.error("one")
        logging.getLogger("anything").error("two")
    finally:
        root.removeHandler(mine)
        chatty.removeHandler(its)
        for handler, formatter in before.items():
            handler.setFormatter(formatter)
    assert [json.loads(line)["message"] for line in its.lines + mine.lines] == ["one", "two"]
