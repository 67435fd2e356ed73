"""A bot's text, read without running it: what is wrong with it, what it declares, who was first."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.bots.bot_template import template
from chalicelib.domain.bots.checks.outline import Outline, OutlinedParam, outline_of
from chalicelib.domain.bots.checks.problems import Problem, problems_of
from chalicelib.domain.bots.version import StoredBot, check_based_on, with_source
from chalicelib.domain.bots.vocabulary import Word, vocabulary
from chalicelib.domain.errors import StoreConflict

NOON = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        (template("mine"), ()),
        ("x = (1\n", (Problem(1, 5, "'(' was never closed"),)),
        ("x = 1\n  y = 2\n", (Problem(2, 2, "unexpected indent"),)),
        ("\nreturn 1\n", (Problem(2, 1, "'return' outside function"),)),
        ("a\0", (Problem(1, 1, "source code string cannot contain null bytes"),)),
        ("-" * 200_000 + "1", (Problem(1, 1, "nobody can read this: it is nested too deeply"),)),
        (
            "x = 1\nx = open('y')\n",
            (
                Problem(
                    2,
                    1,
                    "open() is called: a bot has no files; what it remembers belongs in ctx.state",
                ),
            ),
        ),
    ],
    ids=["empty", "template", "open", "indent", "symbols", "null", "deep", "files"],
)
def test_what_is_wrong_is_told_with_its_place(text, found):
    assert problems_of(text) == found


CLASSES = '''
class Base(Bot):
    """Not the last one."""

class Mine(Base):
    """What it does.

    And more.
    """
    instruments = ["BTC/USDT", 7, "ETH/USDT"]
    interval: str = "5m"
    warmup = 30
    together = True
    fast = Param(10, 2, 50)
    share = bots.Param(0.5, low=0, high=1, step=0.1)
    odd = Param(N, 2, 50)
    text = Param("a", 2, 3)
    other = print(1, 2, 3)

class NoBot:
    interval = "1h"
'''


def test_a_class_tells_its_words_and_those_numbers_that_are_written_out():
    assert outline_of(CLASSES) == Outline(
        name="Mine",
        told="What it does.\n\nAnd more.",
        instruments=("BTC/USDT", "ETH/USDT"),
        interval="5m",
        warmup=30,
        together=True,
        parameters=(
            OutlinedParam("fast", 10, 2, 50, None, is_whole=True),
            OutlinedParam("share", 0.5, 0, 1, 0.1, is_whole=False),
        ),
    )


def test_a_function_tells_what_its_decorator_is_given():
    text = (
        '@staticmethod\n@bots.every("5m", "BTC/USDT", warmup=30)\ndef mine(state, data):\n  "It."\n'
    )
    assert outline_of(text) == Outline(
        name="mine", told="It.", instruments=("BTC/USDT",), interval="5m", warmup=30
    )


@pytest.mark.parametrize(
    "text",
    ["", "class Mine(", "def f(): pass", "@every()\ndef f(): pass", "@every\ndef f(): pass"],
)
def test_where_there_is_no_bot_nothing_is_told(text):
    assert outline_of(text) == Outline()


def test_words_that_are_none_are_left_out():
    text = "class A(Bot):\n  instruments = N\n  interval = 5\n  warmup = 2.5\n  together = 1\n"
    assert outline_of(text) == Outline(name="A")


def test_a_save_is_based_on_what_is_newest():
    empty = StoredBot(name="mine")
    check_based_on(empty, "")
    saved = with_source(empty, "x", NOON)
    check_based_on(saved, saved.newest.digest)
    for bot, digest, told in (
        (empty, "0f", "there is no bot mine any more: save it as a new one"),
        (
            saved,
            "",
            "there is a bot mine already, saved 2026-03-02 12:05 UTC: open it, or take another"
            " name",
        ),
        (
            saved,
            "0f",
            "mine was saved as 1.0 at 2026-03-02 12:05 UTC, after you had opened it: open that"
            " version, and bring what you wrote into it",
        ),
    ):
        with pytest.raises(StoreConflict) as refused:
            check_based_on(bot, digest)
        assert str(refused.value) == told


def test_the_words_are_those_of_the_engine():
    words = vocabulary()
    assert words == sorted(words, key=lambda word: (word.of, word.name))
    assert len({(word.of, word.name) for word in words}) == len(words)
    known = {(word.of, word.name): word for word in words}
    assert known["ctx", "sma"] == Word("ctx", "sma", "(length=20)", "Simple moving average.")
    assert known["ctx", "equity"].told == "Cash, and the positions at the last close."
    assert known["indicator", "crossed_above"].signature == "(other)"
    assert known["module", "Param"].signature == "(default, low, high, step=None)"
    assert known["module", "every"].signature.startswith("(interval, *instruments, warmup=0")
    assert known["class", "start"].signature == "(ctx)"
    assert known["class", "warmup"].told == "How many candles it sees before it decides."
    assert known["order", "limit"] == Word("order", "limit", "", "")
    assert not {name for of, name in known if of == "ctx"} & {"explain", "lacks", "show", "plots"}
    assert not [word for word in words if word.name.startswith("_")]
