"""What doctor says of an account at a real venue: its keys, its sizes, its clock, and a ban."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import SystemClock
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import Settings, Stage
from tests.functional.cli.owner_desk import Desk
from tests.venues.binance import API_KEY, SECRET, BinanceVenue, ccxt_options, standard_book


@pytest.fixture
def venue() -> Iterator[BinanceVenue]:
    book = standard_book({"BTC/USDT": Decimal(60000)}, {"USDT": Decimal(1000)})
    with BinanceVenue(book) as venue:
        yield venue


@pytest.fixture
def desk(desk: Desk, venue: BinanceVenue) -> Desk:
    """A sandbox account at that venue, with half of its money for one strategy."""
    bootstrap.use(replace(bootstrap.choices(), clock=SystemClock()))
    secrets = desk.home / "secrets.json"
    secrets.write_text(json.dumps({"keys": {"api-key": API_KEY, "api-secret": SECRET}}))
    secrets.chmod(0o600)
    configured(venue)
    return desk


def configured(venue: BinanceVenue, **changes: Any) -> None:
    options = {k: v for k, v in ccxt_options(venue).items() if k not in {"apiKey", "secret"}}
    account = Account(
        name="main",
        exchange="binance",
        mode=Mode.SANDBOX,
        quote="USDT",
        secret="keys",
        exchange_options=options,
    )
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version,
        accounts=[replace(account, **changes)],
        strategies=[Strategy(name="btc", instruments={"BTCUSDT": "BTC/USDT"})],
        subscriptions=[Subscription(account="main", strategy="btc", weight=Decimal("0.5"))],
    )


def checked(desk: Desk, code: int) -> dict[str, tuple[bool | None, str]]:
    """Doctor's findings about the account, by what they are about."""
    bootstrap.use(bootstrap.choices())
    found = desk.run("doctor", "--json", code=code)
    prefix = "account main: "
    return {
        check["name"].removeprefix(prefix): (check["ok"], check["detail"])
        for check in json.loads(found.stdout)
        if check["name"].startswith(prefix)
    }


def test_a_key_that_can_only_trade_is_good_and_better_tied_down(desk: Desk) -> None:
    found = checked(desk, code=0)
    assert found["permissions"] == (
        None,
        "they can trade, and neither withdraw nor transfer, but from any address: tie them to "
        "this machine's on binance",
    )
    assert found["clock"] == (True, "within 5 s of the exchange's")
    assert found["sizes"] == (True, "btc would hold 500 USDT of BTC/USDT")


def test_what_was_not_asked_is_not_called_good(desk: Desk, venue: BinanceVenue) -> None:
    """Of an account that follows nothing there are no filters and no prices to be right."""
    strategies = bootstrap.strategies()
    strategies.apply(
        expected_version=strategies.configuration().version,
        removed_subscriptions=[("main", "btc")],
    )
    found = checked(desk, code=0)
    nothing = (None, "the account follows nothing yet, so nothing was asked")
    assert (found["instruments"], found["prices"]) == (nothing, nothing)
    assert found["sizes"] == (None, "the account follows nothing yet")
    assert found["clock"] == (True, "within 5 s of the exchange's")  # that one tells its time
    assert found["balances"] == (True, "1 assets, 1000 USDT free")
    assert venue.count("/api/v3/ticker/24hr") == 0


def test_an_account_without_its_quote_is_not_called_good(desk: Desk, venue: BinanceVenue) -> None:
    venue.book.balance("USDT").free = Decimal(0)
    venue.book.balance("BTC").free = Decimal(1)
    assert checked(desk, code=1)["balances"] == (
        None,
        "1 assets, and no USDT among them: nothing can be bought",
    )


def test_a_key_that_can_withdraw_is_wrong(desk: Desk, venue: BinanceVenue) -> None:
    venue.may_withdraw = True
    assert checked(desk, code=1)["permissions"] == (
        False,
        "the keys allow withdrawals; make new ones on binance without that",
    )


def test_a_weight_too_small_for_the_smallest_order_is_wrong(
    desk: Desk, venue: BinanceVenue
) -> None:
    configured(venue, capital=Decimal(8))
    assert checked(desk, code=1)["sizes"] == (
        False,
        "btc would hold 4 USDT of BTC/USDT, and the smallest order is 5 USDT: raise its weight or "
        "capital",
    )
    configured(venue, capital=Decimal(8), policy="signal_sized")
    assert checked(desk, code=0)["sizes"][0] is None


def test_an_instrument_that_cannot_be_understood_is_wrong_and_says_why(
    desk: Desk, venue: BinanceVenue
) -> None:
    [btc] = venue.book.instruments
    venue.book.instruments[btc] = replace(venue.book.instruments[btc], step=Decimal(0))
    found = checked(desk, code=1)
    reason = (
        "BTC/USDT cannot be traded, "
        "the venue states 0E-8 as its quantity_step, which must be above 0"
    )
    assert found["instruments"] == (False, reason)
    assert found["prices"][0] is True


def test_a_clock_that_is_off_is_wrong(desk: Desk, venue: BinanceVenue) -> None:
    venue.clock_offset_ms = 30_000
    assert checked(desk, code=1)["clock"] == (
        False,
        "this machine's clock is 30 s behind the exchange's; set it by NTP",
    )


def test_nobody_is_asked_during_a_ban(desk: Desk, venue: BinanceVenue) -> None:
    plans = bootstrap.trading().plans
    until = bootstrap.clock().now() + timedelta(hours=1)
    plans.save_state(replace(plans.state("main"), blocked_until=until))
    assert "balances" not in checked(desk, code=1)
    assert venue.requests == []


def test_test_money_on_the_stage_for_real_money_is_told(desk: Desk) -> None:
    bootstrap.use(replace(bootstrap.choices(), settings=Settings(stage=Stage.PROD)))
    ok, detail = checked(desk, code=0)["mode"]
    assert ok is None
    assert detail.startswith("sandbox on stage prod trades test money")


def test_channels_that_cannot_be_opened_are_wrong(desk: Desk) -> None:
    assert "-     notifications: nobody is told of trouble" in desk.run("doctor").stdout
    lost = Channel(name="phone", kind=ChannelKind.TELEGRAM, secret="lost")
    notices().save_notifications(replace(notices().notifications(), channels=(lost,)))
    assert "WRONG notifications: phone: " in desk.run("doctor", code=1).stdout
