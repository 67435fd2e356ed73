"""What a form says of a new account -> the configuration, by the way that a file takes."""

import json
from collections.abc import Mapping

from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.configuration.files import parse_accounts
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.apply_configuration import (
    AppliedConfiguration,
    apply_configuration,
)

_SOURCE = "the form,"


def add_account(
    ports: TradingPorts,
    name: str,
    fields: Mapping[str, str],
    *,
    live_refusal: str,
    dry_run: bool,
    by: str = "",
) -> AppliedConfiguration:
    """With nothing that it follows yet. SettingsError where a file with it would be refused."""
    if name in ports.strategies.configuration().accounts:
        raise ActionRefused(
            f"there is an account {name} already; crypto-bot accounts apply FILE changes it"
        )
    lines = [f"[accounts.{_text(name)}]", *(f"{key} = {_text(fields[key])}" for key in fields)]
    return apply_configuration(
        ports,
        parse_accounts("\n".join(lines), _SOURCE),
        live_refusal=live_refusal,
        make_token=_no_token,
        dry_run=dry_run,
        by=by,
    )


def _text(value: str) -> str:
    """As TOML writes text, which is as JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _no_token() -> str:
    """Only strategies have one, and there are none of them in the form."""
    return ""
