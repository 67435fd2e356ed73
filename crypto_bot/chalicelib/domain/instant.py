"""A point in time, as people write it into options and settings."""

from datetime import UTC, datetime

from chalicelib.domain.errors import SettingsError


def read_instant(
    name: str, text: str, example: str = "2024-01-01 or 2024-01-01T12:00Z"
) -> datetime:
    """ISO 8601, in UTC; without a zone it is UTC. SettingsError names the setting."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}; it must be a time such as {example}") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
