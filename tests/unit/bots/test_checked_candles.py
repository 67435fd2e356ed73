"""At which candles a check cuts, goes on from a stored state, and begins with another warm-up."""

import pytest

from chalicelib.domain.bots.checks.finding import BotCheck, Cause
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC, HOUR
from tests.unit.bots.written_bots import CANDLES, checked, when, written

# One that asks differently where it knows no later candle, at the candle of that number alone.
PEEK = "later = ctx._candles.close[ctx._index + 1:]\n"
# What is in the log is forgotten between two candles.
LOGS = "ctx.log(1)\n"


def found(check: BotCheck) -> list[tuple[Cause, int | None]]:
    return [
        (finding.cause, None if finding.at is None else finding.at // HOUR)
        for finding in check.findings
    ]


@pytest.mark.parametrize("number", [49, 199, 349])
def test_the_candles_are_cut_at_each_eighth_of_them(number: int) -> None:
    body = f"if not later and ctx.start == {number * HOUR}: ctx.buy(value=1)"
    assert (Cause.LOOK_AHEAD, number) in found(checked(written(PEEK + body)))


@pytest.mark.parametrize("number", [60, 70, 130])
def test_of_few_orders_the_candles_are_cut_at_each(number: int) -> None:
    starts = [HOUR * each for each in range(60, 131, 10)]
    body = f"if ctx.start in {starts}: ctx.buy(value=2 if later and ctx.start == {number * HOUR}"
    body += " else 1)"
    assert (Cause.LOOK_AHEAD, number) in found(checked(written(PEEK + body)))


def test_a_bot_is_made_anew_at_the_last_hundred_candles_up_to_its_last_order() -> None:
    body = "if ctx.start == {}: ctx.buy(value=1)\nif len(ctx.logs) == 1 and ctx.start == {}: "
    body += "ctx.sell()"
    source = written(LOGS + body.format(149 * HOUR, 50 * HOUR))
    assert found(checked(source)) == [(Cause.RESUMED, 50)]
    assert found(checked(written(LOGS + body.format(149 * HOUR, 49 * HOUR)))) == []


def test_a_bot_that_asks_for_nothing_is_made_anew_at_the_last_candles() -> None:
    body = f"if len(ctx.logs) == 1 and ctx.start == {399 * HOUR}: ctx.target(1.0)"
    (finding,) = checked(written(LOGS + body)).findings
    assert finding.cause is Cause.RESUMED
    assert finding.text == (
        f"from its stored state it goes on differently: at the candle of {when(399 * HOUR)} it"
        " asks for nothing in one go, and for target BTC/USDT fraction 1.0 made anew from its"
        " state; what it remembers belongs in ctx.state"
    )


def test_another_amount_from_its_stored_state_is_told() -> None:
    (finding,) = checked(written(LOGS + "ctx.buy(value=min(2, len(ctx.logs)))")).findings
    where = when(300 * HOUR)
    assert (finding.cause, finding.at) == (Cause.RESUMED, 300 * HOUR)
    assert f"at the candle of {where} it asks for buy BTC/USDT value 2 in one go" in finding.text
    assert "and for buy BTC/USDT value 1 made anew from its state" in finding.text


def test_from_its_first_candle_on_a_bot_has_its_account_again() -> None:
    source = written(
        "if not ctx.position and not ctx.open_orders: ctx.buy(value=9, limit=ctx.low, expires=2)\n"
        "elif ctx.position: ctx.sell()",
        warmup=0,
    )
    assert checked(source, {BTC: moving(90)}) == BotCheck((), (), 90, 68)


def test_one_candle_can_be_checked() -> None:
    check = checked(written("ctx.buy(value=1)", warmup=0), {BTC: moving(1)})
    assert check == BotCheck((), (), 1, 1)


def test_the_last_candle_is_seen_with_a_longer_warm_up() -> None:
    last = CANDLES[BTC].start[-1]
    body = f"if ctx.start == {last} and self.line.value: ctx.buy(value=1)"
    (finding,) = checked(written(body, start="self.line = ctx.sma(50)", warmup=20)).findings
    assert (finding.cause, finding.at) == (Cause.WARM_UP, last)
    assert finding.text == (
        f"a warm-up of 20 candles is too short: at the candle of {when(last)} it asks for nothing"
        " after 20 candles, and for buy BTC/USDT value 1 after 80; its indicators remember longer"
    )


def test_of_all_beginnings_the_earliest_is_told() -> None:
    body = "if self.line.value: ctx.buy(value=1)"
    check = checked(written(body, start="self.line = ctx.sma(22)", warmup=20))
    assert found(check) == [(Cause.WARM_UP, 116)]
