"""The log as a page shows it: newest first, bounded, filtered, without credentials."""

import logging
from pathlib import Path

import pytest

from chalicelib.adapters.telemetry import log_file
from chalicelib.adapters.telemetry.log_file import LOG_FILE, newest_lines
from chalicelib.local.logs import logging_to

WORDS = [
    "2026-03-02 12:00:00,250 INFO chalicelib.api tick worked",
    "2026-03-02 12:00:01,000 WARNING chalicelib.api market: no answer",
    "2026-03-02 12:00:02,000 ERROR chalicelib.api it failed",
    "Traceback (most recent call last):",
    '  File "x.py", line 1',
    "ValueError: no",
    "2026-03-02 12:00:03,000 DEBUG chalicelib.api GET /health 200",
]


def write(home: Path, lines: list[str], name: str = LOG_FILE) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    (home / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return home


def test_newest_first_and_a_traceback_belongs_to_its_line(tmp_path):
    found = newest_lines(write(tmp_path, WORDS), 10)

    assert [line.level for line in found] == ["DEBUG", "ERROR", "WARNING", "INFO"]
    assert [line.message for line in found][1:3] == ["it failed", "market: no answer"]
    assert found[1].more.splitlines() == [line.rstrip() for line in WORDS[3:6]]
    assert found[3].at.microsecond == 250_000


@pytest.mark.parametrize(
    ("level", "levels"),
    [
        ("INFO", ["ERROR", "WARNING", "INFO"]),
        ("WARNING", ["ERROR", "WARNING"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_a_level_means_this_one_and_graver(tmp_path, level, levels):
    found = newest_lines(write(tmp_path, WORDS), 10, level=level)

    assert [line.level for line in found] == levels


def test_a_text_is_looked_for_in_any_case_and_in_tracebacks(tmp_path):
    home = write(tmp_path, WORDS)

    assert [line.message for line in newest_lines(home, 10, containing="NO ANSWER")] == [
        "market: no answer"
    ]
    assert [line.message for line in newest_lines(home, 10, containing="valueerror")] == [
        "it failed"
    ]
    assert newest_lines(home, 10, containing="nowhere") == []


def test_the_file_before_is_read_where_the_newest_has_too_few(tmp_path):
    write(tmp_path, WORDS[:2], f"{LOG_FILE}.1")
    home = write(tmp_path, WORDS[6:])

    assert [line.level for line in newest_lines(home, 2)] == ["DEBUG", "WARNING"]
    assert len(newest_lines(home, 10)) == 3


def test_where_there_is_no_log_there_are_no_lines(tmp_path):
    assert newest_lines(tmp_path, 10) == []


def test_only_the_end_of_a_long_file_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(log_file, "_READ", len("\n".join(WORDS[-3:])) + 5)
    found = newest_lines(write(tmp_path, WORDS), 10)

    assert [line.message for line in found] == ["GET /health 200"]


def test_lines_of_json_are_read_as_they_were_written(tmp_path):
    log = logging.getLogger("chalicelib.test")
    chatty = logging.getLogger("chatty")
    with logging_to(tmp_path, chatty, as_json=True):
        log.warning("something with api-key=%s", "SECRETVALUE")
        try:
            int("deep")
        except ValueError:
            log.exception("it failed")
    failed, warned = newest_lines(tmp_path, 2, level="WARNING")

    assert (failed.message, "ValueError: invalid literal" in failed.more) == ("it failed", True)
    assert (warned.level, warned.logger) == ("WARNING", "chalicelib.test")
    assert "SECRETVALUE" not in warned.message


def test_what_an_older_program_left_in_the_file_is_blanked(tmp_path):
    token = "0123456789abcdefghijklmnop"
    line = f"2026-03-02 12:00:00,250 INFO x POST /hook/btc/{token} 200"

    [found] = newest_lines(write(tmp_path, [line]), 5)

    assert token not in found.message
