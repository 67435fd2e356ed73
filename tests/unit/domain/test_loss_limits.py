"""What losses open, to the last figure: the marks they are counted from, and what is said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext

import pytest

from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.breakers import watch_losses, without_breakers
from chalicelib.domain.trading.ledger import POOL, Holding, Portfolio
from chalicelib.domain.trading.plan import AccountState, Breaker, Watermarks
from tests.situations import BTC, ETH, NOON, an_account

LIMITED = an_account(max_drawdown=Decimal("0.2"), daily_loss_stop=Decimal("0.1"))
PRICES = {BTC: Decimal(100), ETH: Decimal(10)}


def holding(symbol: str, quantity: str, cost: str, realized: str = "0") -> Holding:
    return Holding(
        strategy="a",
        symbol=symbol,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        realized=Decimal(realized),
    )


def books(cash: str, *holdings: Holding) -> Portfolio:
    return Portfolio(
        account="main",
        quote="USDT",
        balances={POOL: {"USDT": Decimal(cash)}},
        holdings=holdings,
        sequence=1,
    )


def marks(best: str, at_dawn: str, day: int = NOON.day) -> Watermarks:
    return Watermarks(
        best=Decimal(best), day=NOON.date().replace(day=day), at_dawn=Decimal(at_dawn)
    )


def looked(
    portfolio: Portfolio,
    *,
    account: Account = LIMITED,
    now: datetime = NOON,
    prices: dict[str, Decimal] | None = None,
    **state: object,
) -> AccountState:
    before = replace(AccountState(account="main"), **state)  # type: ignore[arg-type]
    return watch_losses(account, before, portfolio, PRICES if prices is None else prices, now)


def test_profit_is_what_was_realised_and_what_the_holdings_gained() -> None:
    # 30 realised in all; BTC is worth 200 and cost 150, ETH 50 and cost 60
    held = (holding(BTC, "2", "150", "40"), holding(ETH, "5", "60", "-10"))
    assert looked(books("1000", *held)).watermarks == marks("70", "70")


def test_what_is_held_no_more_needs_no_price_but_its_profit_counts() -> None:
    gone = replace(holding("SOL/USDT", "0", "999"), realized=Decimal(25))
    assert looked(books("1000", gone, holding(BTC, "1", "90"))).watermarks == marks("35", "35")


def test_a_coin_without_a_price_does_not_hide_what_the_others_lost() -> None:
    # BTC is worth 100 and cost 200; the other is worth what it cost: 100 lost of 110 + 200 + 10
    held = (holding(BTC, "1", "200"), holding("GONE/USDT", "3", "10"))
    state = looked(books("110", *held), watermarks=marks("0", "0"))
    assert [breaker.code for breaker in state.breakers] == [
        "DRAWDOWN_EXCEEDED",
        "ACCOUNT_LOSS_EXCEEDED",
    ]
    assert "equity is 31.25% below its best" in state.breakers[0].reason
    assert looked(books("110", *held)).watermarks == marks("-100", "-100")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (marks("80", "60"), marks("80", "60")),  # the profit is 50, so the best stays
        (marks("20", "60"), marks("50", "60")),
        (marks("80", "60", day=1), marks("80", "50")),  # a new day begins at what there is
        (marks("80", "60", day=3), marks("80", "50")),
    ],
)
def test_the_best_only_rises_and_the_day_begins_once(before: Watermarks, after: Watermarks) -> None:
    assert looked(books("1000", holding(BTC, "1", "50")), watermarks=before).watermarks == after


def test_both_stops_say_how_much_was_lost_of_what_there_was() -> None:
    # stake: 900 in the pool - 0 profit = 900; the best was 900 + 300, dawn was 900 + 100
    state = looked(books("900"), watermarks=marks("300", "100"))
    assert state.breakers == (
        Breaker(
            code="DRAWDOWN_EXCEEDED",
            reason="equity is 25.00% below its best, at most 20.00% is allowed; "
            "until crypto-bot resume --account main",
            opened_at=NOON,
        ),
        Breaker(
            code="ACCOUNT_LOSS_EXCEEDED",
            reason="the account lost 10.00% today, the stop is 10.00%; until midnight UTC",
            opened_at=NOON,
            until=datetime(2026, 3, 3, tzinfo=UTC),
        ),
    )


def test_the_last_day_of_a_month_ends_with_the_month() -> None:
    eve = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    before = Watermarks(best=Decimal(500), day=eve.date(), at_dawn=Decimal(500))
    state = looked(books("900"), now=eve, watermarks=before)
    assert state.breakers[1].until == datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_held_is_part_of_the_stake() -> None:
    # worth 100, cost 300: 200 lost. stake 900 + 200 + 100 = 1,200 less the profit's own part
    state = looked(books("900", holding(BTC, "1", "300")), watermarks=marks("0", "0"))
    assert "lost 16.67% today" in state.breakers[0].reason


@pytest.mark.parametrize(
    ("best", "codes"),
    [("0", []), ("249", []), ("250", ["DRAWDOWN_EXCEEDED"])],
)
def test_a_fifth_is_reached_at_a_fifth(best: str, codes: list[str]) -> None:
    account = an_account(max_drawdown=Decimal("0.2"))
    state = looked(books("1000"), account=account, watermarks=marks(best, "999"))
    assert [breaker.code for breaker in state.breakers] == codes


def test_a_limit_of_nothing_opens_at_once_even_without_a_loss() -> None:
    state = looked(books("1000"), account=an_account(daily_loss_stop=Decimal(0)))
    assert "lost 0.00% today" in state.breakers[0].reason


@pytest.mark.parametrize(("cash", "at_dawn"), [("-100", "100"), ("-500", "100")])
def test_where_there_was_nothing_nothing_can_be_lost(cash: str, at_dawn: str) -> None:
    assert looked(books(cash), watermarks=marks(at_dawn, at_dawn)).breakers == ()


def test_one_unit_above_nothing_can_be_lost_whole() -> None:
    account = an_account(daily_loss_stop=Decimal("0.5"))
    state = looked(books("-99"), account=account, watermarks=marks("100", "100"))
    assert len(state.breakers) == 1


def test_an_open_breaker_is_kept_and_not_opened_twice_and_one_that_ran_out_goes() -> None:
    def breaker(code: str, until: datetime | None) -> Breaker:
        return Breaker(code=code, reason="earlier", opened_at=NOON - timedelta(days=2), until=until)

    kept, over = breaker("DRAWDOWN_EXCEEDED", None), breaker("ACCOUNT_LOSS_EXCEEDED", NOON)
    state = looked(books("900"), breakers=(over, kept), watermarks=marks("300", "100"))
    assert state.breakers[0] == kept
    assert [b.code for b in state.breakers] == ["DRAWDOWN_EXCEEDED", "ACCOUNT_LOSS_EXCEEDED"]
    unlimited = looked(
        books("900"), account=an_account(), breakers=(over, kept), watermarks=marks("1", "1")
    )
    assert (unlimited.breakers, unlimited.watermarks) == ((kept,), None)


def test_the_owners_word_clears_the_breakers_and_the_memory() -> None:
    open_one = Breaker(code="DRAWDOWN_EXCEEDED", reason="lost", opened_at=NOON)
    state = AccountState(
        account="main", sequence=4, breakers=(open_one,), watermarks=marks("1", "1")
    )
    assert without_breakers(state) == AccountState(account="main", sequence=4)


def test_the_figures_do_not_depend_on_the_context_of_the_thread() -> None:
    with localcontext(Context(prec=3)):
        state = looked(books("1000", holding(BTC, "1", "98.7654321")))
    assert state.watermarks == marks("1.2345679", "1.2345679")
