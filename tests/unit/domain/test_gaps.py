"""Books against venue, asset by asset: what is apart, and whose it may be."""

from decimal import Context, Decimal, localcontext

import pytest

from chalicelib.domain.trading.gaps import Gap, gaps_between
from chalicelib.domain.trading.instrument import Balance
from chalicelib.domain.trading.ledger import (
    EXCHANGE,
    FEES,
    POOL,
    UNMANAGED,
    Portfolio,
    strategy_account,
)


def of_each(**amounts: str) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in amounts.items()}


BOOKS = Portfolio(
    account="main",
    quote="USDT",
    balances={
        POOL: of_each(USDT="500"),
        UNMANAGED: of_each(USDT="100", BNB="3"),
        strategy_account("a"): of_each(BTC="1"),
        strategy_account("b"): of_each(BTC="0.5"),
        FEES: of_each(USDT="2"),
        EXCHANGE: of_each(USDT="-602", BTC="-1.5", BNB="-3"),
    },
)


def held(**amounts: tuple[str, str]) -> dict[str, Balance]:
    return {
        asset: Balance(asset=asset, free=Decimal(free), locked=Decimal(locked))
        for asset, (free, locked) in amounts.items()
    }


def gap(asset: str, **amounts: str) -> Gap:
    usual = dict.fromkeys(("books", "venue", "strategies", "pool", "unmanaged"), Decimal(0))
    return Gap(asset=asset, **{**usual, **of_each(**amounts)})


def test_what_agrees_is_no_gap_and_locked_money_is_there() -> None:
    venue = held(USDT=("550", "50"), BTC=("0", "1.5"), BNB=("3", "0"))
    assert gaps_between(BOOKS, venue) == []


def test_each_gap_says_what_the_books_are_made_of_and_comes_by_name() -> None:
    venue = held(USDT=("700", "1"), BTC=("1.2", "0"), XRP=("9", "0"))
    assert gaps_between(BOOKS, venue) == [
        gap("BNB", books="3", unmanaged="3"),
        gap("BTC", books="1.5", venue="1.2", strategies="1.5"),
        gap("USDT", books="600", venue="701", pool="500", unmanaged="100"),
        gap("XRP", venue="9"),
    ]


@pytest.mark.parametrize(
    ("parts", "difference", "lacking", "doubtful"),
    [
        ({"books": "5", "venue": "7", "strategies": "5"}, "2", "0", False),
        ({"books": "5", "venue": "4", "strategies": "5"}, "-1", "1", True),
        ({"books": "5", "venue": "4", "pool": "5"}, "-1", "1", True),
        ({"books": "5", "venue": "4", "unmanaged": "5"}, "-1", "0", False),
        ({"books": "5", "venue": "1", "strategies": "3", "unmanaged": "2"}, "-4", "2", True),
        ({"books": "5", "venue": "3", "pool": "3", "unmanaged": "2"}, "-2", "0", True),
        ({"books": "5", "venue": "5", "pool": "5"}, "0", "0", False),
        ({"books": "0.5", "venue": "0.4", "strategies": "0.5"}, "-0.1", "0.1", True),
        ({"books": "0.5", "venue": "0.4", "pool": "0.5"}, "-0.1", "0.1", True),
    ],
)
def test_whose_money_is_missing(
    parts: dict[str, str], difference: str, lacking: str, *, doubtful: bool
) -> None:
    found = gap("BTC", **parts)
    assert found.difference == Decimal(difference)
    assert found.lacking == Decimal(lacking)
    assert found.is_doubtful is doubtful


def test_a_gap_of_the_last_digit_is_one_whatever_the_context() -> None:
    exact = Portfolio(
        account="main",
        quote="USDT",
        balances={
            strategy_account("a"): of_each(BTC="123.45678901"),
            EXCHANGE: of_each(BTC="-123.45678901"),
        },
    )
    with localcontext(Context(prec=4)):
        [found] = gaps_between(exact, held(BTC=("123.45678900", "0")))
        assert found.lacking == Decimal("1E-8")
        assert found.books == Decimal("123.45678901")
