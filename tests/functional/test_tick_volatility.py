"""The tick on AWS sizes by what the stage has analysed, and looks at nothing where it does not."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore import handlers

import app as application
from chalicelib import bootstrap
from chalicelib.adapters.series.analyses_dynamodb import DynamoDbAnalyses
from chalicelib.adapters.workers import InlineWorkers
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from chalicelib.settings import Stage
from tests.functional.iam import Recorder, covers
from tests.functional.running import configure
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.functional.test_tick_events import Context
from tests.situations import a_signal
from tests.trading_floor import HandClock

MARKET_TABLE = "crypto-bot-prod-market"
CALM, WILD = "BTC/USDT", "ETH/USDT"
IDLE = """
import sys
from datetime import UTC, datetime, timedelta
from chalicelib import bootstrap
from chalicelib.services.trading.tick import tick
deadline = datetime.now(UTC) + timedelta(minutes=1)
print(tick(bootstrap.trading(), owner="one", deadline=deadline).outcome, *sys.modules)
"""


@dataclass(kw_only=True)
class Prod:
    on_aws: OnAws
    recorder: Recorder
    environment: Mapping[str, str]
    clock: HandClock = field(default_factory=HandClock)
    rows: list[str] = field(default_factory=list)  # of the market table, by their leading keys

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        bootstrap.use(
            Choices(
                settings=stage_settings(Stage.PROD),
                environment=self.environment,
                clock=self.clock,
                workers=InlineWorkers(),
            )
        )
        yield
        bootstrap.reset()

    def sized(self) -> dict[str, Decimal]:
        """What a tick makes of one alert for each instrument, by its notional."""
        with self.at_hand():
            for name, symbol in (("btc", CALM), ("eth", WILD)):
                bootstrap.signals().add(a_signal(name, symbol, at=self.clock.now()))
        self.clock.pass_time(minutes=1)
        with self.at_hand():
            self.recorder.caller = "tick"
            application.tick({"time": self.clock.now().isoformat()}, Context())
            self.recorder.caller = ""
            [plan] = bootstrap.trading().plans.recent(1)
        return {i.symbol: i.quantity * plan.prices[i.symbol] for i in plan.intents}

    def hear(self, params: dict[str, Any], **_: Any) -> None:
        if self.recorder.caller and params["TableName"] == MARKET_TABLE:
            self.rows.append(params["ExpressionAttributeValues"][":pk"]["S"])

    def granted(self) -> list[Any]:
        return list(self.on_aws.document("policy-prod-tick.json")["Statement"])


@pytest.fixture
def prod(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Prod]:
    """With both instruments analysed, an hour ago, and MARKET_FUNCTIONS as a test wants them."""
    recorder = Recorder()
    recorder.listen(monkeypatch)
    with stage_on_aws(tmp_path / "clone", monkeypatch) as on_aws:
        create_table(on_aws.client("dynamodb"), MARKET_TABLE)
        on_aws.edit_config(MARKET_FUNCTIONS=request.param)
        again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs_of("prod")))
        assert again.exit_code == 0, again.output
        stage = on_aws.document("config.json")["stages"]["prod"]
        made = Prod(on_aws=on_aws, recorder=recorder, environment=stage["environment_variables"])
        hook = ("provide-client-params.dynamodb.Query", made.hear)
        monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, hook])
        _furnish(made)
        yield made


def _furnish(prod: Prod) -> None:
    account = Account(
        name="main",
        exchange="virtual",
        mode=Mode.VIRTUAL,
        quote="USDT",
        policy="inverse_volatility",
        reserve=Decimal(0),
        prices_from="synthetic",
        exchange_options={"virtual": {"balances": {"USDT": "10000"}}},
    )
    strategies = [
        Strategy(name=name, instruments={symbol.replace("/", ""): symbol}, sibling_wait=0)
        for name, symbol in (("btc", CALM), ("eth", WILD))
    ]
    with prod.at_hand():
        bootstrap.strategies().apply(
            expected_version=0,
            accounts=[account],
            strategies=strategies,
            subscriptions=[
                Subscription(account="main", strategy=s.name, weight=Decimal("0.5"))
                for s in strategies
            ],
        )
        kept = DynamoDbAnalyses(DynamoDbTable(prod.on_aws.client("dynamodb"), MARKET_TABLE))
        at = prod.clock.now() - timedelta(hours=1)
        for symbol, figure in ((CALM, 0.01), (WILD, 0.08)):
            kept.add([Analysis(f"virtual {symbol}", at, {"volatility_day": figure})])


@pytest.mark.parametrize("prod", ["analyse_instruments"], indirect=True)
def test_a_tick_sizes_by_what_the_stage_has_analysed(prod: Prod) -> None:
    sized = prod.sized()
    assert sized[CALM] / sized[WILD] == pytest.approx(Decimal(8), rel=Decimal("0.01"))
    assert sorted(set(prod.rows)) == [f"analysis#virtual {symbol}" for symbol in (CALM, WILD)]
    asked = {call for call in prod.recorder.calls["tick"] if call[1].endswith(MARKET_TABLE)}
    assert {action for action, _ in asked} == {"dynamodb:Query"}
    [right] = [s for s in prod.granted() if any(r.endswith(MARKET_TABLE) for r in s["Resource"])]
    [resource] = right["Resource"]
    assert all(covers((action, resource), call) for action in right["Action"] for call in asked)
    [pattern] = right["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert all(fnmatchcase(row, pattern) for row in prod.rows)


@pytest.mark.parametrize("prod", ["", "load_candles"], indirect=True)
def test_where_nothing_is_analysed_nothing_is_looked_for(prod: Prod) -> None:
    """It works the volatilities out from the venue's closes; its policy would refuse more."""
    sized = prod.sized()
    assert not {call for call in prod.recorder.calls["tick"] if call[1].endswith(MARKET_TABLE)}
    assert not [s for s in prod.granted() if any(MARKET_TABLE in r for r in s["Resource"])]
    assert sized.get(CALM, Decimal(0)) < 4 * sized.get(WILD, Decimal(1))


def test_an_idle_tick_loads_nothing_that_reads_them(tmp_path: Path) -> None:
    configure(tmp_path, account={"policy": "inverse_volatility"})
    done = subprocess.run(
        [sys.executable, "-c", IDLE],
        env={"PYTHONPATH": "crypto_bot", "CRYPTO_BOT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    outcome, *modules = done.stdout.split()
    assert outcome == "idle"
    reading = ("chalicelib.adapters.series", "chalicelib.market_ports", "chalicelib.domain.market")
    assert [name for name in modules if name.startswith(reading)] == []
