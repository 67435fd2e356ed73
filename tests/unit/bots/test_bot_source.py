"""A bot's text, read for what no bot has."""

import pytest

from chalicelib.domain.bots.checks.finding import Cause
from chalicelib.domain.bots.checks.source import read_source

SOURCE = """
import math, random
import time as t
from datetime import datetime as dt, timedelta
import datetime
from collections import deque
from os import path
from chalicelib.domain.bots import Bot
from chalicelib.domain.bots_of_others import Bot
from .mine import helper
import numpy as np
def f(self, ctx):
    a = dt.now()
    b = datetime.datetime.utcnow()
    c = datetime.date.today()
    open("x")
    eval("1")
    d = ctx.now, ctx.open, self._mine, ctx._candles, ctx.__class__
    return now()
"""


def test_the_text_is_read_for_what_no_bot_has() -> None:
    found = read_source(SOURCE)
    assert all(finding.text.startswith(f"line {finding.line}: ") for finding in found)
    assert {finding.cause for finding in found} == {Cause.SOURCE}
    assert [(finding.line, finding.text.split(": ")[1]) for finding in found] == [
        (2, "random is imported"),
        (3, "time is imported"),
        (7, "os is imported"),
        (9, "chalicelib.domain.bots_of_others is imported"),
        (10, ".mine is imported"),
        (11, "numpy is imported"),
        (13, "datetime.datetime.now is the time where it runs; ctx.now is when the candle closed"),
        (
            14,
            "datetime.datetime.utcnow is the time where it runs; ctx.now is when the candle closed",
        ),
        (15, "datetime.date.today is the time where it runs; ctx.now is when the candle closed"),
        (16, "open() is called"),
        (17, "eval() is called"),
        (
            18,
            "_candles is a part of the engine that no bot is shown, and may see what comes",
        ),
    ]
    assert {finding.at for finding in found} == {None}
    assert found[0].text == (
        "line 2: random is imported: chance that nobody can repeat; ctx.random has dice that a run"
        " can be told by"
    )
    assert read_source("def x(:") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "import os.path",
            "os.path is imported: a bot has no files; what it remembers belongs in ctx.state",
        ),
        (
            "import numpy",
            "numpy is imported: a bot may import chalicelib.domain.bots and abc, array, bisect,"
            " cmath, collections, collections.abc, copy, dataclasses, datetime, decimal, enum,"
            " fractions, functools, heapq, itertools, json, math, numbers, operator, re,"
            " statistics, string, typing",
        ),
        (
            "from . import helper",
            ". is imported: a bot may import chalicelib.domain.bots and abc,",
        ),
        ("import chalicelib", "chalicelib is imported: a bot may import chalicelib.domain.bots"),
        ("def f(bot): bot.made()._seen", "_seen is a part of the engine that no bot is shown"),
        ("a" + ".a" * 1200 + "\nopen('x')", "open() is called: a bot has no files"),
    ],
    ids=["files", "unknown", "beside", "engine", "of a call", "many dots"],
)
def test_a_finding_says_why(text: str, told: str) -> None:
    (finding,) = read_source(text)
    assert finding.text.startswith(f"line {finding.line}: {told}")


def test_what_a_bot_has_is_not_odd() -> None:
    text = """
from chalicelib.domain.bots.handler import every
import collections.abc, math
class Mine(Bot):
    _kept = 1
    @classmethod
    def f(cls, ctx):
        return cls._kept, ctx.history(3).now(), ctx.__class__, closed()
"""
    assert read_source(text) == ()
