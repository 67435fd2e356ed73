"""Versions of the configuration: what each one changed, and the way back to one of them."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Configuration
from chalicelib.domain.trading.configuration.change import Difference, differences
from chalicelib.domain.trading.configuration.files import ACCOUNT_SETTINGS, Draft
from chalicelib.domain.trading.configuration.toml_source import Source

_UNSHOWN: Final = "(not shown)"
_NOT_SET: Final = frozenset({"-", "[]", "{  }"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationVersion:
    """One change: the records that it wrote, `after` it and as they were `before`.

    `before` and `at` are None, and `by` is '', where it was not kept.
    """

    number: int
    at: datetime | None
    by: str
    before: Configuration | None
    after: Configuration

    def differences(self) -> tuple[Difference, ...]:
        """Field by field, without what opens anything; none where it is not known what was before.

        What is not set in a record that begins is left out.
        """
        if self.before is None:
            return ()
        return tuple(
            [
                _veiled(difference)
                for difference in differences(self.before, self.after)
                if difference.before or difference.after not in _NOT_SET
            ]
            + list(_tokens(self.before, self.after))
        )


def _veiled(difference: Difference) -> Difference:
    """What reaches an exchange's constructor is the owner's own, and may be anything."""
    if not difference.key.endswith(".exchange_options"):
        return difference
    return replace(difference, before=difference.before and _UNSHOWN, after=_UNSHOWN)


def _tokens(before: Configuration, after: Configuration) -> Iterator[Difference]:
    for name, strategy in after.strategies.items():
        known = before.strategies.get(name)
        if known is not None and known.token_hashes != strategy.token_hashes:
            yield Difference(key=f"strategies.{name}.token", before=_UNSHOWN, after="(a new one)")


def back_to(wanted: Configuration, current: Configuration) -> Draft:
    """An earlier configuration, as a file with just this in it would be laid over the current one.

    What is paused now stays so, and what was paused then is paused.
    SettingsError where an account traded elsewhere then.
    """
    name = f"version {wanted.version}"
    for account in wanted.accounts.values():
        known = current.accounts.get(account.name)
        for field in fields(account):
            if known is None or field.name in ACCOUNT_SETTINGS | {"name", "version"}:
                continue
            if getattr(known, field.name) != getattr(account, field.name):
                raise SettingsError(
                    f"{name} has another {field.name} of account {account.name}; that is changed "
                    "with a file only: crypto-bot accounts apply FILE"
                )
    return Draft(
        source=Source(name=name, lines={}, is_file=False),
        strategies=wanted.strategies,
        accounts=wanted.accounts,
        subscriptions=wanted.subscriptions,
        pauses=frozenset((s.account, s.strategy) for s in wanted.subscriptions if s.paused),
    )
