"""Channels to the owner, made and ended on the page of settings in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.canaries import EXCHANGE_SECRET, PASSPHRASE
from tests.functional.running import Running, running
from tests.market.public_binance import publisher
from tests.venues.loopback import Answer
from tests.web.browser import PHONE, Visit, visiting
from tests.web.floor import furnish


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of one test, which changes it."""
    home = tmp_path_factory.mktemp("home")
    furnish(home)
    with running(home, "--no-demo") as found:
        yield found


def add_webhook(visit: Visit, name: str, url: str) -> None:
    """As far as the question whether it shall be."""
    page = visit.page
    page.get_by_role("button", name="Add channel").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Over").select_option("webhook")
    page.get_by_label("url").fill(url)
    page.get_by_label("authorization").fill(PASSPHRASE)
    visit.settled()
    assert visit.offences() == []
    page.get_by_role("button", name="Next").click()


def test_a_channel_is_added_changed_tried_and_removed_and_its_secret_never_seen(
    browser: Browser, fresh: Running
):
    with publisher() as listener, visiting(browser, fresh) as visit:
        listener.answers[f"/{EXCHANGE_SECRET}"] = Answer(status=204, body="")
        visit.enter("/settings")
        page = visit.page
        expect(page.get_by_text("Nobody is told yet")).to_be_visible()
        add_webhook(visit, "desk", f"{listener.url}/{EXCHANGE_SECRET}")
        expect(page.get_by_text("would be added; url, authorization as the")).to_be_visible()
        page.get_by_role("button", name="Add", exact=True).click()
        row = page.get_by_role("row").filter(has_text="desk")
        expect(row).to_contain_text("127.0.0.1")
        expect(row).to_contain_text("has url, authorization")
        visit.settled()
        assert visit.offences() == []

        row.get_by_role("button", name="Change desk").click()
        page.get_by_role("dialog").get_by_label("Tell").select_option("P1")
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Change", exact=True).click()
        expect(row).to_contain_text("P1: money at stake")
        row.get_by_role("button", name="Test desk").click()
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("sent over desk")).to_be_visible()
        assert len(listener.asked) == 1

        row.get_by_role("button", name="Remove desk").click()
        expect(page.get_by_text("and its secret channel-desk, would be removed")).to_be_visible()
        page.get_by_role("button", name="Remove", exact=True).click()
        expect(page.get_by_text("Nobody is told yet")).to_be_visible()
        assert not any(secret in page.content() for secret in (EXCHANGE_SECRET, PASSPHRASE))


def test_on_a_phone_a_channel_can_be_removed_without_scrolling_sideways(
    browser: Browser, fresh: Running
):
    with visiting(browser, fresh, size=PHONE) as visit:
        visit.enter("/settings")
        add_webhook(visit, "desk", "http://127.0.0.1:9/")
        visit.page.get_by_role("button", name="Add", exact=True).click()
        remove = visit.page.get_by_role("button", name="Remove desk")
        expect(remove).to_be_visible()
        box = remove.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
