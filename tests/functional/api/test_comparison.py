"""A strategy on paper beside the same one elsewhere, over the API."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.trading.account import Account, Mode, Subscription
from tests.functional.api.floor import Api

COMPARISON = "/strategies/{strategy}/comparison"
REAL = Account(name="real", exchange="gemini", mode=Mode.LIVE, quote="USDT", secret="keys")


def follow(name: str, **changes: Any) -> None:
    """Another account follows btc, too."""
    store = bootstrap.strategies()
    configuration = store.configuration()
    store.apply(
        expected_version=configuration.version,
        accounts=[replace(configuration.accounts["paper"], name=name, **changes)],
        subscriptions=[Subscription(account=name, strategy="btc", weight=Decimal("0.1"))],
    )


def test_each_account_stands_for_itself(api: Api):
    options = {"virtual": {"balances": {"USDT": "10000"}, "slippage": "0.0005"}}
    follow("dearer", exchange_options=options)
    signals = []
    for position in ("long", "flat"):
        signals.append(api.alert(position))
        api.tick()
        api.clock.pass_time(minutes=5)
    found = api.as_viewer().get(COMPARISON, strategy="btc")
    assert [(a["account"], a["badge"], a["quote"]) for a in found["accounts"]] == [
        ("dearer", "PAPER", "USDT"),
        ("paper", "PAPER", "USDT"),
    ]
    for account in found["accounts"]:
        assert (account["trades"], account["executed"], account["holding"]) == (1, 2, False)
        assert (account["since"], account["late"]) == ("2026-03-02T08:00:01Z", 1.0)
    dearer, paper = (Decimal(a["profit"]) for a in found["accounts"])
    assert dearer < paper
    assert [alert["signal_id"] for alert in found["alerts"]] == signals[::-1]
    entered = found["alerts"][1]
    assert set(entered["on"]) == {"dearer", "paper"}
    assert entered["on"]["paper"]["status"] == "EXECUTED"
    assert Decimal(entered["apart_bps"]) < 0
    assert not {"total", "sum"} & set(found)


def test_where_there_is_nothing_to_compare_the_next_step_is_told(api: Api):
    assert api.get(COMPARISON, strategy="btc")["step"] == "crypto-bot promote btc --to ACCOUNT"
    store = bootstrap.strategies()
    store.apply(expected_version=1, removed_subscriptions=[("paper", "btc")])
    nobody = api.get(COMPARISON, strategy="btc")
    assert (nobody["accounts"], nobody["alerts"]) == ([], [])
    assert nobody["step"] == "crypto-bot accounts apply FILE"
    live = Subscription(account="real", strategy="btc", weight=Decimal("0.1"))
    store.apply(expected_version=2, accounts=[REAL], subscriptions=[live])
    alone = api.get(COMPARISON, strategy="btc")
    assert [a["badge"] for a in alone["accounts"]] == ["LIVE"]
    assert alone["step"] == "crypto-bot accounts apply FILE"
    store.apply(
        expected_version=3, subscriptions=[replace(live, account="paper", weight=Decimal("0.2"))]
    )
    both = api.get(COMPARISON, strategy="btc")
    assert [a["badge"] for a in both["accounts"]] == ["PAPER", "LIVE"]
    assert both["step"] == ""
    assert api.ask("GET", COMPARISON, strategy="doge").status == 404
