"""A desk with every kind of secret, at DEBUG, with a venue that fails in every way it can.

What comes out is looked at by tests/watch.py, here as in every other test; here all is planted.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client
from click.testing import CliRunner

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.venues.ccxt.connect import connect
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import gauges
from chalicelib.cli.verbs import cli
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.functions.watching import after_tick
from chalicelib.local.metrics import Metrics
from chalicelib.local.tally import Tally
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings
from tests import watch
from tests.canaries import (
    BODY_SECRET,
    EXCHANGE_KEY,
    EXCHANGE_SECRET,
    OWNER_TOKEN,
    PASSPHRASE,
    PATH_TOKEN,
    QUERY_TOKEN,
)
from tests.venues import binance
from tests.venues.binance_wire import ORDER
from tests.venues.faults import Fault, FaultKind
from tests.venues.server import VenueServer

JSON = {"Content-Type": "application/json"}
KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET, "passphrase": PASSPHRASE}
QUICK = [kind for kind in FaultKind if kind not in (FaultKind.HANG, FaultKind.BAN)]
SOON = timedelta(minutes=5)
VERBS = (
    "doctor",
    "accounts",
    "strategies",
    "signals",
    "orders",
    "positions",
    "balances",
    "ledger paper",
    "performance",
)


def metrics(figures: Callable[[], str], tally: Tally, authorization: str) -> tuple[str, str]:
    """Status and text of /metrics of the embedded run, asked from this machine."""
    page = Metrics(lambda _environ, _start: [], figures, tally, OWNER_TOKEN)
    environ = {
        "PATH_INFO": "/metrics",
        "REQUEST_METHOD": "GET",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_AUTHORIZATION": authorization,
    }
    heads: list[str] = []
    body = page(environ, lambda status, _headers: heads.append(status))
    return heads[0], b"".join(body).decode()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Alerts in, ticks over a real socket, and the owner's questions."""

    client: Client
    venue: VenueServer
    home: Path
    tally: Tally = field(default_factory=Tally)

    def alert(self, position: str, path: str = f"/hook/btc/{PATH_TOKEN}", **fields: Any) -> int:
        fired = bootstrap.clock().now().isoformat()
        message = {"time": fired, "ticker": "BTCUSDT", "market_position": position, **fields}
        body = json.dumps(message).encode()
        return int(self.client.http.post(path, headers=JSON, body=body).status_code)

    def tick(self) -> str:
        """A tick, and the look after it, as the embedded run has them."""
        ports = bootstrap.trading()
        report = tick(ports, owner="test", deadline=ports.clock.now() + SOON)
        self.tally.ticked(report)
        after_tick(report, owner="test")
        return report.summary()

    def ask(self, verb: str) -> str:
        """What the owner's terminal shows, as a table and as JSON."""
        shown = ""
        for form in ([], ["--json"]):
            words = [*verb.split(), "--home", str(self.home), *form]
            result = CliRunner().invoke(cli, words, prog_name="crypto-bot")
            assert result.exception is None or isinstance(result.exception, SystemExit)
            watch.refuse(result.output, f"crypto-bot {verb}")
            shown += result.output
        return shown


def write_keys(home: Path, keys: dict[str, str]) -> None:
    file = home / "secrets.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"keys": keys}), encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Desk]:
    for name in ("", "chalicelib", "crypto_bot"):
        caplog.set_level(logging.DEBUG, logger=name)
    book = binance.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    with binance.BinanceVenue(book) as venue:
        options = {**binance.ccxt_options(venue), "rateLimit": 1, "timeout": 2000}
        del options["apiKey"], options["secret"]
        write_keys(tmp_path, KEYS)
        bootstrap.use(Choices(settings=Settings(), home=tmp_path, owner_token=OWNER_TOKEN))
        bootstrap.strategies().apply(
            expected_version=0,
            accounts=[
                Account(
                    name="paper",
                    exchange="binance",
                    mode=Mode.SANDBOX,
                    quote="USDT",
                    secret="keys",
                    exchange_options=options,
                )
            ],
            strategies=[
                Strategy(
                    name="btc",
                    instruments={"BTCUSDT": "BTC/USDT"},
                    sibling_wait=0,
                    token_hashes=tuple(map(hash_token, (PATH_TOKEN, BODY_SECRET))),
                ),
                Strategy(
                    name="eth",
                    instruments={"ETHUSDT": "ETH/USDT"},
                    sibling_wait=0,
                    token_hashes=(hash_token(QUERY_TOKEN),),
                ),
            ],
            subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.5"))],
        )
        project = str(Path(application.__file__).parent)
        with Client(application.app, project_dir=project) as client:
            yield Desk(client=client, venue=venue, home=tmp_path)
        bootstrap.reset()


def test_alerts_good_and_bad_say_no_secret_again(desk):
    by_query, by_body = f"/receive_trade_signals?token={QUERY_TOKEN}", "/receive_trade_signals"
    wrong = f"/hook/eth/{PATH_TOKEN}"

    assert desk.alert("long", comment=PATH_TOKEN, order_id=f"see {PATH_TOKEN}") == 200
    assert desk.alert("long", by_query, ticker="ETHUSDT") == 200
    assert desk.alert("long", by_body, secret=BODY_SECRET, order_id="2") == 200
    assert desk.alert("long", by_body, secret=BODY_SECRET, order_price="0", note=1) == 422
    assert desk.alert(PATH_TOKEN) == 400
    assert desk.alert("long", ticker=PATH_TOKEN) == 422
    assert desk.alert("long", wrong) == 401
    assert desk.alert("long", by_body, secret=OWNER_TOKEN) == 401
    odd = {"password": {"of": [PASSPHRASE]}, "api-secret": EXCHANGE_SECRET}
    assert desk.alert("long", order_id="3", **odd) == 200
    stored = bootstrap.signals().recent(10)
    assert len(stored) == 4
    headers = {"Authorization": f"Bearer {OWNER_TOKEN}"}
    for signal in stored:
        answer = desk.client.http.get(f"/signals/{signal.id}", headers=headers)
        assert (answer.status_code, "alert" in answer.json_body) == (200, True)


@pytest.mark.parametrize("kind", QUICK)
def test_a_venue_that_fails_makes_nobody_tell_its_keys(desk, kind):
    desk.venue.add_fault(Fault(kind=kind, path=ORDER, method="POST", after=True, seconds=0.1))
    desk.venue.add_fault(Fault(kind=kind, path="/api/v3/account", nth=3))
    desk.alert("long")
    for _ in range(2):
        desk.tick()

    assert desk.venue.count(ORDER, "POST") > 0
    assert desk.ask("orders")


@pytest.mark.parametrize("field", ["api-key", "api-secret"])
def test_refused_keys_are_not_shown(desk, field):
    write_keys(desk.home, KEYS | {field: KEYS[field] + "WRONG"})
    desk.alert("long")
    desk.tick()

    assert desk.venue.orders == []
    assert desk.ask("doctor")


@pytest.mark.parametrize("field", ["api-key", "api-secret"])
def test_figures_of_refused_keys_name_no_key(desk, field):
    write_keys(desk.home, KEYS | {field: KEYS[field] + "WRONG"})
    desk.alert("long", comment=PATH_TOKEN)
    desk.tick()

    status, text = metrics(gauges().exposition, desk.tally, f"Bearer {OWNER_TOKEN}")
    assert (status, "crypto_bot_key_auth_errors_total 1\n" in text) == ("200 OK", True)
    assert metrics(gauges().exposition, desk.tally, f"Bearer {PATH_TOKEN}")[0][:3] == "401"


@pytest.mark.parametrize("secret", [EXCHANGE_KEY, OWNER_TOKEN, f"Basic {EXCHANGE_SECRET}"])
def test_a_secret_in_the_figures_would_be_seen(secret):
    metrics(lambda: f"crypto_bot_ticks_total{{about={secret!r}}} 1\n", Tally(), "Bearer no")
    assert watch.WATCH.take() == []  # nobody was shown the figures
    metrics(
        lambda: f"crypto_bot_ticks_total{{about={secret!r}}} 1\n", Tally(), f"Bearer {OWNER_TOKEN}"
    )
    [leak] = watch.WATCH.take()
    assert leak.startswith("an answer: ")


def test_what_the_owner_asks_for_shows_no_secret(desk):
    desk.alert("long")
    desk.alert("long", ticker="XRPUSDT")
    desk.tick()

    for verb in VERBS:
        assert desk.ask(verb)
    for token in (OWNER_TOKEN, PATH_TOKEN):
        headers = {"Authorization": f"Bearer {token}"}
        for path in ("/signals", "/orders", "/portfolios"):
            answer = desk.client.http.get(path, headers=headers)
            assert answer.status_code == (200 if token == OWNER_TOKEN else 401)


@pytest.mark.parametrize("kind", QUICK)
def test_no_exception_of_the_adapter_holds_a_key(desk, kind):
    account = bootstrap.strategies().configuration().accounts["paper"]
    desk.venue.add_fault(Fault(kind=kind, path="/api/v3", times=50, seconds=0.1))
    exchange = connect(account, KEYS, bootstrap.clock())
    try:
        for ask in (exchange.balances, lambda: exchange.tickers(["BTC/USDT"])):
            try:
                ask()
            except CryptoBotError as error:
                chain = traceback.TracebackException.from_exception(error, capture_locals=False)
                watch.refuse("".join(chain.format()), "an exception")
                watch.refuse(repr(error) + repr(error.__dict__), "an exception")
        watch.refuse(repr(exchange) + repr(account), "a representation")
    finally:
        exchange.close()
    assert desk.venue.count("/api/v3") > 0
