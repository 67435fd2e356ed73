"""`crypto-bot run` on a home folder of its own: started, killed with its whole group, and again."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.settings import Settings
from tests.functional.running import TOKEN, command
from tests.kill_loop.venue import Site, Venue

ACCOUNT = "main"
# Two share an instrument, so that orders are netted and coins change hands inside the account.
STRATEGIES = {"btc": "BTC", "btc_slow": "BTC", "eth": "ETH", "sol": "SOL", "ltc": "LTC"}
_WEIGHT = Decimal("0.18")
_START_PATIENCE = 60.0
_STOP_PATIENCE = 60.0


def ticker(site: Site, strategy: str) -> str:
    return f"{STRATEGIES[strategy]}{site.quote}"


def configure(home: Path, venue: Venue) -> None:
    """One sandbox account on the venue that follows every strategy, and its keys."""
    options = venue.account_options()
    keys = {"api-key": options.pop("apiKey"), "api-secret": options.pop("secret")}
    home.mkdir()
    secrets = home / "secrets.json"
    secrets.touch(mode=0o600)
    secrets.write_text(json.dumps({"keys": keys}), encoding="utf-8")
    site = venue.site
    bootstrap.use(Choices(settings=Settings(), home=home))
    bootstrap.strategies().apply(
        expected_version=0,
        accounts=[
            Account(
                name=ACCOUNT,
                exchange=site.name,
                mode=Mode.SANDBOX,
                quote=site.quote,
                secret="keys",
                exchange_options=options,
            )
        ],
        strategies=[
            Strategy(
                name=name,
                instruments={ticker(site, name): f"{base}/{site.quote}"},
                sibling_wait=0,
                token_hashes=(hash_token(TOKEN),),
            )
            for name, base in STRATEGIES.items()
        ],
        subscriptions=[
            Subscription(account=ACCOUNT, strategy=name, weight=_WEIGHT) for name in STRATEGIES
        ],
    )
    bootstrap.reset()


@dataclass(kw_only=True)
class Program:
    """`starts` are the seconds from each start until it listened."""

    home: Path
    log: Path
    port: int
    starts: list[float] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _began: float = 0.0
    _from: int = 0
    _listens: bool = False

    @property
    def address(self) -> str:
        return urlsplit(f"http://127.0.0.1:{self.port}").netloc

    @property
    def age(self) -> float:
        return time.monotonic() - self._began

    def start(self) -> None:
        self._from = self.log.stat().st_size if self.log.exists() else 0
        self._began, self._listens = time.monotonic(), False
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command(self.home, "--port", str(self.port)),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},  # noqa: TID251 - handed on
            )

    def listens(self) -> bool:
        """Whether it takes alerts by now. AssertionError if it has ended by itself."""
        if not self._listens and b"Try it: " in self._said():
            self._listens = True
            self.starts.append(self.age)
        if self._process is None or self._process.poll() is not None:
            raise AssertionError(f"the program ended by itself:\n{self._said().decode()}")
        return self._listens

    def wait_until_it_listens(self) -> None:
        while not self.listens():
            if self.age > _START_PATIENCE:
                raise AssertionError(f"no start in {_START_PATIENCE} s:\n{self._said().decode()}")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL to the process and all it may have started: nothing of it runs any further."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """As by Ctrl-C, which has to end well."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(_STOP_PATIENCE)
        assert code == 0, f"Ctrl-C ended with {code}:\n{self._said().decode()}"

    def _said(self) -> bytes:
        """Since the last start."""
        with self.log.open("rb") as file:
            file.seek(self._from)
            return file.read()
