"""`crypto-bot chaos`: a play in three acts: faults and kills, then peace, then the verdict."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from chalicelib import bootstrap
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import plain
from chalicelib.domain.trading.account import Account, OrderStyle
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.local.chaos.judge import Doings, Verdict, is_at_rest, judge
from chalicelib.local.chaos.program import Program
from chalicelib.local.chaos.sender import Sender
from chalicelib.local.demo import ACCOUNT, demo_account, set_the_stage
from chalicelib.settings import Settings

SHORTEST: Final = 10.0
LONGEST: Final = 604_800.0  # a week

_STORM: Final = 0.75  # of the time; the rest is for what is still under way
_LONGEST_REST: Final = 90.0
_LOOK: Final = 0.2
_SHORTEST_LIFE: Final = 10
_LIVES: Final = 150
_NEWEST: Final = 50
_DOUBT: Final = timedelta(seconds=1)  # a send takes no longer, when its answer arrives

# How often a send meets what; late and invisible orders show up within the bounds below.
_FAULTS: Final = {
    "rate_limited": "0.05",
    "banned": "0.02",
    "lost": "0.06",
    "error_before": "0.04",
    "late": "0.06",
    "answer_lost": "0.12",
    "error_after": "0.06",
    "late_seconds": "1",
    "retry_seconds": "1",
    "ban_seconds": "4",
    "invisible": "0.2",
    "invisible_seconds": "1",
}
_BOUNDS: Final = {"acceptance_bound": "1", "visibility_lag": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosOptions:
    """`home` None means a folder that is thrown away; the same `seed` draws the same faults."""

    seconds: float = 60.0
    seed: str = "1"
    home: Path | None = None


class ChaosView(Protocol):
    """Where it is shown. Called from the thread that called `run_chaos`."""

    def told(self, seconds: float, line: str) -> None:
        """Something happened, so many seconds after the start."""
        ...


def run_chaos(options: ChaosOptions, view: ChaosView) -> Verdict:
    """Kill a real `crypto-bot run` again and again, and judge by the venue's own book.

    SettingsError for a home that holds something already: this is no place for real state.
    """
    if not SHORTEST <= options.seconds <= LONGEST:  # so that nan is refused, too
        raise SettingsError(
            f"--seconds is {options.seconds:g}; it must be from {SHORTEST:g} to {LONGEST:g}"
        )
    before = bootstrap.choices()
    with _folder(options.home) as home:
        try:
            bootstrap.use(bootstrap.Choices(settings=Settings(), home=home))
            return _Play(options=options, home=home, view=view).perform()
        finally:
            bootstrap.use(before)


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    if home is not None:
        home = home.expanduser()
        if home.exists() and (not home.is_dir() or any(home.iterdir())):
            raise SettingsError(
                f"{home} is not empty, and chaos begins in an empty folder; name another --home, "
                "or none, and it takes a temporary one"
            )
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield home
        return
    # A killed program may still hold a file there on some systems.
    with tempfile.TemporaryDirectory(prefix="crypto-bot-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@dataclass(slots=True, kw_only=True)
class _Play:
    """One performance."""

    options: ChaosOptions
    home: Path
    view: ChaosView
    _began: float = field(default_factory=time.monotonic, init=False)
    _kills: int = field(default=0, init=False)
    _doubtful: set[str] = field(default_factory=set, init=False)
    _silence: datetime | None = field(default=None, init=False)

    def perform(self) -> Verdict:
        account = _account(self.options.seed, faults=_FAULTS)
        tokens = set_the_stage(bootstrap.strategies(), account)
        program = Program(home=self.home, longest=self.options.seconds + 2 * _LONGEST_REST)
        sender = Sender(
            clock=bootstrap.clock(),
            address=program.address,
            tokens=tokens,
            seed=self.options.seed,
        )
        self._tell(f"started in {self.home}, seed {self.options.seed}: three strategies, one venue")
        program.start(self._life())
        try:
            sender.start()
            self._storm(program)
            self._make_peace(program)
            sender.stop()
            self._await_rest(account, frozenset(sender.taken))
        finally:
            sender.abandon()
            program.stop()
        return judge(
            bootstrap.trading(),
            account,
            _venue(account),
            Doings(
                seed=self.options.seed,
                alerts=sender.alerts,
                deliveries=sender.deliveries,
                kills=self._kills,
                taken=frozenset(sender.taken),
                refused=tuple(sender.refused),
            ),
        )

    def _storm(self, program: Program) -> None:
        while self._seconds() < _STORM * self.options.seconds:
            words = program.death()
            if words is not None:
                self._kills += 1
                self._tell(f"kill {self._kills}: died {words}; started again")
                program.start(self._life())
            self._watch()
            time.sleep(_LOOK)

    def _make_peace(self, program: Program) -> None:
        """From here on everything works, and has to end."""
        program.stop()
        bootstrap.strategies().apply(
            expected_version=bootstrap.strategies().configuration().version,
            accounts=[_account(self.options.seed, faults={})],
        )
        program.start(0)
        self._tell("the storm is over: no more kills and faults")

    def _await_rest(self, account: Account, taken: frozenset[str]) -> None:
        began = self._seconds()
        while self._seconds() - began < _LONGEST_REST:
            self._watch()
            if is_at_rest(bootstrap.trading(), account, taken):
                self._tell("every alert has had its last word, and no order is under way")
                return
            time.sleep(_LOOK)

    def _watch(self) -> None:
        """Tell of orders whose fate is not known, how it came out, and of a venue that bars us."""
        now = bootstrap.clock().now()
        silence = bootstrap.trading().plans.state(ACCOUNT).blocked_until
        if silence not in {None, self._silence}:
            self._silence = silence
            self._tell("the venue refused to listen (429 or 418), and is left alone for a while")
        for order in reversed(bootstrap.trading().orders.recent(_NEWEST)):
            known = order.intent.id in self._doubtful
            if order.status is not OrderStatus.SUBMITTED:
                if known:
                    self._doubtful.remove(order.intent.id)
                    self._tell(f"{_named(order)}: {_came_out(order)}")
            elif not known and order.sent_at is not None and now - order.sent_at > _DOUBT:
                self._doubtful.add(order.intent.id)
                self._tell(f"{_named(order)}: nobody knows whether the venue has it")

    def _life(self) -> int:
        digest = sha256(f"{self.options.seed}|life|{self._kills}".encode()).digest()
        return _SHORTEST_LIFE + int.from_bytes(digest[:4]) % _LIVES

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, line: str) -> None:
        self.view.told(self._seconds(), line)


def _account(seed: str, faults: dict[str, str]) -> Account:
    """The demonstration's, with orders that rest and fill by and by."""
    account = demo_account(seed=f"chaos {seed}", faults=faults, traits=_BOUNDS, partial_fill="0.3")
    return replace(account, order_style=OrderStyle.LIMIT, unfilled_timeout=4)


def _venue(account: Account) -> VirtualExchange:
    venue = bootstrap.exchanges().open(account)
    if not isinstance(venue, VirtualExchange):
        raise TypeError(f"account {account.name} opened {type(venue).__name__}")
    return venue


def _named(order: Order) -> str:
    intent = order.intent
    return f"{intent.side} {plain(intent.quantity)} {intent.symbol}"


def _came_out(order: Order) -> str:
    match order.status:
        case OrderStatus.INITIALIZED:
            return "proved absent, so it may be sent again"
        case OrderStatus.DENIED:
            return "proved absent, and not wanted any more"
        case OrderStatus.HELD:
            return "neither found nor proved absent, so it waits for the owner"
        case _:
            return f"found at the venue, {order.status}"
