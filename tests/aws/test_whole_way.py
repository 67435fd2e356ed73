"""From an empty AWS account to fills, and back: Terraform, Chalice and the functions themselves.

`crypto-bot deploy dev` does all of the first; then alerts come in through the API, ticks are run by
the schedule and by the stream, and orders reach a venue's test system, which is a loopback one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.aws.deployed_stage import DeployedStage, eventually
from tests.aws.moto import Moto
from tests.aws.stage import Owner
from tests.aws.vendoring import clone
from tests.infra.terraform import NoTerraform, ready
from tests.venues.gemini import API_KEY, SECRET, GeminiVenue, ccxt_options, standard_book
from tests.venues.loopback import Answer, Httpd, Request

STRATEGIES = """
[strategies.paper]
instruments = { BTCUSDT = "BTC/USDT" }
sibling_wait = 0

[strategies.tried]
instruments = { BTCUSD = "BTC/USD" }
sibling_wait = 0
"""
APPLIED = "Apply complete!"
TICK = "crypto_bot-dev-tick"
REPORT = "crypto_bot-dev-report_performance"


@dataclass(kw_only=True)
class LiveHost:
    """What stands where the venue's real exchange would be: nobody may ever ask it."""

    url: str
    asked: list[str]


@pytest.fixture
def live_host() -> Iterator[LiveHost]:
    asked: list[str] = []

    def serve(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(status=418)

    server = Httpd(("127.0.0.1", 0), serve)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield LiveHost(url=f"http://127.0.0.1:{server.server_port}", asked=asked)
    server.shutdown()
    server.server_close()


@pytest.fixture
def venue() -> Iterator[GeminiVenue]:
    book = standard_book({"BTC/USD": Decimal(60_000)}, {"USD": Decimal(10_000)})
    with GeminiVenue(book) as served:
        yield served


@pytest.fixture
def stage(tmp_path: Path, moto: Moto, vendor: Path, wheels: Path) -> DeployedStage:
    """Nothing of it is there yet."""
    try:
        terraform = ready(tmp_path / "terraform")
    except NoTerraform as missing:
        pytest.skip(str(missing))
    owner = Owner(moto=moto, project=clone(tmp_path / "clone", vendor=vendor), stage="dev")
    return DeployedStage(owner=owner, terraform=terraform, wheels=wheels)


def accounts(venue: GeminiVenue, live_host: LiveHost) -> str:
    """One on paper, and one in the venue's test system."""
    live = dict.fromkeys(("public", "private", "web", "webExchange"), live_host.url)
    options = ccxt_options(venue)
    options["urls"] = {"api": live, "test": options["urls"]["test"]}
    del options["apiKey"], options["secret"]
    return f"""
[accounts.desk]
exchange = "virtual"
mode = "virtual"
quote = "USDT"
prices_from = "synthetic"
exchange_options = {{ virtual = {{ balances = {{ USDT = "10000" }} }} }}

[accounts.desk.strategies.paper]
weight = 0.5

[accounts.trial]
exchange = "gemini"
mode = "sandbox"
quote = "USD"
secret = "crypto-bot-dev/exchange"
exchange_options = {_toml(options)}

[accounts.trial.strategies.tried]
weight = 0.5
"""


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(inner)}' for name, inner in value.items())} }}"
    return json.dumps(value)


@pytest.mark.timeout(1800)  # six minutes on two processors that do nothing else
def test_the_whole_way(
    stage: DeployedStage,
    venue: GeminiVenue,
    live_host: LiveHost,
    tmp_path: Path,
    subtests: pytest.Subtests,
) -> None:
    said = stage.deploy()
    address = stage.owner.url()
    with subtests.test("a deploy proves that it lives"):
        assert "A test alert became a signal, and that ended skipped: test" in said
        assert "/health: version " in said
        assert f"Stage dev is deployed: {address.rstrip('/')}" in said
        assert said.count(APPLIED) == 2  # the second one ties the functions in
    paths = configure(stage, tmp_path, venue, live_host)
    with subtests.test("the schedule makes an order of an alert, and its fills are booked"):
        on_paper(stage, paths["paper"])
    with subtests.test("the stream wakes the tick for an urgent alert"):
        urgent_on_paper(stage, paths["paper"])
    with subtests.test("a sandbox account trades in the venue's test system alone"):
        in_the_sandbox(stage, paths["tried"], venue)
        assert live_host.asked == []
    with subtests.test("the hourly report has a point for every account and strategy"):
        hourly(stage)
    with subtests.test("dev has its own table and secrets"):
        has_its_own(stage.owner.moto)
    with subtests.test("an update keeps the address and the books"):
        said = stage.deploy()
        assert "is deployed" in said
        assert said.count(APPLIED) == 1  # they are known and tied
        assert stage.owner.url() == address
        assert len(stage.orders()) == 3
    with subtests.test("nothing is destroyed without the stage's name"):
        asks_first(stage)
    with subtests.test("destroy leaves nothing"):
        stage.destroy()
        leaves_nothing(stage.owner)


def configure(
    stage: DeployedStage, folder: Path, venue: GeminiVenue, live_host: LiveHost
) -> dict[str, str]:
    """Keys, strategies and accounts; the path of each strategy's webhook."""
    stage.owner.moto.client("secretsmanager").put_secret_value(
        SecretId="crypto-bot-dev/exchange",
        SecretString=json.dumps({"api-key": API_KEY, "api-secret": SECRET}),
    )
    (folder / "strategies.toml").write_text(STRATEGIES)
    (folder / "accounts.toml").write_text(accounts(venue, live_host))
    apply = ("apply", "--stage", "dev")
    said = stage.runs("crypto-bot", "strategies", *apply, str(folder / "strategies.toml"))
    stage.runs("crypto-bot", "accounts", *apply, str(folder / "accounts.toml"))
    return {name: stage.url_of(name, said) for name in ("paper", "tried")}


def on_paper(stage: DeployedStage, path: str) -> None:
    bought = stage.alert(path, "long", ticker="BTCUSDT")
    eventually(
        lambda: (stage.schedule(TICK), stage.signal(bought))[1],
        lambda signal: signal["status"] == "EXECUTED",
    )
    [order] = stage.orders()
    assert (order["account"], order["side"], order["status"]) == ("desk", "buy", "FILLED")


def urgent_on_paper(stage: DeployedStage, path: str) -> None:
    """Nobody sends a schedule: the row of the signal is enough."""
    left = stage.alert(path, "flat", ticker="BTCUSDT", order_id="Stop loss")
    eventually(lambda: stage.signal(left), lambda signal: signal["status"] == "EXECUTED")
    assert [order["side"] for order in stage.orders()].count("sell") == 1


def in_the_sandbox(stage: DeployedStage, path: str, venue: GeminiVenue) -> None:
    bought = stage.alert(path, "long")
    eventually(
        lambda: (stage.schedule(TICK), stage.signal(bought))[1],
        lambda signal: signal["status"] == "EXECUTED",
    )
    [at_venue] = venue.orders
    [ours] = [order for order in stage.orders() if order["account"] == "trial"]
    assert at_venue.request.client_id == ours["client_order_id"]
    assert at_venue.executed > 0
    assert Decimal(ours["filled"]) == at_venue.executed


def hourly(stage: DeployedStage) -> None:
    points = eventually(lambda: stage.schedule(REPORT), lambda said: "points" in said)
    assert points["points"] >= 4


def asks_first(stage: DeployedStage) -> None:
    where = ("--infra", str(stage.terraform.folder))
    refused = stage.owner.types("crypto-bot", "destroy", "dev", *where, given="yes\n")
    assert "nothing is removed" in refused.err
    assert TICK in stage.owner.functions()


def has_its_own(moto: Moto) -> None:
    tables = moto.client("dynamodb").list_tables()["TableNames"]
    assert sorted(tables) == ["crypto-bot-dev-market", "crypto-bot-dev-state"]
    secrets = moto.client("secretsmanager").list_secrets()["SecretList"]
    assert {secret["Name"].split("/")[0] for secret in secrets} == {"crypto-bot-dev"}
    functions = moto.client("lambda").list_functions()["Functions"]
    for function in functions:
        variables = function["Environment"]["Variables"]
        assert variables["TABLE_NAME"] == "crypto-bot-dev-state"
        assert variables["CRYPTO_BOT_STAGE"] == "dev"


def leaves_nothing(owner: Owner) -> None:
    assert owner.functions() == {}
    assert owner.apis() == []
    assert owner.moto.client("dynamodb").list_tables()["TableNames"] == []
    assert owner.moto.client("s3").list_buckets()["Buckets"] == []
    assert owner.url() == ""
