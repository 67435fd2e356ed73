"""A bot that would not do live what it did on the past is told so, with the evidence."""

from itertools import count

import pytest

from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import BotCheck, Cause, Finding
from chalicelib.domain.bots.setup import Setup
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC, ETH
from tests.unit.bots.written_bots import CANDLES, bot_of, checked, when, written


def one(source: str) -> tuple[Cause, str]:
    check = checked(source)
    (finding,) = check.findings
    assert finding.text.partition("at the candle of ")[2][:16] == when(finding.at)
    return finding.cause, finding.text


CROSS = "if self.line.crossed_above(ctx.close): ctx.target(0)\nelse: ctx.target(1.0, band=0.1)"
GOOD = [
    written(CROSS, start="self.line = ctx.sma(20)", warmup=20),
    written(
        "ctx.plot('dice', ctx.random.random())\nif ctx.random.random() < 0.3: ctx.buy(value=9)"
    ),
    written("ctx.state['n'] = ctx.state.get('n', 0) + 1\nif ctx.state['n'] % 5 == 0: ctx.sell()"),
    written(
        "if not ctx.open_orders: ctx.buy(value=50, limit=ctx.low * 0.999, stop_loss=ctx.low / 2)"
    ),
    written(
        "if ctx.position and ctx.close > ctx.average_price: ctx.sell()\nelse: ctx.buy(value=5)"
    ),
    written(
        "ctx.state['n'] = ctx.state.get('n', 0) + 1\nif ctx.state['n'] % 7 == 0: ctx.buy(value=9)",
        start="ctx.sma(5)",
        warmup=5,
    ),
    written("pass", head="SIZES = {'a': [1, 2]}\n"),
]


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_a_bot_that_goes_by_its_context_is_fine(number: int) -> None:
    check = checked(GOOD[number], text=GOOD[number])
    assert check.findings == ()
    assert check.candles == 400


def test_a_portfolio_is_checked_at_each_close_of_its_interval() -> None:
    source = written(
        'ctx.target(0.4, symbol="BTC/USDT" if ctx.random.random() < 0.5 else "ETH/USDT")'
    ).replace("    warmup", "    together = True\n    warmup")
    source = source.replace('("BTC/USDT",)', '("BTC/USDT", "ETH/USDT")')
    late = moving(121, "others").between(1, 121)
    check = checked(source, {BTC: moving(120), ETH: late})
    assert (check.findings, check.candles, check.orders) == ((), 121, 118)


def test_chance_gives_another_run() -> None:
    chance = written("if next(dice) < 0.5: ctx.buy(value=1)", head=DICE)
    cause, text = one(chance)
    assert cause is Cause.UNREPEATABLE
    assert text.startswith("the same candles twice, and it is not the same: at the candle of 1970")
    assert "buy BTC/USDT value 1" in text
    assert text.endswith("it decides by something that does not come through ctx")


DICE = "import random\ndice = iter(random.SystemRandom().random, None)"


def test_other_curves_are_another_run_too() -> None:
    cause, text = one(written("ctx.plot('chance', next(dice))", head=DICE))
    assert cause is Cause.UNREPEATABLE
    assert "at the candle of 1970-01-01 03:00 the first run has chance at 0." in text


@pytest.mark.parametrize("load_number", ["== 1", "> 3"])
def test_a_clock_may_tick_between_any_two_runs(load_number: str) -> None:
    ticks = count()

    def load() -> Setup:
        body = f"ctx.buy(value=1) if {next(ticks)} {load_number} else None"
        return set_up(bot_of(written(body)))[0]

    assert [f.cause for f in check_bot(load, CANDLES).findings] == [Cause.UNREPEATABLE]


def test_what_is_kept_in_the_file_is_named() -> None:
    cause, text = one(
        written("seen.append(ctx.close)\nif len(seen) % 7 == 0: ctx.buy(value=1)", head="seen = []")
    )
    assert cause is Cause.MEMORY
    closes = ", ".join(map(str, CANDLES[BTC].close[3:12]))
    assert text == (
        "it remembers outside of ctx.state: seen was [] and is then"
        f" {f'[{closes}'[:60]}...; at the candle of 1970-01-01 04:00 a second run has buy BTC/USDT"
        " value 1 instead of nothing; live, the bot is made anew and has forgotten it"
    )


def test_what_is_kept_in_the_class_is_named() -> None:
    body = "type(self).count = getattr(self, 'count', 0) + 1\nif self.count == 9: ctx.buy(value=1)"
    cause, text = one(written(body))
    assert cause is Cause.MEMORY
    assert "Odd.count was not there and is then 397; at the candle of 1970-01-01 11:00" in text


def test_memory_that_decides_nothing_is_memory_too() -> None:
    cause, text = one(written("ctx.buy(value=1)\nglobal last\nlast = ctx.close", head="last = 0"))
    assert cause is Cause.MEMORY
    assert text == (
        f"it remembers outside of ctx.state: last was 0 and is then {CANDLES[BTC].close[-1]};"
        " live, the bot is made anew and has forgotten it"
    )


def test_all_that_is_kept_is_named() -> None:
    body = "kept.append(len(kept) < 1)\ntype(self).last = ctx.start"
    cause, text = one(written(f"{body}\nctx.buy(value=1)", head="kept = []", warmup=398))
    assert cause is Cause.MEMORY
    assert text == (
        "it remembers outside of ctx.state: Odd.last was not there and is then 1436400000, kept was"
        " [] and is then [True, False]; live, the bot is made anew and has forgotten it"
    )


def test_memory_without_a_name_shows_in_what_it_does() -> None:
    body = "def count(n, kept=kept.__defaults__[0]): kept.append(n); return len(kept)\n"
    body += "if count(1) == 5: ctx.buy(value=1)"
    cause, text = one(written(body, head="def kept(n, of=[]): pass"))
    assert cause is Cause.MEMORY
    assert "it remembers outside of ctx.state; at the candle of 1970-01-01 07:00 a" in text


def test_who_reads_later_candles_is_caught_where_they_end() -> None:
    peek = "later = ctx._candles.close[ctx._index + 1:ctx._index + 2]\n"
    check = checked(written(peek + "if later and later[0] > ctx.close: ctx.target(1.0)"))
    assert [finding.cause for finding in check.findings] == [Cause.LOOK_AHEAD, Cause.RESUMED]
    ahead = check.findings[0]
    where = f"at the candle of {moment(ahead.at or 0):%Y-%m-%d %H:%M}"
    assert ahead.text == (
        f"it sees what comes: {where} it has nothing where the candles end {where}, and target"
        " BTC/USDT fraction 1.0 where there are later ones"
    )


def test_who_forgets_between_two_candles_is_caught() -> None:
    cause, text = one(written("ctx.log(1)\nif len(ctx.logs) % 150 == 0: ctx.buy(value=1)"))
    assert cause is Cause.RESUMED
    assert text == (
        "from its stored state it goes on differently: at the candle of 1970-01-13 14:00 it asks"
        " for buy BTC/USDT value 1 in one go, and for nothing made anew from its state; what it"
        " remembers belongs in ctx.state"
    )


def test_too_short_a_warm_up_is_told_with_both_answers() -> None:
    body = "if self.line.value > ctx.close * 1.001: ctx.target(0)\nelse: ctx.target(1.0)"
    cause, text = one(written(body, start="self.line = ctx.ema(20)", warmup=20))
    assert cause is Cause.WARM_UP
    assert text.startswith("a warm-up of 20 candles is too short: at the candle of 1970")
    assert " after 20 candles, and for target BTC/USDT fraction " in text
    assert text.endswith(" after 80; its indicators remember longer")


def test_a_warm_up_that_could_not_be_seen_is_said() -> None:
    def unseen(warmup: int) -> tuple[str, ...]:
        source = written("ctx.buy(value=1)", start="ctx.rsi(2)", warmup=warmup)
        check = checked(source, {BTC: moving(60)})
        assert check.findings == ()
        return check.unchecked

    said = "whether a warm-up of {} candles is enough could not be seen: "
    assert unseen(10) == ()
    assert unseen(11) == (said.format(11) + "that takes 64, there are 60",)
    assert unseen(0) == (said.format(0) + "it is 0",)


def test_a_bot_that_asks_for_nothing_has_shown_little() -> None:
    check = checked(written("pass"))
    assert check == BotCheck(
        (), ("the bot asked for nothing at 400 candles: that shows little",), 400, 0
    )


@pytest.mark.parametrize(
    ("source", "sentence", "line"),
    [
        (
            written("1 / 0"),
            "line 10, Odd.on_candle at the candle of 1970-01-01 03:00: ZeroDivisionError:"
            " division by zero",
            10,
        ),
        (
            written("ctx.state['a'] = (1, 2)"),
            "Odd: ctx.state is not the same after JSON: keys must be texts, and tuples lists",
            0,
        ),
    ],
    ids=["stops", "has no JSON"],
)
def test_a_bot_that_stops_is_told_where(source: str, sentence: str, line: int) -> None:
    (finding,) = checked(source).findings
    assert (finding.cause, finding.text, finding.line) == (Cause.STOPS, sentence, line)


def test_a_bot_that_is_refused_was_asked_nothing() -> None:
    check = checked(written("pass").replace('("BTC/USDT",)', "()"))
    text = 'Odd needs instruments, such as ("BTC/USDT",)'
    assert check == BotCheck((Finding(Cause.STOPS, text),), (), 400, 0)


def test_candles_of_another_instrument_are_refused() -> None:
    check = checked(written("pass"), {ETH: moving(3)})
    text = "candles of ETH/USDT: this bot trades BTC/USDT"
    assert check == BotCheck((Finding(Cause.STOPS, text),), (), 3, 0)


def test_what_is_read_is_told_beside_what_is_seen() -> None:
    source = written("if random.random() < 0.5: ctx.buy(value=1)", head="import random")
    assert [finding.cause for finding in checked(source, text=source).findings] == [
        Cause.SOURCE,
        Cause.UNREPEATABLE,
    ]
