"""Whether this installation can trade, and the command itself."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from chalicelib import bootstrap
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
from chalicelib.adapters.venues.virtual.options import parse_options
from chalicelib.adapters.venues.virtual.prices import FixedPrices
from chalicelib.cli.verbs import cli
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.ports import Clock, Exchange
from chalicelib.services.trading.receive_signal import Delivery, receive_signal
from chalicelib.settings import Settings
from tests.functional.cli.owner_desk import FILES, Desk, freeze, stored_order

SYMBOLS = ("BTC/USD", "ETH/USD", "SOL/USD")


def test_doctor_finds_nothing_wrong_with_a_paper_account(desk: Desk) -> None:
    desk.configure()
    checks = {check["name"]: check["ok"] for check in desk.read("doctor")}
    assert False not in checks.values()
    assert checks["account paper: prices"] is True
    assert "All is well." in desk.run("doctor", "--offline").stdout
    assert (
        "account paper: balances: 1 assets, 10000 USD"
        in desk.run("accounts", "check", "paper").stdout
    )


def test_doctor_says_what_is_wrong(desk: Desk) -> None:
    desk.configure()
    secrets = desk.home / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(0o644)
    shown = desk.run("doctor", "--offline", code=1).stdout
    assert f"WRONG secrets: {secrets} has mode 0644, and others can read it: chmod 600" in shown
    assert "1 of" in shown


def test_a_home_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    elsewhere = SqliteTable(":memory:")
    bootstrap.use(bootstrap.Choices(settings=Settings(), home=file / "home", table=elsewhere))
    try:
        result = CliRunner().invoke(cli, ["doctor"])
    finally:
        bootstrap.reset()
        elsewhere.close()
    assert result.exit_code == 1
    assert f"WRONG home: {file / 'home'} cannot be written: Not a directory" in result.stdout


def test_a_home_in_which_nothing_was_begun_is_wrong_and_stays_unmade(desk: Desk) -> None:
    typo = desk.home / "typo"
    shown = desk.run("doctor", "--offline", "--home", str(typo), code=1).stdout
    assert f"WRONG home: there is no crypto-bot home in {typo}; name another one" in shown
    assert "All is well" not in shown
    assert not typo.exists()


def test_home_on_the_command_line_goes_before_the_rest(desk: Desk, tmp_path: Path) -> None:
    desk.configure()
    other = ("--home", str(tmp_path / "other"))
    desk.run("strategies", "apply", str(FILES / "strategies.toml"), *other)
    assert desk.read("accounts", "list", *other) == []
    assert len(desk.read("accounts", "list")) == 1


def test_importing_the_command_loads_nothing_heavy() -> None:
    heavy = "{'click', 'rich', 'ccxt', 'boto3', 'chalice', 'sqlite3'}"
    code = f"import sys, chalicelib.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    code = f"import sys, chalicelib.cli.verbs; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['click']"


def test_the_module_runs_without_an_installed_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chalicelib.cli", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "crypto-bot [OPTIONS] COMMAND" in done.stdout


def test_every_verb_explains_itself(desk: Desk) -> None:
    for verb in cli.list_commands(None):  # type: ignore[arg-type]
        assert f"crypto-bot {verb}" in desk.run(verb, "--help").stdout


def stored(account: Account) -> None:
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version, accounts=[account]
    )


def test_doctor_names_an_account_that_cannot_trade(desk: Desk) -> None:
    desk.configure()
    stored(
        Account(name="main", exchange="binance", mode=Mode.LIVE, quote="USDT", secret="main-keys")
    )
    failed = [
        c for c in json.loads(desk.run("doctor", "--json", code=1).stdout) if c["ok"] is False
    ]
    assert [check["name"] for check in failed] == ["account main: mode", "account main: exchange"]
    assert "and LIVE is not set; LIVE=yes confirms" in failed[0]["detail"]


def test_doctor_tells_of_weights_that_have_become_too_many(desk: Desk) -> None:
    desk.configure()
    [account] = bootstrap.strategies().configuration().accounts.values()
    stored(replace(account, reserve=Decimal("0.1")))
    shown = desk.run("accounts", "check", "paper", code=1).stdout
    assert "WRONG account paper: weights: they add up to 0.98, and 1 - reserve is 0.9" in shown


def test_doctor_reports_the_halt_and_the_last_tick(desk: Desk) -> None:
    desk.configure()
    desk.run("halt")
    desk.tick()
    desk.clock.advance_to(desk.clock.now() + timedelta(hours=1))
    shown = desk.run("doctor", "--offline").stdout
    assert "-     halt: trading is halted (no_entries): crypto-bot resume" in shown
    assert "-     tick: the last one ended 2026-03-02T12:01:00Z (is it running?)" in shown


def test_a_slow_clock_is_wrong(desk: Desk) -> None:
    desk.configure()
    bootstrap.use(replace(bootstrap.choices(), exchanges=Ahead()))
    shown = desk.run("accounts", "check", "paper", code=1).stdout
    assert "account paper: clock: this machine's clock is 30 s behind the exchange's" in shown


class Ahead:
    """Exchanges whose prices carry the time of a faster clock."""

    def open(self, account: Account) -> Exchange:
        clock = ReplayClock(bootstrap.clock().now() + timedelta(seconds=30))
        prices = FixedPrices(dict.fromkeys(SYMBOLS, Decimal(100)), clock)
        return VirtualExchange(account, bootstrap.table(), prices, clock, parse_options(account))


def test_a_state_that_cannot_be_read_is_wrong(desk: Desk) -> None:
    (desk.home / "state.sqlite3").write_bytes(b"this is no database, and never was one" * 99)
    shown = desk.run("doctor", code=1).stdout
    assert "WRONG state: " in shown
    assert desk.refusal("signals", code=1)


def test_a_new_paper_account_is_tried_with_one_smallest_order(desk: Desk) -> None:
    desk.configure()
    tried = "ok    account paper: smallest order makes the round trip: tried on BTC/USD"
    assert tried in desk.run("accounts", "check", "paper").stdout
    assert desk.read("balances") == []


def test_an_account_with_books_is_tried_with_an_order_only_on_request(desk: Desk) -> None:
    desk.trade()
    shown = desk.run("accounts", "check", "paper").stdout
    assert "-     account paper: smallest order makes the round trip: not tried, because" in shown
    shown = desk.run("accounts", "check", "paper", "--order").stdout
    assert "ok    account paper: smallest order makes the round trip: tried on BTC/USD" in shown


class Careless(VirtualExchange):
    """An owner's own class that answers balances as plain numbers."""

    def __init__(self, account: Account, _secret: object, clock: Clock) -> None:
        paper = replace(account, exchange_options={})
        prices = FixedPrices(dict.fromkeys(SYMBOLS, Decimal(100)), clock)
        super().__init__(paper, bootstrap.table(), prices, clock, parse_options(paper))

    def balances(self) -> dict[str, Any]:
        return {"USD": 1.5}


class Stillborn(Careless):
    """An owner's own class that cannot be made."""

    def __init__(self, *_: object) -> None:
        raise ConnectionError("no route to the venue")


OWN_ACCOUNT = Account(
    name="own",
    exchange=f"{__name__}:Careless",
    mode=Mode.SANDBOX,
    quote="USD",
    secret="keys",
)


def with_keys(desk: Desk) -> None:
    secrets = desk.home / "secrets.json"
    secrets.write_text('{"keys": {}}')
    secrets.chmod(0o600)


def test_an_exchange_of_the_owners_own_that_answers_nonsense_is_wrong(desk: Desk) -> None:
    with_keys(desk)
    stored(OWN_ACCOUNT)
    shown = desk.run("accounts", "check", "own", code=1).stdout
    said = f"{OWN_ACCOUNT.exchange} raised AttributeError: 'float' object has no attribute 'free'"
    assert f"WRONG account own: balances: {said}" in shown


def test_an_exchange_of_the_owners_own_that_cannot_be_made_is_a_sentence(desk: Desk) -> None:
    with_keys(desk)
    path = f"{__name__}:Stillborn"
    stored(replace(OWN_ACCOUNT, exchange=path))
    said = f"{path} cannot be made: its constructor raised ConnectionError: no route to the venue"
    assert said in desk.run("accounts", "check", "own", code=1).stdout
    file = desk.home / "accounts.toml"
    file.write_text(
        f'[accounts.other]\nexchange = "{path}"\nmode = "sandbox"\nquote = "USD"\nsecret = "keys"\n'
    )
    assert said in desk.refusal("accounts", "apply", str(file))


def offline(desk: Desk, code: int) -> dict[str, Any]:
    """Doctor's findings by name."""
    found = json.loads(desk.run("doctor", "--offline", "--json", code=code).stdout)
    return {check["name"]: check for check in found}


def test_doctor_has_nothing_that_waits_for_the_owner(desk: Desk) -> None:
    desk.trade()
    checks = offline(desk, code=0)
    names = ("held orders", "quarantine", "subscriptions", "account paper: frozen")
    assert [checks[name]["ok"] for name in names] == [True] * 4


def test_doctor_counts_held_orders_and_says_how_to_end_them(desk: Desk) -> None:
    held = stored_order(desk, OrderStatus.HELD)
    check = offline(desk, code=1)["held orders"]
    assert check["ok"] is False
    assert check["detail"].startswith("1 order of unknown fate, HELD; see what")
    assert f"crypto-bot resolve {held} (" in check["detail"]


def test_doctor_counts_quarantined_alerts_without_alarm(desk: Desk) -> None:
    desk.configure()
    for ticker in ("DOGEUSD", "PEPEUSD"):
        delivery = Delivery(
            body=json.dumps({"ticker": ticker, "order_action": "buy"}).encode(),
            strategy="trend",
            token=desk.tokens["trend"],
        )
        assert receive_signal(bootstrap.webhook(), delivery).status == 422
    check = offline(desk, code=0)["quarantine"]
    assert (check["ok"], check["detail"]) == (
        None,
        "2 alerts could not become signals: crypto-bot quarantine list",
    )


def test_doctor_names_frozen_instruments_with_the_reason(desk: Desk) -> None:
    desk.trade()
    freeze("ETH/USD", "the strategies own 2 ETH and the venue holds 1")
    check = offline(desk, code=1)["account paper: frozen"]
    assert check["ok"] is False
    assert check["detail"] == (
        "nothing is bought of ETH/USD: the strategies own 2 ETH and the venue holds 1"
    )


def test_doctor_names_subscriptions_that_lead_nowhere(desk: Desk) -> None:
    desk.configure()
    bootstrap.strategies().apply(
        expected_version=bootstrap.strategies().configuration().version,
        subscriptions=[
            Subscription(account="paper", strategy="lost"),
            Subscription(account="gone", strategy="trend"),
        ],
    )
    shown = desk.run("doctor", "--offline", code=1).stdout
    assert "WRONG subscriptions: account paper follows lost, and there is no strategy lost" in shown
    assert "WRONG subscriptions: account gone follows trend, and there is no account gone" in shown
    desk.run("doctor", code=1)
