"""What the owner's tokens hash to, on every table."""

from chalicelib.adapters.stores.owner_tokens import TableOwnerTokens
from chalicelib.drivers.table import Table


def test_before_the_first_there_is_none(table: Table) -> None:
    assert TableOwnerTokens(table).hashes() == ()


def test_the_last_word_counts(table: Table) -> None:
    tokens = TableOwnerTokens(table)
    tokens.save(("a",))
    tokens.save(("b", "a"))
    assert TableOwnerTokens(table).hashes() == ("b", "a")
    tokens.save(())
    assert tokens.hashes() == ()
