"""Versions of the configuration, and paper beside live, in a real browser."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.domain.trading.account import Account, Mode, Subscription
from chalicelib.settings import Settings
from tests.canaries import PATH_TOKEN
from tests.functional.running import JSON, Running, eventually, running
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish

MAIN = Account(name="main", exchange="binance", mode=Mode.SANDBOX, quote="USDT", secret="keys")
LESS_BTC = Subscription(account="paper", strategy="btc", weight=Decimal("0.15"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    furnish(tmp_path)
    return tmp_path


@pytest.fixture
def program(home: Path) -> Iterator[Running]:
    with running(home, "--no-demo") as found:
        yield found


def configure(home: Path, **change: Any) -> None:
    """As a command beside the program does."""
    bootstrap.use(Choices(settings=Settings(), home=home))
    store = bootstrap.strategies()
    store.apply(expected_version=store.configuration().version, by="command line", **change)
    bootstrap.reset()


def weighed(home: Path, strategy: str) -> Decimal:
    bootstrap.use(Choices(settings=Settings(), home=home))
    subscriptions = bootstrap.strategies().configuration().subscriptions
    bootstrap.reset()
    return next(s.weight for s in subscriptions if s.strategy == strategy)


def test_an_owner_goes_back_to_what_was(visit: Visit, home: Path) -> None:
    page = visit.page
    configure(home, subscriptions=[LESS_BTC])
    visit.go("/strategies", "Strategies")
    versions = page.get_by_role("region", name="Versions")
    versions.get_by_text("Version 2").click()
    expect(versions).to_contain_text("accounts.paper.strategies.btc.weight 0.4 → 0.15")
    expect(versions).to_contain_text("1 change, by command line")

    versions.get_by_role("button", name="Go back to version 1").click()
    question = page.get_by_role("dialog")
    expect(question.locator(".dry")).to_contain_text("weight: 0.15 -> 0.4")
    question.get_by_role("button", name="Go back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(versions).to_contain_text("Version 3")
    expect(versions).to_contain_text("1 change, by owner")
    assert weighed(home, "btc") == Decimal("0.4")


def test_a_change_in_between_is_not_lost_by_going_back(visit: Visit, home: Path) -> None:
    page = visit.page
    configure(home, subscriptions=[LESS_BTC])
    visit.go("/strategies", "Strategies")
    page.get_by_role("button", name="Go back to version 1").click()
    question = page.get_by_role("dialog")
    expect(question.locator(".dry")).to_be_visible()
    following = Subscription(account="paper", strategy="eth", weight=Decimal("0.11"))
    configure(home, subscriptions=[following])
    question.get_by_role("button", name="Go back").click()
    expect(question.get_by_role("alert")).to_contain_text("look at it as it is now")
    assert weighed(home, "eth") == Decimal("0.11")


def test_paper_stands_beside_the_exchange(visit: Visit, home: Path) -> None:
    page = visit.page
    for position in ("long", "flat"):
        message = {"ticker": "ETHUSDT", "market_position": position}
        status, _ = visit.program.request(
            "POST", f"/hook/eth/{PATH_TOKEN}", json.dumps(message).encode(), JSON
        )
        assert status == 200
        eventually(lambda: is_done(home, "eth"))
    visit.go("/strategies", "Strategies")
    card = page.get_by_role("region", name="eth", exact=True)
    card.get_by_role("button", name="Paper beside live").click()
    window = page.get_by_role("dialog")
    expect(window).to_contain_text("It is on paper only")
    expect(window).to_contain_text("crypto-bot promote eth --to ACCOUNT")
    expect(window.get_by_role("region", name="paper")).to_contain_text("2 executed and 0 missed")
    assert visit.offences() == []
    page.keyboard.press("Escape")

    configure(
        home,
        accounts=[MAIN],
        subscriptions=[Subscription(account="main", strategy="eth", weight=Decimal("0.1"))],
    )
    page.reload()
    visit.enter("/strategies")
    card.get_by_role("button", name="Paper beside live").click()
    expect(window.get_by_role("region", name="main")).to_contain_text("nothing traded yet")
    expect(window.get_by_role("region", name="main")).to_contain_text("sandbox")
    expect(window).not_to_contain_text("on paper only")
    expect(window.get_by_label("Newest alerts, side by side")).to_contain_text("long ETH/USDT")


def is_done(home: Path, strategy: str) -> bool:
    bootstrap.use(Choices(settings=Settings(), home=home))
    signals = bootstrap.signals().recent(9)
    bootstrap.reset()
    return all(s.status.is_final for s in signals if s.strategy == strategy)


def test_they_can_be_used_without_eyes_or_mouse_and_on_a_phone(
    browser: Browser, program: Running
) -> None:
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    with visiting(browser, program, theme="light", size=PHONE) as visit:
        visit.enter("/strategies")
        visit.settled()
        visit.page.get_by_role("region", name="Versions").get_by_text("Version 1").click()
        assert visit.offences() == []
        assert visit.page.evaluate(wide) == 0
        visit.page.get_by_role("button", name="Paper beside live").first.click()
        visit.settled()
        assert visit.offences() == []
        assert visit.page.evaluate(wide) == 0
