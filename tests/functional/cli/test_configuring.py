"""The owner's files on the command line: applied, compared, refused."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import StoreConflict
from chalicelib.domain.trading.alerts.tokens import hash_token, opens
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.settings import Settings, Stage
from tests.functional.cli.owner_desk import FILES, Desk


def test_a_new_strategy_prints_its_webhook_once(desk: Desk) -> None:
    shown = desk.run("strategies", "apply", str(FILES / "strategies.toml")).stdout
    [url] = [line.split()[-1] for line in shown.splitlines() if line.startswith("Webhook of trend")]
    assert url.startswith("http://127.0.0.1:8000/hook/trend/")
    token = url.rsplit("/", maxsplit=1)[1]
    stored = bootstrap.strategies().strategy("trend")
    assert stored is not None
    assert opens(hash_token(token), stored.token_hashes)
    again = desk.run("strategies", "apply", str(FILES / "strategies.toml")).stdout
    assert again == "Nothing changes: version 1 is already so.\n"


def test_a_dry_run_shows_the_difference_and_stores_nothing(desk: Desk) -> None:
    desk.configure()
    changed = (FILES / "accounts.toml").read_text().replace("weight = 0.5", "weight = 0.4")
    file = desk.home / "changed.toml"
    file.write_text(changed)
    shown = desk.run("accounts", "apply", str(file), "--dry-run").stdout
    assert shown.splitlines() == [
        "accounts.paper.strategies.trend.weight: 0.5 -> 0.4",
        "Dry run: 1 values would change; version 2 stays.",
    ]
    assert desk.read("accounts", "list")[0]["weights"]["trend"] == "0.5"
    assert "version 3" in desk.run("accounts", "apply", str(file)).stdout
    assert desk.read("accounts", "list")[0]["weights"]["trend"] == "0.4"


def test_a_broken_file_changes_nothing_and_names_its_line(desk: Desk) -> None:
    desk.configure()
    file = desk.home / "broken.toml"
    file.write_text((FILES / "accounts.toml").read_text() + "priority = high\n")
    before = desk.read("accounts", "list")
    assert desk.refusal("accounts", "apply", str(file)).startswith("broken.toml line 19: not valid")
    assert desk.read("accounts", "list") == before


@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ('exchange = "binanse"\nmode = "sandbox"\nsecret = "keys"', "binanse"),
        ('exchange = "binance"\nmode = "sandbox"\nsecret = "mine"', "the secret 'mine' is not in"),
        ('exchange = "binance"\nmode = "live"\nsecret = "keys"', "LIVE is not set; LIVE=yes"),
        ('exchange = "virtual"\nmode = "virtual"', "says not where its prices come from"),
    ],
)
def test_what_could_not_trade_is_refused(desk: Desk, account: str, sentence: str) -> None:
    secrets = desk.home / "secrets.json"
    secrets.write_text('{"keys": {"api-key": "a", "api-secret": "b"}}')
    secrets.chmod(0o600)
    file = desk.home / "accounts.toml"
    file.write_text(f'[accounts.main]\nquote = "USDT"\n{account}\n')
    refusal = desk.refusal("accounts", "apply", str(file))
    assert refusal.startswith("accounts.toml line ")
    assert sentence in refusal
    assert desk.read("accounts", "list") == []


def test_limits_are_changed_while_keys_are_gone_and_another_secret_is_looked_for(
    desk: Desk,
) -> None:
    secrets = desk.home / "secrets.json"
    secrets.write_text('{"keys": {"api-key": "a", "api-secret": "b"}}')
    secrets.chmod(0o600)
    file = desk.home / "accounts.toml"
    main = '[accounts.main]\nquote = "USDT"\nexchange = "binance"\nmode = "sandbox"\n'
    file.write_text(f'{main}secret = "keys"\n')
    desk.run("accounts", "apply", str(file))
    secrets.write_text("{}")
    file.write_text(f'{main}secret = "keys"\nmax_drawdown = 0.2\n')
    desk.run("accounts", "apply", str(file))
    assert bootstrap.strategies().configuration().accounts["main"].max_drawdown == Decimal("0.2")
    for changed in (
        f'{main}secret = "other"\n',
        f'{main}secret = "keys"\nprices_from = "kraken"\n',
    ):
        file.write_text(changed)
        assert "is not in" in desk.refusal("accounts", "apply", str(file))


def test_stage_dev_refuses_live(desk: Desk) -> None:
    settings = Settings(stage=Stage.DEV, live=True, table_name="state")
    table = SqliteTable(":memory:")
    bootstrap.use(
        bootstrap.Choices(
            settings=settings,
            table=table,
        )
    )
    file = desk.home / "accounts.toml"
    file.write_text(
        '[accounts.main]\nexchange = "binance"\nmode = "live"\nquote = "USDT"\nsecret = "keys"\n'
    )
    assert desk.refusal("accounts", "apply", str(file)) == (
        "accounts.toml line 3: accounts.main.mode is live, and stage dev never trades live; "
        "use mode sandbox or virtual here, or stage prod"
    )
    table.close()


def test_a_missing_file_is_a_sentence(desk: Desk) -> None:
    assert desk.refusal("strategies", "apply", "nowhere.toml") == (
        "nowhere.toml cannot be read: No such file or directory"
    )
    (desk.home / "odd.toml").write_bytes(b"a = '\xff'")
    assert "is not UTF-8 text: byte 5" in desk.refusal(
        "strategies", "apply", str(desk.home / "odd.toml")
    )


def test_the_seed_is_imported_into_the_account_of_the_environment(desk: Desk) -> None:
    seed = str(FILES / "strategy_config.json")
    assert desk.refusal("strategies", "import-seed", seed).startswith(
        "there is no account default to follow the strategies; set EXCHANGE_NAME"
    )
    file = desk.home / "accounts.toml"
    file.write_text(
        '[accounts.default]\nexchange = "virtual"\nmode = "virtual"\nquote = "USD"\n'
        'prices_from = "synthetic"\n'
    )
    desk.run("accounts", "apply", str(file))
    assert set(desk.read("strategies", "import-seed", seed)["webhooks"]) == {
        "btcusd",
        "ethusd",
        "solusd",
    }
    [account] = desk.read("accounts", "list")
    assert account["weights"] == {"btcusd": "0.2", "ethusd": "0.25", "solusd": "0.53"}
    assert "already so" in desk.run("strategies", "import-seed", seed).stdout


def test_a_second_token_opens_beside_the_first(desk: Desk) -> None:
    desk.configure()
    made = desk.read("strategies", "token", "trend", "--public-url", "https://bot.example/")
    assert made["url"] == f"https://bot.example/hook/trend/{made['token']}"
    stored = bootstrap.strategies().strategy("trend")
    assert stored is not None
    assert opens(hash_token(made["token"]), stored.token_hashes)
    assert opens(hash_token(desk.tokens["trend"]), stored.token_hashes)
    desk.run("strategies", "token", "trend", "--revoke")
    stored = bootstrap.strategies().strategy("trend")
    assert stored is not None
    assert len(stored.token_hashes) == 1


def test_the_variables_of_the_seed_make_the_account_that_follows(desk: Desk) -> None:
    settings = Settings(exchange_name="virtual", quote_currency="USD")
    bootstrap.use(replace(bootstrap.choices(), settings=settings))
    desk.run("strategies", "import-seed", str(FILES / "strategy_config.json"))
    [account] = desk.read("accounts", "list")
    assert (account["name"], len(account["weights"])) == ("default", 3)


def test_the_seed_is_not_imported_for_an_exchange_that_does_not_exist(desk: Desk) -> None:
    settings = Settings(exchange_name="zzz", secret_name="keys", sandbox=True)
    bootstrap.use(replace(bootstrap.choices(), settings=settings))
    seed = desk.home / "seed.json"
    seed.write_text((FILES / "strategy_config.json").read_text().replace("/USD", "/USDT"))
    assert "zzz" in desk.refusal("strategies", "import-seed", str(seed))
    assert desk.read("strategies", "list") == []


class Contested(SqliteTable):
    """Somebody else is always faster."""

    def write(self, rows: Sequence[Row]) -> None:
        raise StoreConflict(f"{len(rows)} rows were changed by another program")


def test_a_lost_race_says_that_it_may_be_tried_again(desk: Desk) -> None:
    table = Contested(":memory:")
    bootstrap.use(replace(bootstrap.choices(), table=table))
    refusal = desk.refusal("strategies", "apply", str(FILES / "strategies.toml"), code=1)
    assert refusal.endswith("by another program; somebody else was faster: try again")
    table.close()
