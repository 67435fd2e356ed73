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
_DUPLICATE_EVERY: Final = 7

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


def set_the_stage(store: StrategyStore) -> dict[str, str]:
    """Store account, strategies and subscriptions; returns each strategy's token, made anew."""
    tokens = {role.name: secrets.token_urlsafe(32) for role in CAST}
    store.apply(
        expected_version=store.configuration().version,
        accounts=[_account()],
        strategies=[_strategy(role, tokens[role.name]) for role in CAST],
        subscriptions=[
            Subscription(account=ACCOUNT, strategy=role.name, weight=role.weight) for role in CAST
        ],
    )
    return tokens


def _account() -> Account:
    return Account(
        name=ACCOUNT,
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        policy="boost",
        prices_from="synthetic",
        exchange_options={"virtual": _VENUE},
    )


def _strategy(role: Cast, token: str) -> Strategy:
    return Strategy(
        name=role.name,
        instruments={role.ticker: role.symbol},
        timeframe="1m",
        sibling_wait=1,
        token_hashes=(hash_token(token),),
    )


@dataclass(slots=True)
class _Part:
    """Where a strategy believes to stand: the size of its position, 0 when flat."""

    size: Decimal = Decimal(0)


@dataclass(slots=True, kw_only=True)
class Demonstration:
    """A thread that sends an alert every second or so, as TradingView would send it."""

    clock: Clock
    server: Server
    tokens: dict[str, str]
    _parts: dict[str, _Part] = field(default_factory=dict, init=False)
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
        for number, role in self._scenes():
            message = self._message(number, role)
            self._send(role, message)
            if number % _DUPLICATE_EVERY == 0:
                self._send(role, message)  # as a sender does whose answer got lost
            if self._stopping.wait(_PAUSE):
                return

    def _scenes(self) -> Iterator[tuple[int, Cast]]:
        """The first three enter one after the other, then whoever the hash names."""
        for number in count(1):
            chosen = number - 1 if number <= len(CAST) else _draw(number, "who") % len(CAST)
            yield number, CAST[chosen]

    def _message(self, number: int, role: Cast) -> Message:
        part = self._parts.setdefault(role.name, _Part())
        before, part.size = part.size, _next_size(part.size, number)
        now = self.clock.now()
        return {
            "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ticker": role.ticker,
            "order_action": "buy" if part.size > before else "sell",
            "order_id": f"scene {number}",
            "order_comment": "synthetic demonstration",
            "market_position": _position(part.size),
            "prev_market_position": _position(before),
            "market_position_size": plain(part.size),
            "prev_market_position_size": plain(before),
        }

    def _send(self, role: Cast, message: Message) -> None:
        connection = http.client.HTTPConnection(
            self.server.address, self.server.port, timeout=_TIMEOUT
        )
        try:
            connection.request(
                "POST",
                f"/hook/{role.name}/{self.tokens[role.name]}",
                body=json.dumps(message),
                headers={"Content-Type": "application/json"},
            )
            connection.getresponse().read()
        except OSError as error:  # the server has just been stopped; nobody waits for this alert
            _LOG.warning("the demonstration could not send its alert: %s", type(error).__name__)
        finally:
            connection.close()


def _position(size: Decimal) -> DesiredState:
    return DesiredState.LONG if size else DesiredState.FLAT


def _next_size(size: Decimal, number: int) -> Decimal:
    """Flat enters; whoever holds takes half off, or leaves."""
    if not size:
        return Decimal(2)
    takes_half = size > 1 and _draw(number, "how") % 3 == 0
    return size / 2 if takes_half else Decimal(0)


def _draw(number: int, purpose: str) -> int:
    return int.from_bytes(sha256(f"{purpose}|{number}".encode()).digest()[:4])
