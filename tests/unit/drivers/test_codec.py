"""Records to text and back: exact, checked, and readable by programs before and after."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Exact
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.codec import decode, encode

NOON = datetime(2024, 8, 10, 12, 0, 0, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg(Exact):
    amount: Decimal
    side: Side = Side.BUY


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    at: datetime = NOON
    on: date | None = None
    legs: tuple[Leg, ...] = ()
    nested: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Careful:
    amount: Decimal

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"amount {self.amount} is below zero")


def test_a_record_returns_as_it_was() -> None:
    sheet = Sheet(
        on=date(2024, 8, 10),
        legs=(Leg(amount=Decimal("1.50")), Leg(amount=Decimal("-0E-7"), side=Side.SELL)),
        nested={"pool": {"USD": Decimal("1E+3")}},
        options={"urls": {"api": ["http://127.0.0.1"]}, "timeout": 1.5, "on": True, "no": None},
        count=-(2**53) - 1,
    )
    read = decode(Sheet, encode(sheet))
    assert read == sheet
    assert [str(leg.amount) for leg in read.legs] == ["1.50", "-0E-7"]
    assert isinstance(read.legs, tuple)
    assert read.legs[1].side is Side.SELL


def test_amounts_are_text_and_times_are_utc_in_the_document() -> None:
    document = json.loads(encode(Sheet(legs=(Leg(amount=Decimal("1E+5")),))))
    assert document["legs"] == [{"amount": "1E+5", "side": "buy"}]
    assert document["at"] == "2024-08-10T12:00:00.000001Z"


def test_fields_of_a_later_program_are_ignored() -> None:
    assert decode(Leg, '{"amount":"1","side":"sell","mood":{"a":[1]}}').side is Side.SELL


def test_fields_that_an_earlier_program_did_not_have_take_their_default() -> None:
    assert decode(Sheet, "{}") == Sheet()
    assert decode(Leg, '{"amount":"1"}') == Leg(amount=Decimal(1))


def test_reading_runs_the_records_own_check() -> None:
    assert decode(Careful, '{"amount":"1"}').amount == 1
    with pytest.raises(ValueError, match="below zero"):
        decode(Careful, '{"amount":"-1"}')


@pytest.mark.parametrize(
    "document", ["", "{", "[]", "{}", '{"amount":"ten"}', '{"amount":"1","side":"both"}']
)
def test_a_document_that_does_not_fit_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(Leg, document)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (Sheet(nested={"pool": {"USD": 0.1}}), r"Sheet\.nested\.pool\.USD is the float 0\.1"),  # type: ignore[dict-item]
        (Sheet(legs=(0.5,)), r"Sheet\.legs\.0 is the float 0\.5"),  # type: ignore[arg-type]
        (Sheet(count=1.0), r"Sheet\.count is the float"),  # type: ignore[arg-type]
        (Sheet(at=NOON.replace(tzinfo=None)), r"Sheet\.at is 2024-08-10T12:00:00"),
        (Sheet(at=NOON.astimezone(timezone(timedelta(hours=2)))), "times are aware and UTC"),
        (Sheet(legs=({1},)), "set is not a record"),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_exact_is_not_written(sheet: Sheet, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        encode(sheet)


def test_a_record_with_a_float_cannot_even_be_made() -> None:
    with pytest.raises(TypeError, match=r"Leg\.amount is the float 0\.1"):
        replace(Leg(amount=Decimal(1)), amount=0.1)  # type: ignore[arg-type]
