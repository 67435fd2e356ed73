"""Versions of a bot's source: what is replaced, what stays, and what cannot be stored."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.version import (
    LONGEST_SOURCE,
    MOST_VERSIONS,
    StoredBot,
    VersionNote,
    VersionNumber,
    check_name,
    number_named,
    with_source,
    with_use,
)
from chalicelib.domain.errors import ActionRefused

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def numbers(bot: StoredBot) -> list[str]:
    return [str(note.number) for note in bot.versions]


def saved(*sources: str, major: str = "") -> StoredBot:
    """One after the other, each used before the next comes."""
    bot = StoredBot(name="mine")
    for source in sources:
        bot = with_source(bot, source, AT, is_major=source == major)
        bot = with_use(bot, bot.newest.number, AT)
    return bot


def test_the_first_is_1_0_and_is_replaced_until_it_was_run() -> None:
    first = with_source(StoredBot(name="mine"), "a", AT)
    assert numbers(first) == ["1.0"]
    second = with_source(first, "b", LATER)
    assert numbers(second) == ["1.0"]
    assert second.newest.saved_at == LATER
    assert second.newest.digest != first.newest.digest


def test_what_was_run_stays_and_the_next_is_a_minor_one() -> None:
    assert numbers(saved("a", "b", "c")) == ["1.0", "1.1", "1.2"]
    bot = with_source(saved("a"), "b", LATER)
    assert [note.used_at for note in bot.versions] == [AT, None]
    assert numbers(with_source(bot, "c", LATER)) == ["1.0", "1.1"]


def test_a_major_one_is_asked_for_and_leaves_what_was_never_run() -> None:
    bot = saved("a", "b", "c", major="b")
    assert numbers(bot) == ["1.0", "2.0", "2.1"]
    unused = with_source(StoredBot(name="mine"), "a", AT)
    assert numbers(with_source(unused, "a", AT, is_major=True)) == ["1.0", "2.0"]


def test_the_same_source_once_more_changes_nothing() -> None:
    bot = saved("a", "b")
    assert with_source(bot, "b", LATER) is bot
    assert numbers(with_source(bot, "a", LATER)) == ["1.0", "1.1", "1.2"]


def test_the_first_use_counts() -> None:
    bot = saved("a")
    assert with_use(bot, VersionNumber(1, 0), LATER) is bot
    assert bot.newest.used_at == AT


def test_a_use_counts_for_the_version_that_was_run() -> None:
    first = with_source(StoredBot(name="mine"), "a", AT)
    both = with_source(first, "b", AT, is_major=True)
    used = with_use(both, VersionNumber(1, 0), LATER)
    assert [(str(note.number), note.used_at) for note in used.versions] == [
        ("1.0", LATER),
        ("2.0", None),
    ]


def test_a_version_is_found_by_its_number() -> None:
    bot = saved("a", "b")
    assert bot.note(None) is bot.newest
    assert bot.note(VersionNumber(1, 0)) is bot.versions[0]
    with pytest.raises(ActionRefused, match=r"^mine has no version 3\.0; it has 1\.0, 1\.1$"):
        bot.note(VersionNumber(3, 0))


def test_what_is_too_long_is_not_stored() -> None:
    bot = StoredBot(name="mine")
    assert with_source(bot, "x" * LONGEST_SOURCE, AT).versions
    with pytest.raises(BotRefused, match="mine has 200002 bytes of source; at most 200000"):
        with_source(bot, "x" * LONGEST_SOURCE + "ä", AT)


def test_there_are_only_so_many_versions() -> None:
    notes = [
        VersionNote(number=VersionNumber(1, n), digest="", saved_at=AT, used_at=AT)
        for n in range(MOST_VERSIONS)
    ]
    fewer = StoredBot(name="mine", versions=tuple(notes[1:]))
    assert len(with_source(fewer, "a", AT).versions) == MOST_VERSIONS
    with pytest.raises(BotRefused, match="mine has 1000 versions, and no more are kept"):
        with_source(StoredBot(name="mine", versions=tuple(notes)), "a", AT)


@pytest.mark.parametrize("name", ["", "a b", ".a", "-a", "a/b", "a" * 41, "ä", "a\n"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(BotRefused, match="is not possible; it must have up to 40 letters"):
        check_name(name)
    with pytest.raises(BotRefused):
        with_source(StoredBot(name=name), "a", AT)


def test_what_can_be_a_name() -> None:
    for name in ("a", "A1._-", "a" * 40):
        check_name(name)


def test_a_number_is_read_as_it_is_printed() -> None:
    assert number_named("12.340") == VersionNumber(12, 340)
    for text in ("1", "1.", ".1", "v1.0", "1.0.0", "1.0 ", "-1.0"):
        with pytest.raises(BotRefused, match=r"the version is .*; it must be such as"):
            number_named(text)
