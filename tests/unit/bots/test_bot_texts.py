"""A bot's text, read without running it: what is wrong with it, what it declares, who was first."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.bots.bot_template import template
from chalicelib.domain.bots.checks.outline import Outline, OutlinedParam, outline_of
from chalicelib.domain.bots.checks.problems import Problem, problems_of
from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.bots.version import StoredBot, check_based_on, with_source
from chalicelib.domain.bots.vocabulary import vocabulary
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
        (
            "x = 'a\ud800'",
            (
                Problem(
                    *(1, 1),
                    "'utf-8' codec can't encode character '\\ud800' in position 6:"
                    " surrogates not allowed",
                ),
            ),
        ),
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
    ids=[
        "empty",
        "template",
        "open",
        "indent",
        "symbols",
        "half a letter",
        "null",
        "deep",
        "files",
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, found):
    assert problems_of(text) == found


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mine", "Mine"),
        ("sma_cross 2nd-try", "SmaCross2ndTry"),
        ("eVEN", "EVEN"),
        ("a1", "A1"),
        ("2 fast", "Bot2Fast"),
    ],
)
def test_a_new_bot_is_called_as_its_file(name, kind):
    text = template(name)
    outline = outline_of(text)
    assert (outline.name, outline.instruments, outline.interval, outline.warmup) == (
        *(kind, ("BTC/USDT",)),
        *("1h", 30),
    )
    assert text.startswith(f'"""What {name} does, in a sentence. It is shown')
    assert 'ctx.log(f"in at {ctx.close}")' in text


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
    size = Param(2, 1, 9, "x")
    count = Param(2, 1, 9, 2)
    most = Param(2.5, 1, 9, True)
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
            OutlinedParam("size", 2, 1, 9, None, is_whole=True),
            OutlinedParam("count", 2, 1, 9, 2, is_whole=True),
            OutlinedParam("most", 2.5, 1, 9, None, is_whole=False),
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
    # An engine that is broken on purpose has more names, which nobody could type.
    words = [word for word in vocabulary() if word.name.isascii()]
    places = [(word.of, word.name) for word in words]
    assert places == sorted(set(places))
    assert [tuple(word) for word in words if word.of != "ctx"] == [
        ("class", "instruments", "", 'What it trades, such as ("BTC/USDT",).'),
        ("class", "interval", "", 'Of its candles, such as "1h".'),
        ("class", "on_candle", "(ctx)", "Decide, once for every candle that closes."),
        (
            *("class", "start", "(ctx)"),
            "Declare the indicators, and set what `ctx.state` begins with.",
        ),
        ("class", "together", "", "True for one bot with all instruments, a portfolio."),
        ("class", "warmup", "", "How many candles it sees before it decides."),
        (
            *("indicator", "crossed_above", "(other)"),
            "Whether it is above now and was not at the candle before; `other` may be a number.",
        ),
        (
            *("indicator", "crossed_below", "(other)"),
            "Whether it is below now and was not at the candle before; `other` may be a number.",
        ),
        (
            *("indicator", "crosses", "(other)"),
            "When it gets above or below `other`, which may be a number: for `ctx.only_when`.",
        ),
        ("indicator", "previous", "", "Of the candle before."),
        ("indicator", "value", "", "Of the candle that has just closed; None while it warms up."),
        (
            *("module", "Bot", ""),
            "`warmup`: candles to see before it decides; `history` reaches back as far.",
        ),
        (
            *("module", "Param", "(default, low, high, step=None)"),
            "`fast = Param(10, 2, 50)` in a bot's class; in its methods `self.fast` is the number.",
        ),
        ("module", "ctx", "", "All that a bot gets; its wishes leave by it."),
        (
            *("module", "every"),
            "(interval, *instruments, warmup=0, together=False, using=())",
            "Make a bot of the function below; `using` names its indicators, such as"
            ' "macd:12:26:9".',
        ),
        *(("order", name, "", "") for name in sorted(OpenOrder._fields)),
    ]


def test_of_the_context_there_is_what_a_bot_may_say():
    known = {word.name: tuple(word) for word in vocabulary() if word.of == "ctx"}
    assert [
        known[name] for name in ("sma", "equity", "only_when", "close_position", "state", "adx")
    ] == [
        ("ctx", "sma", "(length=20)", "Simple moving average."),
        ("ctx", "equity", "", "Cash, and the positions at the last close."),
        (
            *("ctx", "only_when", "(*crossings)"),
            "Said in start: `on_candle` is called at candles with one of these, and at no others.",
        ),
        (
            *("ctx", "close_position", "(symbol='')"),
            "Give up the position at the market, and what was ordered of the instrument before.",
        ),
        (
            *("ctx", "state", ""),
            "A dict of the bot's own, kept from candle to candle; it must be JSON.",
        ),
        ("ctx", "adx", "(*parameters)", "Directional movement."),
    ]
    assert not known.keys() & {"explain", "lacks", "show", "plots"}
    assert not [name for name in known if name.startswith("_")]
