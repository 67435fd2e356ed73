"""A delivered alert -> one stored signal, and the answer that tells the sender what became of it.

It authenticates, parses, stores with one conditional write and answers; it never calls a venue.
TradingView sends again only after a 5xx, so a 5xx is given only when nothing was stored, and a
mistake is a 4xx, which TradingView shows to the owner in its alert log.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib.domain.errors import SignalRejected, StoreUnavailable
from chalicelib.domain.trading.account import Configuration, Mode
from chalicelib.domain.trading.alerts.address import choose_strategy, named_by
from chalicelib.domain.trading.alerts.alert import Alert, alert_from
from chalicelib.domain.trading.alerts.body import read_body
from chalicelib.domain.trading.alerts.dialects import secret_of
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.alerts.redaction import (
    excerpt_of,
    kept_alert,
    kept_body,
    redacted,
    without_token,
)
from chalicelib.domain.trading.alerts.signal_from import signal_from, with_own_words
from chalicelib.domain.trading.alerts.tokens import hash_token, opens
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.signal_order import NOTHING_MORE, OwnWords
from chalicelib.domain.trading.strategy import Strategy

if TYPE_CHECKING:  # the ports load the whole trading domain, and a cold start waits for it
    from chalicelib.ports import Clock, SignalStore, StrategyStore

T = TypeVar("T")

CACHED_FOR: Final = timedelta(seconds=30)  # so long lives a revoked token

_MAXIMUM_NAME: Final = 64
_MAXIMUM_CACHED: Final = 1000


class StrategyCache:
    """What the owner configured, read again when it is older than 30 seconds."""

    def __init__(self, store: "StrategyStore", clock: "Clock") -> None:
        self._store = store
        self._clock = clock
        self._strategies: dict[str, tuple[datetime, Strategy | None]] = {}
        self._configurations: dict[str, tuple[datetime, Configuration]] = {}

    def strategy(self, name: str) -> Strategy | None:
        """The strategy of that name, and None as well cached, so that both cost the same."""
        return self._recent(self._strategies, name, lambda: self._store.strategy(name))

    def configuration(self) -> Configuration:
        """Everything at once, for alerts that do not say whose they are."""
        return self._recent(self._configurations, "", self._store.configuration)

    def _recent(self, shelf: dict[str, tuple[datetime, T]], key: str, read: Callable[[], T]) -> T:
        now = self._clock.now()
        found = shelf.get(key)
        if found is not None and now - CACHED_FOR < found[0] <= now:
            return found[1]
        if len(shelf) >= _MAXIMUM_CACHED:
            shelf.clear()
        value = read()
        shelf[key] = (now, value)
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What receiving needs of the world.

    `admits` tells whether a source address may send (None: any). `loopback` says that only this
    machine can reach us, which open strategies need. `wake` is called after an urgent signal is
    stored. `on_fire_time` is told an authentic alert's time before it is judged: a replay moves its
    clock there.
    """

    signals: "SignalStore"
    strategies: StrategyCache
    clock: "Clock"
    admits: Callable[[str], bool] | None = None
    loopback: bool = False
    wake: Callable[[], object] | None = None
    on_fire_time: Callable[[datetime], object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request: `strategy` and `token` are those of the URL, `source` is the peer's address.

    `from_page` says that a page in a browser sent it. Any page may send a text to this machine, so
    that the loopback address vouches for nobody then, and only a token does.
    """

    body: bytes
    strategy: str | None = None
    token: str = ""
    source: str = ""
    from_page: bool = False

    @property
    def digest(self) -> str:
        """What tells one body from another."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP status and the JSON object to go with it."""

    status: int
    body: dict[str, str]


def receive_signal(inbox: Inbox, delivery: Delivery) -> Answer:
    """Store what the delivery says, once, and tell the sender; no sender can make it raise."""
    try:
        return _receive(inbox, delivery)
    except StoreUnavailable:
        return _nothing_stored()


def receive_own(inbox: Inbox, delivery: Delivery, own: OwnWords = NOTHING_MORE) -> Answer:
    """As `receive_signal`, for what a bot of this very program says for the strategy: no token.

    An order that waits and is refused is not kept: by the time that it could be replayed, the bot
    asks for something else.
    """
    try:
        strategy = inbox.strategies.strategy(delivery.strategy or "")
        if strategy is None:
            return _unauthorised()
        try:
            alert = alert_from(read_body(delivery.body))
            return _understand(inbox, delivery, alert, (strategy,), own)
        except SignalRejected as problem:
            if own.order is not None:
                return _refusal(problem.status, str(problem), problem.field)
            return _keep(inbox, delivery, (strategy,), problem, "")
    except StoreUnavailable:
        return _nothing_stored()


def _receive(inbox: Inbox, delivery: Delivery) -> Answer:
    if inbox.admits is not None and not inbox.admits(delivery.source):
        return _unauthorised()
    try:
        message = read_body(delivery.body)
    except SignalRejected as problem:
        return _unreadable(inbox, delivery, problem)
    token = delivery.token or secret_of(message)
    opened = _opened_by(inbox, delivery, token)
    if not opened:
        return _unauthorised()
    try:
        alert = without_token(alert_from(message), token)
        return _understand(inbox, delivery, alert, opened, kept=kept_alert(delivery.body, token))
    except SignalRejected as problem:
        return _keep(inbox, delivery, opened, problem, token)


def _unreadable(inbox: Inbox, delivery: Delivery, problem: SignalRejected) -> Answer:
    """Only a URL can say whose a message is that cannot be read."""
    if not delivery.token:
        return _refusal(problem.status, str(problem), problem.field)
    opened = _opened_by(inbox, delivery, delivery.token)
    if not opened:
        return _unauthorised()
    return _keep(inbox, delivery, opened, problem, delivery.token)


def _opened_by(inbox: Inbox, delivery: Delivery, token: str) -> tuple[Strategy, ...]:
    """The strategies that the token may speak for; without one, those that are open to all."""
    name = delivery.strategy
    if name is not None:
        named = inbox.strategies.strategy(name) if _is_name(name) else None
        offered = hash_token(token)
        # The comparison comes first: it takes place for a name that nobody has, too.
        matches = opens(offered, named.token_hashes if named else ())
        return (named,) if matches and named else ()
    configuration = inbox.strategies.configuration()
    everyone = tuple(configuration.strategies.values())
    if not token:
        is_own = inbox.loopback and not delivery.from_page
        return tuple(s for s in everyone if is_own and _is_open(s, configuration))
    offered = hash_token(token)
    return tuple(s for s in everyone if opens(offered, s.token_hashes))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MAXIMUM_NAME and text.isprintable()


def _is_open(strategy: Strategy, configuration: Configuration) -> bool:
    """Open strategies are for play money: one live or sandbox follower closes them."""
    followers = configuration.followers(strategy.name)
    accounts = [configuration.accounts.get(account) for account in followers]
    return strategy.open and all(a is not None and a.mode is Mode.VIRTUAL for a in accounts)


def _understand(
    inbox: Inbox,
    delivery: Delivery,
    alert: Alert,
    opened: Sequence[Strategy],
    own: OwnWords = NOTHING_MORE,
    *,
    kept: str = "",
) -> Answer:
    named = named_by(alert, opened, delivery.strategy)
    if not named:
        return _unauthorised()
    strategy = choose_strategy(named, alert)
    if alert.fired_at is not None and inbox.on_fire_time is not None:
        inbox.on_fire_time(alert.fired_at)
    signal = signal_from(
        alert, strategy, received_at=inbox.clock.now(), body_digest=delivery.digest
    )
    return _store(inbox, with_own_words(signal, own), kept)


def _store(inbox: Inbox, signal: Signal, kept: str) -> Answer:
    earlier = inbox.signals.add(signal)
    if earlier is None:
        if signal.urgent and inbox.wake is not None:
            inbox.wake()
        if kept:
            with suppress(StoreUnavailable):  # the signal is stored, and counts without it
                inbox.signals.keep_alert(signal.id, kept)
        return Answer(status=200, body=_summary("stored", signal))
    if earlier.body_digest == signal.body_digest:
        return Answer(status=200, body=_summary("duplicate", earlier))
    right = "the first one stands; give order_id or id where two alerts fire in one second"
    raise SignalRejected(
        409, f"signal {signal.id} is stored with another body; {right}", field="id"
    )


def _summary(status: str, signal: Signal) -> dict[str, str]:
    return {
        "status": status,
        "signal_id": signal.id,
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "state": signal.state.value,
        "due_at": signal.due_at.isoformat(),
    }


def _nothing_stored() -> Answer:
    return _refusal(503, "nothing was stored, because the store does not answer; send it again")


def _unauthorised() -> Answer:
    return _refusal(401, "unknown strategy or wrong token")


def _refusal(status: int, sentence: str, field: str = "") -> Answer:
    body = {"status": "refused", "error": sentence}
    return Answer(status=status, body=body | ({"field": field} if field else {}))


def _keep(
    inbox: Inbox,
    delivery: Delivery,
    opened: Sequence[Strategy],
    problem: SignalRejected,
    token: str,
) -> Answer:
    """Refuse, and quarantine for the owner. The refusal stands even if that cannot be written."""
    strategy = opened[0].name if len(opened) == 1 else ""
    reason = redacted(str(problem), token)
    identity = sha256(f"{strategy}#{problem.status}#{delivery.digest}".encode()).hexdigest()[:32]
    alert = QuarantinedAlert(
        id=identity,
        strategy=strategy,
        received_at=inbox.clock.now(),
        status=problem.status,
        reason=reason,
        excerpt=excerpt_of(delivery.body, token),
        digest=delivery.digest,
        body=kept_body(delivery.body, token),
        opened=tuple(sorted(s.name for s in opened)),
    )
    with suppress(StoreUnavailable):
        inbox.signals.quarantine(alert)
    return _refusal(problem.status, reason, problem.field)
