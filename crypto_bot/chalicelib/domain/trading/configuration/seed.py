"""strategy_config.json of the system this one grew from -> strategies with weights."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.configuration import values
from chalicelib.domain.trading.configuration.files import Draft
from chalicelib.domain.trading.configuration.toml_lines import Path
from chalicelib.domain.trading.configuration.toml_source import Source, Table
from chalicelib.domain.trading.strategy import Strategy

_KEYS = frozenset({"exchange_symbol", "base_asset", "percentage"})
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|[{}]|-?\b(?:NaN|Infinity)\b')


def parse_seed(text: str, name: str, account: Account, current: Configuration) -> Draft:
    """One strategy per ticker, named by it in small letters, followed by `account`.

    What is configured already stays: the strategies and subscriptions of the draft include it.
    SettingsError where the percentages leave less than the account's reserve.
    """
    source = Source(name=name, lines=_lines(text, account))
    top = Table(source=source, path=(), values=_read(text, name))
    strategies = dict(current.strategies)
    subscriptions = {s.strategy: s for s in current.subscriptions_of(account.name)}
    weights: list[Decimal] = []
    for ticker in top.values:
        table = top.inside(ticker)
        strategy = _strategy(table, ticker)
        weight = table.need("percentage", values.weight)
        weights.append(weight)
        strategies[strategy.name] = strategy
        subscriptions[strategy.name] = Subscription(
            account=account.name, strategy=strategy.name, weight=weight
        )
    _check_sum(weights, account, name)
    return Draft(
        source=source,
        strategies=strategies,
        accounts={account.name: account},
        subscriptions=tuple(subscriptions.values()),
    )


def _read(text: str, name: str) -> dict[str, object]:
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unique
        )
    except json.JSONDecodeError as error:
        raise SettingsError(f"{name} line {error.lineno}: not valid JSON: {error.msg}") from None
    except _Misplaced as error:
        raise SettingsError(f"{name} line {_line_of_mistake(text)}: {error}") from None
    except (ValueError, InvalidOperation) as error:
        raise SettingsError(f"{name}: {error}") from None
    if not isinstance(document, dict) or not document:
        raise SettingsError(
            f"{name} must be a JSON object of tickers, such as "
            '{"BTCUSD": {"exchange_symbol": "BTC/USD", "base_asset": "BTC", "percentage": 0.2}}'
        )
    return document


class _Misplaced(ValueError):
    """What JSON's reader lets pass and nobody can mean; it does not say where."""


def _refuse(constant: str) -> object:
    raise _Misplaced(f"{constant} is not a number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            raise _Misplaced(f"{key} is there twice; every ticker and field may be there once")
        result[key] = value
    return result


def _lines(text: str, account: Account) -> dict[Path, int]:
    """Lines of the file's keys, and of what they become in the configuration."""
    lines: dict[Path, int] = {}
    for path, line in _tokens(text):
        lines.setdefault(path, line)
        name = path[0].lower() if path else ""
        if len(path) == 1:
            lines.setdefault(("accounts", account.name, "strategies", name), line)
        elif path[1:] == ("exchange_symbol",):
            lines.setdefault(("strategies", name, "instruments", path[0]), line)
    return lines


def _line_of_mistake(text: str) -> int:
    """Where the first key stands for the second time, or a number that is none."""
    seen: set[Path] = set()
    for path, line in _tokens(text):
        if not path or path in seen:
            return line
        seen.add(path)
    return 1


def _tokens(text: str) -> Iterator[tuple[Path, int]]:
    """Every key with its path, and with an empty one every number that is none; and its line."""
    path: Path = ()
    depth = 0
    for token in _TOKEN.finditer(text):
        line = text.count("\n", 0, token.start()) + 1
        if token[2]:
            path = (*path[: depth - 1], token[1])
            yield path, line
        elif token[0] in {"{", "}"}:
            depth += 1 if token[0] == "{" else -1
        elif token[1] is None:
            yield (), line


def _strategy(table: Table, ticker: str) -> Strategy:
    table.refuse_unknown(_KEYS)
    name = ticker.lower()
    if not values.is_ticker(ticker) or not values.is_name(name):
        raise table.source.error(
            table.path, 'is no ticker in capitals as TradingView has it, such as "BTCUSD"'
        )
    symbol = table.need("exchange_symbol", values.symbol)
    base = table.read("base_asset", values.asset, symbol.split("/", maxsplit=1)[0])
    if base != symbol.split("/", maxsplit=1)[0]:
        raise table.source.error(
            (*table.path, "base_asset"),
            f"is {base}, but the base of {symbol} is {symbol.split('/', maxsplit=1)[0]}",
        )
    return Strategy(name=name, instruments={ticker: symbol})


def _check_sum(weights: list[Decimal], account: Account, name: str) -> None:
    with exact_arithmetic():
        whole, room = sum(weights, ZERO), ONE - account.reserve
    if whole > room:
        raise SettingsError(
            f"{name}: the percentages add up to {plain(whole)}, more than 1 - reserve = "
            f"{plain(room)} of account {account.name}; lower one of them or the reserve"
        )
