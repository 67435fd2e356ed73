"""What the owner hears of keys that were changed over the API: the whole notice."""

from datetime import UTC, datetime

from chalicelib.domain.operation.key_notices import keys_changed
from chalicelib.domain.operation.notice import Notice, Severity

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)


def test_changed_keys_are_told_with_what_to_do_if_it_was_somebody_else() -> None:
    done = "removed the keys of account main, the secret main"
    assert keys_changed(done, "phone", NOON) == Notice(
        key=f"keys 2024-08-09T12:00:00+00:00 {done}",
        severity=Severity.P1,
        sentence=(
            f"with the token phone, over the API: {done}. If that was not you, make a new token"
            " (crypto-bot owner-token, or tokens), and new keys at the exchange"
        ),
        at=NOON,
    )
