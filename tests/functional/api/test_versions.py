"""Versions of the configuration over the API: what each changed, and the way back to one."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.trading.account import Basis, Mode, Subscription
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.services.trading.replace_token import replace_token
from chalicelib.settings import DEFAULT_ACCOUNT, Settings
from tests.functional.api.floor import Answered, Api

VERSIONS = "/configuration/versions"
RETURN = "/configuration/versions/{version}/return"
LIMITS = "/accounts/{account}/limits"


def seen(api: Api) -> str:
    return api.ask("GET", "/strategies").headers["ETag"]


def weigh(api: Api, **weights: str) -> None:
    body = {"confirm": True, "strategies": {n: {"weight": w} for n, w in weights.items()}}
    headers = {"if-match": seen(api), "idempotency-key": str(sorted(weights.items()))}
    answer = api.ask("POST", LIMITS, body=body, headers=headers, account="paper")
    assert answer.status == 200, answer.text


def go_back(api: Api, version: object, *, key: str = "", tag: str | None = None) -> Answered:
    """Confirmed where there is a key."""
    headers = {"if-match": seen(api) if tag is None else tag, "idempotency-key": key}
    body: dict[str, Any] = {"confirm": True} if key else {}
    return api.ask("POST", RETURN, body=body, headers=headers, version=str(version))


def weights() -> list[str]:
    return [str(s.weight) for s in bootstrap.strategies().configuration().subscriptions]


def test_every_version_says_who_changed_what_and_when(api):
    api.clock.pass_time(minutes=1)
    weigh(api, btc="0.2", eth="0.3")
    api.clock.pass_time(minutes=1)
    api.done("/strategies/{strategy}/pause", strategy="eth")
    paused, weighed, first = api.as_viewer().get(VERSIONS)["versions"]
    assert paused == {
        "version": 3,
        "at": "2026-03-02T08:02:00Z",
        "by": "owner",
        "is_known": True,
        "changes": [
            {
                "key": "accounts.paper.strategies.eth.paused",
                "before": "false",
                "after": "true",
            }
        ],
    }
    assert [(c["key"], c["before"], c["after"]) for c in weighed["changes"]] == [
        ("accounts.paper.strategies.btc.weight", "0.5", "0.2"),
        ("accounts.paper.strategies.eth.weight", "0.25", "0.3"),
    ]
    begun = {change["key"]: change["after"] for change in first["changes"]}
    assert begun["strategies.btc.instruments"] == "{ BTCUSDT = BTC/USDT }"
    assert begun["accounts.paper.exchange_options"] == "(not shown)"
    assert "accounts.paper.max_drawdown" not in begun
    page = api.get(VERSIONS, {"limit": "2"})
    assert [row["version"] for row in page["versions"]] == [3, 2]
    page = api.get(VERSIONS, {"limit": "2", "cursor": page["next"]})
    assert ([row["version"] for row in page["versions"]], page["next"]) == ([1], None)
    assert api.ask("GET", VERSIONS, query={"cursor": "eA"}).status == 400


def test_an_owner_goes_back_by_a_new_version(api):
    weigh(api, btc="0.1", eth="0.3")
    weigh(api, btc="0.2")
    shown = go_back(api, 1)
    assert (shown.status, shown.json["status"]) == (200, "dry run")
    assert shown.json["would"] == [
        "accounts.paper.strategies.btc.weight: 0.2 -> 0.5",
        "accounts.paper.strategies.eth.weight: 0.3 -> 0.25",
    ]
    assert weights() == ["0.2", "0.3"]
    done = go_back(api, 1, key="back")
    assert done.json["done"] == "As in version 1 again, which is version 4 now: 2 settings changed."
    assert weights() == ["0.5", "0.25"]
    newest = api.get(VERSIONS)["versions"][0]
    assert (newest["version"], newest["by"], len(newest["changes"])) == (4, "owner", 2)
    [deed] = [d for d in api.get("/audit")["deeds"] if d["act"] == f"POST {RETURN}"]
    assert (deed["about"], deed["outcome"]) == ({"version": "1"}, done.json["done"])
    again = go_back(api, 1, key="again")
    assert again.json["done"] == "Nothing changed: it is as in version 1 already."
    assert api.get(VERSIONS)["versions"][0]["version"] == 4
    assert go_back(api.as_viewer(), 1, key="viewer", tag="").status == 403


def test_no_entry_is_let_in_and_no_token_comes_back_by_going_back(api):
    store = bootstrap.strategies()
    api.done("/strategies/{strategy}/pause", strategy="btc")
    replace_token(store, "eth", lambda: "another", revoke=True)
    valid = store.configuration().strategies["eth"].token_hashes
    changed = api.get(VERSIONS)["versions"][0]["changes"]
    assert changed == [
        {"key": "strategies.eth.token", "before": "(not shown)", "after": "(a new one)"}
    ]
    weigh(api, btc="0.1")
    would = go_back(api, 1).json["would"]
    assert would == [
        "accounts.paper.strategies.btc.weight: 0.1 -> 0.5",
        "btc stays paused on account paper: crypto-bot resume btc",
    ]
    assert go_back(api, 1, key="back").status == 200
    configuration = store.configuration()
    assert configuration.strategies["eth"].token_hashes == valid
    assert [s.paused for s in configuration.subscriptions] == [True, False]

    api.done("/strategies/{strategy}/resume", strategy="btc")
    go_back(api, 2, key="to paused")
    assert [s.paused for s in store.configuration().subscriptions] == [True, False]


def test_what_came_later_stays_and_what_is_held_is_not_lost(api):
    store = bootstrap.strategies()
    paper = store.configuration().accounts["paper"]
    doge = Strategy(name="doge", instruments={"DOGEUSDT": "DOGE/USDT"})
    store.apply(
        expected_version=1,
        strategies=[doge],
        accounts=[replace(paper, name="second")],
        subscriptions=[Subscription(account="second", strategy="btc", weight=Decimal("0.1"))],
    )
    store.apply(expected_version=2, removed_subscriptions=[("paper", "eth")])
    store.apply(
        expected_version=3,
        subscriptions=[Subscription(account="paper", strategy="doge", weight=Decimal("0.1"))],
    )
    api.alert("long")
    api.tick()
    store.apply(expected_version=4, removed_subscriptions=[("paper", "btc")])
    store.apply(
        expected_version=5,
        subscriptions=[Subscription(account="paper", strategy="btc", weight=Decimal("0.2"))],
    )
    done = go_back(api, 5, key="without btc")
    assert "btc still holds BTC/USDT on account paper" in done.text
    followed = {s.strategy: s for s in store.configuration().subscriptions_of("paper")}
    assert (followed["btc"].paused, followed["btc"].weight) == (True, 0)

    done = go_back(api, 1, key="to the beginning")
    assert "account second is not in version 1 and stays as it is" in done.text
    configuration = store.configuration()
    assert set(configuration.strategies) == {"btc", "eth", "doge"}
    assert [s.strategy for s in configuration.subscriptions_of("paper")] == ["btc", "eth"]
    assert [s.strategy for s in configuration.subscriptions_of("second")] == ["btc"]


def test_a_way_back_that_cannot_be_says_why(api):
    store = bootstrap.strategies()
    for version in ("2", "0", "x", "-1", "9" * 40):
        answer = go_back(api, version)
        assert (answer.status, answer.json["field"]) == (404, "version"), version
    paper = store.configuration().accounts["paper"]
    store.apply(expected_version=1, accounts=[replace(paper, basis=Basis.COST)])
    moved = go_back(api, 1, key="moved")
    assert (moved.status, moved.json["error"]) == (
        422,
        "version 1 has another basis of account paper; that is changed with a file only: "
        "crypto-bot accounts apply FILE",
    )
    assert paper.mode is Mode.VIRTUAL
    assert store.configuration().version == 2
    late = go_back(api, 2, key="late", tag='"configuration-1-x"')
    assert late.status == 409
    assert go_back(api, 2, key="unseen", tag="").status == 428


def test_the_account_of_the_environment_follows_what_it_followed_then(api):
    """It is in no version itself, since the environment alone says that it is there."""
    settings = Settings(exchange_name="virtual", quote_currency="USDT")
    bootstrap.use(replace(bootstrap.choices(), settings=settings))
    follows = Subscription(account=DEFAULT_ACCOUNT, strategy="btc", weight=Decimal("0.1"))
    bootstrap.strategies().apply(expected_version=1, subscriptions=[follows])
    assert go_back(api, 1).json["would"][-1].endswith(".weight: 0.1 -> -")
    assert go_back(api, 1, key="back").status == 200
    assert bootstrap.strategies().configuration().followers("btc") == ("paper",)
    assert go_back(api, 2, key="forth").status == 200
    assert set(bootstrap.strategies().configuration().followers("btc")) == {
        "paper",
        DEFAULT_ACCOUNT,
    }
