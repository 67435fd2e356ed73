"""Each function's policy against what the function really asks of AWS, both ways.

The real handlers run on moto, each as a cold function; every call that leaves for AWS is written
down with its action and resource. Whatever is missing in a policy fails, and so does whatever is
granted and never asked for, unless rights.py gives a reason.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from botocore import handlers

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.owner import owner_tokens
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.deployment.policies import WEBHOOKS, gateway_policy
from chalicelib.domain.deployment.rights import RIGHTS
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import TRADINGVIEW_SOURCES, Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, OWNER_TOKEN, PATH_TOKEN
from tests.functional.stage_on_aws import OnAws, stage_on_aws
from tests.functional.test_tick_events import Context
from tests.trading_floor import HandClock
from tests.venues.binance import BinanceVenue, ccxt_options, standard_book

Call = tuple[str, str]  # action, resource
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
KEYS = json.dumps({"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET})
TRADINGVIEW = TRADINGVIEW_SOURCES[0]


@dataclass
class Recorder:
    """What each function has asked of AWS; calls between functions are the test's own."""

    calls: dict[str, set[Call]] = field(default_factory=dict)
    function: str = ""

    def hear(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self.function:
            service = model.service_model.service_name
            known = self.calls.setdefault(self.function, set())
            known |= set(_calls(service, model.name, params))


def _calls(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Call]:
    """IAM's words for one request. What is not listed here fails the test."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":  # IAM looks at what is in it
            for item in params["TransactItems"]:
                for name, inner in item.items():
                    yield f"dynamodb:{name}Item", _table(inner)
        case "dynamodb", ("GetItem" | "PutItem" | "Query"):
            yield f"dynamodb:{operation}", _table(params)
        case "secretsmanager", "GetSecretValue":
            yield (
                f"secretsmanager:{operation}",
                ARN.format("secretsmanager", f"secret:{params['SecretId']}-AbCdEf"),
            )
        case "ssm", "GetParameter":
            yield f"ssm:{operation}", ARN.format("ssm", f"parameter{params['Name']}")
        case "sns", "Publish":
            yield f"sns:{operation}", params["TopicArn"]
        case _:
            raise AssertionError(f"nobody has said which right {service} {operation} takes")


def _table(params: Mapping[str, Any]) -> str:
    index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
    return ARN.format("dynamodb", f"table/{params['TableName']}{index}")


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
            self.recorder.function = function
            yield
            self.recorder.function = ""

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
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": path,
                "identity": {"sourceIp": source},
            },
            "headers": {
                "content-type": "application/json",
                "authorization": f"Bearer {OWNER_TOKEN}",
            },
            "pathParameters": {"strategy": "btc", "token": PATH_TOKEN},
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


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """One life of a stage: routes asked, alerts traded on paper and at a venue, trouble told."""
    recorder = Recorder()
    folder = tmp_path_factory.mktemp("policies")
    with pytest.MonkeyPatch.context() as patch:
        hook = ("provide-client-params.*.*", recorder.hear)
        patch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, hook])
        book = standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
        with stage_on_aws(folder / "clone", patch) as on_aws, BinanceVenue(book) as venue:
            deployed = Deployed(on_aws=on_aws, recorder=recorder)
            _configure(deployed, venue)
            _live(deployed)
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
        owner_tokens().save((hash_token(OWNER_TOKEN),))
        mail = Channel(name="mail", kind=ChannelKind.SNS)  # the stage's own topic
        notices().save_notifications(replace(notices().notifications(), channels=(mail,)))


def _live(deployed: Deployed) -> None:
    entry = deployed.alert("long")
    assert deployed.ask("POST /hook/{strategy}/{token}", body=entry) == 200
    assert deployed.ask("POST /hook/{strategy}/{token}", body=entry) == 200  # once more
    assert deployed.tick()["accounts"] == 3
    assert deployed.ask("POST /hook/{strategy}/{token}", body="{odd") == 400  # the owner is told
    deployed.tick()
    assert deployed.report() == {"points": 6}
    leaving = deployed.alert("flat")
    answer = deployed.ask("POST /receive_trade_signals", body=leaving, query=PATH_TOKEN)
    assert answer == 200
    deployed.tick()
    deployed.tick()
    with deployed.at_hand():
        told = bootstrap.signals().recent(10)
        assert [signal.status for signal in told] == [SignalStatus.EXECUTED] * 2, told
    for path in ("/health", "/alert.schema.json", "/signals", "/orders", "/portfolios"):
        assert deployed.ask(f"GET {path}") == 200
    with deployed.cold("tick"):
        assert application.tick({"check": "venues"}, Context())["venues"]["main"] == ""


def granted(on_aws: OnAws, function: str) -> list[Call]:
    document = on_aws.document(f"policy-{on_aws.stage}-{function}.json")
    return [
        (action, resource)
        for statement in document["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    ]


def covers(right: Call, call: Call) -> bool:
    return right[0] == call[0] and fnmatchcase(call[1], right[1])


def test_every_function_of_the_application_has_a_policy() -> None:
    app = application.app
    events, plain = app.event_sources, app.pure_lambda_functions
    assert set(RIGHTS) == {"api_handler", *(e.name for e in events), *(p.name for p in plain)}


def test_every_route_was_asked() -> None:
    """A new route has to be asked above: what it needs is not known else."""
    routes = {f"{m} {path}" for path, by in application.app.routes.items() for m in by}
    assert routes == {
        "POST /hook/{strategy}/{token}",
        "POST /receive_trade_signals",
        "GET /health",
        "GET /alert.schema.json",
        "GET /signals",
        "GET /orders",
        "GET /portfolios",
    }


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_policy_grants_all_that_its_function_asks_for(deployed: Deployed, function: str) -> None:
    rights = granted(deployed.on_aws, function)
    calls = deployed.recorder.calls[function]
    assert calls
    assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_a_policy_grants_nothing_that_is_never_asked_for(deployed: Deployed, function: str) -> None:
    calls = deployed.recorder.calls[function]
    excused = {action for right in RIGHTS[function] if right.because for action in right.actions}
    idle = [
        right
        for right in granted(deployed.on_aws, function)
        if right[0] not in excused and not any(covers(right, call) for call in calls)
    ]
    assert idle == []
    assert excused & {action for action, _ in calls} == set()  # the excuse would be a wrong one


def test_the_api_can_read_no_secret(deployed: Deployed) -> None:
    services = {action.split(":")[0] for action, _ in granted(deployed.on_aws, "api_handler")}
    assert services == {"logs", "dynamodb"}


@pytest.mark.parametrize("function", sorted(RIGHTS))
def test_no_right_reaches_beyond_the_stage(deployed: Deployed, function: str) -> None:
    for action, resource in granted(deployed.on_aws, function):
        assert "*" not in action
        assert "prod" in resource, (action, resource)
        assert ":eu-west-1:123456789012:" in resource


# --- who may call the API ---


def admitted(document: Mapping[str, Any], source: str, request: str) -> bool:
    """As API Gateway evaluates a resource policy: a Deny that applies ends it."""
    effects = {
        statement["Effect"]
        for statement in document["Statement"]
        if any(fnmatchcase(request, resource) for resource in statement["Resource"])
        and _applies(statement.get("Condition"), source)
    }
    return "Allow" in effects and "Deny" not in effects


def _applies(condition: Mapping[str, Any] | None, source: str) -> bool:
    if condition is None:
        return True
    [(operator, tests)] = condition.items()
    assert (operator, list(tests)) == ("NotIpAddress", ["aws:SourceIp"])
    return not any(ip_address(source) in ip_network(n) for n in tests["aws:SourceIp"])


@pytest.mark.parametrize(
    ("source", "request_", "expected"),
    [
        *((source, "POST/hook/btc/token", True) for source in TRADINGVIEW_SOURCES),
        (TRADINGVIEW, "POST/receive_trade_signals", True),
        ("203.0.113.7", "POST/hook/btc/token", False),
        ("203.0.113.7", "POST/receive_trade_signals", False),
        ("52.89.214.239", "POST/hook/btc/token", False),
        ("203.0.113.7", "GET/signals", True),
        ("203.0.113.7", "GET/health", True),
        (TRADINGVIEW, "GET/portfolios", True),
    ],
)
def test_the_webhooks_are_tradingviews_alone(deployed, source, request_, expected) -> None:
    document = deployed.on_aws.document("gateway-prod.json")
    assert admitted(document, source, f"execute-api:/prod/{request_}") is expected


def test_whatever_takes_a_post_is_behind_the_list() -> None:
    posted = [f"POST{path}" for path, by in application.app.routes.items() if "POST" in by]
    assert posted
    for path in posted:
        assert any(fnmatchcase(path, webhook) for webhook in WEBHOOKS), path


def test_the_code_looks_at_the_address_as_well(deployed: Deployed) -> None:
    alert, path = deployed.alert("long"), "POST /hook/{strategy}/{token}"
    assert deployed.ask(path, body=alert, source="203.0.113.7") == 401
    assert deployed.ask(path, body=alert) == 200


def test_an_open_list_leaves_the_webhooks_to_their_tokens() -> None:
    assert admitted(gateway_policy("dev", []), "203.0.113.7", "execute-api:/dev/POST/hook/a/b")


def test_an_owners_own_addresses_are_let_in_by_both() -> None:
    document = gateway_policy("dev", ["10.0.0.0/8"])
    assert admitted(document, "10.1.2.3", "execute-api:/dev/POST/hook/a/b")
    assert not admitted(document, TRADINGVIEW, "execute-api:/dev/POST/hook/a/b")
