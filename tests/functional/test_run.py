"""`crypto-bot run` from outside: started, talked to over HTTP, killed, started again."""

import re
import socket
import subprocess
import sys
from decimal import Decimal

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Subscription
from chalicelib.settings import Settings
from tests.functional.running import TOKEN, configure, eventually, run_to_its_end, running


def follow(home, account):
    """Store one subscription more, of whatever account."""
    bootstrap.use(Choices(settings=Settings(), home=home))
    store = bootstrap.strategies()
    one = Subscription(account=account, strategy="btc", weight=Decimal("0.5"))
    store.apply(expected_version=store.configuration().version, subscriptions=[one])
    bootstrap.reset()


def statuses(program):
    return [signal["status"] for signal in program.read("signals")]


def test_the_first_run_is_a_demonstration_that_ends_with_a_summary(tmp_path):
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "15")
    assert ended.returncode == 0, ended.stderr
    assert "SYNTHETIC prices" in ended.stdout
    assert " FILLED" in ended.stdout
    last = ended.stdout.splitlines()[-1]
    assert re.match(r"Ran \d+ s: ", last)
    assert last.endswith(f"State is kept in {tmp_path / 'demo'}.")
    assert ended.stderr == ""


def test_without_the_demonstration_it_starts_empty(tmp_path):
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1", "--no-demo")
    assert ended.returncode == 0, ended.stderr
    assert (
        "Nothing is configured: crypto-bot strategies apply FILE, then accounts apply FILE"
        in ended.stdout
    )
    assert "Try it: crypto-bot strategies apply FILE tells " in ended.stdout
    assert re.search(r"Ran \d+ s: 0 alerts taken", ended.stdout)
    assert not (tmp_path / "demo").exists()


def test_a_taken_port_is_a_sentence_and_exit_code_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_to_its_end(tmp_path, "--port", str(port))
    assert ended.returncode == 2
    assert f"cannot serve on 127.0.0.1 port {port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_live_account_without_the_word_is_refused(tmp_path):
    configure(tmp_path, account={"exchange": "binance", "mode": "live", "secret": "keys"})
    ended = run_to_its_end(tmp_path, "--port", "0")
    assert ended.returncode == 2
    assert "account paper has mode live, and LIVE is not set" in ended.stderr


def test_stage_dev_never_trades_live(tmp_path):
    configure(tmp_path, account={"exchange": "binance", "mode": "live", "secret": "keys"})
    ended = run_to_its_end(tmp_path, "--port", "0", STAGE="dev", LIVE="yes")
    assert ended.returncode == 2
    assert "account paper has mode live, and stage dev never trades live" in ended.stderr


def test_an_unknown_exchange_is_refused(tmp_path):
    configure(tmp_path, account={"exchange": "binanze", "mode": "sandbox", "secret": "keys"})
    (tmp_path / "secrets.json").write_text('{"keys": {"api-key": "a", "api-secret": "b"}}')
    (tmp_path / "secrets.json").chmod(0o600)
    ended = run_to_its_end(tmp_path, "--port", "0")
    assert ended.returncode == 2
    assert "binanze" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("options", [(), ("--no-demo",)])
def test_an_unknown_exchange_of_the_environment_is_refused_though_nothing_follows_it(
    tmp_path, options
):
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1", *options, EXCHANGE_NAME="zzz")
    assert ended.returncode == 2
    assert ended.stderr.startswith("crypto-bot: exchange 'zzz' is unknown")


def test_a_subscription_of_an_account_that_is_gone_is_refused(tmp_path):
    configure(tmp_path)
    follow(tmp_path, "default")
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1")
    assert ended.returncode == 2
    assert "strategy btc is followed by account default, and there is no such" in ended.stderr
    assert "set EXCHANGE_NAME" in ended.stderr


def test_a_virtual_exchange_of_the_environment_trades(tmp_path, monkeypatch):
    configure(tmp_path)
    follow(tmp_path, "default")
    monkeypatch.setenv("EXCHANGE_NAME", "virtual")
    with running(tmp_path) as program:
        assert program.alert("long") == 200
        eventually(lambda: statuses(program) == ["EXECUTED"])
        assert "default" in {book["account"] for book in program.read("portfolios")}


def test_an_open_strategy_is_invited_by_its_address_without_a_token(tmp_path):
    configure(tmp_path, open=True)
    with running(tmp_path) as program:
        message = program.lines[-1].split("'")[3]
        url = program.lines[0].removeprefix("Webhook: ")
        assert url == f"http://127.0.0.1:{program.port}/receive_trade_signals"
        assert program.post(message.encode(), "/receive_trade_signals") == 200


def test_a_token_that_is_known_as_a_hash_is_not_made_up(tmp_path):
    configure(tmp_path)
    with running(tmp_path) as program:
        assert program.lines[-1].startswith("Try it: crypto-bot strategies token btc ")


def test_lines_after_a_restart_tell_only_what_is_new(tmp_path):
    configure(tmp_path)
    with running(tmp_path) as program:
        assert program.alert("long") == 200
        eventually(lambda: statuses(program) == ["EXECUTED"])
    with running(tmp_path) as program:
        assert program.alert("flat") == 200
        assert program.post(b'{"ticker": "XRPUSDT", "market_position": "long"}') == 422
        eventually(lambda: statuses(program) == ["EXECUTED", "EXECUTED"])
        assert program.interrupt() == 0
    shown = "\n".join(program.lines)
    assert "BTCUSDT long EXECUTED" not in shown
    assert "BTCUSDT flat EXECUTED: sold " in shown
    assert "order paper sell " in shown
    assert "order paper buy " not in shown
    assert " alert quarantined btc 422: ticker " in shown
    log = (tmp_path / "crypto-bot.log").read_text(encoding="utf-8")
    assert "tick: paper worked: 1 plans, 1 orders, " in log
    assert TOKEN not in log


def test_an_odd_setting_is_refused(tmp_path):
    ended = run_to_its_end(tmp_path, "--port", "0", SANDBOX="perhaps")
    assert ended.returncode == 2
    assert "SANDBOX is 'perhaps'; it must be true" in ended.stderr


@pytest.mark.parametrize(
    ("options", "answer"), [((), 200), (("--public-url", "http://x.test"), 401)]
)
def test_an_open_strategy_is_open_only_where_nobody_else_reaches_it(tmp_path, options, answer):
    configure(tmp_path, open=True, token_hashes=())
    with running(tmp_path, *options) as program:
        alert = b'{"ticker": "BTCUSDT", "market_position": "long"}'
        assert program.post(alert, "/receive_trade_signals") == answer


def test_a_missing_secret_is_refused(tmp_path):
    configure(tmp_path, account={"exchange": "binance", "mode": "sandbox", "secret": "keys"})
    ended = run_to_its_end(tmp_path, "--port", "0")
    assert ended.returncode == 2
    assert "secret 'keys'" in ended.stderr


def test_an_alert_survives_a_kill_and_so_do_its_fills(tmp_path):
    configure(tmp_path)
    with running(tmp_path) as program:
        assert program.alert("long") == 200
        assert program.post(b"{}", f"/hook/btc/{TOKEN}x") == 401
        eventually(lambda: statuses(program) == ["EXECUTED"])
        books = program.read("portfolios")
        assert program.kill() == -9
    with running(tmp_path) as program:
        assert statuses(program) == ["EXECUTED"]
        assert program.read("portfolios") == books
        assert program.alert("flat") == 200
        eventually(lambda: statuses(program) == ["EXECUTED", "EXECUTED"])
        assert program.interrupt() == 0
        assert "1 alerts taken, 0 refused" in program.lines[-1]


def test_a_verb_typed_elsewhere_wakes_the_run(tmp_path):
    configure(tmp_path)
    with running(tmp_path) as program:
        assert program.alert("long") == 200
        eventually(lambda: statuses(program) == ["EXECUTED"])
        words = ["close", "btc", "--yes", "--home", str(tmp_path)]
        subprocess.run([sys.executable, "-m", "chalicelib.cli", *words], check=True, timeout=60)
        eventually(lambda: statuses(program) == ["EXECUTED", "EXECUTED"])


def test_one_home_folder_has_one_run(tmp_path):
    configure(tmp_path)
    with running(tmp_path) as first:
        second = run_to_its_end(tmp_path, "--port", "0")
        assert second.returncode == 2
        assert f"another crypto-bot run works in {tmp_path}" in second.stderr
        assert first.alert("long") == 200


def test_the_owners_token_is_made_once_and_for_the_owner_alone(tmp_path):
    configure(tmp_path)
    tokens = set()
    for _ in range(2):
        with running(tmp_path) as program:
            tokens.add(program.owner_token)
            assert program.interrupt() == 0
    assert len(tokens) == 1
    assert (tmp_path / "owner-token").stat().st_mode & 0o777 == 0o600
