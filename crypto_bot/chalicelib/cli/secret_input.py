"""Secrets from the keyboard or from standard input, never from the command line."""

import json
from collections.abc import Mapping

import click

from chalicelib.adapters.secrets.fields import text_fields
from chalicelib.domain.errors import SettingsError


def refuse_typed(typed: tuple[str, ...]) -> None:
    """What was typed behind the verb is in the shell's history already."""
    if typed:
        raise SettingsError(
            "keys are not given on the command line, where the shell keeps them; they are asked for"
        )


def hidden(what: str) -> str:
    """What is typed at a prompt that does not show it; '' for nothing."""
    answer: str = click.prompt(what, hide_input=True, default="", show_default=False)
    return answer.strip()


def read_fields(text: str, example: str) -> Mapping[str, str]:
    """What a program or a file hands over: a JSON object, or lines such as `example`=VALUE.

    No error repeats any of it.
    """
    if text.lstrip().startswith("{"):
        try:
            return text_fields(json.loads(text), "standard input")
        except json.JSONDecodeError as error:
            raise SettingsError(
                f"standard input is no JSON, line {error.lineno}, column {error.colno}"
            ) from None
    fields: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        field, separator, value = line.partition("=")
        if line.strip() and not separator:
            raise SettingsError(
                f"line {number} of standard input has no =; it must be a field such as "
                f"{example}=VALUE, or all of it one JSON object"
            )
        if line.strip():
            fields[field.strip()] = value.strip()
    return fields
