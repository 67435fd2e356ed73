"""`secrets put`: keys go from the keyboard to their place, and nowhere else."""

import json
import os
import select
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.settings import Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE
from tests.functional.stage_on_aws import OnAws, stage_on_aws, typed

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}
LINES = "".join(f"{field}={value}\n" for field, value in KEYS.items())
ACCOUNTS = """
[accounts.main]
exchange = "{exchange}"
mode = "sandbox"
quote = "USDT"
secret = "{secret}"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    monkeypatch.setenv("CRYPTO_BOT_HOME", str(home))
    yield home
    bootstrap.reset()


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnAws]:
    with stage_on_aws(tmp_path / "clone", monkeypatch, "dev") as stage:
        yield stage


def put(*words: str, given: str = LINES, code: int = 0) -> str:
    """What is said; none of it is a key."""
    result = typed("secrets", "put", *words, given=given)
    assert result.exit_code == code, result.output
    for value in (*KEYS.values(), PASSPHRASE):
        assert value not in result.output
    return result.output


def kept(home: Path) -> object:
    return json.loads((home / "secrets.json").read_text(encoding="utf-8"))


# --- at home ---


@pytest.mark.parametrize(
    "given", [LINES, f"\n{LINES}\n", json.dumps(KEYS), LINES.replace("=", " = ")]
)
def test_keys_from_a_program_are_kept_for_the_owner_alone(home: Path, given: str) -> None:
    assert put("main", given=given).splitlines() == [
        "Stored api-key, api-secret as the secret main.",
        'In accounts.toml, account main needs: secret = "main"',
    ]
    assert kept(home) == {"main": KEYS}
    if os.name == "posix":
        assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.usefixtures("home")
def test_the_account_can_be_applied_once_its_keys_are_there(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(ACCOUNTS.format(exchange="binance", secret="main"), encoding="utf-8")
    assert typed("accounts", "apply", str(accounts)).exit_code == 2
    put("main", "--exchange", "binance")
    assert typed("accounts", "apply", str(accounts)).exit_code == 0
    assert put("main") == "Stored api-key, api-secret as the secret main.\n"


def test_other_secrets_stay_and_the_same_one_is_replaced(home: Path) -> None:
    put("main")
    put("second", "--name", "other-keys")
    put("main", given="api-key=new\napi-secret=newer\n")
    assert kept(home) == {"main": {"api-key": "new", "api-secret": "newer"}, "other-keys": KEYS}


@pytest.mark.parametrize(
    ("words", "given", "sentence"),
    [
        (("main",), "", "the keys of account main lack api-key, api-secret; nothing was stored"),
        (("main",), f"api-key={EXCHANGE_KEY}\n", "lack api-secret; nothing was stored"),
        (("main",), f"api-key={EXCHANGE_KEY}\napi-secret=\n", "lack api-secret"),
        (("main", "--exchange", "kucoin"), LINES, "lack passphrase"),
        (("main", "--exchange", "binanse"), LINES, "exchange 'binanse' is unknown"),
        (("main", "--exchange", "virtual"), LINES, "account main is virtual; it needs no keys"),
        (("main",), EXCHANGE_KEY, "line 1 of standard input has no =; it must be a field"),
        (("main",), f'{{"api-key": "{EXCHANGE_KEY}", }}', "standard input is no JSON, line 1"),
        (("main",), '{"api-key": 12}', "standard input has 'api-key' as int"),
        (("main", EXCHANGE_KEY, EXCHANGE_SECRET), "", "keys are not given on the command line"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_never_repeated(home, words, given, sentence) -> None:
    assert sentence in put(*words, given=given, code=2)
    assert not (home / "secrets.json").exists()


def test_a_file_that_others_may_read_is_not_added_to(home: Path) -> None:
    put("main")
    (home / "secrets.json").chmod(0o644)
    assert "others may read the keys in it" in put("second", code=2)


@pytest.mark.skipif(os.name != "posix", reason="a terminal of our own is a POSIX matter")
def test_at_a_terminal_they_are_asked_for_and_not_shown(home: Path) -> None:
    import pty

    answers = [EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE]
    child, terminal = pty.fork()
    if child == 0:
        words = ["-m", "chalicelib.cli", "secrets", "put", "main", "--exchange", "kucoin"]
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - our own program
    shown, answered = "", 0
    while True:
        if not select.select([terminal], [], [], 60)[0]:
            raise AssertionError(f"nothing more is said after: {shown}")
        try:
            said = os.read(terminal, 1024).decode()
        except OSError:  # it has ended
            break
        shown += said
        if shown.count(": ") > answered and said.endswith(": "):
            os.write(terminal, answers[answered].encode() + b"\n")
            answered += 1
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert [word in shown for word in ("api-key: ", "api-secret: ", "passphrase: ")] == [True] * 3
    assert not any(value in shown for value in (*KEYS.values(), PASSPHRASE))
    assert kept(home) == {"main": {**KEYS, "passphrase": PASSPHRASE}}


# --- on a stage ---


def read(stage: str, name: str) -> object:
    """As a function of the stage reads it."""
    bootstrap.use(Choices(settings=stage_settings(Stage(stage))))
    found = bootstrap.secrets().secret(name)
    bootstrap.reset()
    return found


@pytest.mark.usefixtures("dev")
def test_a_new_account_gets_a_secret_of_the_stage() -> None:
    assert put("main", "--stage", "dev").splitlines() == [
        "Stored api-key, api-secret as the secret crypto-bot-dev/main of stage dev.",
        'In accounts.toml, account main needs: secret = "crypto-bot-dev/main"',
    ]
    assert read("dev", "crypto-bot-dev/main") == KEYS


def test_the_container_that_terraform_made_is_filled(dev: OnAws) -> None:
    manager = dev.client("secretsmanager")
    manager.create_secret(Name="crypto-bot-dev/exchange", Description="Terraform's")
    put("exchange", "--stage", "dev")
    assert read("dev", "crypto-bot-dev/exchange") == KEYS
    found = manager.describe_secret(SecretId="crypto-bot-dev/exchange")
    assert found["Description"] == "Terraform's"


def test_parameter_store_keeps_them_encrypted_and_free(dev: OnAws) -> None:
    name = "ssm:/crypto-bot-dev/main"
    for _ in range(2):  # a rotation writes over what is there
        put("main", "--stage", "dev", "--name", name)
    assert read("dev", name) == KEYS
    found = dev.client("ssm").get_parameter(Name="/crypto-bot-dev/main")
    assert found["Parameter"]["Type"] == "SecureString"


@pytest.mark.parametrize("name", ["crypto-bot-prod/main", "my-keys", "ssm:/crypto-bot-prod/main"])
def test_a_secret_of_another_stage_is_refused(dev: OnAws, name: str) -> None:
    told = put("main", "--stage", "dev", "--name", name, code=2)
    assert f"the secret '{name}' is none of this stage's; its name must begin with" in told
    assert "crypto-bot-dev/ or ssm:/crypto-bot-dev/" in told
    assert dev.client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_missing_secret_says_what_writes_it(dev: OnAws, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    text = ACCOUNTS.format(exchange="binance", secret="crypto-bot-dev/main")
    accounts.write_text(text, encoding="utf-8")
    told = dev.refusal("accounts", "apply", str(accounts))
    assert told.endswith(
        "the secret 'crypto-bot-dev/main' cannot be read from AWS: ResourceNotFoundException; "
        "crypto-bot secrets put writes it"
    )


# --- removing ---


def test_keys_are_removed_once_it_is_confirmed(tmp_path: Path, home: Path) -> None:
    accounts = tmp_path / "accounts.toml"
    accounts.write_text(ACCOUNTS.format(exchange="binance", secret="keys"), encoding="utf-8")
    put("main", "--exchange", "binance", "--name", "keys")
    assert typed("accounts", "apply", str(accounts)).exit_code == 0

    dry = typed("secrets", "remove", "main")
    assert dry.output == "Dry run: the secret keys would be removed; say --yes.\n"
    assert kept(home) == {"keys": KEYS}

    assert typed("secrets", "remove", "main", "--yes").output == "Removed the secret keys.\n"
    assert kept(home) == {}
