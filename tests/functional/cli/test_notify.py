"""notify: channels from a file, the newest notices, and a message to try it with."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.canaries import MARK
from tests.functional.cli.owner_desk import Desk


@pytest.fixture
def received() -> Iterator[tuple[str, list[Any]]]:
    """The address of somebody who listens, and what was posted there."""
    posted: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{MARK}", posted
    server.shutdown()
    server.server_close()
    thread.join()


def with_channel(desk: Desk, url: str) -> Path:
    secrets = desk.home / "secrets.json"
    secrets.write_text(json.dumps({"chat": {"url": url}}))
    secrets.chmod(0o600)
    file = desk.home / "notifications.toml"
    file.write_text('[channels.team]\nkind = "slack"\nsecret = "chat"\n')
    return file


def test_a_file_makes_the_channels_and_applying_it_again_changes_nothing(desk, received):
    file = with_channel(desk, received[0])
    dry = desk.run("notify", "apply", "--dry-run", str(file)).stdout
    assert dry.splitlines()[-1] == "Dry run: nothing was stored."
    assert desk.read("notify")["channels"] == []
    told = desk.run("notify", "apply", str(file)).stdout
    assert told.splitlines()[0] == "team: slack, a channel at 127.0.0.1, from P2 on"
    assert MARK not in told
    [channel] = desk.read("notify")["channels"]
    assert (channel["channel"], channel["kind"], channel["state"]) == ("team", "slack", "works")
    again = desk.run("notify", "apply", str(file)).stdout
    assert again.splitlines()[-1] == "Nothing changes: it is already so."


def test_a_mistake_in_the_file_is_named_with_its_line(desk):
    file = desk.home / "n.toml"
    file.write_text('[channels.team]\nkind = "slak"\n')
    assert desk.refusal("notify", "apply", str(file)).startswith(
        "n.toml line 2: channels.team.kind is 'slak', but must be one of"
    )


def test_a_test_is_shown_and_sent_only_with_a_yes(desk, received):
    url, posted = received
    desk.run("notify", "apply", str(with_channel(desk, url)))
    shown = desk.run("notify", "--test").stdout
    assert "this is a test" in shown
    assert "would be sent" in shown
    assert "crypto-bot notify --test --yes sends it" in shown
    assert posted == []
    assert desk.read("notify", "--test", "--yes")["channels"][0]["result"] == "sent"
    assert "this is a test" in posted[0]["text"]
    assert MARK not in shown


def test_a_channel_that_does_not_work_is_said_with_exit_code_one(desk):
    desk.run("notify", "apply", str(with_channel(desk, f"http://127.0.0.1:9/{MARK}")))
    told = desk.run("notify", "--test", "--yes", code=1).stdout
    assert "127.0.0.1 cannot be reached: ConnectionRefusedError" in told
    assert MARK not in told
    (desk.home / "secrets.json").write_text("{}")
    told = desk.run("notify", "--test", code=1).stdout
    assert "the secret 'chat' is not in" in told


def test_a_yes_without_a_test_is_misuse(desk):
    told = desk.run("notify", "--yes", code=2).stderr
    assert "--yes belongs to --test" in told


def test_a_tick_of_the_command_line_tells_what_it_left(desk, received):
    url, posted = received
    desk.configure()
    desk.run("notify", "apply", str(with_channel(desk, url)))
    desk.tick()
    desk.alert("trend", "BTCUSD", "flat")
    desk.tick()
    assert "alert of trend for BTCUSD (flat) ended SKIPPED" in posted[0]["text"]
    [notice] = desk.read("notify")["notices"]
    assert (notice["severity"], notice["told"]) == ("P2", ["team"])
    desk.tick()
    assert len(posted) == 1


def test_without_channels_the_list_still_has_what_happened(desk):
    desk.configure()
    assert "Nothing was worth saying yet." in desk.run("notify").stdout
    desk.tick()
    desk.alert("trend", "BTCUSD", "flat")
    desk.tick()
    listed = desk.run("notify").stdout
    assert "There is no channel yet" in listed
    assert "ended SKIPPED" in " ".join(listed.split())


def test_a_channel_is_added_by_hand_and_removed_with_its_secret(desk, received):
    url, posted = received
    add = ("notify", "add", "team", "--kind", "slack")
    dry = desk.run(*add, "--dry-run", typed=f"url={url}").stdout
    assert dry.splitlines() == [
        "team: slack, a channel at 127.0.0.1, from P2 on",
        "Dry run: nothing was stored.",
    ]
    assert not (desk.home / "secrets.json").exists()
    told = desk.run(*add, typed=json.dumps({"url": url})).stdout
    assert "Stored url as the secret channel-team." in told
    assert MARK not in told
    desk.run(*add, "--least", "P1", "--keep-secret")
    [channel] = desk.read("notify")["channels"]
    assert (channel["channel"], channel["least"]) == ("team", "P1")
    desk.run("notify", "--test", "--yes")
    assert len(posted) == 1
    assert "would be removed; say --yes" in desk.run("notify", "remove", "team").stdout
    told = desk.run("notify", "remove", "team", "--yes").stdout
    assert told == "Removed channel team and its secret channel-team.\n"
    assert desk.read("notify")["channels"] == []
    assert json.loads((desk.home / "secrets.json").read_text()) == {}
    refused = desk.refusal("notify", "remove", "team", "--yes", code=1)
    assert refused == "there is no channel 'team'; crypto-bot notify lists them"


def test_what_opens_a_channel_is_not_typed_into_the_command_line(desk):
    refused = desk.refusal("notify", "add", "team", "--kind", "slack", "url=https://x.example")
    assert "not given on the command line" in refused
    refused = desk.refusal("notify", "add", "team", "--kind", "slack", typed="x" * 9)
    assert "must be a field such as url=VALUE" in refused
