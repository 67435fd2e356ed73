"""The real application with an account for every policy, over a table that looks at each row."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from chalice.config import Config
from chalice.local import LocalGateway, LocalGatewayException

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.allocation import POLICIES
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.codec import decode
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.services.trading.tick import TickReport, tick
from chalicelib.settings import Settings
from tests.canaries import BODY_SECRET, OWNER_TOKEN, PATH_TOKEN, QUERY_TOKEN, found_in
from tests.hostile.posts import TICKERS, Post
from tests.trading_floor import HandClock

PROJECT: Final = Path(application.__file__).parent
LARGEST_ROW: Final = 400 * 1024  # of a DynamoDB item
ANSWERS: Final = frozenset({200, 400, 401, 409, 413, 415, 422})
# What gateways say by themselves, and where the dashboard is: 302, and 304 to who has it already.
ELSEWHERE: Final = ANSWERS | {302, 304, 403, 404, 405, 431}
WORDS: Final = frozenset({"stored", "duplicate", "refused"})
_NO_NUMBER: Final = re.compile(r'"-?(s?nan|inf(inity)?)"|[:\[,]-?(NaN|Infinity)', re.IGNORECASE)
_FOLLOWERS: Final = {
    "btc": ("boost", "fixed", "signal_sized"),
    "eth": ("boost", "equal", "inverse_volatility", "risk_per_trade"),
}
_PATIENCE: Final = 20  # ticks
_LEAST: Final = Decimal("1e-30")  # a ratio of what is accepted; beyond lies what becomes Infinity
_TEXTS: Final = ("signal", "quarantine")  # rows with the sender's own words


class WatchedTable(SqliteTable):
    """Refuses nothing, and notes what no row may hold."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.complaints: list[str] = []
        self.written = 0

    def write(self, rows: Sequence[Row]) -> None:
        self._look_at(rows)
        super().write(rows)

    def overwrite(self, rows: Sequence[Row]) -> None:
        self._look_at(rows)
        super().overwrite(rows)

    def _look_at(self, rows: Sequence[Row]) -> None:
        self.written += len(rows)
        for row in rows:
            self.complaints += [f"{row.partition}: {what}" for what in _wrong_with(row)]


def _wrong_with(row: Row) -> Iterator[str]:
    size = len(row.document.encode())
    if size > LARGEST_ROW:
        yield f"{size} bytes"
    kind = row.partition.partition("#")[0]
    if (kind, row.sort) == ("signal", "signal"):  # beside it lies what the sender wrote
        yield from _odd_numbers(decode(Signal, row.document))
    if kind not in _TEXTS and (odd := _NO_NUMBER.search(row.document)):
        yield f"holds {odd[0]}"
    if leak := found_in(row.document):
        yield f"holds a secret: {leak}"


def _odd_numbers(signal: Signal) -> Iterator[str]:
    size = signal.size.amount if signal.size else None
    for number in (signal.price, signal.stop_loss, signal.take_profit, signal.size_ratio, size):
        if number is not None and not (number.is_finite() and _LEAST <= number <= 1 / _LEAST):
            yield f"holds the number {number}"


class Ear(logging.Handler):
    """Hears everything, and remembers tracebacks, errors and secrets."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.complaints: list[str] = []
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        line = self.format(record)
        if record.exc_info or record.levelno >= logging.ERROR or found_in(line):
            self.complaints.append(line)


@contextmanager
def listening(level: int = logging.DEBUG) -> Iterator[Ear]:
    """Everything that is logged meanwhile, by whichever logger."""
    root, ear = logging.getLogger(), Ear()
    before = root.level
    root.addHandler(ear)
    root.setLevel(level)
    try:
        yield ear
    finally:
        root.setLevel(before)
        root.removeHandler(ear)


@dataclass(kw_only=True)
class HostileDesk:
    """Takes posts and ticks; `complaints` is everything that should not have happened."""

    gateway: LocalGateway
    clock: HandClock
    table: WatchedTable
    ear: Ear
    statuses: dict[int, int] = field(default_factory=dict)
    stored: int = 0
    _complaints: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        return self._complaints + self.table.complaints + self.ear.complaints

    def now(self) -> datetime:
        return self.clock.now()

    def take(self, post: Post) -> int:
        """Its answer's status; what is wrong with the answer is a complaint."""
        try:
            answer = self.gateway.handle_request(
                post.method, post.path, dict(post.headers), post.body
            )
            status, said = answer["statusCode"], answer["body"].encode()
        except LocalGatewayException as nowhere:
            status, said = nowhere.CODE, nowhere.body or b""
        self.judge(post, status, said)
        return int(status)

    def complain(self, sentence: str) -> None:
        self._complaints.append(sentence)

    def judge(self, post: Post, status: int, body: bytes, headers: Any = None) -> None:
        """Hold an answer against what trading.md promises."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        is_webhook = post.kind not in ("path", "token")
        if status not in (ANSWERS if is_webhook else ELSEWHERE):
            self.complain(f"{status} {body!r} to {post}")
        if leak := found_in(body.decode("utf-8", "replace") + str(headers)):
            self.complain(f"secret answered, {leak}, to {post}")
        if is_webhook and status in ANSWERS:
            said = json.loads(body)
            self.stored += said.get("status") == "stored"
            if said.get("status") not in WORDS or (status == 200) == ("error" in said):
                self.complain(f"{status} {body!r} to {post}")

    def tick(self, **later: float) -> TickReport:
        """A minute later, or when said; what it could not do is a complaint."""
        self.clock.pass_time(**(later or {"minutes": 1}))
        deadline = self.clock.now() + timedelta(minutes=5)
        report = tick(bootstrap.trading(), owner="test", deadline=deadline)
        self._complaints += [
            f"tick: {account.account} is {account.status}: {account.detail}"
            for account in report.accounts
            if account.status != "worked"
        ]
        return report

    def settle(self) -> None:
        """Tick until nothing is left to do; whatever is not over then is a complaint."""
        for _ in range(_PATIENCE):
            if self.tick().outcome == "idle":
                break
        self._complaints += [
            f"signal {signal.id} is still {signal.status}"
            for signal in bootstrap.signals().recent(self.stored + 1)
            if not signal.status.is_final
        ]


@contextmanager
def hostile_desk() -> Iterator[HostileDesk]:
    """Strategy `btc` opens with the path's token and the body's secret, `eth` with the query's."""
    clock, table = HandClock(), WatchedTable()
    bootstrap.use(
        Choices(
            settings=Settings(),
            table=table,
            clock=clock,
            workers=InlineWorkers(),
            owner_token=OWNER_TOKEN,
        )
    )
    instruments = {ticker: f"{ticker[:3]}/USDT" for ticker in TICKERS}
    tokens = {"btc": (PATH_TOKEN, BODY_SECRET), "eth": (QUERY_TOKEN,)}
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[_account(policy) for policy in POLICIES],
        strategies=[
            Strategy(
                name=name,
                instruments=instruments,
                sibling_wait=0,
                token_hashes=tuple(hash_token(token) for token in opened),
            )
            for name, opened in tokens.items()
        ],
        subscriptions=[
            Subscription(account=policy, strategy=name, weight=Decimal("0.4"), **_limits(policy))
            for name, policies in _FOLLOWERS.items()
            for policy in policies
        ],
    )
    try:
        with listening() as ear:
            gateway = LocalGateway(application.app, Config.create())
            yield HostileDesk(gateway=gateway, clock=clock, table=table, ear=ear)
    finally:
        bootstrap.reset()
        table.close()


def _account(policy: str) -> Account:
    return Account(
        name=policy,
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        policy=policy,
        prices_from="synthetic",
        exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
    )


def _limits(policy: str) -> dict[str, Any]:
    """One account has every cap there is, the others none."""
    if policy != "equal":
        return {}
    return {
        "max_order_notional": Decimal(1000),
        "max_orders_per_day": 20,
        "daily_loss_stop": Decimal("0.05"),
        "max_slippage": Decimal("0.02"),
    }
