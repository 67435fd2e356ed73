"""Accounts and their keys over the API: handed in, tried, replaced, removed, and never shown."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.access import deeds
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.settings import Settings, Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE
from tests.functional.dashboard import Dashboard, dashboard
from tests.venues import binance

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    with dashboard(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def options() -> Iterator[dict[str, Any]]:
    """Of an account at a venue on this machine, which takes the canaries' keys alone."""
    book = binance.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    with binance.BinanceVenue(book) as venue:
        found = {**binance.ccxt_options(venue), "rateLimit": 1, "timeout": 2000}
        del found["apiKey"], found["secret"]
        yield found


def know(*accounts: Account) -> None:
    bootstrap.strategies().apply(expected_version=0, accounts=accounts)


def sandbox(name: str = "main", **changes: Any) -> Account:
    return Account(
        **{
            "name": name,
            "exchange": "binance",
            "mode": Mode.SANDBOX,
            "quote": "USDT",
            "secret": "keys",
            **changes,
        }
    )


def kept(page: Dashboard) -> Any:
    file = page.home / "secrets.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def shown(page: Dashboard, number: int = 0) -> Any:
    return page.get("/accounts")["accounts"][number]["keys"]


def test_keys_are_missing_then_there_then_gone(page):
    know(sandbox())
    assert shown(page)["presence"] == "missing"

    page.act("/accounts/main/keys", keys=KEYS, confirm=True)
    assert shown(page) == {"presence": "present", "fields": ["api-key", "api-secret"], "told": ""}
    assert kept(page) == {"keys": KEYS}

    gone = page.act("/accounts/main/keys/unlink", confirm=True)
    assert gone["done"] == "removed the keys of account main, the secret keys"
    assert (shown(page)["presence"], kept(page)) == ("missing", {})


def test_a_dry_run_says_what_would_be_and_stores_nothing(page):
    know(sandbox(), sandbox("other"))

    found = page.act("/accounts/main/keys", keys=KEYS)

    assert found == {
        "status": "dry run",
        "would": "would store api-key, api-secret of account main as the secret keys",
        "shared_with": ["other"],
        "notes": [],
    }
    assert kept(page) == {}
    page.act("/accounts/main/keys", keys=KEYS, confirm=True)
    assert page.act("/accounts/main/keys/unlink")["shared_with"] == ["other"]
    assert kept(page) == {"keys": KEYS}


def test_what_was_handed_over_is_nowhere_but_in_the_file_for_it(page):
    """tests/watch.py looks at answers, log lines, rows and files; here at what is kept of acts."""
    know(sandbox())
    page.act("/accounts/main/keys", keys=KEYS | {"passphrase": PASSPHRASE}, confirm=True)
    page.act("/accounts/main/keys", keys=KEYS | {"passphrase": PASSPHRASE}, confirm=True)

    recorded = repr(deeds().recent(10))

    assert "POST /accounts/{account}/keys" in recorded
    for value in (EXCHANGE_KEY, EXCHANGE_SECRET, PASSPHRASE):
        assert value not in recorded
        assert value not in json.dumps(page.get("/accounts"))


@pytest.mark.parametrize(
    ("keys", "status"),
    [
        ({"api-key": EXCHANGE_KEY}, 422),
        ({**KEYS, "api-secret": ""}, 422),
        ({**KEYS, f"bad name {EXCHANGE_KEY}": "x"}, 422),
        (f"{EXCHANGE_KEY}:{EXCHANGE_SECRET}", 422),
        ([EXCHANGE_KEY, EXCHANGE_SECRET], 422),
        (None, 422),
    ],
    ids=["one missing", "one empty", "odd field", "a text", "a list", "null"],
)
def test_bad_keys_are_refused_without_a_word_of_theirs(page, keys, status):
    """A value in the answer would fail this test by tests/watch.py."""
    know(sandbox())

    refused = page.act("/accounts/main/keys", status=status, keys=keys, confirm=True)

    assert refused["error"].endswith("nothing was stored")
    assert kept(page) == {}


def test_keys_of_an_account_that_is_yet_to_be_added(page):
    refused = page.act("/accounts/new/keys", status=404, keys=KEYS, confirm=True)
    assert "send its exchange" in refused["error"]
    page.act("/accounts/new/keys", keys=KEYS, exchange="binance", confirm=True)

    added = {"name": "new", "exchange": "binance", "mode": "sandbox", "quote": "USDT"}
    assert page.act("/accounts", **added)["would"].endswith("in mode sandbox would be added")
    assert page.get("/accounts")["accounts"] == []
    page.act("/accounts", **added, capital="500.50", confirm=True)

    [account] = page.get("/accounts")["accounts"]
    assert (account["secret"], account["capital"], account["mode"]) == ("new", "500.5", "sandbox")
    assert account["keys"]["presence"] == "present"


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"mode": "live"}, 422, "LIVE is not set"),
        ({"mode": "sandbox", "exchange": "binanse"}, 422, "binanse"),
        ({"mode": "sandbox", "exchange": "binance"}, 422, "the secret 'paper'"),
        ({"capital": "0"}, 422, "capital"),
        ({"name": "no such/name"}, 422, "has a name that is not up to 64 letters"),
        ({"name": 'x"]\nmode = "live'}, 422, "has a name that is not up to 64 letters"),
        ({"policy": "magic"}, 422, "policy is"),
        ({"colour": "red"}, 400, "colour"),
        ({"quote": ""}, 400, "quote has 0 characters"),
    ],
)
def test_an_account_that_could_not_trade_is_refused_and_nothing_is_stored(
    page, change, status, sentence
):
    form = {"name": "paper", "exchange": "virtual", "mode": "virtual", "quote": "USDT"}
    form |= {"prices_from": "synthetic"} | change

    refused = page.act("/accounts", status=status, **form, confirm=True)

    assert sentence in refused["error"]
    assert page.get("/accounts")["accounts"] == []


def test_an_account_that_is_there_is_not_written_over(page):
    form = {"name": "paper", "exchange": "virtual", "mode": "virtual", "quote": "USDT"}
    page.act("/accounts", **form, prices_from="synthetic", confirm=True)

    refused = page.act("/accounts", status=409, **form, prices_from="binance", confirm=True)

    assert "there is an account paper already" in refused["error"]
    assert page.get("/accounts")["accounts"][0]["prices_from"] == "synthetic"


def test_a_paper_account_needs_no_keys(page):
    know(Account(name="paper", exchange="virtual", mode=Mode.VIRTUAL, quote="USDT"))

    assert shown(page) == {"presence": "not needed", "fields": [], "told": ""}
    assert page.act("/accounts/paper/keys/unlink", status=409)["error"] == (
        "account paper has no keys"
    )
    refused = page.act("/accounts/paper/keys", status=422, keys=KEYS)
    assert refused["error"] == "account paper is virtual; it needs no keys"


def test_the_venue_is_asked_what_the_keys_may_do(page, options):
    know(sandbox(exchange_options=options))
    page.act("/accounts/main/keys", keys=KEYS, confirm=True)

    checks = {one["name"]: one for one in page.act("/accounts/main/check")["checks"]}

    assert checks["exchange"]["ok"] is True
    assert (checks["balances"]["ok"], "10000 USDT" in checks["balances"]["detail"]) == (True, True)
    assert "permissions" in checks


def test_keys_that_the_venue_refuses_are_found_out(page, options):
    know(sandbox(exchange_options=options))
    page.act("/accounts/main/keys", keys=KEYS | {"api-key": EXCHANGE_KEY + "x"}, confirm=True)

    found = page.act("/accounts/main/check")

    assert "checks failed" in found["done"]
    assert {one["name"]: one["ok"] for one in found["checks"]}["balances"] is False


def test_without_keys_nothing_is_asked(page):
    know(sandbox())

    [check] = page.act("/accounts/main/check")["checks"]

    assert (check["name"], check["ok"]) == ("exchange", False)
    assert page.act("/accounts/nobody/check", status=404)["error"].startswith("there is no account")


def test_a_form_learns_the_fields_of_an_exchange(page):
    assert page.get("/accounts/fields", exchange="kucoin")["fields"] == [
        "api-key",
        "api-secret",
        "passphrase",
    ]
    assert "binanse" in page.get("/accounts/fields", status=422, exchange="binanse")["error"]


def test_a_page_knows_why_nothing_may_be_live(tmp_path):
    with dashboard(tmp_path / "home", settings=Settings(live=True)) as page:
        assert page.get("/accounts")["live_refusal"] == ""


def test_a_function_on_aws_takes_no_keys_and_says_who_does(tmp_path):
    """The whole world reaches it: it may neither read nor write any."""
    table = SqliteTable(":memory:")
    with dashboard(tmp_path) as page:
        deployed = Settings(stage=Stage.PROD, table_name="state")
        bootstrap.use(replace(bootstrap.choices(), home=None, settings=deployed, table=table))
        know(sandbox())

        assert shown(page)["presence"] == "not told"
        for path, body in (
            ("/accounts/main/keys", {"keys": KEYS}),
            ("/accounts/main/keys/unlink", {}),
            ("/accounts/main/check", {}),
        ):
            refused = page.act(path, status=409, **body)
            assert refused["error"].startswith("the API on AWS has no right to any key")
    table.close()
