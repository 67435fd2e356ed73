"""Stage dev holds play money only: a live account is refused wherever one is stored or used."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.stores.strategies import TableStrategyStore
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.dynamodb_table import DynamoDbTable
from chalicelib.services.trading.close_strategy import close_strategy
from chalicelib.settings import Settings, Stage
from tests.functional.stage_on_aws import OnAws, stage_on_aws, typed
from tests.functional.test_tick_events import Context

REFUSAL = "mode live, and stage dev never trades live; use mode sandbox or virtual here, or stage"
TOML = """
[accounts.main]
exchange = "binance"
mode = "live"
quote = "USDT"
secret = "crypto-bot-dev/main"
"""
LIVE = Account(
    name="main", exchange="binance", mode=Mode.LIVE, quote="USDT", secret="crypto-bot-dev/main"
)
BTC = Strategy(name="btc", instruments={"BTCUSDT": "BTC/USDT"})
FOLLOWING = Subscription(account="main", strategy="btc", weight=Decimal("0.1"))


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    """LIVE=yes in the owner's own shell changes nothing."""
    monkeypatch.setenv("LIVE", "yes")
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(tmp_path / "home"))
    with stage_on_aws(tmp_path / "clone", monkeypatch, "dev") as stage:
        keys = json.dumps({"api-key": "a", "api-secret": "b"})
        stage.client("secretsmanager").create_secret(Name=LIVE.secret, SecretString=keys)
        yield stage


@pytest.fixture
def smuggled(dev: OnAws) -> OnAws:
    """A live account is in dev's table all the same, past every command of ours."""
    store = TableStrategyStore(DynamoDbTable(dev.client("dynamodb"), "crypto-bot-dev-state"))
    store.apply(expected_version=0, accounts=[LIVE], strategies=[BTC], subscriptions=[FOLLOWING])
    return dev


def as_function() -> None:
    bootstrap.use(Choices(settings=stage_settings(Stage.DEV)))


def rows(dev: OnAws) -> int:
    found = dev.client("dynamodb").scan(TableName="crypto-bot-dev-state", Select="COUNT")
    return int(found["Count"])


# --- stored ---


def test_a_file_with_a_live_account_is_not_applied(dev: OnAws, tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(TOML, encoding="utf-8")
    for words in (("--dry-run",), ()):
        assert REFUSAL.replace("mode live", "is live") in dev.refusal(
            "accounts", "apply", str(tmp_path / "accounts.toml"), *words
        )
    assert rows(dev) == 0


@pytest.mark.usefixtures("dev")
def test_the_store_itself_takes_none() -> None:
    as_function()
    with pytest.raises(SettingsError, match=f"account main has {REFUSAL}"):
        bootstrap.strategies().apply(expected_version=0, accounts=[LIVE])
    bootstrap.strategies().apply(expected_version=0, accounts=[replace(LIVE, mode=Mode.SANDBOX)])
    assert set(bootstrap.strategies().configuration().accounts) == {"main"}


def test_a_backup_with_a_live_account_is_not_restored(dev: OnAws, tmp_path: Path) -> None:
    bootstrap.use(Choices(settings=Settings(live=True), home=tmp_path / "mine"))
    bootstrap.strategies().apply(expected_version=0, accounts=[LIVE])
    bootstrap.reset()
    backup = str(tmp_path / "state.backup")
    assert typed("backup", backup, "--home", str(tmp_path / "mine")).exit_code == 0
    for words in ((), ("--yes",)):
        assert REFUSAL in dev.refusal("restore", backup, *words)
    assert rows(dev) == 0


def test_a_strategy_is_not_promoted_to_a_live_account(smuggled: OnAws) -> None:
    paper = Account(
        name="paper", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT", prices_from="synthetic"
    )
    slow = Strategy(name="slow", instruments={"BTCUSDT": "BTC/USDT"})
    as_function()
    version = bootstrap.strategies().configuration().version
    bootstrap.strategies().apply(
        expected_version=version,
        accounts=[paper],
        strategies=[slow],
        subscriptions=[replace(FOLLOWING, account="paper", strategy="slow")],
    )
    bootstrap.reset()
    told = smuggled.run("promote", "slow", "--to", "main", "--yes", code=1)
    assert REFUSAL in told.output


@pytest.mark.parametrize("where", ["deploys", "runs"])
def test_the_environment_describes_none(where: str) -> None:
    """Also while `chalice deploy` loads the application: nothing has been created then."""
    environment = {
        "CRYPTO_BOT_STAGE": "dev",
        "TABLE_NAME": "crypto-bot-dev-state",
        "EXCHANGE_NAME": "binance",
        "SANDBOX": "false",
        "LIVE": "yes",
    }
    own = {"AWS_CHALICE_CLI_MODE": "true"} if where == "deploys" else {}
    with pytest.raises(SettingsError, match="SANDBOX is false on stage dev, which never trades"):
        Settings.from_environment({**environment, **own})
    Settings.from_environment({**environment, **own, "CRYPTO_BOT_STAGE": "prod"})


# --- used ---


@pytest.mark.usefixtures("smuggled")
def test_a_tick_asks_its_exchange_nothing() -> None:
    as_function()
    [signal] = close_strategy(bootstrap.trading(), "btc")
    assert application.tick({}, Context()) == {"outcome": "worked", "accounts": 1}
    beat = bootstrap.trading().control.last_beat()
    assert beat is not None
    assert beat.outcome.startswith("main blocked: 0 plans, 0 orders, 0 entries, account main has")
    assert REFUSAL in beat.outcome
    found = bootstrap.signals().get(signal.id)
    assert found is not None
    assert not found.status.is_final


@pytest.mark.usefixtures("smuggled")
def test_the_probe_says_so() -> None:
    as_function()
    assert REFUSAL in application.tick({"check": "venues"}, Context())["venues"]["main"]


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--offline"),
        ("accounts", "check", "main"),
        ("preview",),
        ("run", "--for", "1"),
        ("accounts", "adopt", "main", "USDT", "1", "--to", "pool"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("smuggled")
def test_no_verb_opens_its_exchange(words: tuple[str, ...]) -> None:
    told = typed(*words, "--stage", "dev")
    assert told.exit_code != 0
    assert REFUSAL in " ".join(told.output.split())
