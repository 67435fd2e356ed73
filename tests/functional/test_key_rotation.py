"""The owner replaces an exchange key while the functions are warm: no alert waits for it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import TRADINGVIEW_SOURCES, Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, PATH_TOKEN
from tests.functional.stage_on_aws import OnAws, calls_to_aws, stage_on_aws
from tests.functional.test_tick_events import Context
from tests.trading_floor import HandClock
from tests.venues.binance import BinanceVenue, ccxt_options, standard_book

OLD = (EXCHANGE_KEY, EXCHANGE_SECRET)
NEW = (f"{EXCHANGE_KEY}-2", f"{EXCHANGE_SECRET}-2")
SECRET = "crypto-bot-prod/main"
READ = ("secretsmanager", "GetSecretValue")


@dataclass(kw_only=True)
class Warm:
    """One function that stays, its venue, and what it asks of AWS."""

    on_aws: OnAws
    venue: BinanceVenue
    calls: list[tuple[str, str]]
    clock: HandClock = field(default_factory=HandClock)

    def keep(self, keys: tuple[str, str]) -> None:
        """As `secrets put` does, from another machine."""
        text = json.dumps({"api-key": keys[0], "api-secret": keys[1]})
        self.on_aws.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=text)

    def alert(self, position: str) -> str:
        self.clock.pass_time(minutes=1)
        time = self.clock.now().isoformat()
        body = {"time": time, "ticker": "BTCUSDT", "market_position": position}
        delivery = Delivery(
            body=json.dumps(body).encode(),
            strategy="btc",
            token=PATH_TOKEN,
            source=TRADINGVIEW_SOURCES[0],
        )
        answer = receive_signal(bootstrap.webhook(), delivery)
        assert answer.status == 200, answer.body
        return answer.body["signal_id"]

    def tick(self) -> str:
        """What it says of the account."""
        self.calls.clear()
        self.clock.pass_time(seconds=1)
        application.tick({"time": self.clock.now().isoformat()}, Context())
        beat = bootstrap.trading().control.last_beat()
        assert beat is not None
        return beat.outcome

    def reads(self) -> int:
        return self.calls.count(READ)

    def status(self, signal: str) -> SignalStatus:
        found = bootstrap.signals().get(signal)
        assert found is not None
        return found.status


@pytest.fixture
def warm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    """Invested, with keys that were read a moment ago."""
    calls = calls_to_aws(monkeypatch)
    book = standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    with stage_on_aws(tmp_path / "clone", monkeypatch) as on_aws, BinanceVenue(book) as venue:
        warm = Warm(on_aws=on_aws, venue=venue, calls=calls)
        on_aws.client("secretsmanager").create_secret(Name=SECRET)
        warm.keep(OLD)
        settings = stage_settings(Stage.PROD)
        bootstrap.use(Choices(settings=settings, clock=warm.clock, workers=InlineWorkers()))
        _configure(venue)
        entry = warm.alert("long")
        assert "main worked" in warm.tick()
        assert (warm.status(entry), warm.reads()) == (SignalStatus.EXECUTED, 1)
        yield warm


def _configure(venue: BinanceVenue) -> None:
    options: dict[str, Any] = ccxt_options(venue)
    account = Account(
        name="main",
        exchange="binance",
        mode=Mode.SANDBOX,
        quote="USDT",
        secret=SECRET,
        exchange_options={k: v for k, v in options.items() if k not in {"apiKey", "secret"}},
    )
    strategy = Strategy(
        name="btc",
        instruments={"BTCUSDT": "BTC/USDT"},
        sibling_wait=0,
        token_hashes=(hash_token(PATH_TOKEN),),
    )
    following = Subscription(account="main", strategy="btc", weight=Decimal("0.5"))
    bootstrap.strategies().apply(
        expected_version=0, accounts=[account], strategies=[strategy], subscriptions=[following]
    )


def test_keys_are_kept_for_five_minutes(warm: Warm) -> None:
    warm.alert("flat")
    warm.tick()
    assert warm.reads() == 0
    warm.clock.pass_time(minutes=5)
    warm.alert("long")
    warm.tick()
    assert warm.reads() == 1


def test_a_key_that_was_replaced_on_both_sides_counts_in_the_same_tick(warm: Warm) -> None:
    warm.venue.keys = NEW
    warm.keep(NEW)
    leaving = warm.alert("flat")
    assert "main worked" in warm.tick()
    assert (warm.status(leaving), warm.reads()) == (SignalStatus.EXECUTED, 1)


def test_while_the_secret_is_still_the_old_one_it_is_read_once_a_tick(warm: Warm) -> None:
    warm.venue.keys = NEW
    leaving = warm.alert("flat")
    assert "main refused" in warm.tick()
    assert (warm.status(leaving), warm.reads()) == (SignalStatus.RECEIVED, 1)
    orders = len(warm.venue.book.orders)
    warm.keep(NEW)
    assert "main worked" in warm.tick()
    assert warm.status(leaving) is SignalStatus.EXECUTED
    assert len(warm.venue.book.orders) == orders + 1


def test_a_replacement_that_is_no_key_blocks_the_account_with_a_sentence(warm: Warm) -> None:
    warm.venue.keys = NEW
    manager = warm.on_aws.client("secretsmanager")
    manager.put_secret_value(SecretId=SECRET, SecretString=json.dumps({"api-key": NEW[0]}))
    leaving = warm.alert("flat")
    said = warm.tick()
    assert "main blocked" in said
    assert "needs api-secret, and the secret 'crypto-bot-prod/main' does not have it" in said
    warm.keep(NEW)
    warm.clock.pass_time(minutes=5)
    assert "main worked" in warm.tick()
    assert warm.status(leaving) is SignalStatus.EXECUTED
