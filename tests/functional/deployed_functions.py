"""A stage's functions, run in this process as cold ones, over moto and a loopback venue."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import TRADINGVIEW_SOURCES, Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, OWNER_TOKEN, PATH_TOKEN
from tests.functional.iam import Recorder
from tests.functional.stage_on_aws import OnAws, stage_on_aws
from tests.functional.test_tick_events import Context
from tests.trading_floor import HandClock
from tests.venues.binance import BinanceVenue, ccxt_options, standard_book

KEYS = json.dumps({"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET})
TRADINGVIEW = TRADINGVIEW_SOURCES[0]


@dataclass(kw_only=True)
class Deployed:
    """The stage, its venue, and its functions, each called in a process of its own, so to speak."""

    on_aws: OnAws
    recorder: Recorder
    clock: HandClock = field(default_factory=HandClock)

    @contextmanager
    def cold(self, function: str) -> Iterator[None]:
        """Nothing that another function has opened or read is at hand."""
        with self.at_hand():
            self.recorder.caller = function
            yield
            self.recorder.caller = ""

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        settings = stage_settings(Stage(self.on_aws.stage))
        bootstrap.use(Choices(settings=settings, clock=self.clock, workers=InlineWorkers()))
        yield
        bootstrap.reset()

    def ask(
        self, route: str, *, body: object = "", query: str = "", source: str = TRADINGVIEW
    ) -> int:
        method, _, path = route.partition(" ")
        names = re.findall(r"\{(\w+)\}", path)
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": path,
                "identity": {"sourceIp": source},
            },
            "headers": {
                "content-type": "application/json",
                "authorization": f"Bearer {OWNER_TOKEN}",
                "idempotency-key": route,
            },
            "pathParameters": dict.fromkeys(names, "paper")
            | {"strategy": "btc", "token": PATH_TOKEN},
            "multiValueQueryStringParameters": {"token": [query]} if query else None,
            "stageVariables": None,
            "body": body if isinstance(body, str) else json.dumps(body),
        }
        with self.cold("api_handler"):
            status: int = application.app(event, Context())["statusCode"]
        return status

    def alert(self, position: str, **fields: str) -> dict[str, str]:
        self.clock.pass_time(seconds=5)
        time = self.clock.now().isoformat()
        return {"time": time, "ticker": "BTCUSDT", "market_position": position, **fields}

    def tick(self) -> Any:
        self.clock.pass_time(minutes=1)
        with self.cold("tick"):
            return application.tick({"time": self.clock.now().isoformat()}, Context())

    def report(self) -> Any:
        with self.cold("report_performance"):
            event = {"version": "0", "account": "1", "region": "r", "detail": {}, "id": "1"}
            event |= {"detail-type": "Scheduled Event", "source": "aws.events", "resources": []}
            return application.report_performance({**event, "time": ""}, Context())


@contextmanager
def deployed_functions(folder: Path) -> Iterator[Deployed]:
    """Of prod, with two accounts at a venue and one on paper; what they ask of AWS is recorded."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        recorder.listen(patch)
        book = standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
        with stage_on_aws(folder / "clone", patch) as on_aws, BinanceVenue(book) as venue:
            deployed = Deployed(on_aws=on_aws, recorder=recorder)
            _configure(deployed, venue)
            yield deployed


def _configure(deployed: Deployed, venue: BinanceVenue) -> None:
    secrets, parameters = (deployed.on_aws.client(name) for name in ("secretsmanager", "ssm"))
    secrets.create_secret(Name="crypto-bot-prod/main", SecretString=KEYS)
    parameters.put_parameter(Name="/crypto-bot-prod/second", Value=KEYS, Type="SecureString")
    options = {k: v for k, v in ccxt_options(venue).items() if k not in {"apiKey", "secret"}}
    at_venue = Account(
        name="main",
        exchange="binance",
        mode=Mode.SANDBOX,
        quote="USDT",
        secret="crypto-bot-prod/main",
        exchange_options=options,
    )
    accounts = [
        at_venue,
        replace(at_venue, name="second", secret="ssm:/crypto-bot-prod/second"),
        Account(
            name="paper",
            exchange="virtual",
            mode=Mode.VIRTUAL,
            quote="USDT",
            prices_from="synthetic",
        ),
    ]
    strategy = Strategy(
        name="btc",
        instruments={"BTCUSDT": "BTC/USDT"},
        sibling_wait=0,
        token_hashes=(hash_token(PATH_TOKEN),),
    )
    with deployed.at_hand():
        bootstrap.strategies().apply(
            expected_version=0,
            accounts=accounts,
            strategies=[strategy],
            subscriptions=[
                Subscription(account=a.name, strategy="btc", weight=Decimal("0.2"))
                for a in accounts
            ],
        )
        token = AccessToken(name="owner", role=Role.OWNER, hash=hash_token(OWNER_TOKEN))
        access_tokens().change(lambda _: (token,))
        mail = Channel(name="mail", kind=ChannelKind.SNS)  # the stage's own topic
        notices().save_notifications(replace(notices().notifications(), channels=(mail,)))
