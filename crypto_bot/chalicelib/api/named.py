"""What a path or a header names of the configuration, as it must be; Refused otherwise."""

from typing import TYPE_CHECKING, Final

from chalicelib.api.answers import Refused

if TYPE_CHECKING:
    from chalicelib.api.asking import Asked
    from chalicelib.domain.trading.account import Account

SEEN: Final = {
    "required": True,
    "description": "The ETag of GET /strategies: 409 where the configuration has changed since.",
}
CONFIGURATION_TAG: Final = "configuration-"
_LONGEST: Final = 12


def known_strategy(name: str) -> None:
    """404 for one that there is not."""
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.names import suggestion

    known = bootstrap.strategies().configuration().strategies
    if name not in known:
        sentence = f"there is no strategy {name}; {suggestion(name, known)}"
        raise Refused(404, sentence, field="strategy")


def known_account(name: str) -> "Account":
    """404 for one that there is not."""
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.names import suggestion

    known = bootstrap.strategies().configuration().accounts
    if name not in known:
        raise Refused(
            404, f"there is no account {name}; {suggestion(name, known)}", field="account"
        )
    return known[name]


def version_number(text: str) -> int | None:
    """A version of the configuration as it is written; None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _LONGEST else None


def seen_version(asked: "Asked") -> int:
    """Of the configuration that whoever changes it has seen, by If-Match; 428 without."""
    seen = version_number(asked.if_match().removeprefix(CONFIGURATION_TAG).partition("-")[0])
    if seen is None:
        raise Refused(
            428,
            "send the header If-Match with the ETag of GET /strategies, so that nobody else's "
            "change is lost",
            field="If-Match",
        )
    return seen
