"""What a seed makes of the world: who trades what, how the venue is, what goes wrong how often."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Final

from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.account import Account, Mode, OrderStyle, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.instrument import Instrument
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.ports import VenueTraits
from tests.simulation.floor import Habits
from tests.simulation.kernel import Trouble
from tests.simulation.steps import EARLY_KILLS, LATE_KILLS

PRICES: Final = {"BTC/USDT": Decimal(100), "ETH/USDT": Decimal(10)}
FEE: Final = Decimal("0.001")
# Planted where it belongs and looked for where it does not.
TOKEN: Final = "canary-token-of-{}"
_SHARED: Final = 0.12  # of the seeds
_ORDERING: Final = 0.25
_EARLY: Final = frozenset(EARLY_KILLS)
_LATE: Final = frozenset(LATE_KILLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One drawn world. Times in seconds; `faults_until` is when it becomes friendly."""

    strategies: tuple[Strategy, ...]
    accounts: tuple[Account, ...]
    subscriptions: tuple[Subscription, ...]
    habits: Habits
    trouble: Trouble
    fee_in: str
    lag: float
    period: float
    alerts: int
    owner_acts: int
    manual_acts: int
    faults_until: float
    life: float = 60.0  # of a tick, before whoever runs it ends it
    moves: tuple[int, int] = (985, 1014)  # what prices may become at once, in thousandths
    shared: bool = False  # another bot trades with the same keys, and the venue lists what rests
    orders: int = 0  # of bots, which wait for a price
    owner_ends_held: float = 0.5  # how often the owner cancels at the venue what is held


def instruments() -> dict[str, Instrument]:
    """Two coins with steps and minimums that get in the way now and then."""
    steps = {"BTC/USDT": ("0.001", "0.01", "5"), "ETH/USDT": ("0.01", "0.001", "5")}
    return {
        symbol: Instrument(
            symbol=symbol,
            base=symbol.split("/", maxsplit=1)[0],
            quote="USDT",
            quantity_step=Decimal(step),
            price_tick=Decimal(tick),
            minimum_notional=Decimal(notional),
            taker_fee=FEE,
        )
        for symbol, (step, tick, notional) in steps.items()
    }


def draw(seed: int) -> Setting:
    """The world of a seed: a mixture of its own of all troubles, or one that leans to something.

    What is rare everywhere is met often enough only where a seed is about it.
    """
    with exact_arithmetic():  # the same whatever ran before in this thread
        return _drawn(seed)


def _drawn(seed: int) -> Setting:
    dice = Random(f"setting {seed}")
    setting = dice.choice(_LEANINGS)(_mixture(dice))
    # Dice of its own, so that no other seed becomes another one.
    if Random(f"shared {seed}").random() < _SHARED:
        setting = _shared(setting)
    orders = Random(f"orders {seed}")
    if orders.random() < _ORDERING:
        # Alerts overtake what waits: of fewer, more of it is met.
        setting = replace(setting, orders=orders.randint(5, 12), alerts=setting.alerts // 2)
    return setting


def _mixture(dice: Random) -> Setting:
    strategies = _strategies(dice)
    accounts = _accounts(dice)
    return Setting(
        strategies=strategies,
        accounts=accounts,
        subscriptions=_subscriptions(dice, strategies, accounts),
        habits=_habits(dice),
        trouble=Trouble(
            kill=dice.choice((0.002, 0.005, 0.01)),
            stall=dice.choice((0.0, 0.001, 0.003)),
            store=dice.choice((0.0, 0.003, 0.01)),
            venue=dice.choice((0.15, 0.45, 0.8)),
            spared=dice.choice((frozenset(), _LATE)),
        ),
        fee_in=dice.choice(("quote", "received", "received", "BNB")),
        lag=dice.choice((0.0, 0.1, 0.5)),
        period=dice.choice((10.0, 15.0, 30.0)),
        alerts=dice.randint(10, 26),
        owner_acts=dice.choice((1, 2, 4, 6)),
        manual_acts=dice.choice((0, 0, 1, 3, 6)),
        faults_until=dice.choice((800.0, 1100.0)),
        life=dice.choice((30.0, 45.0)),
    )


def _strategies(dice: Random) -> tuple[Strategy, ...]:
    # Two strategies on one coin nearly always: netting and crosses are where money gets lost.
    names = ["btc", "btc_2"][: 2 if dice.random() < 0.9 else 1]
    names += ["eth", "eth_2"][: dice.choice((0, 1, 1, 2))]
    return tuple(
        Strategy(
            name=name,
            instruments={f"{name[:3].upper()}USDT": f"{name[:3].upper()}/USDT"},
            sibling_wait=dice.choice((0, 5, 20)),
            max_lag=dice.choice((120, 600, 3600)),
            token_hashes=(hash_token(TOKEN.format(name)),),
            stop_loss=dice.choice((None, None, Decimal("0.01"), Decimal("0.03"))),
            take_profit=dice.choice((None, None, None, Decimal("0.02"))),
        )
        for name in names
    )


def _accounts(dice: Random) -> tuple[Account, ...]:
    names = ["main", "second"][: 2 if dice.random() < 0.2 else 1]
    return tuple(
        Account(
            name=name,
            exchange="simulated",
            mode=Mode.SANDBOX,
            quote="USDT",
            capital=dice.choice((None, None, Decimal(4000))),
            policy=dice.choice(("fixed", "fixed", "boost", "equal")),
            reboost_on_exit=dice.random() < 0.3,
            rebalance_band=dice.choice((None, None, Decimal("0.05"))),
            order_style=dice.choice((OrderStyle.MARKETABLE_LIMIT, OrderStyle.LIMIT)),
            max_legs=dice.choice((1, 2, 3)),
            unfilled_timeout=dice.choice((10, 60, 300, 300)),
            max_orders_per_minute=dice.choice((None, None, None, 2)),
            max_open_positions=dice.choice((None, None, None, 1)),
            max_exposure_per_coin=dice.choice((None, None, None, Decimal("0.3"))),
            max_drawdown=dice.choice((None, None, None, Decimal("0.02"))),
            daily_loss_stop=dice.choice((None, None, None, Decimal("0.02"))),
        )
        for name in names
    )


def _subscriptions(
    dice: Random, strategies: tuple[Strategy, ...], accounts: tuple[Account, ...]
) -> tuple[Subscription, ...]:
    weight = Decimal("0.97") / len(strategies)
    return tuple(
        Subscription(
            account=account.name,
            strategy=strategy.name,
            weight=(weight * dice.choice((5, 8, 10)) / 10).quantize(Decimal("0.01")),
            priority=dice.randint(0, 2),
            approval=dice.random() < 0.05,
        )
        for account in accounts
        for strategy in strategies
    )


def _habits(dice: Random) -> Habits:
    kind = dice.choice(("window", "window", "nonce", "slow", "unbounded", "unbounded"))
    bound = {"window": 5, "nonce": 10, "slow": 60, "unbounded": None}[kind]
    visibility = dice.choice((0.0, 3.0, 5.0))
    return Habits(
        traits=VenueTraits(
            in_flight=1 if kind == "nonce" else 10,
            acceptance_bound=None if bound is None else timedelta(seconds=bound),
            visibility_lag=timedelta(seconds=visibility),
            finds_by_client_id=True,
            has_stop_orders=dice.random() < 0.5,
        ),
        late_by=500.0 if bound is None else float(bound),
        late=4 if bound is None else 1,
        unfilled=dice.choice((OrderStatus.EXPIRED, OrderStatus.CANCELED)),
        visibility=visibility,
        hidden=dice.choice((0.0, 0.3)),
        partial=dice.choice((0.2, 0.5, 0.85)),
        nothing=dice.choice((0.1, 0.4)),
        expires=dice.choice((0.05, 0.3)),
        vanishes=dice.choice((0.0, 0.5, 0.9)),
        unique_while_open=dice.random() < 0.5,
    )


# --- leanings: what a seed is about ----------------------------------------------------------


def _as_drawn(setting: Setting) -> Setting:
    return setting


def _patient(setting: Setting) -> Setting:
    """Limit orders rest for long and are filled bit by bit, while little else goes wrong."""
    return replace(
        setting,
        accounts=tuple(_resting(account) for account in setting.accounts),
        habits=replace(
            setting.habits, nothing=0.4, partial=0.35, liquid=1.0, expires=0.17, vanishes=0.0
        ),
        trouble=_less(setting.trouble, kills=0.5),
        period=20.0,
        alerts=setting.alerts // 2,
        faults_until=900.0,
    )


def _forgetful(setting: Setting) -> Setting:
    """A venue that denies resting orders for minutes, and then shows them again."""
    return replace(
        setting,
        accounts=tuple(_resting(account) for account in setting.accounts),
        habits=replace(
            setting.habits,
            nothing=0.6,
            partial=0.85,
            liquid=0.25,
            expires=0.15,
            vanishes=1.0,
            hidden=0.0,
        ),
        trouble=_less(setting.trouble, kills=0.5),
        period=30.0,
        alerts=setting.alerts // 2,
        faults_until=900.0,
        owner_ends_held=0.05,
    )


def _falling(setting: Setting) -> Setting:
    """A market that falls, and stops that wait for it at the venue."""
    habits = setting.habits
    return replace(
        setting,
        strategies=tuple(replace(s, stop_loss=Decimal("0.015")) for s in setting.strategies),
        habits=replace(
            habits,
            traits=replace(habits.traits, has_stop_orders=True),
            partial=0.3,
            nothing=0.1,
            expires=0.05,
        ),
        trouble=_less(setting.trouble),
        period=20.0,
        faults_until=600.0,
        alerts=setting.alerts // 2,
        moves=(965, 1010),
    )


def _shared(setting: Setting) -> Setting:
    """Another bot trades with the same keys. What comes last in a tick is reached by a few of them
    only, so most of these are let live.
    """
    trouble = _less(setting.trouble, kills=0.2)
    return replace(
        setting,
        shared=True,
        trouble=replace(trouble, venue=min(trouble.venue, 0.15)),
        faults_until=1100.0,
    )


def _resting(account: Account) -> Account:
    return replace(account, order_style=OrderStyle.LIMIT, unfilled_timeout=600)


def _less(trouble: Trouble, kills: float = 1.0) -> Trouble:
    """What takes minutes is rarely seen where ticks are killed on the way."""
    return replace(
        trouble,
        kill=trouble.kill * kills,
        spared=_EARLY,
        stall=trouble.stall / 4,
        store=trouble.store / 2,
    )


_LEANINGS: Final = (
    *(_as_drawn,) * 6,
    *(_patient,) * 7,
    *(_forgetful,) * 5,
    *(_falling,) * 4,
)


def without_owner(setting: Setting) -> Setting:
    """The same world whose owner looks on."""
    return replace(setting, owner_acts=0)
