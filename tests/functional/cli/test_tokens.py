"""Tokens with a role, made and ended on the command line, as the API of the same home sees them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chalicelib import bootstrap
from chalicelib.bootstrap import Choices
from chalicelib.bootstrap.access import holder_of
from chalicelib.cli.verbs import cli
from chalicelib.domain.operation.role import Holder, Role
from chalicelib.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def typed(home: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [words[0], words[1], "--home", str(home), *words[2:]])


def known(home: Path, token: str) -> Holder | None:
    bootstrap.use(Choices(settings=Settings(), home=home))
    found = holder_of(token)
    bootstrap.reset()
    return found


def made(home: Path, *words: str) -> str:
    result = typed(home, "tokens", "new", *words, "--json")
    assert result.exit_code == 0, result.output
    return str(json.loads(result.stdout)["token"])


def test_a_token_opens_the_api_as_its_role_until_it_is_revoked(home):
    anna = made(home, "anna")
    bert = made(home, "bert", "--role", "owner")
    assert known(home, anna) == Holder(name="anna", role=Role.VIEWER)
    assert known(home, bert) == Holder(name="bert", role=Role.OWNER)
    assert known(home, anna + "x") is None
    listed = typed(home, "tokens", "list").stdout
    assert "anna" in listed
    assert anna not in listed
    rows = json.loads(typed(home, "tokens", "list", "--json").stdout)
    assert [(row["name"], row["role"]) for row in rows] == [("bert", "owner"), ("anna", "viewer")]
    ended = typed(home, "tokens", "revoke", "anna")
    assert ended.stdout == "The tokens of anna have ended.\n"
    assert known(home, anna) is None
    assert known(home, bert) is not None


def test_the_token_before_stays_valid_unless_it_is_revoked(home):
    first, second = made(home, "anna"), made(home, "anna")
    assert known(home, first) == known(home, second) == Holder(name="anna", role=Role.VIEWER)
    third = made(home, "anna", "--revoke")
    assert [known(home, text) is None for text in (first, second, third)] == [True, True, False]
    told = typed(home, "tokens", "new", "anna").stdout
    assert told.startswith("Token of anna (viewer), shown this once: ")
    assert told.endswith("\nThe one before it stays valid.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("revoke", "anna"), "anna has no stored token; tokens have: somebody"),
        (("new", " "), "NAME is ' '; it must be 1 to 60 printable letters"),
        (("new", "x" * 61), f"NAME is '{'x' * 60}'; it must be 1 to 60 printable letters"),
        (("new", "a\x07"), "NAME is 'a\\x07'; it must be 1 to 60 printable letters"),
    ],
)
def test_what_is_wrong_is_said(home, words, sentence):
    made(home, "somebody")
    result = typed(home, "tokens", *words)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_name_has_one_role(home):
    made(home, "anna")
    result = typed(home, "tokens", "new", "anna", "--role", "owner")
    assert "anna has a token with the role viewer; give --revoke to end it" in result.stderr
    token = made(home, "anna", "--role", "owner", "--revoke")
    assert known(home, token) == Holder(name="anna", role=Role.OWNER)
