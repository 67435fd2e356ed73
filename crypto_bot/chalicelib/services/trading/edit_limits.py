"""The owner edits weights and limits of an account; the whole is checked as a file would be."""

from chalicelib.domain.trading.configuration.edit import Edit, edited
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.apply_configuration import (
    AppliedConfiguration,
    apply_configuration,
)


def edit_limits(
    ports: TradingPorts, edit: Edit, *, live_refusal: str, by: str, dry_run: bool
) -> AppliedConfiguration:
    """All of it is changed or nothing. SettingsError says what would be right.

    StoreConflict where the configuration is another one than the owner has seen.
    """
    return apply_configuration(
        ports,
        edited(ports.strategies.configuration(), edit),
        live_refusal=live_refusal,
        make_token=_no_token,
        dry_run=dry_run,
        by=by,
    )


def _no_token() -> str:
    raise AssertionError("no strategy begins with an account's limits")
