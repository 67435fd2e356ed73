"""What the owner does by hand, on a real desk: pause, close, halt, cancel, resolve, approve."""

from contextlib import nullcontext
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from chalicelib.domain.errors import ActionRefused, SettingsError, StoreConflict
from chalicelib.domain.trading.account import Account, HaltLevel, Mode
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.configuration.files import parse_accounts, parse_strategies
from chalicelib.domain.trading.fill import Fill
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.services.trading.apply_configuration import OPENED_BY, apply_configuration
from chalicelib.services.trading.cancel_order import cancel_order
from chalicelib.services.trading.close_strategy import close_strategy
from chalicelib.services.trading.decide_signal import decide_signal
from chalicelib.services.trading.halt_trading import halt_trading
from chalicelib.services.trading.pause_strategy import pause_strategy
from chalicelib.services.trading.replace_token import replace_token
from chalicelib.services.trading.resolve_order import Resolution, Word, resolve_order
from chalicelib.services.trading.tick import tick
from chalicelib.services.trading.wake_account import wake_account
from tests.trading_floor import TradingFloor

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor(PRICES, WEIGHTS)


def enter(floor: TradingFloor, strategy: str = "btc") -> None:
    floor.alert(strategy, "long")
    floor.tick()
    floor.clock.pass_time(hours=1)


# --- pause ---------------------------------------------------------------------------------


def pause(floor: TradingFloor, strategy: str | None, *, paused: bool = True) -> list[str]:
    changed = pause_strategy(floor.ports.strategies, strategy=strategy, account=None, paused=paused)
    return [subscription.strategy for subscription in changed]


def test_a_paused_strategy_leaves_and_does_not_enter(floor: TradingFloor) -> None:
    enter(floor)
    assert pause(floor, "btc") == ["btc"]
    floor.alert("btc", "flat")
    floor.tick()
    assert floor.owned("btc") == 0
    floor.clock.pass_time(hours=1)
    entry = floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == 0
    assert "paused" in floor.outcome(entry)[1].lower()


def test_no_name_means_all_and_twice_is_once(floor: TradingFloor) -> None:
    assert pause(floor, None) == ["btc", "eth"]
    version = floor.ports.strategies.configuration().version
    assert pause(floor, None) == []
    assert floor.ports.strategies.configuration().version == version
    assert pause(floor, "eth", paused=False) == ["eth"]


@pytest.mark.parametrize(
    ("strategy", "account", "sentence"),
    [
        ("bct", None, "there is no strategy bct; did you mean btc?"),
        ("btc", "papr", "there is no account papr; did you mean paper?"),
    ],
)
def test_a_misspelt_name_is_no_quiet_nothing(
    floor: TradingFloor, strategy: str, account: str | None, sentence: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{sentence[:-1]}"):
        pause_strategy(floor.ports.strategies, strategy=strategy, account=account, paused=True)


def test_a_strategy_that_nobody_follows_cannot_be_paused(floor: TradingFloor) -> None:
    version = floor.ports.strategies.configuration().version
    floor.ports.strategies.apply(expected_version=version, removed_subscriptions=[("paper", "btc")])
    with pytest.raises(SettingsError, match=r"^no account follows btc; "):
        pause(floor, "btc")
    with pytest.raises(SettingsError, match=r"^account paper does not follow btc; "):
        pause_strategy(floor.ports.strategies, strategy="btc", account="paper", paused=True)


# --- close ---------------------------------------------------------------------------------


def test_close_sells_what_the_strategy_owns_with_the_next_tick(floor: TradingFloor) -> None:
    enter(floor)
    enter(floor, "eth")
    [signal] = close_strategy(floor.ports, "btc")
    assert (signal.urgent, signal.order_id) == (True, "owner-close")
    assert floor.owned("btc") > 0
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.owned("eth") > 0
    assert floor.outcome(signal.id)[0] is SignalStatus.EXECUTED


def test_close_reaches_an_instrument_that_the_strategy_no_longer_has(floor: TradingFloor) -> None:
    enter(floor)
    configuration = floor.ports.strategies.configuration()
    moved = replace(configuration.strategies["btc"], instruments={"ETHUSDT": "ETH/USDT"})
    floor.ports.strategies.apply(expected_version=configuration.version, strategies=[moved])
    signals = close_strategy(floor.ports, "btc")
    assert [(s.symbol, s.ticker) for s in signals] == [
        ("BTC/USDT", "BTCUSDT"),
        ("ETH/USDT", "ETHUSDT"),
    ]
    floor.tick()
    assert floor.owned("btc") == 0


def test_only_a_known_strategy_can_be_closed(floor: TradingFloor) -> None:
    with pytest.raises(SettingsError, match=r"^there is no strategy doge; known are btc, eth$"):
        close_strategy(floor.ports, "doge")


# --- halt ----------------------------------------------------------------------------------


def test_flatten_sells_everything_and_nothing_enters_until_resume(floor: TradingFloor) -> None:
    enter(floor)
    assert halt_trading(floor.ports, HaltLevel.FLATTEN, "enough").before is HaltLevel.NONE
    assert halt_trading(floor.ports, HaltLevel.NO_ENTRIES, "too").before is HaltLevel.FLATTEN
    floor.tick()
    assert floor.owned("btc") == 0
    floor.alert("eth", "long")
    floor.tick()
    assert floor.owned("eth") == 0
    assert halt_trading(floor.ports, HaltLevel.NONE, "again").before is HaltLevel.FLATTEN
    floor.clock.pass_time(hours=1)
    enter(floor, "eth")
    assert floor.owned("eth") > 0


# --- cancel and resolve --------------------------------------------------------------------


def stored_order(floor: TradingFloor, status: OrderStatus, filled: str = "0") -> Order:
    """An order of an open plan, as a tick would have left it in this state."""
    floor.alert("btc", "long")
    tick(floor.ports, owner="test", deadline=floor.clock.now())  # too late to send anything
    [plan] = [floor.ports.plans.get(name) for name in account_state(floor).open_plans]
    assert plan is not None
    [order] = plan.orders(floor.ports.orders.of_plan(plan.id))
    assert order.status is OrderStatus.INITIALIZED
    fill = Fill(
        trade_id="1",
        quantity=Decimal(filled),
        price=Decimal(50000),
        fee=Decimal(0),
        fee_asset="USDT",
        at=floor.clock.now(),
    )
    fills = (fill,) if Decimal(filled) else ()
    return floor.ports.orders.save(
        replace(order, status=status, filled=Decimal(filled), fills=fills, attempts=1)
    )


ABSENT = Resolution(word=Word.ABSENT)


def filled(quantity: str, price: str, fee: Decimal = Decimal(0)) -> Resolution:
    return Resolution(word=Word.FILLED, quantity=Decimal(quantity), price=Decimal(price), fee=fee)


def account_state(floor: TradingFloor) -> AccountState:
    return floor.ports.plans.state("paper")


def test_cancel_marks_a_resting_order_and_wakes_its_account(floor: TradingFloor) -> None:
    order = stored_order(floor, OrderStatus.ACCEPTED)
    floor.ports.plans.save_state(replace(account_state(floor), due_at=None))
    assert cancel_order(floor.ports, order.intent.id).cancel_requested
    assert account_state(floor).due_at == floor.clock.now()
    again = cancel_order(floor.ports, order.intent.id)
    assert again.version == order.version + 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (OrderStatus.FILLED, "is FILLED and does not rest at the venue; there is nothing to"),
        (OrderStatus.SUBMITTED, "is SUBMITTED and does not rest at the venue; the next tick finds"),
        (OrderStatus.HELD, "is HELD and does not rest at the venue; tell what became of it"),
    ],
)
def test_only_a_resting_order_can_be_cancelled(
    floor: TradingFloor, status: OrderStatus, sentence: str
) -> None:
    order = stored_order(floor, status)
    with pytest.raises(ActionRefused, match=sentence):
        cancel_order(floor.ports, order.intent.id)
    assert floor.ports.orders.get(order.intent.id) == order


def test_a_held_order_that_was_filled_is_booked_by_the_next_tick(floor: TradingFloor) -> None:
    order = stored_order(floor, OrderStatus.HELD)
    resolution = filled("0.04", "49900", fee=Decimal(2))
    shown = resolve_order(floor.ports, order.intent.id, resolution, None, dry_run=True)
    assert shown.status is OrderStatus.FILLED
    assert floor.ports.orders.get(order.intent.id) == order
    resolve_order(floor.ports, order.intent.id, resolution, None, dry_run=False)
    floor.tick()
    holding = floor.portfolio.holding("btc", "BTC/USDT")
    assert (holding.quantity, holding.cost) == (Decimal("0.04"), Decimal(1998))
    entries = floor.ports.ledger.entries("paper")
    assert f"fill#BTC/USDT#resolved#{order.intent.id}" in [entry.id for entry in entries]


def test_a_held_order_that_never_was_leaves_the_strategy_free(floor: TradingFloor) -> None:
    order = stored_order(floor, OrderStatus.HELD)
    after = resolve_order(floor.ports, order.intent.id, ABSENT, None, dry_run=False)
    assert (after.status, after.code) == (OrderStatus.REJECTED, "RESOLVED_ABSENT")
    floor.tick()
    assert floor.owned("btc") == 0
    floor.clock.pass_time(hours=1)
    enter(floor)
    assert floor.owned("btc") > 0


def test_a_part_that_was_filled_ends_the_order_with_it(floor: TradingFloor) -> None:
    order = stored_order(floor, OrderStatus.HELD, filled="0.01")
    part = filled("0.02", "50000")
    after = resolve_order(floor.ports, order.intent.id, part, None, dry_run=True)
    assert (after.status, after.filled) == (OrderStatus.CANCELED, Decimal("0.03"))
    absent = resolve_order(floor.ports, order.intent.id, ABSENT, None, dry_run=True)
    assert (absent.status, absent.filled) == (OrderStatus.CANCELED, Decimal("0.01"))


@pytest.mark.parametrize(
    ("quantity", "price", "sentence"),
    [
        ("0.05", "50000", "has 0.04 open, and 0.05 was to be filled; name a quantity above 0"),
        ("0", "50000", "has 0.04 open, and 0 was to be filled"),
        ("0.04", "0", "the price of order .* is 0; name the one the venue shows, above 0"),
    ],
)
def test_a_resolution_that_cannot_be_is_refused(
    floor: TradingFloor, quantity: str, price: str, sentence: str
) -> None:
    order = stored_order(floor, OrderStatus.HELD)
    resolution = filled(quantity, price)
    with pytest.raises(ActionRefused, match=sentence):
        resolve_order(floor.ports, order.intent.id, resolution, None, dry_run=False)


def test_only_a_held_order_can_be_resolved(floor: TradingFloor) -> None:
    order = stored_order(floor, OrderStatus.ACCEPTED)
    with pytest.raises(ActionRefused, match=r"is ACCEPTED; only a HELD order waits"):
        resolve_order(floor.ports, order.intent.id, ABSENT, None, dry_run=False)
    for act in (
        lambda: cancel_order(floor.ports, "nothing"),
        lambda: resolve_order(floor.ports, "nothing", ABSENT, None, dry_run=False),
        lambda: decide_signal(floor.ports, "nothing", approved=True),
    ):
        with pytest.raises(ActionRefused, match=r"^there is no (order|signal) nothing; "):
            act()


# --- approve and decline -------------------------------------------------------------------


def test_an_approved_entry_is_executed() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, subscription={"approval": True})
    entry = floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == 0
    decide_signal(floor.ports, entry, approved=True)
    floor.next_minute()
    assert floor.owned("btc") > 0
    with pytest.raises(ActionRefused, match=r"is already EXECUTED: bought 0.04 BTC"):
        decide_signal(floor.ports, entry, approved=False)


def test_a_declined_entry_is_skipped_with_the_reason() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, subscription={"approval": True})
    entry = floor.alert("btc", "long")
    decide_signal(floor.ports, entry, approved=False)
    floor.tick()
    assert floor.outcome(entry) == (SignalStatus.SKIPPED, "declined by the owner")
    assert floor.owned("btc") == 0


def test_a_signal_that_waits_for_nobody_needs_no_word(floor: TradingFloor) -> None:
    entry = floor.alert("btc", "long")
    with pytest.raises(ActionRefused, match="waits for nobody's approval"):
        decide_signal(floor.ports, entry, approved=True)


# --- configuration and tokens --------------------------------------------------------------

STRATEGIES = '[strategies.btc]\ninstruments = { BTCUSDT = "BTC/USDT" }\n'
NEW = STRATEGIES + '[strategies.sol]\ninstruments = { SOLUSDT = "SOL/USDT" }\n'


def test_a_new_strategy_gets_a_token_and_only_its_hash_is_stored(floor: TradingFloor) -> None:
    draft = parse_strategies(NEW, "strategies.toml")
    applied = apply_configuration(floor.ports, draft, live_refusal="", make_token=lambda: "made-up")
    assert applied.tokens == {"sol": "made-up"}
    configuration = floor.ports.strategies.configuration()
    assert configuration.strategies["sol"].token_hashes == (hash_token("made-up"),)
    assert configuration.strategies["btc"].token_hashes == ()
    assert applied.version == configuration.version
    again = apply_configuration(floor.ports, draft, live_refusal="", make_token=lambda: "other")
    assert (again.version, again.tokens, again.differences) == (applied.version, {}, ())


def test_a_dry_run_stores_nothing(floor: TradingFloor) -> None:
    before = floor.ports.strategies.configuration()
    applied = apply_configuration(
        floor.ports,
        parse_strategies(NEW, "strategies.toml"),
        live_refusal="",
        make_token=lambda: "made-up",
        dry_run=True,
    )
    assert applied.differences
    assert applied.tokens == {}
    assert floor.ports.strategies.configuration() == before


def test_a_strategy_with_a_position_stays_close_only_until_it_is_flat(floor: TradingFloor) -> None:
    enter(floor, "eth")
    draft = parse_strategies(STRATEGIES, "strategies.toml")

    def apply() -> tuple[str, ...]:
        return apply_configuration(
            floor.ports, draft, live_refusal="", make_token=lambda: "token"
        ).notes

    [note] = apply()
    assert "eth still holds ETH/USDT on account paper: it stays as close-only" in note
    floor.alert("eth", "flat")
    floor.tick()
    assert floor.owned("eth") == 0
    assert apply() == ()
    assert floor.ports.strategies.configuration().followers("eth") == ()


class Refusing:
    """Exchanges that know none."""

    def open(self, account: Account) -> None:
        raise SettingsError(f"account {account.name} has exchange {account.exchange}: unknown")


def test_an_exchange_that_nobody_knows_is_not_stored(floor: TradingFloor) -> None:
    text = (
        '\n[accounts.main]\nexchange = "binanse"\nmode = "sandbox"\nquote = "USDT"\n'
        'secret = "keys"\n'
    )
    before = floor.ports.strategies.configuration()
    ports = replace(floor.ports, exchanges=Refusing())  # type: ignore[arg-type]
    with pytest.raises(SettingsError) as refusal:
        apply_configuration(
            ports,
            parse_accounts(text, "accounts.toml"),
            live_refusal="",
            make_token=lambda: "token",
        )
    assert str(refusal.value) == (
        "accounts.toml line 2: account main has exchange binanse: unknown"
    )
    assert floor.ports.strategies.configuration() == before


LIMITS = {
    *("capital", "policy", "reserve", "basis", "reboost_on_exit", "rebalance_band"),
    *("risk_per_trade", "order_style", "increment", "max_legs", "unfilled_timeout"),
    *("max_drawdown", "daily_loss_stop", "max_exposure_per_coin", "max_open_positions"),
    *("max_orders_per_minute", "max_price_age"),
}


def test_every_setting_decides_how_an_account_is_opened_or_is_a_limit() -> None:
    assert not LIMITS & {*OPENED_BY}
    assert LIMITS | {*OPENED_BY, "name", "version"} == {field.name for field in fields(Account)}


@pytest.mark.parametrize(("exchange", "is_stored"), [("kraken", True), ("my.own:Venue", False)])
def test_limits_are_changed_without_opening_but_what_an_owners_class_is_made_of(
    floor: TradingFloor, exchange: str, *, is_stored: bool
) -> None:
    account = Account(name="main", exchange=exchange, mode=Mode.SANDBOX, quote="USDT", secret="k")
    known = floor.ports.strategies.configuration().version
    floor.ports.strategies.apply(expected_version=known, accounts=[account])
    text = (
        f'[accounts.main]\nexchange = "{exchange}"\nmode = "sandbox"\nquote = "USDT"\n'
        'secret = "k"\nmax_drawdown = 0.2\n'
    )
    ports = replace(floor.ports, exchanges=Refusing())  # type: ignore[arg-type]
    with nullcontext() if is_stored else pytest.raises(SettingsError, match="unknown"):
        apply_configuration(
            ports, parse_accounts(text, "a.toml"), live_refusal="", make_token=lambda: "token"
        )
    limit = floor.ports.strategies.configuration().accounts["main"].max_drawdown
    assert limit == (Decimal("0.2") if is_stored else None)


def test_two_tokens_are_live_at_once(floor: TradingFloor) -> None:
    store = floor.ports.strategies
    for token in ("first", "second", "third"):
        replace_token(store, "btc", lambda token=token: token)  # type: ignore[misc]
    hashes = store.configuration().strategies["btc"].token_hashes
    assert hashes == (hash_token("third"), hash_token("second"))
    replace_token(store, "btc", lambda: "fourth", revoke=True)
    assert store.configuration().strategies["btc"].token_hashes == (hash_token("fourth"),)


# --- waking --------------------------------------------------------------------------------


def test_waking_tries_again_when_somebody_else_was_faster(floor: TradingFloor) -> None:
    plans = floor.ports.plans
    races = 2

    class Contested:
        """The store, with a tick that saves between reading and writing."""

        def state(self, account: str) -> AccountState:
            nonlocal races
            state = plans.state(account)
            if races:
                races -= 1
                plans.save_state(replace(state, checked_at=floor.clock.now()))
            return state

        save_state = staticmethod(plans.save_state)

    wake_account(Contested(), "paper", floor.clock.now())  # type: ignore[arg-type]
    assert account_state(floor).due_at == floor.clock.now()
    races = 99
    floor.ports.plans.save_state(replace(account_state(floor), due_at=None))
    with pytest.raises(StoreConflict):
        wake_account(Contested(), "paper", floor.clock.now())  # type: ignore[arg-type]
