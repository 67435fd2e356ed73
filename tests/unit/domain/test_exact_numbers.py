"""Rounding, splitting and printing on worked examples, and the guard against floats."""

from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

import pytest

from chalicelib.domain.money import (
    Exact,
    exact_arithmetic,
    parse_amount,
    plain,
    round_down,
    round_up,
    split_pro_rata,
)


def amounts(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("value", "step", "down", "up"),
    [
        ("1.239", "0.01", "1.23", "1.24"),
        ("1.23", "0.01", "1.23", "1.23"),
        ("-1.239", "0.01", "-1.24", "-1.23"),
        ("7", "2.5", "5", "7.5"),
        ("123456789.123456789", "1E-8", "123456789.12345678", "123456789.12345679"),
    ],
)
def test_rounding_to_a_multiple_of_the_step(value: str, step: str, down: str, up: str) -> None:
    with localcontext(Context(prec=3)):
        assert round_down(Decimal(value), Decimal(step)) == Decimal(down)
        assert round_up(Decimal(value), Decimal(step)) == Decimal(up)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        ("10", ("1", "1", "1"), ("4", "3", "3")),  # of equal weights the first takes the rest
        ("10", ("1", "3", "3"), ("1", "5", "4")),
        ("10", ("1", "2", "6"), ("1", "2", "7")),
        ("10", ("0", "2", "0"), ("0", "10", "0")),
        ("0", ("1", "2"), ("0", "0")),
        ("12345.6789", ("1",), ("12345.6789",)),
    ],
)
def test_the_largest_weight_takes_the_rest(
    total: str, weights: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    with localcontext(Context(prec=3)):
        split = split_pro_rata(Decimal(total), amounts(*weights), Decimal(1))
    assert split == amounts(*parts)


def test_a_block_of_exact_arithmetic_has_38_digits_and_ends() -> None:
    with localcontext(Context(prec=3)):
        with exact_arithmetic():
            third = Decimal(1) / 3
            assert Decimal(25) / 2 + Decimal(0) == Decimal("12.5")
        assert len(third.as_tuple().digits) == 38
        assert Decimal(1) / 3 == Decimal("0.333")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0E-8", "0"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("1.500", "1.5"),
        ("123456.789", "123456.789"),
        ("1E-9", "0.000000001"),
    ],
)
def test_a_number_in_plain_text(value: str, text: str) -> None:
    with localcontext(Context(prec=3)):
        assert plain(Decimal(value)) == text


def test_text_is_read_with_spaces_around_it_and_no_others() -> None:
    assert parse_amount("  1.50\n") == Decimal("1.5")
    with pytest.raises(ValueError, match=r"^'1 5' is not a decimal number$"):
        parse_amount("1 5")
    with pytest.raises(ValueError, match=r"^'-Infinity' is not a finite number$"):
        parse_amount("-Infinity")


def test_a_float_is_refused_in_every_amount_and_named_and_nowhere_else() -> None:
    # made here, not at import: what a class is given when it is made is looked at as well
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Weighed(Exact):
        name: object
        gross: Decimal
        net: Decimal | None = None

    assert Weighed(name=1.5, gross=Decimal(2)).gross == 2
    assert Weighed(name="x", gross=Decimal(2), net=Decimal(1)).net == 1
    for field, values in {"gross": (1.5, None), "net": (Decimal(2), 2.5)}.items():
        with pytest.raises(
            TypeError,
            match=rf"^Weighed\.{field} is the float \d\.5; amounts are Decimal, made from text$",
        ):
            Weighed(name="x", gross=values[0], net=values[1])  # type: ignore[arg-type]


def test_an_amount_is_guarded_that_is_written_as_text_of_its_type() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Nested(Exact):
        amount: "Decimal | None" = None
        inner: "Nested | None" = None

    assert Nested(inner=Nested(amount=Decimal(1))).amount is None
    with pytest.raises(TypeError, match=r"^Nested\.amount is the float 0\.5; "):
        Nested(amount=0.5)  # type: ignore[arg-type]


def test_one_amount_alone_is_guarded_and_a_record_without_any_takes_what_it_gets() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Single(Exact):
        only: Decimal
        other: object = None

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Without(Exact):
        other: object

    assert Single(only=Decimal(1), other=1.5).only == 1
    with pytest.raises(TypeError, match=r"^Single\.only is the float 0\.25; "):
        Single(only=0.25)  # type: ignore[arg-type]
    assert Without(other=0.5).other == 0.5
