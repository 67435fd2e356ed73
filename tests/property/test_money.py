"""Numbers are rounded in the stated direction, split without loss, and never floats."""

from dataclasses import fields
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.money import (
    Exact,
    parse_amount,
    plain,
    round_down,
    round_up,
    split_pro_rata,
)
from chalicelib.domain.trading.account import Account, Subscription
from chalicelib.domain.trading.allocation import Claim, Target, Terms
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.ledger import Execution, Holding, Posting
from chalicelib.domain.trading.netting import Delta
from chalicelib.domain.trading.order import Order, OrderIntent, OrderReport, Share
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.plan import Cross, Plan, Stance, Verdict
from chalicelib.domain.trading.risk import Conditions
from chalicelib.domain.trading.signal import Signal, Size
from chalicelib.domain.trading.situation import Draft
from chalicelib.domain.trading.wishes import Wish

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=8, allow_nan=False)
STEPS = st.sampled_from([Decimal(s) for s in ("1E-8", "0.00001", "0.001", "0.25", "1", "10")])
RECORDS = [
    *(Account, Subscription, Claim, Target, Terms, Fill, Balance, Instrument, Ticker, Execution),
    *(Holding, Posting, Delta, Order, OrderIntent, OrderReport, Share, PerformancePoint, Cross),
    *(Plan, Stance, Verdict, Conditions, Signal, Size, Draft, Wish),
]


@given(value=AMOUNTS, step=STEPS)
def test_rounding_never_passes_the_value_and_stays_within_a_step(
    value: Decimal, step: Decimal
) -> None:
    down, up = round_down(value, step), round_up(value, step)
    assert down <= value <= up
    assert value - down < step
    assert up - value < step
    assert down % step == up % step == 0


def test_rounding_does_not_depend_on_the_context_of_the_thread() -> None:
    with localcontext(Context(prec=3)):
        assert round_down(Decimal("123456.789"), Decimal("0.01")) == Decimal("123456.78")


@pytest.mark.parametrize("step", ["0", "-1"])
def test_a_step_that_is_no_step_is_refused(step: str) -> None:
    with pytest.raises(ValueError, match="must be above zero"):
        round_down(Decimal(1), Decimal(step))


@given(
    total=AMOUNTS,
    weights=st.lists(
        st.decimals(min_value="0.00001", max_value=10**6, places=5), min_size=1, max_size=6
    ),
    step=STEPS,
)
def test_a_split_adds_up_and_gives_nobody_a_negative_part(
    total: Decimal, weights: list[Decimal], step: Decimal
) -> None:
    parts = split_pro_rata(total, weights, step)
    assert sum(parts, Decimal(0)) == total
    assert min(parts) >= 0
    whole = sum(weights, Decimal(0))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / whole) <= step * len(weights)


@given(value=st.decimals(-(10**15), 10**15, allow_nan=False, places=10))
def test_plain_text_reads_back_as_the_same_number(value: Decimal) -> None:
    text = plain(value)
    assert parse_amount(text) == value
    assert "E" not in text
    assert text != "-0"


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "-inf", "1,5", "0x10", "sNaN", "1e", "--1"]
)
def test_text_that_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a"):
        parse_amount(text)


def _amount_fields() -> list[tuple[type[Exact], str]]:
    return [
        (record, field.name)
        for record in RECORDS
        for field in fields(record)
        if field.type in {Decimal, Decimal | None}
    ]


@settings(max_examples=20, deadline=None)
@given(number=st.floats(allow_nan=True))
def test_a_float_in_any_amount_of_a_record_raises(number: float) -> None:
    seen = set()
    for record, name in _amount_fields():
        others = {field.name: None for field in fields(record)}  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=f"{record.__name__}.{name} is the float"):
            record(**{**others, name: number})
        seen.add(record)
    assert len(seen) >= 20
