"""What the tokens of the API hash to, on every table."""

from datetime import UTC, datetime

from chalicelib.adapters.stores.access_tokens import TableAccessTokens
from chalicelib.domain.operation.role import AccessToken, Role
from chalicelib.drivers.table import Row, Table

MADE = datetime(2024, 8, 10, 2, 30, tzinfo=UTC)
ANNA = AccessToken(name="anna", role=Role.VIEWER, hash="a", made_at=MADE)
OWNER = AccessToken(name="owner", role=Role.OWNER, hash="b", made_at=MADE)


def test_before_the_first_there_is_none(table: Table) -> None:
    assert TableAccessTokens(table).tokens() == ()


def test_the_last_word_counts(table: Table) -> None:
    tokens = TableAccessTokens(table)
    tokens.change(lambda _: (ANNA,))
    tokens.change(lambda _: (OWNER, ANNA))
    assert TableAccessTokens(table).tokens() == (OWNER, ANNA)
    tokens.change(lambda _: ())
    assert tokens.tokens() == ()


def test_tokens_of_before_there_were_roles_are_the_owners(table: Table) -> None:
    document = '{"hashes":["new","old"]}'
    table.overwrite([Row(partition="control", sort="owner-tokens", document=document, version=1)])
    tokens = TableAccessTokens(table)
    assert tokens.tokens() == tuple(
        AccessToken(name="owner", role=Role.OWNER, hash=text) for text in ("new", "old")
    )
    tokens.change(lambda stored: (ANNA, *stored))
    assert [token.hash for token in tokens.tokens()] == ["a", "new", "old"]


def test_a_token_that_is_ended_while_another_is_made_stays_ended(table: Table) -> None:
    tokens = TableAccessTokens(table)
    asked: list[tuple[AccessToken, ...]] = []
    tokens.change(lambda _: (ANNA,))

    def with_owner(stored: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        if not asked:  # elsewhere, after this one has read
            TableAccessTokens(table).change(lambda _: ())
        asked.append(stored)
        return (OWNER, *stored)

    tokens.change(with_owner)
    assert tokens.tokens() == (OWNER,)
    assert asked == [(ANNA,), ()]
