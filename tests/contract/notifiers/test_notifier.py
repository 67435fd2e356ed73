"""Every channel delivers a bulletin whole, and says in a sentence why it could not."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from moto import mock_aws

from chalicelib.adapters.notifiers.discord import DiscordNotifier
from chalicelib.adapters.notifiers.slack import SlackNotifier
from chalicelib.adapters.notifiers.sns import SnsNotifier
from chalicelib.adapters.notifiers.telegram import TelegramNotifier
from chalicelib.adapters.notifiers.webhook import WebhookNotifier
from chalicelib.domain.errors import NotDelivered, SettingsError
from chalicelib.domain.operation.notice import Notice, Severity, bulletin_of
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.ports import Notifier
from tests.canaries import MARK

AT = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
TOKEN = f"123456:{MARK}-abcdefghijklmnopqrst"
WHOSE = "the secret 'phone'"


@dataclass
class Receiver:
    """What arrived at the other end, and how it answers."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: Event = field(default_factory=Event)
    drips: bool = False
    seen: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()
    told.hangs.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.seen.append((self.path, dict(self.headers), json.loads(body)))
            if told.drips:
                self._drip()
                return
            told.hangs.wait(20)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _drip(self) -> None:
            """All is well in the end, and no single read ever takes long."""
            for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
                if told.hangs.wait(0.2):
                    return
                self.wfile.write(bytes([letter]))

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield told
    told.hangs.set()
    server.shutdown()
    server.server_close()
    thread.join()


Maker = Callable[[str], Notifier]

MAKERS: dict[str, Maker] = {
    "telegram": lambda url: TelegramNotifier(
        {"token": TOKEN, "chat": "42"}, WHOSE, api=url, allows_loopback=True
    ),
    "discord": lambda url: DiscordNotifier(
        {"url": f"{url}/api/webhooks/{TOKEN}"}, WHOSE, allows_loopback=True
    ),
    "slack": lambda url: SlackNotifier(
        {"url": f"{url}/services/{TOKEN}"}, WHOSE, allows_loopback=True
    ),
    "webhook": lambda url: WebhookNotifier(
        {"url": f"{url}/alarm?key={TOKEN}", "authorization": f"Bearer {TOKEN}"},
        WHOSE,
        allows_loopback=True,
    ),
}
TEXT = {"telegram": "text", "discord": "content", "slack": "text", "webhook": "text"}


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def bulletin(*sentences: str, severity: Severity = Severity.P1):
    return bulletin_of(
        [
            Notice(key=f"key{n}", severity=severity, sentence=sentence, at=AT)
            for n, sentence in enumerate(sentences)
        ],
        "local",
    )


@contextmanager
def heard_nothing(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No secret reaches a log at any level, ours or a library's."""
    caplog.set_level(logging.DEBUG)
    yield
    assert MARK not in caplog.text


def test_a_bulletin_arrives_whole(kind, receiver, caplog):
    with heard_nothing(caplog):
        MAKERS[kind](receiver.url).send(bulletin("order 1 is HELD", "breaker is open"))
    [(path, headers, body)] = receiver.seen
    assert body[TEXT[kind]] == (
        "crypto-bot local P1: 2 notices\nP1 08:05 order 1 is HELD\nP1 08:05 breaker is open"
    )
    assert headers["Content-Type"] == "application/json"
    assert TOKEN in path


def test_a_refusal_is_a_sentence_without_the_address(kind, receiver, caplog):
    receiver.status = 403
    with heard_nothing(caplog), pytest.raises(NotDelivered, match=r"^127\.0\.0\.1 answered 403$"):
        MAKERS[kind](receiver.url).send(bulletin("x"))


def test_nobody_there_is_a_sentence(kind):
    with pytest.raises(NotDelivered, match=r"^127\.0\.0\.1 cannot be reached: Connection"):
        MAKERS[kind]("http://127.0.0.1:9").send(bulletin("x"))


def test_no_redirect_is_followed(kind, receiver):
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}/elsewhere"}
    with pytest.raises(NotDelivered, match="answered 307"):
        MAKERS[kind](receiver.url).send(bulletin("x"))
    assert len(receiver.seen) == 1


def test_the_longest_bulletin_fits(kind, receiver):
    notices = [
        Notice(key=str(n), severity=Severity.P2, sentence="z" * 600, at=AT) for n in range(60)
    ]
    MAKERS[kind](receiver.url).send(bulletin_of(notices, "local"))
    text = receiver.seen[0][2][TEXT[kind]]
    assert len(text) <= {"discord": 2000, "slack": 4000, "webhook": 4000}.get(kind, 4096)
    shown = text.count("\nP2 ")
    assert text.endswith(f"and {60 - shown} more: crypto-bot notify lists them")


def test_where_it_goes_can_be_shown_to_anybody(kind, receiver):
    where = MAKERS[kind](receiver.url).where()
    assert "127.0.0.1" in where
    assert MARK not in where


def test_an_end_that_never_answers_costs_three_seconds(receiver):
    receiver.hangs.clear()
    with pytest.raises(NotDelivered, match="did not answer within 3 s"):
        MAKERS["slack"](receiver.url).send(bulletin("x"))
    receiver.hangs.set()


def test_an_end_that_answers_byte_by_byte_costs_three_seconds(receiver):
    receiver.drips = True
    receiver.hangs.clear()
    with pytest.raises(NotDelivered, match="did not answer within 3 s"):
        MAKERS["webhook"](receiver.url).send(bulletin("x"))
    receiver.hangs.set()


def test_the_text_of_an_alert_calls_nobody(receiver):
    told = bulletin("alert of @everyone <!channel> <b>\u202e\nP1 forged")
    MAKERS["discord"](receiver.url).send(told)
    MAKERS["slack"](receiver.url).send(told)
    MAKERS["telegram"](receiver.url).send(told)
    discord, slack, telegram = (body for _, _, body in receiver.seen)
    assert discord["allowed_mentions"] == {"parse": []}
    assert "&lt;!channel&gt; &lt;b&gt;" in slack["text"]
    assert "parse_mode" not in telegram
    assert telegram["text"].count("\n") == 1
    assert "\u202e" not in telegram["text"]


def test_a_webhook_gets_the_notices_one_by_one(receiver):
    MAKERS["webhook"](receiver.url).send(bulletin("one", severity=Severity.P2))
    [(_, headers, body)] = receiver.seen
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert body["notices"] == [
        {
            "key": "key0",
            "severity": "P2",
            "at": "2026-03-02T08:05:00+00:00",
            "sentence": "one",
            "signal_id": "",
        }
    ]
    assert (body["stage"], body["severity"], body["more"]) == ("local", "P2", 0)


SECRETS = {
    "telegram": (TelegramNotifier, {"token": TOKEN, "chat": "42"}),
    "discord": (DiscordNotifier, {"url": "https://hooks.test/x"}),
    "slack": (SlackNotifier, {"url": "https://hooks.test/x"}),
    "webhook": (WebhookNotifier, {"url": "https://hooks.test/x"}),
}


@pytest.mark.parametrize(
    ("channel", "missing"),
    [(name, key) for name, (_, fields) in SECRETS.items() for key in fields],
)
def test_what_a_secret_lacks_is_named(channel, missing):
    make, fields = SECRETS[channel]
    with pytest.raises(SettingsError, match=rf"^the secret 'phone' has no {missing}; it holds "):
        make({**fields, missing: " "}, WHOSE, allows_loopback=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://example.org/x",
        "https:///x",
        "https://user:password@example.org/x",
        "https://example.org:port/x",
        "https://exa mple.org/x",
        "https://example.org/x\r\nHost: other",
        "example.org/x",
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_unseen(url):
    with pytest.raises(SettingsError, match="it must be https:// and a public host") as refused:
        WebhookNotifier({"url": url}, WHOSE, allows_loopback=False)
    assert url not in str(refused.value)


@pytest.mark.parametrize("allows_loopback", [True, False])
@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.9",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - asked for, not bound
        "224.0.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
    ],
)
def test_an_address_inside_a_network_is_refused_before_anything_is_sent(host, allows_loopback):
    with pytest.raises(SettingsError, match="it must be https:// and a public host") as refused:
        WebhookNotifier({"url": f"https://{host}:9/x"}, WHOSE, allows_loopback=allows_loopback)
    assert host not in str(refused.value)


@pytest.mark.parametrize("allows_loopback", [True, False])
@pytest.mark.parametrize("host", ["10.1", "192.168.257", "0"])
def test_nothing_inside_a_network_is_posted_to_whatever_its_name_says(host, allows_loopback):
    """Names to whoever reads them, and addresses to whoever looks them up."""
    notifier = WebhookNotifier(
        {"url": f"https://{host}:9/x"}, WHOSE, allows_loopback=allows_loopback
    )
    with pytest.raises(NotDelivered, match="is not a public address"):
        notifier.send(bulletin("x"))


@pytest.mark.parametrize("host", ["localhost", "127.1"])
def test_this_machine_is_posted_to_by_the_embedded_run_only(host, receiver):
    port = receiver.url.rsplit(":", maxsplit=1)[1]
    deployed = WebhookNotifier({"url": f"https://{host}:{port}/x"}, WHOSE, allows_loopback=False)
    with pytest.raises(NotDelivered, match="is not a public address"):
        deployed.send(bulletin("x"))
    assert receiver.seen == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_the_address_of_this_machine_is_for_the_embedded_run_only(host):
    with pytest.raises(SettingsError, match="it must be https:// and a public host, without"):
        WebhookNotifier({"url": f"https://{host}/x"}, WHOSE, allows_loopback=False)
    embedded = WebhookNotifier({"url": f"http://{host}/x"}, WHOSE, allows_loopback=True)
    assert embedded.where() == host.strip("[]")


def test_plain_http_reaches_this_machine_only():
    with pytest.raises(SettingsError, match="or http:// to this machine"):
        WebhookNotifier({"url": "http://1.1.1.1/x"}, WHOSE, allows_loopback=True)
    notifier = WebhookNotifier({"url": "http://1.1/x"}, WHOSE, allows_loopback=True)
    with pytest.raises(NotDelivered, match="is not a public address"):
        notifier.send(bulletin("x"))


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(receiver):
    """The receiver speaks no TLS at all, which no client may overlook."""
    url = receiver.url.replace("http://", "https://")
    with pytest.raises(NotDelivered, match="cannot be reached: SSL"):
        WebhookNotifier({"url": url}, WHOSE, allows_loopback=True).send(bulletin("x"))
    assert receiver.seen == []


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    with mock_aws():
        sns, sqs = (aws_client(name, region="eu-west-1") for name in ("sns", "sqs"))
        yield sns, sqs
        sns.close()
        sqs.close()


def test_sns_hands_it_to_whoever_subscribed(aws):
    sns, sqs = aws
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:mailbox"
    )
    notifier = SnsNotifier(sns, topic)
    notifier.send(bulletin("order 1 is HELD"))
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "crypto-bot local P1: 1 notice"
    assert told["Message"].endswith("P1 08:05 order 1 is HELD")
    assert notifier.where() == "topic alarms"


def test_a_topic_that_does_not_exist_is_a_sentence(aws):
    sns, _ = aws
    notifier = SnsNotifier(sns, "arn:aws:sns:eu-west-1:123456789012:gone")
    with pytest.raises(NotDelivered, match=r"^topic gone was refused by AWS: NotFound"):
        notifier.send(bulletin("x"))


def test_aws_that_does_not_answer_is_a_sentence(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    sns = aws_client("sns", region="eu-west-1", attempts=1)
    notifier = SnsNotifier(sns, "arn:aws:sns:eu-west-1:123456789012:alarms")
    with pytest.raises(NotDelivered, match=r"^topic alarms cannot be reached: EndpointConn"):
        notifier.send(bulletin("x"))
    sns.close()
