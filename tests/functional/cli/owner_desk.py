"""A home folder and the words of an owner at the keyboard."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.cli.verbs import cli
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
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

    def run(self, *words: str, code: int = 0) -> Result:
        """The verb as typed; it has to end with this exit code, and never with a traceback."""
        result = CliRunner().invoke(cli, words, prog_name="crypto-bot")
        assert result.exit_code == code, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    def refusal(self, *words: str, code: int = 2) -> str:
        """The one sentence of a verb that was refused."""
        result = self.run(*words, code=code)
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

    def alert(self, strategy: str, ticker: str, position: str, minutes: int = 1) -> str:
        """The alert arrives over the webhook, and a tick later it is dealt with."""
        now = self.clock.advance_to(self.clock.now() + timedelta(minutes=minutes))
        body = {"ticker": ticker, "market_position": position, "time": now.isoformat()}
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
