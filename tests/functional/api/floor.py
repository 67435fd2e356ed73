"""The API over a trading desk in one process, asked as the packaged handler is asked on AWS."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.order import Order
from chalicelib.domain.trading.signal import Signal
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.trading.report_performance import report_performance
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings
from tests.canaries import OWNER_TOKEN, PATH_TOKEN
from tests.trading_floor import HandClock

VIEWER_TOKEN = "a-viewer-s-token"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came back; `json` of a text that is none raises."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(kw_only=True)
class Api:
    """Scenario words of whoever uses the API."""

    clock: HandClock
    token: str = OWNER_TOKEN
    keys: Iterator[int] = field(default_factory=count)

    def ask(
        self,
        method: str,
        template: str,
        *,
        body: Any = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **path: Any,
    ) -> Answered:
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        event = {
            "requestContext": {"httpMethod": method, "resourcePath": template, "identity": {}},
            "headers": sent | (headers or {}),
            "pathParameters": path or None,
            "multiValueQueryStringParameters": (
                {name: [text] for name, text in query.items()} if query else None
            ),
            "stageVariables": None,
            "body": body if body is None or isinstance(body, str) else json.dumps(body),
        }
        answer = application.app(event, None)
        json.dumps(answer)  # as Lambda does, which takes text and nothing else
        return Answered(status=answer["statusCode"], headers=answer["headers"], text=answer["body"])

    def get(self, template: str, query: dict[str, str] | None = None, **path: Any) -> Any:
        answer = self.ask("GET", template, query=query, **path)
        assert answer.status == 200, answer.text
        return answer.json

    def act(self, template: str, body: dict[str, Any] | None = None, **path: Any) -> Answered:
        """Confirmed, under a key of its own."""
        headers = {"idempotency-key": f"key {next(self.keys)}"}
        return self.ask(
            "POST", template, body={**(body or {}), "confirm": True}, headers=headers, **path
        )

    def done(self, template: str, body: dict[str, Any] | None = None, **path: Any) -> Any:
        answer = self.act(template, body, **path)
        assert answer.status == 200, answer.text
        return answer.json

    def alert(self, position: str, ticker: str = "BTCUSDT", **fields: str) -> str:
        message = {"ticker": ticker, "market_position": position} | fields
        message["time"] = self.clock.now().isoformat()
        name = {"BTCUSDT": "btc", "ETHUSDT": "eth"}[ticker]
        answer = self.ask(
            "POST", "/hook/{strategy}/{token}", body=message, strategy=name, token=PATH_TOKEN
        )
        assert answer.status == 200, answer.text
        return str(answer.json["signal_id"])

    def tick(self) -> None:
        self.clock.pass_time(seconds=1)
        deadline = self.clock.now().replace(year=2030)
        tick(bootstrap.trading(), owner="test", deadline=deadline)

    def report(self) -> None:
        report_performance(bootstrap.trading(), bootstrap.analytics())

    def signal(self, signal_id: str) -> Signal:
        found = bootstrap.signals().get(signal_id)
        assert found is not None
        return found

    def order(self, order_id: str) -> Order:
        found = bootstrap.trading().orders.get(order_id)
        assert found is not None
        return found

    def as_viewer(self) -> "Api":
        return Api(clock=self.clock, token=VIEWER_TOKEN, keys=self.keys)


@contextmanager
def api_floor(**subscription: Any) -> Iterator[Api]:
    """Two strategies on one paper account, an owner and a viewer; SQLite in memory."""
    with TemporaryDirectory() as home:
        yield from _floor(Path(home), subscription)


def _floor(home: Path, subscription: dict[str, Any]) -> Iterator[Api]:
    table, clock = SqliteTable(":memory:"), HandClock()
    choices = Choices(
        settings=Settings(),
        home=home,
        table=table,
        clock=clock,
        workers=InlineWorkers(),
        owner_token=OWNER_TOKEN,
    )
    bootstrap.use(choices)
    hashes = (hash_token(PATH_TOKEN),)
    viewer = AccessToken(name="anna", role=Role.VIEWER, hash=hash_token(VIEWER_TOKEN))
    access_tokens().change(lambda _: (viewer,))
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name="paper",
                exchange="virtual",
                mode=Mode.VIRTUAL,
                quote="USDT",
                prices_from="synthetic",
                exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
            )
        ],
        strategies=[
            Strategy(
                name=name,
                instruments={f"{name.upper()}USDT": f"{name.upper()}/USDT"},
                sibling_wait=0,
                token_hashes=hashes,
            )
            for name in ("btc", "eth")
        ],
        subscriptions=[
            Subscription(account="paper", strategy=name, weight=Decimal(weight), **subscription)
            for name, weight in (("btc", "0.5"), ("eth", "0.25"))
        ],
    )
    try:
        yield Api(clock=clock)
    finally:
        bootstrap.reset()
        table.close()
