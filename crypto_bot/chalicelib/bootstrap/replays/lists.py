"""FILE... of a replay -> named lists of trades with their instruments and orders."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.replay.orders import ListedOrder, orders_of
from chalicelib.domain.replay.refusals import TradeListRefused
from chalicelib.domain.replay.trade_list import TradeList, read_trade_list

_SYMBOL: Final = re.compile(r"[A-Z0-9]{1,20}/[A-Z0-9]{1,20}")
_NAME: Final = re.compile(r"[^=/\\]{1,64}")
_LONGEST_PROBLEM: Final = 300  # it may quote any cell
_BETWEEN: Final = re.compile(r"[\s_,.:-]+")


Ask = Callable[[str], str]  # a question -> what was answered


class NamedList(NamedTuple):
    """One strategy's: `orders` are what made TradingView alert."""

    name: str
    symbol: str
    listed: TradeList
    orders: list[ListedOrder]


def read_lists(
    files: Sequence[str],
    symbols: Sequence[str],
    known: Collection[str],
    zone: str,
    ask: Ask | None = None,
) -> tuple[list[NamedList], list[str]]:
    """Those that can be read, and a sentence for each that cannot.

    `ask` is who knows what a list trades that does not say it. SettingsError where nobody does, or
    where no list is left.
    """
    given, told_zone = _given_symbols(symbols), _zone(zone)
    found: list[NamedList] = []
    problems: list[str] = []
    for name, path in _named(files):
        try:
            listed = read_trade_list(_text(path), path.name, told_zone)
            orders = orders_of(listed)
        except TradeListRefused as refusal:
            problems.append(str(refusal)[:_LONGEST_PROBLEM])
            continue
        symbol = given.get(name) or given.get("") or _symbol_of(name, path, known, ask)
        found.append(NamedList(name, symbol, listed, orders))
    if not found:
        raise SettingsError("; ".join(problems))
    unused = given.keys() - {name for name, _ in _named(files)} - {""}
    if unused:
        raise SettingsError(f"--symbol names {min(unused)}, and no file is called so")
    return found, problems


def _named(files: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """NAME=PATH, else a file is called by its name without the ending."""
    seen: set[str] = set()
    for word in files:
        before, equals, after = word.partition("=")
        is_named = equals and _NAME.fullmatch(before) and not Path(word).exists()
        name, path = (before, Path(after)) if is_named else (Path(word).stem, Path(word))
        if name in seen:
            raise SettingsError(f"two files are called {name}: name one, as in other={path}")
        if not 0 < len(name) <= 64 or not name.isprintable():  # noqa: PLR2004 - as of strategies
            raise SettingsError(f"{name!r} is no name of a strategy: name the file, as in a={path}")
        seen.add(name)
        yield name, path


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TradeListRefused(f"{path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TradeListRefused(
            f"{path.name} is not text in UTF-8, as TradingView exports it"
        ) from None


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # where there is no table of time zones, too
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"--timezone is {name!r}; it must be the chart's, such as UTC or America/New_York"
        ) from None


def _given_symbols(words: Sequence[str]) -> dict[str, str]:
    """By name; '' is for all that are not named."""
    found: dict[str, str] = {}
    for word in words:
        name, _, symbol = word.rpartition("=")
        found[name] = _checked(symbol.upper(), "--symbol")
    return found


def _checked(symbol: str, option: str) -> str:
    if not _SYMBOL.fullmatch(symbol):
        raise SettingsError(f"{option} is {symbol!r}; it must be such as BTC/USDT")
    return symbol


def _symbol_of(name: str, path: Path, known: Collection[str], ask: Ask | None) -> str:
    """By the ticker in the file's name where there are candles of just one such; else asked for."""
    parts = {part.upper() for part in _BETWEEN.split(path.stem)}
    fitting = [symbol for symbol in sorted(known) if symbol.replace("/", "") in parts]
    if len(fitting) == 1:
        return fitting[0]
    if ask is not None:
        said = ask(f"{path.name} does not say what it trades; which instrument, such as BTC/USDT")
        return _checked(said.strip().upper(), "the instrument")
    raise SettingsError(
        f"{path.name} does not say what it trades: give --symbol {name}=BTC/USDT, or --symbol"
        " BTC/USDT for all files"
    )
