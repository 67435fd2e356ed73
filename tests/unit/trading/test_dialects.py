"""Other products' messages mean the same here as they mean there."""

from decimal import Decimal

import pytest

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.alert import Alert, parse_alert
from chalicelib.domain.trading.alerts.body import read_body
from chalicelib.domain.trading.alerts.dialects import secret_of
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import DesiredState, Size, SizeUnit
from tests.unit.trading.alerts import FIRED_AT, fixture

PRICE = Decimal("67656.77")


def understood(name: str) -> Alert:
    return parse_alert(fixture(name))


def test_three_commas_strategy_message_is_a_partial_exit():
    assert understood("three_commas.json") == Alert(
        ticker="BTCUSD",
        exchange="BINANCE",
        state=DesiredState.LONG,
        previous_state=DesiredState.LONG,
        side=Side.SELL,
        fired_at=FIRED_AT,
        price=PRICE,
        size=Size(amount=Decimal("0.25"), unit=SizeUnit.QUANTITY),
        size_ratio=Decimal("0.5"),
    )


def test_three_commas_custom_message_enters_with_cash():
    alert = understood("three_commas_custom.json")

    assert alert.state is DesiredState.LONG
    assert alert.size == Size(amount=Decimal(250), unit=SizeUnit.NOTIONAL)


def test_traders_post_message_is_an_entry():
    assert understood("traders_post.json") == Alert(
        ticker="BTCUSD",
        state=DesiredState.LONG,
        side=Side.BUY,
        fired_at=FIRED_AT,
        interval="60",
        price=PRICE,
        size=Size(amount=Decimal("0.5"), unit=SizeUnit.QUANTITY),
    )


def test_traders_post_percentages_become_protecting_prices():
    alert = understood("traders_post_bracket.json")

    assert alert.size == Size(amount=Decimal(10), unit=SizeUnit.PERCENT)
    assert alert.stop_loss == Decimal(47500)
    assert alert.take_profit == Decimal(55000)
    assert alert.fired_at is None


def test_traders_post_sells_half_and_stays_long():
    alert = understood("traders_post_half_exit.json")

    assert alert.state is DesiredState.LONG
    assert alert.side is Side.SELL
    assert alert.size_ratio == Decimal("0.5")


def test_traders_post_exit_is_flat():
    assert understood("traders_post_exit.json").state is DesiredState.FLAT


def test_okx_strategy_message_keeps_the_order_id_as_no_identity():
    assert understood("okx_strategy.json") == Alert(
        ticker="BTCUSD",
        state=DesiredState.LONG,
        previous_state=DesiredState.FLAT,
        side=Side.BUY,
        fired_at=FIRED_AT,
        order_id="Long",
        size=Size(amount=Decimal("0.5"), unit=SizeUnit.QUANTITY),
    )


def test_okx_universal_message_sells_a_quarter_of_the_position():
    alert = understood("okx_universal.json")

    assert alert.state is DesiredState.LONG
    assert alert.size_ratio == Decimal("0.75")


def test_octo_bot_lines_are_read_with_their_volume_suffix():
    assert understood("octo_bot.txt") == Alert(
        ticker="BTCUSD",
        exchange="BINANCE",
        state=DesiredState.LONG,
        side=Side.BUY,
        fired_at=None,
        price=PRICE,
        size=Size(amount=Decimal(10), unit=SizeUnit.PERCENT),
    )


def test_our_own_fields_may_come_as_key_value_lines():
    alert = understood("key_value.txt")

    assert (alert.state, alert.fired_at, alert.comment) == ("flat", FIRED_AT, "Stop Loss")


def test_symbol_and_side_are_enough():
    alert = understood("plain.json")

    assert (alert.ticker, alert.state, alert.price) == ("BTCUSD", "flat", PRICE)
    assert alert.fired_at == FIRED_AT


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (b'{"ticker":"A","action":"buy","sentiment":"bearish"}', DesiredState.SHORT),
        (b'{"ticker":"A","action":"sell","sentiment":"flat"}', DesiredState.FLAT),
        (b'{"instrument":"A","signalToken":"t","action":"ENTER_SHORT"}', DesiredState.SHORT),
        (b'{"instrument":"A","signalToken":"t","action":"EXIT_SHORT"}', DesiredState.FLAT),
        (
            b'{"instrument":"A","signalToken":"t","action":"EXIT_LONG",'
            b'"investmentType":"percentage_position","amount":100}',
            DesiredState.FLAT,
        ),
        (
            b'{"ticker":"A","action":"sell","sentiment":"flat",'
            b'"quantityType":"percent_of_position","quantity":50}',
            DesiredState.FLAT,
        ),
        (b"SYMBOL=A;SIGNAL=SELL", DesiredState.FLAT),
    ],
)
def test_verbs_and_sentiments_are_states(raw, state):
    assert parse_alert(raw).state is state


@pytest.mark.parametrize(
    ("raw", "status", "word"),
    [
        (b'{"ticker":"A","action":"cancel"}', 400, "'cancel'"),
        (b'{"ticker":"A","action":"buy","stopLoss":"5"}', 400, "stopLoss"),
        (b'{"ticker":"A","action":"buy","stopLoss":{"percent":5}}', 422, "signalPrice"),
        (
            b'{"ticker":"A","action":"sell","quantityType":"percent_of_position","quantity":101}',
            422,
            "100 or less",
        ),
        (b'{"tv_instrument":"A","action":"buy","order":[]}', 400, "order"),
        (b"SYMBOL=A\nSIGNAL=BUY\nVOLUME=10s%", 422, "'10s%'"),
        (b"SYMBOL=A\nSIGNAL=CANCEL", 400, "'CANCEL'"),
    ],
)
def test_what_has_no_meaning_here_is_refused_with_the_reason(raw, status, word):
    with pytest.raises(SignalRejected, match=word) as caught:
        parse_alert(raw)

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("raw", "secret"),
    [
        (b'{"secret": "a"}', "a"),
        (b'{"signalToken": "b"}', "b"),
        (b"TOKEN=c\nSYMBOL=A", "c"),
        (b'{"secret": 5}', ""),
        (b"{}", ""),
    ],
)
def test_the_credential_is_found_under_its_dialects_name(raw, secret):
    assert secret_of(read_body(raw)) == secret
