"""What was typed of account and venue -> the terms of a backtest."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chalicelib.cli.deployments import amount
from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.deployment import USUAL_CASH
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.usual_terms import USUAL_FEE, usual_instruments
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ONE, ZERO

if TYPE_CHECKING:
    from chalicelib.domain.trading.instrument import Instrument

_MOST_SLIPPAGE: Final = Decimal(10_000)
_FILTERS: Final = ("step", "tick", "minimum")


def terms_of(setup: Setup, venue: str, words: Mapping[str, Any]) -> Terms:
    """What an option says goes before what the venue says; SettingsError for what cannot be."""
    given = {name: amount(f"--{name}", words[name]) for name in _FILTERS if words[name]}
    for name, value in given.items():
        if value < 0 or (name != "minimum" and not value):
            raise SettingsError(f"--{name} is {value}; it must be above zero")
    known = _told(setup, venue) if words["ask_venue"] else usual_instruments(setup.instruments)
    instruments = {
        symbol: replace(
            found,
            quantity_step=given.get("step", found.quantity_step),
            price_tick=given.get("tick", found.price_tick),
            minimum_notional=given.get("minimum", found.minimum_notional),
        )
        for symbol, found in known.items()
    }
    fee = _fee(words["fee"], instruments)
    slippage = ZERO if words["slippage"] is None else amount("--slippage", words["slippage"])
    if not 0 <= slippage < _MOST_SLIPPAGE:
        raise SettingsError(f"--slippage is {slippage}; it must be from 0 to below 10000")
    cash = USUAL_CASH if words["cash"] is None else amount("--cash", words["cash"])
    if cash <= 0:
        raise SettingsError(f"--cash is {cash}; it must be above zero")
    return Terms(instruments, cash, Costs(fee, fee, slippage))


def _told(setup: Setup, venue: str) -> "Mapping[str, Instrument]":
    from chalicelib.bootstrap.candles import public_markets

    with closing(public_markets(venue)) as markets:
        found = markets.instruments(setup.instruments)
        unusable = markets.unusable()
    for symbol in setup.instruments:
        if symbol not in found:
            raise SettingsError(f"{venue} has no {symbol}: {unusable.get(symbol, 'not listed')}")
    return found


def _fee(said: str | None, instruments: "Mapping[str, Instrument]") -> Decimal:
    """The highest of the venue's where it says one."""
    if said is None:
        return max(found.taker_fee for found in instruments.values()) or USUAL_FEE
    fee = amount("--fee", said)
    if not 0 <= fee < ONE:
        raise SettingsError(f"--fee is {fee}; it must be a fraction such as 0.001, which is 0.1 %")
    return fee
