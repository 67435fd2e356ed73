"""The form of answers: entity tags, pages, sentences for what is wrong."""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest

from chalicelib import bootstrap
from chalicelib.api.answers import Refused
from chalicelib.api.asking import AMOUNT, INSTANT
from chalicelib.api.bodies import check_value
from chalicelib.api.bot_words import PARAMETERS
from chalicelib.settings import Settings
from tests.functional.api.floor import Answered, Api

WEIGHTS = {"type": "object", "additionalProperties": AMOUNT}


def test_what_has_not_changed_is_not_sent_again(api):
    first = api.ask("GET", "/overview")
    tag = first.headers["ETag"]
    tags = (tag, f"W/{tag}", f'"other", {tag}')
    known = [api.ask("GET", "/overview", headers={"if-none-match": text}) for text in tags]
    for again in known:
        assert (again.status, again.text, again.headers["ETag"]) == (304, "", tag)
    assert api.ask("GET", "/overview", headers={"if-none-match": '"other"'}).status == 200
    api.done("/halt")
    changed = api.ask("GET", "/overview", headers={"if-none-match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] != tag
    assert {a.headers["Cache-Control"] for a in (first, *known, changed)} == {"no-store"}


def test_an_account_of_the_environment_that_became_live_is_not_unchanged(api: Api) -> None:
    """It has no version: the configuration's is the same before and after."""

    def badge_of(answer: Answered) -> str:
        [badge] = [a["badge"] for a in answer.json["accounts"] if a["name"] == "default"]
        return str(badge)

    chosen = bootstrap.choices()
    play = Settings(exchange_name="binance", sandbox=True)
    bootstrap.use(replace(chosen, settings=play))
    first = api.ask("GET", "/strategies")
    tag = {"if-none-match": first.headers["ETag"]}
    assert badge_of(first) == "SANDBOX"
    assert api.ask("GET", "/strategies", headers=tag).status == 304
    bootstrap.use(replace(chosen, settings=replace(play, sandbox=False, live=True)))
    then = api.ask("GET", "/strategies", headers=tag)
    assert then.status == 200
    assert badge_of(then) == "LIVE"
    assert then.json["version"] == first.json["version"]


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ({"limit": "0"}, "limit", "limit is '0'; it must be a whole number from 1 to 500"),
        ({"limit": "501"}, "limit", "limit is '501'; it must be a whole number from 1 to 500"),
        ({"limit": "ten"}, "limit", "limit is 'ten'; it must be a whole number from 1 to 500"),
        ({"limit": "9" * 900}, "limit", "limit is "),
        ({"status": "DONE"}, "status", "status is 'DONE'; it must be RECEIVED or PLANNED or "),
        ({"since": "noon"}, "since", "since is 'noon'; it must be a time with its zone, such as"),
        ({"since": "2024-01-01T00:00:00"}, "since", "since is '2024-01-01T00:00:00'; it must be"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since", "since is '0001-01-01T00:00:00+14:00'"),
        ({"cursor": "%%"}, "cursor", "cursor is not one that this API gave; send the text of"),
        ({"cursor": "_w"}, "cursor", "cursor is not one that this API gave; send the text of"),
        ({"stratgy": "x"}, "stratgy", "there is no parameter 'stratgy' here; known are cursor, "),
        ({"text": "x" * 3000}, "text", "text has 3000 characters; at most 2000"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field, sentence):
    answer = api.ask("GET", "/signals", query=query)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert answer.json["error"].startswith(sentence)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "the body cannot be read; it must be a JSON object in UTF-8"),
        ("[" * 100_000, "the body cannot be read; it must be a JSON object in UTF-8"),
        ('{"reason": NaN}', "the body cannot be read; it must be a JSON object in UTF-8"),
        ('{"reason": "\\ud800"}', "the body cannot be read; it must be a JSON object in UTF-8"),
        ('{"\\udfff": 1}', "the body cannot be read; it must be a JSON object in UTF-8"),
        ("[]", 'the body is no JSON object; it must be one, such as {"confirm": true}'),
        ({"reson": "x"}, "there is no field 'reson' here; known are confirm, flatten, reason"),
        ({"flatten": "yes"}, 'flatten is "yes"; it must be true or false'),
        ({"flatten": 1}, "flatten is 1; it must be true or false"),
        ({"confirm": "true"}, 'confirm is "true"; it must be true or false'),
        ({"reason": 5}, "reason is 5; it must be a text"),
        ({"reason": "x" * 201}, "reason has 201 characters; it must have 0 to 200"),
    ],
)
def test_a_wrong_body_is_named_and_changes_nothing(api, body, sentence):
    answer = api.ask("POST", "/halt", body=body, headers={"idempotency-key": "one"})
    assert (answer.status, answer.json["error"]) == (400, sentence)
    assert bootstrap.trading().control.last_halt() is None


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_an_account_without_a_name_is_not_all_of_them(api: Api, act: str) -> None:
    pause = "/strategies/{strategy}/pause"
    if act == "resume":
        api.done(pause, strategy="btc")
    before = bootstrap.strategies().configuration()
    answer = api.act(pause.replace("pause", act), {"account": ""}, strategy="btc")
    assert (answer.status, answer.json["field"]) == (400, "account")
    assert answer.json["error"] == "account has 0 characters; it must have 1 to 64"
    assert bootstrap.strategies().configuration() == before


def test_what_is_missing_is_named(api):
    answer = api.act("/orders/cancel")
    assert answer.json == {
        "status": "refused",
        "error": "order_id is missing; send it in the JSON body",
        "field": "order_id",
    }
    answer = api.ask("POST", "/test-signal", body={"strategy": "btc", "market_position": "up"})
    assert answer.json["error"] == 'market_position is "up"; it must be long or flat'


@pytest.mark.parametrize("key", ["x" * 201, "a\nb"])
def test_an_odd_key_is_refused(api, key):
    answer = api.ask("POST", "/halt", body={"confirm": True}, headers={"idempotency-key": key})
    assert (answer.status, answer.json["field"]) == (400, "Idempotency-Key")


def test_the_body_of_another_type_is_refused(api):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = api.ask("POST", "/halt", body="confirm=true", headers=headers)
    assert answer.status == 415
    assert bootstrap.trading().control.last_halt() is None


def test_a_parameter_is_sent_once(api: Api) -> None:
    import app as application

    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/signals", "identity": {}},
        "headers": {"authorization": f"Bearer {api.token}"},
        "pathParameters": None,
        "multiValueQueryStringParameters": {"limit": ["1", "2"]},
        "stageVariables": None,
        "body": None,
    }
    answer = application.app(event, None)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"] == "limit was sent 2 times; send it once"


@pytest.mark.parametrize("number", ["1e999", "-1e999", '{"a": [1e999]}'])
def test_a_number_beyond_all_numbers_is_refused(api: Api, number: str) -> None:
    headers = {"if-match": api.ask("GET", "/strategies").headers["ETag"]}
    body = f'{{"settings": {{"max_drawdown": {number}}}}}'
    limits = "/accounts/{account}/limits"
    answer = api.ask("POST", limits, body=body, headers=headers, account="paper")
    assert answer.status == 400
    assert answer.json["error"] == "the body cannot be read; it must be a JSON object in UTF-8"


def test_a_cursor_longer_than_any_place_is_refused(api: Api) -> None:
    cursor = urlsafe_b64encode(b"z" * 1_400).decode().rstrip("=")
    for route in ("/orders", "/signals", "/audit"):
        answer = api.ask("GET", route, query={"cursor": cursor})
        assert (answer.status, answer.json["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        (INSTANT, "yesterday", "x is 'yesterday'; it must be a time with its zone, such as "),
        (INSTANT, "", "x is ''; it must be a time with its zone, such as 2024-08-10T02:30:00Z"),
        (PARAMETERS, {"a": 1.5, "b": True}, "x.b is true; it must be a number"),
        (PARAMETERS, {"a": "1"}, 'x.a is "1"; it must be a number'),
        (WEIGHTS, {"a": {"x": 1}}, 'x.a is {"x": 1}; it must be a text'),
        (WEIGHTS, {"a": "much"}, 'x.a is "much", and that is wrong: A number as text, '),
    ],
)
def test_a_field_is_as_its_schema_says(schema, value, sentence):
    with pytest.raises(Refused, match="^" + re.escape(sentence)):
        check_value("x", value, schema)


def test_fields_as_their_schemas_say_are_taken():
    check_value("x", "2024-08-10T02:30:00Z", INSTANT)
    check_value("x", {"a": -1.5, "b": -3, "c": 10**12}, PARAMETERS)
    check_value("x", {"a": "0.5"}, WEIGHTS)
