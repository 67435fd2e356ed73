"""What an account lost opens its breakers, from the numbers up to the owner's word."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.breakers import watch_losses
from chalicelib.domain.trading.ledger import POOL, Holding, Portfolio
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.services.trading.resume_account import resume_account
from tests.situations import BTC, NOON, an_account
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.5", "eth": "0.25"}


def books(cash: str, quantity: str = "0", cost: str = "0", realized: str = "0") -> Portfolio:
    held = Holding(
        strategy="a",
        symbol=BTC,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        realized=Decimal(realized),
    )
    return Portfolio(
        account="main",
        quote="USDT",
        balances={POOL: {"USDT": Decimal(cash)}},
        holdings=(held,),
        sequence=1,
    )


def watched(*looks: tuple[Portfolio, str | None], **limits: Any) -> AccountState:
    """The state after looks a minute apart at these books, with BTC at these prices."""
    state = AccountState(account="main")
    for number, (portfolio, price) in enumerate(looks):
        prices = {} if price is None else {BTC: Decimal(price)}
        now = NOON + timedelta(minutes=number)
        state = watch_losses(an_account(**limits), state, portfolio, prices, now)
    return state


def codes(state: AccountState) -> list[str]:
    return [breaker.code for breaker in state.breakers]


@pytest.mark.parametrize(("price", "opened"), [("80.1", []), ("80", ["DRAWDOWN_EXCEEDED"])])
def test_a_drawdown_opens_at_its_number_below_the_best_equity(
    price: str, opened: list[str]
) -> None:
    holds = books("500", "5", "500")
    limits = {"max_drawdown": Decimal("0.25")}
    state = watched((holds, "100"), (holds, "140"), (holds, "120"), (holds, price), **limits)
    # from 1,200 down to 900 and a half, or to 900
    assert codes(state) == opened


def test_it_stays_open_when_the_price_comes_back_and_keeps_its_first_words() -> None:
    holds = books("500", "5", "500")
    limits = {"max_drawdown": Decimal("0.25")}
    state = watched((holds, "100"), (holds, "40"), (holds, "20"), (holds, "200"), **limits)
    [breaker] = state.breakers
    assert "30.00% below its best" in breaker.reason
    assert breaker.opened_at == NOON + timedelta(minutes=1)
    assert breaker.until is None


def test_money_that_comes_or_goes_is_neither_profit_nor_loss() -> None:
    limits = {"max_drawdown": Decimal("0.1"), "daily_loss_stop": Decimal("0.1")}
    before, after = books("5000", "5", "500"), books("500", "5", "500")
    assert codes(watched((before, "100"), (after, "100"), **limits)) == []
    # and the loss afterwards is measured on what is left
    assert len(codes(watched((before, "100"), (after, "100"), (after, "80"), **limits))) == 2


def test_what_was_realised_counts_as_much_as_what_was_not() -> None:
    limits = {"daily_loss_stop": Decimal("0.05")}
    state = watched((books("1000"), "100"), (books("950", realized="-50"), "100"), **limits)
    [breaker] = state.breakers
    assert breaker.code == "ACCOUNT_LOSS_EXCEEDED"
    assert breaker.until == NOON.replace(day=NOON.day + 1, hour=0)


def test_a_day_begins_with_the_equity_that_there_is() -> None:
    holds, limits = books("500", "5", "500"), {"daily_loss_stop": Decimal("0.1")}
    state = watched((holds, "100"), (holds, "60"), **limits)
    assert codes(state) == ["ACCOUNT_LOSS_EXCEEDED"]
    account, tomorrow = an_account(**limits), NOON + timedelta(days=1)
    state = watch_losses(account, state, holds, {BTC: Decimal(60)}, tomorrow)
    assert codes(state) == []
    state = watch_losses(account, state, holds, {BTC: Decimal(50)}, tomorrow)
    assert codes(state) == []
    state = watch_losses(account, state, holds, {BTC: Decimal(40)}, tomorrow)
    assert codes(state) == ["ACCOUNT_LOSS_EXCEEDED"]


def test_what_has_no_price_counts_as_what_it_cost() -> None:
    holds, limits = books("500", "5", "500"), {"max_drawdown": Decimal("0.3")}
    assert codes(watched((holds, "100"), (holds, None), **limits)) == []
    # a gain that nobody can see any more is lost: 500 of 1,500
    gone = watched((holds, "200"), (holds, None), **limits)
    assert codes(gone) == ["DRAWDOWN_EXCEEDED"]
    assert gone.watermarks is not None
    assert gone.watermarks.best == 500


def test_without_a_limit_nothing_is_remembered() -> None:
    state = watched((books("500", "5", "500"), "100"), (books("500", "5", "500"), "1"))
    assert state == AccountState(account="main")


def test_books_that_are_not_open_yet_have_lost_nothing() -> None:
    unopened = Portfolio(account="main", quote="USDT")
    assert watched((unopened, "1"), max_drawdown=Decimal("0.1")).watermarks is None


def trading(**limits: Any) -> TradingFloor:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(**limits))
    floor.alert("btc", "long")
    floor.tick()
    return floor


def after_an_hour(floor: TradingFloor, strategy: str, state: str) -> tuple[SignalStatus, str]:
    floor.clock.pass_time(hours=1)
    signal = floor.alert(strategy, state)
    floor.tick()
    return floor.outcome(signal)


def test_an_account_that_lost_too_much_buys_nothing_until_the_owner_resumes_it() -> None:
    floor = trading(max_drawdown=Decimal("0.2"))
    floor.prices.set("BTC/USDT", Decimal(25000))  # a quarter of the equity
    status, reason = after_an_hour(floor, "eth", "long")
    assert status is SignalStatus.DENIED
    assert reason == (
        "equity is 25.00% below its best, at most 20.00% is allowed; "
        "until crypto-bot resume --account paper (DRAWDOWN_EXCEEDED)"
    )
    assert after_an_hour(floor, "btc", "flat")[0] is SignalStatus.EXECUTED
    floor.clock.pass_time(days=2)
    assert after_an_hour(floor, "eth", "long")[0] is SignalStatus.DENIED

    [closed] = resume_account(floor.ports, "paper")
    assert closed.code == "DRAWDOWN_EXCEEDED"
    assert resume_account(floor.ports, "paper") == ()
    assert after_an_hour(floor, "eth", "long")[0] is SignalStatus.EXECUTED


def test_a_loss_is_seen_although_no_alert_comes() -> None:
    floor = trading(daily_loss_stop=Decimal("0.2"))
    floor.prices.set("BTC/USDT", Decimal(25000))
    floor.clock.pass_time(minutes=15)
    floor.tick()
    assert codes(floor.ports.plans.state("paper")) == ["ACCOUNT_LOSS_EXCEEDED"]
    floor.clock.pass_time(days=1)
    floor.tick()
    assert codes(floor.ports.plans.state("paper")) == []


def test_a_purchase_that_waits_is_not_sent_once_a_breaker_is_open() -> None:
    account = virtual_account(
        max_drawdown=Decimal("0.2"), options={"faults": {"script": ["none", "rate_limited"]}}
    )
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    waits = floor.alert("eth", "long")
    floor.tick()
    assert floor.outcome(waits)[0] is SignalStatus.PLANNED
    floor.prices.set("BTC/USDT", Decimal(25000))
    floor.next_minute()
    assert floor.outcome(waits)[0] is SignalStatus.DENIED
    assert "DRAWDOWN_EXCEEDED" in floor.outcome(waits)[1]
    assert len(floor.exchange.accepted()) == 1


def test_a_breaker_keeps_a_holding_from_being_topped_up() -> None:
    floor = trading(max_drawdown=Decimal("0.2"), rebalance_band=Decimal("0.05"))
    floor.prices.set("BTC/USDT", Decimal(25000))
    bought = floor.owned("btc")
    after_an_hour(floor, "eth", "flat")
    assert codes(floor.ports.plans.state("paper")) == ["DRAWDOWN_EXCEEDED"]
    assert (floor.owned("btc"), len(floor.orders)) == (bought, 1)  # not even to be denied
    resume_account(floor.ports, "paper")
    after_an_hour(floor, "eth", "flat")
    assert floor.owned("btc") > bought


def test_only_a_known_account_can_be_resumed() -> None:
    with pytest.raises(SettingsError, match="did you mean paper"):
        resume_account(trading().ports, "papper")
