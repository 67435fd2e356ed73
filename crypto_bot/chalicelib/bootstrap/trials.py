"""What was asked of a trial -> the bot set up, its candles' venue, terms, and what came of it.

Whoever asks, the command line or a page, asks in the same words: those of the options.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from chalicelib import bootstrap
from chalicelib.domain.errors import ActionRefused, SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.money import ONE, ZERO, parse_amount

if TYPE_CHECKING:
    from chalicelib.domain.bots.backtest import Terms
    from chalicelib.domain.bots.backtest_report import BacktestReport
    from chalicelib.domain.bots.bot import Bot
    from chalicelib.domain.bots.setup import Setup
    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.domain.trading.instrument import Instrument
    from chalicelib.market_ports.candles import CandleLake
    from chalicelib.services.bots.backtest_bot import CandlesMissing, Rehearse
    from chalicelib.services.bots.check_on_lake import CheckedOn
    from chalicelib.services.bots.find_bot import FoundBot

_MOST_SLIPPAGE: Final = Decimal(10_000)
_FILTERS: Final = ("step", "tick", "minimum")


def setup_of(
    kind: "type[Bot]", words: Mapping[str, Any], parameters: Mapping[str, object]
) -> "Setup":
    """Of this bot, for the instruments that were named; SettingsError where it cannot be one."""
    from chalicelib.domain.bots.bot import set_up
    from chalicelib.domain.bots.refusals import BotRefused

    try:
        setups = set_up(
            kind,
            instruments=words["instruments"],
            interval=words["interval"] or "",
            parameters=parameters,
        )
    except BotRefused as error:
        raise SettingsError(str(error)) from None
    if len(setups) > 1:
        symbols = [setup.instruments[0] for setup in setups]
        raise SettingsError(
            f"{kind.__name__} is a bot for each of {', '.join(symbols)}: say which, such as"
            f" --instrument {symbols[0]}"
        )
    return setups[0]


def venue_of(lake: "CandleLake", setup: "Setup", named: str | None) -> str:
    """The one that has candles of the bot's instruments; SettingsError where there are several."""
    from chalicelib.bootstrap.candles import candle_settings
    from chalicelib.domain.market.candle_series import candle_series
    from chalicelib.services.bots.backtest_bot import venues_with

    found = [named] if named else venues_with(lake, setup)
    if len(found) > 1:
        raise SettingsError(
            f"there are candles of {', '.join(found)}: say which, such as --venue {found[0]}"
        )
    venue = found[0] if found else candle_settings().venue
    try:
        for symbol in setup.instruments:
            candle_series(venue, symbol, setup.interval)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return venue


def download_line(series: "CandleSeries", since: datetime | None) -> str:
    """What to type to have candles that are not there."""
    words = f"crypto-bot candles download {series.venue} {series.symbol}"
    words += f" --interval {series.interval}"
    return words if since is None else f"{words} --since {since:%Y-%m-%dT%H:%M}"


def span_of(words: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Since when, and until when; None where that was left open."""
    since, until = (
        None if words[name] is None else read_instant(f"--{name}", words[name])
        for name in ("since", "until")
    )
    if since is not None and until is not None and until <= since:
        raise SettingsError(
            f"--until is {words['until']}; it must be after --since, which is {words['since']}"
        )
    return since, until


def no_candles(
    missing: "CandlesMissing", lake: "CandleLake", since: datetime | None, until: datetime | None
) -> SettingsError:
    """With the range of those that the lake has: to go by them may be all that is needed."""
    series = missing.series
    first, last = lake.first(series), lake.last(series)
    begins = "" if since is None else f" from {since:%Y-%m-%d %H:%M} on"
    if first is None or last is None:
        fetch = download_line(series, since)
        return SettingsError(f"{missing}{begins}; to fetch them: {fetch}")
    ends = "" if until is None else f" before {until:%Y-%m-%d %H:%M}"
    told = (
        f"{missing}{begins}{' and' if begins and ends else ''}{ends}; those that it has are from"
        f" {first.start:%Y-%m-%d %H:%M} to {last.start:%Y-%m-%d %H:%M}"
    )
    if since is not None and since < bootstrap.clock().now():  # a download goes from there to now
        told += f"; to fetch more: {download_line(series, since)}"
    return SettingsError(told)


def backtested(
    setup: "Setup",
    words: Mapping[str, Any],
    moved: Callable[[int, int], None] | None = None,
    rehearse: "Rehearse | None" = None,
) -> "BacktestReport":
    """By what was asked of a trial. For the last two see `backtest_bot`."""
    from chalicelib.bootstrap.bots import findings
    from chalicelib.bootstrap.candles import candle_lake
    from chalicelib.services.bots.backtest_bot import CandlesMissing, Past, backtest_bot

    since, until = span_of(words)
    lake = candle_lake()
    venue = venue_of(lake, setup, words["venue"])
    terms = terms_of(setup, venue, words)
    try:
        with findings() as known:
            return backtest_bot(
                setup,
                terms,
                Past(lake, known),
                venue=venue,
                since=since,
                until=until or bootstrap.clock().now(),
                moved=moved,
                rehearse=rehearse,
            )
    except CandlesMissing as error:
        raise no_candles(error, lake, since, until) from None


def told_of_check(found: "FoundBot", checked: "CheckedOn") -> list[str]:
    """What it came to, a sentence a line. ActionRefused where there was nothing to check it on."""
    check = checked.check
    if check is None:
        raise ActionRefused(
            f"there are no candles to check {found.title} on; to fetch some: crypto-bot candles"
            f" download VENUE {checked.setup.instruments[0]}"
        )
    told = [f"Not seen: {sentence}" for sentence in check.unchecked]
    told += [f"Wrong: {finding.text}" for finding in check.findings]
    if not check.findings:
        told.append(
            f"{found.title} does the same however it is run, on {check.candles} candles of"
            f" {checked.venue}, with {check.orders} orders."
        )
    return told


def terms_of(setup: "Setup", venue: str, words: Mapping[str, Any]) -> "Terms":
    """What an option says goes before what the venue says; SettingsError for what cannot be."""
    from chalicelib.domain.bots.backtest import Terms
    from chalicelib.domain.bots.deployment import USUAL_CASH
    from chalicelib.domain.bots.fill_model import Costs
    from chalicelib.domain.bots.usual_terms import usual_instruments

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


def amount(option: str, text: str) -> Decimal:
    """What an option says; SettingsError names it."""
    try:
        return parse_amount(text)
    except ValueError as error:
        raise SettingsError(f"{option}: {error}") from None


def _told(setup: "Setup", venue: str) -> "Mapping[str, Instrument]":
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
    from chalicelib.domain.bots.usual_terms import USUAL_FEE

    if said is None:
        return max(found.taker_fee for found in instruments.values()) or USUAL_FEE
    fee = amount("--fee", said)
    if not 0 <= fee < ONE:
        raise SettingsError(f"--fee is {fee}; it must be a fraction such as 0.001, which is 0.1 %")
    return fee
