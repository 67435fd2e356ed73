"""Who may do what over the API, and which token speaks for whom."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.operation.deed import Deed, deed_id
from chalicelib.domain.operation.role import (
    AccessToken,
    Holder,
    Role,
    holder_of_hash,
    with_new_token,
)

AT = datetime(2024, 8, 10, 2, 30, tzinfo=UTC)


def token(name: str, text: str, role: Role = Role.VIEWER) -> AccessToken:
    return AccessToken(name=name, role=role, hash=text)


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        (Role.OWNER, Role.OWNER, True),
        (Role.OWNER, Role.VIEWER, True),
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OWNER, False),
    ],
)
def test_an_owner_may_what_a_viewer_may_and_more(role, needed, may):
    assert role.may(needed) is may


def test_a_hash_tells_the_holder():
    stored = [token("anna", "a"), token("owner", "b", Role.OWNER)]
    assert holder_of_hash("a", stored) == Holder(name="anna", role=Role.VIEWER)
    assert holder_of_hash("b", stored) == Holder(name="owner", role=Role.OWNER)
    for nobody in ("", "c", "\ud800", "ab"):
        assert holder_of_hash(nobody, stored) is None
    assert holder_of_hash("a", []) is None


def test_a_new_token_leaves_one_earlier_of_its_name():
    first, second, third = token("anna", "1"), token("anna", "2"), token("anna", "3")
    other = token("owner", "9", Role.OWNER)
    stored = with_new_token((other,), first, revoke=False)
    assert stored == (first, other)
    stored = with_new_token(stored, second, revoke=False)
    assert stored == (second, first, other)
    assert with_new_token(stored, third, revoke=False) == (third, second, other)
    assert with_new_token(stored, third, revoke=True) == (third, other)


def test_a_deed_is_over_once_it_was_answered():
    begun = Deed(
        id="1",
        at=AT,
        who="owner",
        role=Role.OWNER,
        act="POST /halt",
        about={},
        said="{}",
        digest="d",
    )
    assert not begun.is_over
    ended = begun.ended(409, "no", "{}", AT)
    assert ended.is_over
    assert (ended.status, ended.outcome, ended.answer, ended.ended_at) == (409, "no", "{}", AT)
    assert not begun.ended(500, "trouble", "", AT).is_over


def test_a_key_is_its_holders():
    anna, bert = (Holder(name=name, role=Role.OWNER) for name in ("anna", "bert"))
    assert deed_id(anna, "1") == deed_id(Holder(name="anna", role=Role.VIEWER), "1")
    assert len(deed_id(anna, "1")) == 32
    ids = {deed_id(anna, "1"), deed_id(anna, "2"), deed_id(bert, "1"), deed_id(anna, "\ud800")}
    assert len(ids) == 4
    runs_over = Holder(name="a", role=Role.OWNER), Holder(name="ab", role=Role.OWNER)
    assert deed_id(runs_over[0], "bc") != deed_id(runs_over[1], "c")
