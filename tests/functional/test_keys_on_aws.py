"""Keys over the API of a stage: its function without rights has another one keep and try them."""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from chalice.test import Client

import app as application
from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import access_tokens, deeds
from chalicelib.bootstrap.operation import notices
from chalicelib.bootstrap.stage import stage_settings
from chalicelib.domain.deployment.rights import KEY_RIGHTS, RIGHTS, functions_of
from chalicelib.domain.operation.channel import Channel, ChannelKind
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.domain.trading.account import Account, Mode
from chalicelib.domain.trading.alerts.tokens import hash_token
from chalicelib.settings import Stage
from tests.canaries import EXCHANGE_KEY, EXCHANGE_SECRET, OWNER_TOKEN, PASSPHRASE
from tests.functional.application import application_with
from tests.functional.dashboard import JSON, Dashboard
from tests.functional.iam import Recorder, covers
from tests.functional.stage_on_aws import OnAws, outputs_of, stage_on_aws, typed
from tests.key_function import KeyFunction
from tests.trading_floor import HandClock
from tests.venues import binance
from tests.venues.loopback import json_answer

KEYS = {"api-key": EXCHANGE_KEY, "api-secret": EXCHANGE_SECRET}
TELEGRAM = {"token": f"1:{EXCHANGE_SECRET}", "chat": "42"}
MAIN = "crypto-bot-prod/main"


@dataclass(kw_only=True)
class Stand:
    """Stage prod with its API, the function beside it, and a venue for the canaries' keys."""

    on_aws: OnAws
    recorder: Recorder
    function: KeyFunction
    venue: binance.BinanceVenue
    page: Dashboard
    names: Iterator[int] = field(default_factory=count)

    def kept(self, name: str) -> Any:
        """What is in a secret; None where there is no such secret."""
        manager = self.on_aws.client("secretsmanager")
        with self.recorder.nobody():
            try:
                return json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
            except manager.exceptions.ResourceNotFoundException:
                return None

    def account(self, **changes: Any) -> str:
        """The name of one that nobody has used."""
        name = f"a{next(self.names)}"
        options = {**binance.ccxt_options(self.venue), "rateLimit": 1, "timeout": 2000}
        del options["apiKey"], options["secret"]
        fields = {
            "exchange": "binance",
            "mode": Mode.SANDBOX,
            "quote": "USDT",
            "secret": f"crypto-bot-prod/{name}",
            "exchange_options": options,
            **changes,
        }
        with self.recorder.nobody():
            known = bootstrap.strategies().configuration().version
            accounts = [Account(name=name, **fields)]
            bootstrap.strategies().apply(expected_version=known, accounts=accounts)
        return name

    def shown(self, name: str) -> Any:
        rows = self.page.get("/accounts")["accounts"]
        return next(row["keys"] for row in rows if row["name"] == name)

    def told(self) -> list[str]:
        with self.recorder.nobody():
            return [notice.sentence for notice in notices().recent(50)]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    recorder = Recorder()

    @contextmanager
    def as_itself() -> Iterator[None]:
        caller, recorder.caller = recorder.caller, "tend_keys"
        try:
            yield
        finally:
            recorder.caller = caller

    function = KeyFunction(while_running=as_itself)
    book = binance.standard_book({"BTC/USDT": Decimal(60_000)}, {"USDT": Decimal(10_000)})
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        recorder.listen(patch)
        on_aws = opened.enter_context(stage_on_aws(tmp_path_factory.mktemp("keys"), patch))
        venue = opened.enter_context(binance.BinanceVenue(book))
        opened.enter_context(function.serving(patch))
        on_aws.edit_config(
            KEY_FUNCTIONS="tend_keys", LIVE="yes", TRADE_FLOW_SECRET="crypto-bot-prod/table"
        )
        again = typed("configure", "prod", "--outputs", "-", given=json.dumps(outputs_of("prod")))
        assert again.exit_code == 0, again.output
        bootstrap.use(Choices(settings=stage_settings(Stage.PROD), clock=HandClock()))
        token = AccessToken(name="anna", role=Role.OWNER, hash=hash_token(OWNER_TOKEN))
        access_tokens().change(lambda _: (token,))
        project = str(Path(application.__file__).parent)
        client = opened.enter_context(Client(application.app, project_dir=project))
        headers = {"Authorization": f"Bearer {OWNER_TOKEN}"}
        recorder.caller = "api_handler"
        page = Dashboard(client=client, home=on_aws.project, headers=headers)
        yield Stand(on_aws=on_aws, recorder=recorder, function=function, venue=venue, page=page)
        recorder.caller = ""


def test_keys_are_handed_in_shown_by_name_replaced_and_unlinked(stand: Stand) -> None:
    name, other = stand.account(), stand.account()
    secret, path = f"crypto-bot-prod/{name}", f"/accounts/{name}/keys"
    assert stand.shown(name)["presence"] == "missing"
    dry = stand.page.act(path, keys=KEYS)
    assert (
        dry["would"] == f"would store api-key, api-secret of account {name} as the secret {secret}"
    )
    assert stand.kept(secret) is None
    stand.page.act(path, keys=KEYS, confirm=True)
    assert stand.kept(secret) == KEYS
    assert stand.shown(name) == {
        "presence": "present",
        "fields": ["api-key", "api-secret"],
        "told": "",
    }
    assert stand.shown(other)["presence"] == "missing"
    newer = KEYS | {"passphrase": PASSPHRASE}
    stand.page.act(path, keys=newer, confirm=True)
    assert stand.kept(secret) == newer
    assert stand.page.act(f"{path}/unlink")["would"].startswith("would remove the keys")
    assert stand.kept(secret) == newer
    stand.page.act(f"{path}/unlink", confirm=True)
    assert (stand.kept(secret), stand.shown(name)["presence"]) == ({}, "missing")
    assert stand.page.get("/accounts")["keys_refusal"] == ""


def test_a_parameter_is_as_good_as_a_secret(stand: Stand) -> None:
    name = stand.account(secret="ssm:/crypto-bot-prod/cheap")
    stand.page.act(f"/accounts/{name}/keys", keys=KEYS, confirm=True)
    assert stand.shown(name)["presence"] == "present"
    stand.page.act(f"/accounts/{name}/keys/unlink", confirm=True)
    assert stand.shown(name)["presence"] == "missing"


def test_an_account_is_added_with_keys_that_went_before_it(stand: Stand) -> None:
    stand.page.act("/accounts/new/keys", status=404, keys=KEYS, confirm=True)
    added: dict[str, Any] = {
        "name": "new",
        "exchange": "binance",
        "mode": "sandbox",
        "quote": "USDT",
    }
    early = stand.page.act("/accounts", status=422, **added, confirm=True)
    assert "the secret 'crypto-bot-prod/new'" in early["error"]
    stand.page.act("/accounts/new/keys", keys=KEYS, exchange="binance", confirm=True)
    stand.page.act("/accounts/new/keys", keys=KEYS, exchange="binance", confirm=True)  # once more
    assert stand.kept("crypto-bot-prod/new") == KEYS
    assert stand.page.act("/accounts", **added)["would"].endswith("in mode sandbox would be added")
    stand.page.act("/accounts", **added, confirm=True)
    again = stand.page.act("/accounts", status=409, **added, confirm=True)
    assert "there is an account new already" in again["error"]
    assert stand.shown("new")["presence"] == "present"
    calls = len(stand.function.events)
    paper: dict[str, Any] = {
        "name": "paper",
        "exchange": "virtual",
        "mode": "virtual",
        "quote": "USDT",
    }
    stand.page.act("/accounts", **paper, prices_from="synthetic", confirm=True)
    assert len(stand.function.events) == calls  # which needs no keys
    assert stand.shown("paper")["presence"] == "not needed"


def test_an_account_is_added_with_the_keys_that_are_there_now(stand: Stand) -> None:
    """Another copy of the function may have changed them while this one remembers others."""
    added: dict[str, Any] = {"name": "now", "exchange": "binance", "mode": "sandbox"}
    added["quote"] = "USDT"
    stand.page.act("/accounts/now/keys", keys=KEYS, exchange="binance", confirm=True)
    stand.page.act("/accounts", **added)
    with stand.recorder.nobody():
        manager = stand.on_aws.client("secretsmanager")
        manager.put_secret_value(SecretId="crypto-bot-prod/now", SecretString="{}")
    refused = stand.page.act("/accounts", status=422, **added, confirm=True)
    assert "the secret 'crypto-bot-prod/now' does not have them" in refused["error"]
    with stand.recorder.nobody():
        manager.put_secret_value(SecretId="crypto-bot-prod/now", SecretString='{"url": "of"}')
    refused = stand.page.act(
        "/accounts/now/keys", status=409, keys=KEYS, exchange="binance", confirm=True
    )
    assert "opens something that is no account" in refused["error"]


def test_the_venue_is_asked_with_the_new_keys_what_they_may_do(stand: Stand) -> None:
    name = stand.account()
    stand.page.act(f"/accounts/{name}/keys", keys=KEYS | {"api-key": "wrong"}, confirm=True)
    asked = stand.page.act(f"/accounts/{name}/check")
    assert {one["name"]: one["ok"] for one in asked["checks"]}["balances"] is False
    with stand.recorder.nobody():  # another copy of the function has stored others
        manager = stand.on_aws.client("secretsmanager")
        manager.put_secret_value(SecretId=f"crypto-bot-prod/{name}", SecretString=json.dumps(KEYS))
    asked = stand.page.act(f"/accounts/{name}/check")
    checks = {one["name"]: one for one in asked["checks"]}
    assert (checks["balances"]["ok"], "10000 USDT" in checks["balances"]["detail"]) == (True, True)
    assert "permissions" in checks


def test_keys_of_a_live_account_that_can_withdraw_are_refused(stand: Stand) -> None:
    name = stand.account(mode=Mode.LIVE)
    path, secret = f"/accounts/{name}/keys", f"crypto-bot-prod/{name}"
    stand.venue.may_withdraw = True
    try:
        refused = stand.page.act(path, status=422, keys=KEYS, confirm=True)
    finally:
        stand.venue.may_withdraw = False
    assert refused["error"] == (
        f"account {name}: the keys allow withdrawals; make new ones on binance without that; "
        "nothing was stored"
    )
    assert stand.kept(secret) is None
    [note] = stand.page.act(path, keys=KEYS)["notes"]
    assert note.startswith("they can trade, and neither withdraw nor transfer")
    stand.page.act(path, keys=KEYS, confirm=True)
    assert stand.kept(secret) == KEYS
    [unknown] = stand.page.act(path, keys=KEYS | {"api-key": "odd"})["notes"]
    assert unknown.startswith("what the keys may do is not known")


def test_limits_are_changed_by_who_has_no_right_to_the_keys(stand: Stand) -> None:
    """The policies below would show it; and limits can be changed while the keys are gone."""
    name = stand.account()
    headers = stand.page.headers | JSON | {"If-Match": _version(stand), "Idempotency-Key": name}
    body = {"settings": {"max_drawdown": "0.2"}, "confirm": True}
    answer = stand.page.client.http.post(
        f"/accounts/{name}/limits", headers=headers, body=json.dumps(body).encode()
    )
    assert answer.status_code == 200, answer.body
    with stand.recorder.nobody():
        account = bootstrap.strategies().configuration().accounts[name]
    assert account.max_drawdown == Decimal("0.2")


def _version(stand: Stand) -> str:
    with stand.recorder.nobody():
        return f'"configuration-{bootstrap.strategies().configuration().version}"'


def test_what_opens_a_channel_goes_the_same_way(stand: Stand) -> None:
    phone: dict[str, Any] = {"name": "phone", "kind": "telegram"}
    stand.page.act("/notifications", **phone, fields=TELEGRAM, confirm=True)
    assert stand.kept("crypto-bot-prod/channel-phone") == TELEGRAM
    stand.page.act("/notifications", name="mail", kind="sns", confirm=True)
    found = stand.page.get("/notifications")
    shown = {row["name"]: (row["keys"], row["where"]) for row in found["channels"]}
    assert shown["phone"][0] == {"presence": "present", "fields": ["token", "chat"]}
    assert shown["mail"][1] == "topic crypto-bot-prod-alarms"
    stand.page.act("/notifications/mail/test", confirm=True)
    stand.page.act("/notifications/phone/remove", confirm=True)
    assert stand.kept("crypto-bot-prod/channel-phone") == {}
    stand.page.act("/notifications/mail/remove", confirm=True)


def test_a_deed_is_done_once_kept_told_and_logged_without_a_value(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    """tests/watch.py looks at answers, log lines and rows."""
    caplog.set_level(logging.DEBUG)
    name = stand.account()
    path = f"/accounts/{name}/keys"
    headers = {**stand.page.headers, "Content-Type": "application/json", "Idempotency-Key": path}
    sent = json.dumps({"keys": KEYS, "confirm": True}).encode()
    first = stand.page.client.http.post(path, headers=headers, body=sent)
    calls = len(stand.function.events)
    second = stand.page.client.http.post(path, headers=headers, body=sent)
    assert (first.status_code, second.headers["Idempotency-Replayed"]) == (200, "true")
    assert len(stand.function.events) == calls
    with stand.recorder.nobody():
        [deed] = [one for _, one in deeds().recent(50) if one.about == {"account": name}]
    assert (deed.who, EXCHANGE_SECRET in repr(deed)) == ("anna", False)
    done = f"stored api-key, api-secret of account {name} as the secret crypto-bot-prod/{name}"
    assert f"with the token anna: {done}" in caplog.messages
    [told] = [sentence for sentence in stand.told() if done in sentence]
    assert told.startswith("with the token anna, over the API: stored")


def test_no_act_reaches_what_is_no_accounts(stand: Stand) -> None:
    """Whoever controls the API's function says to this one what he likes."""
    with stand.recorder.nobody():
        manager = stand.on_aws.client("secretsmanager")
        login = json.dumps({"username": "bot", "password": "of the table"})
        for name in ("table", "bus"):
            manager.create_secret(Name=f"crypto-bot-prod/{name}", SecretString=login)
        evil = Channel(name="evil", kind=ChannelKind.TELEGRAM, secret="crypto-bot-prod/table")
        notices().save_notifications(notices().notifications().with_channel(evil))
    name = stand.account(secret="crypto-bot-dev/main")
    channel = {"name": "evil", "kind": "telegram", "fields": TELEGRAM, "dry_run": False}
    keys = {"keys": KEYS, "dry_run": False}
    form = {"exchange": "binance", "mode": "sandbox", "quote": "USDT", "secret": MAIN}
    for act, said, sentence in (
        ("PutKeys", {"account": "table", "exchange": "binance", **keys}, "the table of summaries"),
        ("PutKeys", {"account": "bus", "exchange": "binance", **keys}, "is no account"),
        ("PutKeys", {"account": "a/b", "exchange": "binance", **keys}, "up to 64 letters"),
        ("PutKeys", {"account": name, **keys}, "none of this stage's"),
        ("UnlinkKeys", {"account": name, "dry_run": False}, "none of this stage's"),
        ("UnlinkKeys", {"account": "nobody", "dry_run": False}, "has no keys"),
        ("AddAccount", {"name": "evil", "fields": {**form, 'x"]': "y"}}, "than a form can say"),
        ("AddAccount", {"name": "evil", "fields": {**form, "exchange": "os:path"}}, "than a form"),
        ("AddAccount", {"name": "evil", "fields": {**form, "secret": "crypto-bot-prod/table"}}, ""),
        ("PutChannel", channel, "the table of summaries"),
        ("ReadSecret", {"name": MAIN}, "none of the acts"),
        ("PutKeys", {"account": [EXCHANGE_KEY]}, "none of the acts"),
        ("PutKeys", None, "none of the acts"),
    ):
        refused = stand.function.called({"act": act, "said": said})
        assert sentence in refused["sentence"], (act, refused)
    assert "refused" in stand.function.called([EXCHANGE_KEY])
    for name in ("table", "bus"):
        assert stand.kept(f"crypto-bot-prod/{name}") == json.loads(login)
    with stand.recorder.nobody():
        notices().save_notifications(notices().notifications().without_channel("evil"))


def test_a_function_that_is_away_is_told_and_keeps_nobody_from_looking(stand: Stand) -> None:
    name = stand.account()
    gone = {"x-amzn-errortype": "ResourceNotFoundException"}
    failed = {"x-amz-function-error": "Unhandled"}
    away = [
        json_answer({"Message": "not found"}, status=404, headers=gone),
        json_answer({"errorMessage": EXCHANGE_KEY}, headers=failed),
        json_answer([]),
        json_answer({"told": 7}),
    ]
    for answer in away:
        stand.function.answers = [answer]
        refused = stand.page.act(f"/accounts/{name}/keys", status=503, keys=KEYS)
        assert refused["error"].startswith("the function crypto_bot-prod-tend_keys ")
    stand.function.answers = [away[0]]
    unknown = stand.page.act(f"/accounts/{name}/keys", status=503, keys=KEYS, confirm=True)
    assert unknown["status"] == "unknown"
    stand.function.answers = [away[0]]
    shown = stand.shown(name)
    assert shown["presence"] == "not told"
    assert "ResourceNotFoundException" in shown["told"]
    stand.function.answers = [away[0]]
    stand.page.get("/notifications")


def test_the_policies_grant_all_that_was_asked_for_and_nothing_else(
    stand: Stand, not_run_here: frozenset[str]
) -> None:
    rights, calls = stand.on_aws.granted("tend_keys"), stand.recorder.calls.get("tend_keys", set())
    assert sorted(c for c in calls if not any(covers(r, c) for r in rights)) == []
    excused = {a for right in KEY_RIGHTS["tend_keys"] if right.because for a in right.actions}
    idle = [r for r in rights if r[0] not in excused and not any(covers(r, c) for c in calls)]
    assert not idle or not_run_here
    of_api = stand.on_aws.granted("api_handler")
    calls = stand.recorder.calls.get("api_handler", set())
    assert sorted(c for c in calls if not any(covers(r, c) for r in of_api)) == []
    [invoked] = [resource for action, resource in of_api if action.startswith("lambda:")]
    assert invoked.endswith(":function:crypto_bot-prod-tend_keys")
    assert {action.split(":")[0] for action, _ in of_api} == {"logs", "dynamodb", "lambda"}


@pytest.mark.parametrize("asked", ["", "tend_keys"])
def test_the_application_has_the_function_where_its_stage_asks_for_it(asked: str) -> None:
    assert application_with(KEY_FUNCTIONS=asked).functions == {*functions_of([asked])}
    assert ("tend_keys" in functions_of([asked])) is bool(asked)
    assert "tend_keys" not in RIGHTS
