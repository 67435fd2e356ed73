"""A home folder and the words of an owner at the keyboard."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.cli.verbs import cli
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.plan import Breaker
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.services.trading.tick import tick
from chalicelib.settings import Settings

FILES = Path(__file__).parents[2] / "fixtures" / "configuration"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Desk:
    """A home folder and the words of an owner at the keyboard."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = ReplayClock(NOON)
        self.tokens: dict[str, str] = {}
        bootstrap.use(bootstrap.Choices(settings=Settings(), home=home, clock=self.clock))

    def run(self, *words: str, code: int = 0, typed: str = "") -> Result:
        """The verb as typed; it has to end with this exit code, and never with a traceback."""
        result = CliRunner().invoke(cli, words, prog_name="crypto-bot", input=typed)
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def refusal(self, *words: str, code: int = 2, typed: str = "") -> str:
        """The one sentence of a verb that was refused."""
        result = self.run(*words, code=code, typed=typed)
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("crypto-bot: ").rstrip("\n")

    def read(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)

    def configure(self) -> None:
        applied = self.read("strategies", "apply", str(FILES / "strategies.toml"))
        for name, url in applied["webhooks"].items():
            self.tokens[name] = url.rsplit("/", maxsplit=1)[1]
        self.run("accounts", "apply", str(FILES / "accounts.toml"))

    def alert(
        self, strategy: str, ticker: str, position: str, minutes: int = 1, **fields: str
    ) -> str:
        """The alert arrives over the webhook, and a tick later it is dealt with."""
        now = self.clock.advance_to(self.clock.now() + timedelta(minutes=minutes))
        body = {"ticker": ticker, "market_position": position, "time": now.isoformat()} | fields
        delivery = Delivery(
            body=json.dumps(body).encode(), strategy=strategy, token=self.tokens[strategy]
        )
        answer = receive_signal(bootstrap.webhook(), delivery)
        assert answer.status == 200, answer.body
        return answer.body["signal_id"]

    def tick(self) -> str:
        self.clock.advance_to(self.clock.now() + timedelta(minutes=1))
        return self.run("tick").stdout

    def trade(self) -> None:
        """One strategy in and out again, another one in."""
        self.configure()
        self.alert("trend", "BTCUSD", "long")
        self.alert("majors", "ETHUSD", "long")
        self.tick()
        self.alert("trend", "BTCUSD", "flat")
        self.tick()


def stored_order(desk: Desk, status: OrderStatus, *, code: str = "", reason: str = "") -> str:
    """The id of an order that a tick left in this state."""
    desk.configure()
    desk.alert("trend", "BTCUSD", "long")
    desk.clock.advance_to(desk.clock.now() + timedelta(minutes=1))
    ports = bootstrap.trading()
    tick(ports, owner="test", deadline=ports.clock.now())  # too late to send anything
    [plan] = [ports.plans.get(name) for name in ports.plans.state("paper").open_plans]
    assert plan is not None
    [order] = plan.orders(ports.orders.of_plan(plan.id))
    ports.orders.save(replace(order, status=status, attempts=1, code=code, reason=reason))
    return order.intent.id


def freeze(symbol: str, reason: str) -> None:
    """The books of the paper account own more than its venue holds."""
    plans = bootstrap.trading().plans
    plans.save_state(replace(plans.state("paper"), frozen={symbol: reason}))


def open_breaker(reason: str, code: str) -> None:
    """The paper account has lost more than it may."""
    ports = bootstrap.trading()
    breaker = Breaker(code=code, reason=reason, opened_at=ports.clock.now())
    ports.plans.save_state(replace(ports.plans.state("paper"), breakers=(breaker,)))


def silence(because: str, *, minutes: int) -> None:
    """The venue of the paper account has asked for it."""
    ports = bootstrap.trading()
    until = ports.clock.now() + timedelta(minutes=minutes)
    state = ports.plans.state("paper")
    ports.plans.save_state(replace(state, blocked_until=until, blocked_because=because))
