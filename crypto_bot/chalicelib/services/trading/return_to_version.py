"""The owner goes back to an earlier configuration: as a new version, checked as a file would be."""

from dataclasses import replace
from typing import Final

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.configuration.versions import back_to
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.apply_configuration import (
    AppliedConfiguration,
    apply_configuration,
)

# Each version in between is read, on AWS within the time of one answer.
FARTHEST: Final = 500


def return_to_version(
    ports: TradingPorts,
    number: int,
    *,
    based_on: int,
    live_refusal: str,
    by: str,
    dry_run: bool,
) -> AppliedConfiguration:
    """All of it or nothing. Strategies and accounts that came later stay, as do all tokens.

    ActionRefused where that version is not known any more, StoreConflict where the configuration
    is another one than `based_on`, SettingsError where what was then cannot be now.
    """
    current = ports.strategies.configuration()
    if current.version - number > FARTHEST:
        raise ActionRefused(
            f"version {number} lies {current.version - number} versions back; one can go back "
            f"{FARTHEST} at most"
        )
    wanted = ports.strategies.configuration_of(number)
    if wanted is None:
        raise ActionRefused(
            f"how version {number} was is not known: one since then was made by an earlier "
            "program, which did not keep what it changed"
        )
    return apply_configuration(
        ports,
        replace(back_to(wanted, current), based_on=based_on),
        live_refusal=live_refusal,
        make_token=_no_token,
        dry_run=dry_run,
        by=by,
    )


def _no_token() -> str:
    raise AssertionError("no strategy begins by going back: none ever ends")
