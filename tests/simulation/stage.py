"""The world moved by hand, step by step: nothing happens here that no step asked for."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from chalicelib.domain.trading.account import Account, Mode, OrderStyle, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.table import Row
from chalicelib.ports import VenueTraits
from tests.simulation.floor import Habits
from tests.simulation.kernel import Trouble
from tests.simulation.setting import TOKEN, Setting
from tests.simulation.venue import SEND_FAULTS
from tests.simulation.world import MANUAL_ACTS, World

STRATEGIES: Final = ("btc", "btc_2", "eth")
FATES: Final = ("answered", *SEND_FAULTS)
STORE_FAULTS: Final = ("throttled", "applied, answered with an error")
A_MOMENT: Final = 1.0  # enough for an answer
A_TICK: Final = 15.0  # enough for one that is struck once
# How long a request may be under way and still be accepted, in seconds.
VENUES: Final = {"within 5 s or never": 5.0, "whenever it likes": None}
CALM_HABITS: Final[dict[str, Any]] = {
    "hidden": 0.0,
    "partial": 0.0,
    "nothing": 0.0,
    "trailing": 0.0,
    "expires": 0.0,
}

# What "the market ..." from now on does with orders, or once with a price.
MOODS: Final[dict[str, dict[str, Any]]] = {
    "fills everything": {},
    "fills a part": {"partial": 1.0},
    "fills nothing": {"nothing": 1.0},
    "shows orders late": {"hidden": 1.0},
    "shows trades late": {"trailing": 1.0},
    "ends what rests": {"expires": 1.0, "nothing": 1.0},
    "denies what rests": {"vanishes": 1.0, "nothing": 1.0},
}
MOVES: Final = {
    "takes BTC up by 1 %": ("BTC/USDT", 1),
    "takes BTC up by 5 %": ("BTC/USDT", 5),
    "takes BTC down by 1 %": ("BTC/USDT", -1),
    "takes BTC down by 5 %": ("BTC/USDT", -5),
    "takes ETH down by 5 %": ("ETH/USDT", -5),
}
# What "the owner ..." does: by commands, in the order of `Owner.acts`, and at the venue itself.
COMMANDS: Final = (
    "lets no entries in",
    "flattens",
    "lifts the halt",
    "pauses btc",
    "lets btc go on",
    "closes eth",
    "makes weights smaller",
    "makes weights larger",
    "cancels a resting order",
    "cancels a resting order",
)
BY_HAND: Final = dict(
    zip(
        (
            "deposits coins",
            "sells a coin of his own",
            "withdraws coins of his own",
            "cancels everything at the venue",
        ),
        MANUAL_ACTS,
        strict=True,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAlert:
    """What a strategy has said, so that it can say it again."""

    strategy: str
    after: str
    before: str
    fired: float


class Stage(World):
    """One account of three strategies. Whatever strikes does so once, where it is told to."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(1, setting)

    def pass_time(self, seconds: float) -> None:
        """Let happen what is under way, without another tick."""
        self.kernel.run(self.kernel.now + seconds)

    def everything_works(self, seconds: float) -> None:
        """Ticks come, and the owner looks after what is held."""
        time, end = self.kernel.now, self.kernel.now + seconds
        while time < end:
            self.tick_at(time)
            self.kernel.spawn(time + 1, self.owner.resolve_held, "owner")
            time += 30
        self.kernel.run(end)

    def send(self, alert: SentAlert, *, seconds_late: float) -> None:
        """Put it on its way."""
        arrival = self.kernel.now + seconds_late
        self.senders.alert_at(arrival, alert.strategy, alert.after, alert.before, alert.fired)

    def the_market(self, does: str) -> None:
        """One of `MOODS` or `MOVES`."""
        if does in MOVES:
            symbol, per_cent = MOVES[does]
            self._move(symbol, Decimal(1000 + 10 * per_cent))
            return
        for venue in self.venues.values():
            venue.floor.habits = replace(self.setting.habits, **MOODS[does])

    def the_owner(self, does: str) -> None:
        """One of `COMMANDS` or `BY_HAND`."""
        if does in BY_HAND:
            self._manual("main", BY_HAND[does])
            return
        commands = dict(zip(COMMANDS, self.owner.acts(), strict=True))
        self.kernel.spawn(self.kernel.now, commands[does], "owner")
        self.pass_time(A_MOMENT)

    # --- ticks -----------------------------------------------------------------------------

    def tick(self, *, send_is: str = "answered", times: int = 1) -> None:
        """So many at once, of whose sends the first meets the fate."""
        for venue in self.venues.values():
            venue.script = [] if send_is == "answered" else [send_is]
        for _ in range(times):
            self.tick_at(self.kernel.now)
        self.pass_time(A_TICK)
        for venue in self.venues.values():
            venue.script = []

    def killed_tick(self, step: int, *, send_is: str, request_lands: bool) -> None:
        """A tick that ends at its kill point of that number."""
        self.kernel.kill_points = 0
        self.kernel.kill_at = step
        for venue in self.venues.values():
            venue.lands = request_lands
        self.tick(send_is=send_is)
        self.kernel.kill_at = None

    def tick_without_store(self, step: int, fault: str) -> None:
        """A tick of which the store's effect of that number fails, if it can fail like that."""
        left, heard, throttled = step, self.table.watch, fault == "throttled"

        def reached(at: float, who: str, what: str) -> None:
            nonlocal left
            del at, who
            left -= not what.startswith(("venue", "KILLED"))
            self.kernel.trouble = Trouble(store=1.0 if throttled and left == 0 else 0.0)

        def written(before: Row | None, row: Row) -> None:
            if heard is not None:
                heard(before, row)
            if not throttled and left == 0:
                self.kernel.trouble = Trouble(store=1.0)

        self.kernel.trace, self.table.watch = reached, written
        self.tick()
        self.kernel.trace, self.table.watch = None, heard
        self.kernel.trouble = Trouble()


def a_setting(style: str, policy: str, stops: str, fees_in: str, accepts: str) -> Setting:
    """Two strategies on one coin and one on another; nothing goes wrong by itself."""
    bound = VENUES[accepts]
    traits = VenueTraits(
        in_flight=10,
        acceptance_bound=None if bound is None else timedelta(seconds=bound),
        visibility_lag=timedelta(seconds=3),
        finds_by_client_id=True,
        has_stop_orders=stops == "at the venue",
    )
    account = Account(
        name="main",
        exchange="simulated",
        mode=Mode.SANDBOX,
        quote="USDT",
        policy=policy,
        order_style=OrderStyle(style),
    )
    return Setting(
        strategies=tuple(_a_strategy(name, stops) for name in STRATEGIES),
        accounts=(account,),
        subscriptions=tuple(
            Subscription(account="main", strategy=name, weight=Decimal("0.3"))
            for name in STRATEGIES
        ),
        habits=Habits(traits=traits, late_by=500.0 if bound is None else bound, **CALM_HABITS),
        trouble=Trouble(),
        fee_in=fees_in,
        lag=0.0,
        period=A_TICK,
        alerts=0,
        owner_acts=0,
        manual_acts=0,
        faults_until=0.0,
    )


def _a_strategy(name: str, stops: str) -> Strategy:
    coin = name[:3].upper()
    return Strategy(
        name=name,
        instruments={f"{coin}USDT": f"{coin}/USDT"},
        sibling_wait=0,
        max_lag=600,
        token_hashes=(hash_token(TOKEN.format(name)),),
        stop_loss=None if stops == "none" else Decimal("0.03"),
    )
