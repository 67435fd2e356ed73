"""Whatever is posted: no crash, nothing half-understood, and one history stores one set."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.trading.alerts.body import MAXIMUM_DIGITS
from chalicelib.domain.trading.alerts.schema import alert_schema
from chalicelib.domain.trading.alerts.values import LARGEST
from chalicelib.domain.trading.signal import Signal
from tests.unit.trading.alerts import SEED, body, strategy
from tests.unit.trading.post_office import PostOffice

ANSWERS = {200, 400, 401, 409, 413, 422}
DIALECT_KEYS = (
    "tv_instrument action order strategy_info instrument signalToken marketPosition amount "
    "investmentType sentiment quantity quantityType stopLoss takeProfit symbol side SYMBOL SIGNAL"
)
KEYS = [*alert_schema()["properties"], *DIALECT_KEYS.split()]
WORDS = ["buy", "sell", "long", "flat", "short", "BTCUSD", "NaN", "", "1e999", "-1", "0", "{{x}}"]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(WORDS)
    | st.decimals(allow_nan=False).map(str)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
almost_alerts = st.dictionaries(st.sampled_from(KEYS), values, max_size=8).map(
    lambda fields: json.dumps(SEED | fields).encode("utf-8", "surrogatepass")
)
lines = st.dictionaries(st.sampled_from(KEYS), st.text(max_size=20)).map(
    lambda fields: "\n".join(f"{k}={v}" for k, v in fields.items()).encode("utf-8", "replace")
)
damaged = st.tuples(st.integers(0, 130), st.binary(max_size=4)).map(
    lambda cut: body()[: cut[0]] + cut[1] + body()[cut[0] + 1 :]
)
bodies = (
    st.binary(max_size=400)
    | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    | almost_alerts
    | lines
    | damaged
)
few_hundred = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with PostOffice(strategy(sibling_wait=0)) as office:
        yield office


def numbers_in(signal: Signal) -> list[Decimal]:
    size = signal.size.amount if signal.size else None
    found = [signal.price, signal.stop_loss, signal.take_profit, signal.size_ratio, size]
    return [number for number in found if number is not None]


@few_hundred
@given(raw=bodies)
def test_every_body_gets_an_answer_that_can_be_sent(office: PostOffice, raw: bytes):
    for answer in (office.hook(raw), office.post(raw), office.post(raw, token="btc-token")):
        assert answer.status in ANSWERS
        assert json.loads(json.dumps(answer.body)) == answer.body
        assert answer.body["status"] in {"stored", "duplicate", "refused"}


@few_hundred
@given(raw=almost_alerts)
def test_only_exact_and_finite_numbers_are_stored(raw: bytes):
    with PostOffice(strategy()) as office:
        office.hook(raw)
        numbers = [n for signal in office.signals.recent(10) for n in numbers_in(signal)]

    assert all(number.is_finite() and number > 0 for number in numbers)
    assert all(len(number.as_tuple().digits) <= MAXIMUM_DIGITS for number in numbers)


@few_hundred
@given(
    price=st.decimals(min_value=Decimal("1e-9"), max_value=LARGEST, places=9),
    quote=st.sampled_from(['"', ""]),
)
def test_a_price_arrives_as_it_was_written(price: Decimal, quote: str):
    text = f"{quote}{price}{quote}"
    raw = body(order_price="PRICE").replace(b'"PRICE"', text.encode())
    with PostOffice(strategy()) as office:
        assert office.hook(raw).status == 200
        assert office.signals.recent(1)[0].price == price


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[bytes], list[bytes]]:
    """A history of alerts, and what the network makes of it: repeated and out of order."""
    moments = st.tuples(st.integers(0, 59), st.sampled_from(["buy", "sell"]))
    history = draw(st.lists(moments, min_size=1, max_size=6, unique=True))
    sent: list[Any] = [
        body(time=f"2024-08-10T02:29:{second:02}Z", order_action=action)
        for second, action in history
    ]
    repeats = draw(st.lists(st.sampled_from(sent), max_size=6))
    return sent, draw(st.permutations(sent + repeats))


@settings(max_examples=100, deadline=None)
@given(history=deliveries())
def test_one_history_stores_one_set_of_signals_in_whatever_order_it_comes(
    history: tuple[list[bytes], list[bytes]],
):
    sent, delivered = history
    with PostOffice(strategy()) as in_order, PostOffice(strategy()) as as_delivered:
        for raw in sent:
            in_order.hook(raw)
        answers = [as_delivered.hook(raw) for raw in delivered]

        assert {answer.status for answer in answers} == {200}
        assert ids(in_order) == ids(as_delivered)
        assert len(ids(as_delivered)) == len(sent)


def ids(office: PostOffice) -> list[str]:
    return sorted(signal.id for signal in office.signals.recent(100))
