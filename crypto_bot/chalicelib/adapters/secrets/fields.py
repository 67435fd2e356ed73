"""JSON of one secret -> its fields, all text."""

from collections.abc import Mapping

from chalicelib.domain.errors import SettingsError

EXAMPLE = '{"api-key": "...", "api-secret": "..."}'


def text_fields(value: object, where: str) -> Mapping[str, str]:
    """SettingsError begins with `where` and names the field, never its value."""
    if not isinstance(value, dict):
        raise SettingsError(f"{where} must be a JSON object like {EXAMPLE}")
    for field, text in value.items():
        if not isinstance(text, str):
            raise SettingsError(f"{where} has {field!r} as {type(text).__name__}; it must be text")
    return value
