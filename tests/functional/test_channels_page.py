"""Channels over the API: added, changed, tried, removed; what opens them is never shown."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib import bootstrap
from chalicelib.bootstrap.access import deeds
from chalicelib.bootstrap.operation import notices
from chalicelib.domain.operation.channel import (
    MOST_CHANNELS,
    Channel,
    ChannelKind,
    Notifications,
)
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.settings import Settings, Stage
from tests.canaries import EXCHANGE_SECRET, PASSPHRASE
from tests.functional.dashboard import Dashboard, dashboard
from tests.market.public_binance import Publisher, publisher
from tests.venues.loopback import Answer

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
TELEGRAM = {"token": f"1:{EXCHANGE_SECRET}", "chat": "42"}
PHONE = {"name": "phone", "kind": "telegram"}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Dashboard]:
    with dashboard(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def listener(page: Dashboard) -> Iterator[Publisher]:  # noqa: ARG001 - its stores are these
    with publisher() as found:
        found.answers[f"/{EXCHANGE_SECRET}"] = Answer(status=204, body="")
        yield found


def kept(page: Dashboard) -> Any:
    file = page.home / "secrets.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def channels(page: Dashboard) -> dict[str, Any]:
    return {row["name"]: row for row in page.get("/notifications")["channels"]}


def test_a_channel_is_added_tried_and_removed(page, listener):
    address = {"url": f"{listener.url}/{EXCHANGE_SECRET}", "authorization": PASSPHRASE}
    hook = {"name": "hook", "kind": "webhook", "least": "P1", "fields": address}
    dry = page.act("/notifications", **hook)
    assert dry["would"] == (
        "channel hook (webhook, 127.0.0.1) from P1 on would be added; url, authorization as the "
        "secret channel-hook"
    )
    assert (channels(page), kept(page)) == ({}, {})
    page.act("/notifications", **hook, confirm=True)

    assert kept(page) == {"channel-hook": address}
    found = channels(page)["hook"]
    assert (found["kind"], found["least"], found["where"]) == ("webhook", "P1", "127.0.0.1")
    assert found["keys"] == {"presence": "present", "fields": ["url", "authorization"]}
    page.act("/notifications/hook/test", confirm=True)
    assert len(listener.asked) == 1

    assert page.act("/notifications/hook/remove")["would"] == (
        "channel hook, and its secret channel-hook, would be removed"
    )
    assert list(channels(page)) == ["hook"]
    page.act("/notifications/hook/remove", confirm=True)
    assert (channels(page), kept(page)) == ({}, {})
    assert page.act("/notifications/hook/remove", status=404)["error"].startswith(
        "there is no channel 'hook'"
    )


def test_a_change_leaves_the_others_and_what_was_not_said(page):
    for name in ("mine", "phone"):
        page.act("/notifications", name=name, kind="telegram", fields=TELEGRAM, confirm=True)
    changed = page.act("/notifications", **PHONE, least="P1", confirm=True)
    assert changed["done"] == "channel phone (telegram) from P1 on is changed"
    found = notices().notifications()
    assert [(one.name, one.least) for one in found.channels] == [("mine", "P2"), ("phone", "P1")]
    assert kept(page)["channel-phone"] == TELEGRAM

    other = {**TELEGRAM, "chat": "43"}
    page.act("/notifications", **PHONE, least="P1", fields=other, confirm=True)
    assert kept(page) == {"channel-mine": TELEGRAM, "channel-phone": other}
    assert notices().notifications() == found  # nothing of it has changed


def test_the_rest_of_the_file_stays(page):
    notices().save_notifications(Notifications(most_per_hour=3, summary_hour=None))
    page.act("/notifications", name="mail", kind="sns", topic=TOPIC, confirm=True)
    found = page.get("/notifications")
    assert (found["most_per_hour"], found["summary_hour"]) == (3, None)
    [mail] = found["channels"]
    assert (mail["where"], mail["keys"]["presence"]) == ("topic alarms", "not needed")
    page.act("/notifications/mail/remove", confirm=True)
    assert page.get("/notifications")["most_per_hour"] == 3


def test_what_opens_a_channel_is_nowhere_but_in_the_file_for_it(page):
    """tests/watch.py looks at answers, log lines, rows and files; here at what is kept of acts."""
    for _ in range(2):
        page.act("/notifications", **PHONE, fields=TELEGRAM, confirm=True)
    recorded = repr(deeds().recent(10))
    assert "POST /notifications" in recorded
    assert EXCHANGE_SECRET not in recorded


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({**PHONE, "fields": {"token": TELEGRAM["token"]}}, 422, "lack chat"),
        ({**PHONE, "fields": {**TELEGRAM, "token": f"a {EXCHANGE_SECRET}"}}, 422, "@BotFather"),
        ({**PHONE, "fields": {**TELEGRAM, f"x{EXCHANGE_SECRET}": "1"}}, 422, "it takes token, ch"),
        ({**PHONE, "fields": EXCHANGE_SECRET}, 422, "no object"),
        (PHONE, 422, "lack token, chat"),
        ({**PHONE, "kind": "slack", "fields": {"url": "ftp://x"}}, 422, "must be https://"),
        ({**PHONE, "name": "a b", "fields": TELEGRAM}, 422, "the channel's name is 'a b'"),
        ({**PHONE, "name": "", "fields": TELEGRAM}, 400, "name has 0 characters"),
        ({**PHONE, "kind": "pigeon"}, 400, "telegram or discord"),
        ({**PHONE, "topic": TOPIC, "fields": TELEGRAM}, 422, "a topic is for sns"),
        ({"name": "mail", "kind": "sns"}, 422, "names no topic"),
        ({"name": "mail", "kind": "sns", "topic": "alarms"}, 422, "topic is 'alarms'"),
        ({"name": "mail", "kind": "sns", "topic": TOPIC, "fields": TELEGRAM}, 422, "for nothing"),
    ],
)
def test_what_is_wrong_is_said_without_a_word_of_a_secret(page, body, status, sentence):
    """A value in the answer would fail this test by tests/watch.py."""
    assert sentence in page.act("/notifications", status=status, **body, confirm=True)["error"]
    assert (channels(page), kept(page)) == ({}, {})


def test_a_channel_stays_of_its_kind_and_there_are_not_too_many(page):
    many = [Channel(name=f"c{n}", kind=ChannelKind.SNS, topic=TOPIC) for n in range(MOST_CHANNELS)]
    notices().save_notifications(Notifications(channels=tuple(many)))
    kind = page.act("/notifications", status=409, name="c1", kind="slack", fields={"url": "x"})
    assert kind["error"].startswith("channel c1 is sns, and cannot become slack")
    full = page.act("/notifications", status=409, **PHONE, fields=TELEGRAM, confirm=True)
    assert full["error"].startswith("there are 10 channels, the most")
    assert kept(page) == {}


def test_a_secret_with_other_uses_is_not_written_over_and_stays(page):
    keys = Account(
        name="main", exchange="binance", mode=Mode.SANDBOX, quote="USDT", secret="channel-phone"
    )
    bootstrap.strategies().apply(expected_version=0, accounts=[keys])
    bootstrap.secrets().put("channel-phone", {"api-key": "x"})
    refused = page.act("/notifications", status=409, **PHONE, fields=TELEGRAM, confirm=True)
    assert "holds the keys of account main" in refused["error"]
    assert kept(page) == {"channel-phone": {"api-key": "x"}}

    shared = Channel(name="one", kind=ChannelKind.TELEGRAM, secret="telegram-bot")
    phone = Channel(name="phone", kind=ChannelKind.TELEGRAM, secret="channel-phone")
    two = Channel(name="two", kind=ChannelKind.TELEGRAM, secret="telegram-bot")
    notices().save_notifications(Notifications(channels=(shared, two, phone)))
    put = page.act("/notifications", name="one", kind="telegram", fields=TELEGRAM, confirm=True)
    assert put["shared_with"] == ["two"]
    for name, secret in (("one", "telegram-bot"), ("phone", "channel-phone")):
        removed = page.act(f"/notifications/{name}/remove", confirm=True)
        assert removed["done"] == f"channel {name} is removed; the secret {secret} stays"
    assert sorted(kept(page)) == ["channel-phone", "telegram-bot"]


def test_sent_again_it_is_not_done_again(page):
    body = json.dumps({**PHONE, "fields": TELEGRAM, "confirm": True}).encode()
    headers = page.headers | {"Content-Type": "application/json", "Idempotency-Key": "once"}
    answers = []
    for _ in range(2):
        answers.append(page.client.http.post("/notifications", headers=headers, body=body))
        bootstrap.secrets().remove("channel-phone")
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].body == answers[1].body
    assert kept(page) == {}
    assert notices().notifications().version == 1


def test_on_aws_secrets_are_put_from_the_owners_machine(tmp_path):
    """The whole world reaches a function: it may do what needs no secret, and nothing else."""
    table = SqliteTable(":memory:")
    with dashboard(tmp_path) as page:
        deployed = Settings(stage=Stage.PROD, table_name="state", alarm_topic=TOPIC)
        bootstrap.use(replace(bootstrap.choices(), home=None, settings=deployed, table=table))
        secret = f"{deployed.secret_prefix}channel-own"
        own = Channel(name="own", kind=ChannelKind.TELEGRAM, secret=secret)
        notices().save_notifications(Notifications(channels=(own,)))

        refused = page.act("/notifications", status=409, **PHONE, fields=TELEGRAM)
        assert "crypto-bot notify add phone --kind telegram --stage prod" in refused["error"]
        refused = page.act("/notifications/own/remove", status=409, confirm=True)
        assert "crypto-bot notify remove own --yes --stage prod" in refused["error"]
        page.act("/notifications", name="own", kind="telegram", least="P1", confirm=True)
        page.act("/notifications", name="mail", kind="sns", confirm=True)
        found = channels(page)
        assert (found["own"]["least"], found["own"]["keys"]["presence"]) == ("P1", "not told")
        assert [one.secret for one in notices().notifications().channels] == [secret, ""]
        page.act("/notifications/mail/remove", confirm=True)
        assert list(channels(page)) == ["own"]
    table.close()
