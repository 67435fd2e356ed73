"""The demonstration: a virtual account, three strategies, and alerts over the real HTTP webhook.

Nothing in it is real: the prices are synthetic and named so, and what the strategies want is drawn
from a hash, so that every demonstration tells the same story.
"""

import http.client
import json
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from itertools import count
from threading import Event, Thread
from typing import Any, Final

from chalicelib.domain.money import plain
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import DesiredState
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.local.server import Server
from chalicelib.ports import Clock, StrategyStore

NOTICE: Final = (
    "Demonstration: virtual money, SYNTHETIC prices, made-up alerts. Nothing reaches an exchange."
)
ACCOUNT: Final = "demo"

_LOG = logging.getLogger(__name__)
_PAUSE: Final = 1.2
_TIMEOUT: Final = 5
DUPLICATE_EVERY: Final = 7

Message = dict[str, Any]
_MINIMUM: Final = {"minimum_notional": "5"}
_VENUE: Final = {
    "balances": {"USDT": "10000"},
    "fee": "0.0002",  # a strategy that turns around every few seconds would pay all it has
    "instruments": dict.fromkeys(("BTC/USDT", "ETH/USDT", "SOL/USDT"), _MINIMUM),
    "prices": {"volatility": "0.2"},  # five times the usual, so that there is something to see
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One strategy of the demonstration."""

    name: str
    ticker: str
    symbol: str
    weight: Decimal


CAST: Final = (
    Cast(name="demo-btc", ticker="BTCUSDT", symbol="BTC/USDT", weight=Decimal("0.2")),
    Cast(name="demo-eth", ticker="ETHUSDT", symbol="ETH/USDT", weight=Decimal("0.25")),
    Cast(name="demo-sol", ticker="SOLUSDT", symbol="SOL/USDT", weight=Decimal("0.5")),
)


def set_the_stage(store: StrategyStore, account: Account | None = None) -> dict[str, str]:
    """Store account, strategies and subscriptions; returns each strategy's token, made anew."""
    account = account or demo_account()
    tokens = {role.name: secrets.token_urlsafe(32) for role in CAST}
    store.apply(
        expected_version=store.configuration().version,
        accounts=[account],
        strategies=[_strategy(role, tokens[role.name]) for role in CAST],
        subscriptions=[
            Subscription(account=account.name, strategy=role.name, weight=role.weight)
            for role in CAST
        ],
    )
    return tokens


def demo_account(**venue: Any) -> Account:
    """Virtual money on synthetic prices; `venue` goes over the virtual exchange's options."""
    return Account(
        name=ACCOUNT,
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        policy="boost",
        prices_from="synthetic",
        exchange_options={"virtual": _VENUE | venue},
    )


def _strategy(role: Cast, token: str) -> Strategy:
    return Strategy(
        name=role.name,
        instruments={role.ticker: role.symbol},
        timeframe="1m",
        sibling_wait=1,
        token_hashes=(hash_token(token),),
    )


@dataclass(slots=True, kw_only=True)
class Script:
    """What the cast sends; the same `seed` tells the same story."""

    clock: Clock
    seed: str = ""
    _sizes: dict[str, Decimal] = field(default_factory=dict, init=False)

    def alerts(self) -> Iterator[tuple[Cast, Message]]:
        """Without end: the first three enter one after the other, then whoever the hash names."""
        for number in count(1):
            drawn = self._draw(number, "who") % len(CAST)
            role = CAST[number - 1 if number <= len(CAST) else drawn]
            yield role, self._message(number, role)

    def _message(self, number: int, role: Cast) -> Message:
        before = self._sizes.get(role.name, Decimal(0))
        size = self._next_size(before, number)
        self._sizes[role.name] = size
        now = self.clock.now()
        return {
            "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ticker": role.ticker,
            "order_action": "buy" if size > before else "sell",
            "order_id": f"scene {number}",
            "order_comment": "synthetic demonstration",
            "market_position": _position(size),
            "prev_market_position": _position(before),
            "market_position_size": plain(size),
            "prev_market_position_size": plain(before),
        }

    def _next_size(self, size: Decimal, number: int) -> Decimal:
        """Flat enters; whoever holds takes half off, or leaves."""
        if not size:
            return Decimal(2)
        takes_half = size > 1 and self._draw(number, "how") % 3 == 0
        return size / 2 if takes_half else Decimal(0)

    def _draw(self, number: int, purpose: str) -> int:
        text = f"{self.seed}{purpose}|{number}"
        return int.from_bytes(sha256(text.encode()).digest()[:4])


@dataclass(slots=True, kw_only=True)
class Demonstration:
    """A thread that sends an alert every second or so, as TradingView would send it."""

    clock: Clock
    server: Server
    tokens: dict[str, str]
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Send the first alert at once."""
        self._thread = Thread(target=self._play, name="demonstration", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _play(self) -> None:
        script = Script(clock=self.clock)
        for number, (role, message) in enumerate(script.alerts(), 1):
            self._send(role, message)
            if number % DUPLICATE_EVERY == 0:
                self._send(role, message)  # as a sender does whose answer got lost
            if self._stopping.wait(_PAUSE):
                return

    def _send(self, role: Cast, message: Message) -> None:
        address = (self.server.address, self.server.port)
        try:
            deliver(address, role, self.tokens[role.name], message)
        except (OSError, http.client.HTTPException) as error:
            # The server has just been stopped; nobody waits for this alert.
            _LOG.warning("the demonstration could not send its alert: %s", type(error).__name__)


def deliver(
    address: tuple[str, int], role: Cast, token: str, message: Message
) -> tuple[int, bytes]:
    """Post the alert as TradingView would; the answer. OSError or HTTPException without one."""
    connection = http.client.HTTPConnection(*address, timeout=_TIMEOUT)
    try:
        connection.request(
            "POST",
            f"/hook/{role.name}/{token}",
            body=json.dumps(message),
            headers={"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _position(size: Decimal) -> DesiredState:
    return DesiredState.LONG if size else DesiredState.FLAT
