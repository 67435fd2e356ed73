"""`crypto-bot run` from outside: started, talked to over HTTP, killed, started again."""

import socket

import pytest

from tests.functional.running import TOKEN, configure, eventually, run_to_its_end, running


def statuses(program):
    return [signal["status"] for signal in program.read("signals")]


def test_the_first_run_is_a_demonstration_that_ends_with_a_summary(tmp_path):
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "5")
    assert ended.returncode == 0, ended.stderr
    assert "SYNTHETIC prices" in ended.stdout
    assert " FILLED" in ended.stdout
    last = ended.stdout.splitlines()[-1]
    assert last.startswith("Ran 5 s: ")
    assert last.endswith(f"State is kept in {tmp_path / 'demo'}.")
    assert ended.stderr == ""


def test_without_the_demonstration_it_starts_empty(tmp_path):
    ended = run_to_its_end(tmp_path, "--port", "0", "--for", "1", "--no-demo")
    assert ended.returncode == 0, ended.stderr
    assert "Nothing is configured" in ended.stdout
    assert "Ran 1 s: 0 alerts taken" in ended.stdout
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
