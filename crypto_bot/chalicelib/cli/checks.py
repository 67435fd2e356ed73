"""What has to be so before anything can be traded, one sentence each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from chalicelib import bootstrap
from chalicelib.cli.output import show_json
from chalicelib.domain.errors import CryptoBotError, ExchangeError, SettingsError
from chalicelib.domain.money import ONE, ZERO, plain
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.ports import Exchange

_CLOCK_TOLERANCE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`ok` None: it cannot be told here."""

    name: str
    ok: bool | None
    detail: str


def show_checks(checks: Sequence[Check], *, as_json: bool) -> None:
    """All of them; exit code 1 if something is wrong."""
    failed = [check for check in checks if check.ok is False]
    if as_json:
        show_json([{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks])
    else:
        for check in checks:
            word = {True: "ok   ", False: "WRONG", None: "-    "}[check.ok]
            click.echo(f"{word} {check.name}: {check.detail}")
        click.echo(f"{len(failed)} of {len(checks)} checks failed." if failed else "All is well.")
    if failed:
        raise SystemExit(1)


def check_account(
    account: Account, configuration: Configuration, *, ask_venue: bool
) -> list[Check]:
    """Mode, weights, exchange and secret; with `ask_venue` also what the exchange answers."""
    checks = [_mode(account), _weights(account, configuration)]
    name = f"account {account.name}: exchange"
    try:
        exchange = bootstrap.trading().exchanges.open(account)
    except CryptoBotError as error:
        return [*checks, Check(name=name, ok=False, detail=str(error))]
    keys = f"keys in secret {account.secret}" if account.secret else "no keys needed"
    checks.append(Check(name=name, ok=True, detail=f"{account.exchange} is known, {keys}"))
    if ask_venue:
        checks += _venue_checks(account, configuration, exchange)
    return checks


def _mode(account: Account) -> Check:
    name = f"account {account.name}: mode"
    try:
        bootstrap.settings().check_accounts([account])
    except SettingsError as error:
        return Check(name=name, ok=False, detail=str(error))
    stage = bootstrap.settings().stage
    return Check(name=name, ok=True, detail=f"{account.mode} is allowed on stage {stage}")


def _weights(account: Account, configuration: Configuration) -> Check:
    name = f"account {account.name}: weights"
    whole = sum((s.weight for s in configuration.subscriptions_of(account.name)), ZERO)
    room = ONE - account.reserve
    return Check(
        name=name,
        ok=whole <= room,
        detail=f"they add up to {plain(whole)}, and 1 - reserve is {plain(room)}",
    )


def _venue_checks(
    account: Account, configuration: Configuration, exchange: Exchange
) -> Iterator[Check]:
    symbols = followed_symbols(account, configuration)
    questions: dict[str, Callable[[], str]] = {
        "instruments": lambda: _instruments(exchange, symbols),
        "prices": lambda: _prices(exchange, symbols),
        "clock": lambda: _clock(exchange, symbols),
        "balances": lambda: _balances(account, exchange),
    }
    for what, ask in questions.items():
        name = f"account {account.name}: {what}"
        try:
            yield Check(name=name, ok=True, detail=ask())
        except (ExchangeError, SettingsError) as error:
            yield Check(name=name, ok=False, detail=str(error))
        except Exception as error:  # noqa: BLE001 - an owner's own class may answer anything
            trouble = f"{account.exchange} raised {type(error).__name__}: {error}"
            yield Check(name=name, ok=False, detail=trouble)


def followed_symbols(account: Account, configuration: Configuration) -> list[str]:
    """What the account trades, sorted; a strategy that does not exist trades nothing."""
    followed = {s.strategy for s in configuration.subscriptions_of(account.name)}
    known = [configuration.strategies[name] for name in followed & set(configuration.strategies)]
    return sorted({symbol for strategy in known for symbol in strategy.symbols()})


def _instruments(exchange: Exchange, symbols: Sequence[str]) -> str:
    found = exchange.instruments(symbols)
    _refuse_missing(symbols, found, "does not list")
    return ", ".join(
        f"{symbol} from {plain(i.minimum_notional)} {i.quote}" for symbol, i in found.items()
    )


def _prices(exchange: Exchange, symbols: Sequence[str]) -> str:
    found = exchange.tickers(symbols)
    _refuse_missing(symbols, found, "has no price of")
    return ", ".join(f"{symbol} {plain(ticker.last)}" for symbol, ticker in found.items())


def _clock(exchange: Exchange, symbols: Sequence[str]) -> str:
    """A price from the future shows a slow clock; a fast one looks like a quiet market."""
    now = bootstrap.clock().now()
    newest = max((ticker.at for ticker in exchange.tickers(symbols).values()), default=now)
    ahead = (newest - now).total_seconds()
    if ahead > _CLOCK_TOLERANCE:
        raise SettingsError(
            f"this machine's clock is {ahead:.0f} s behind the exchange's prices; set it by NTP"
        )
    return "not behind the exchange's"


def _balances(account: Account, exchange: Exchange) -> str:
    found = exchange.balances()
    quote = found.get(account.quote)
    free = "no" if quote is None else plain(quote.free)
    return f"{len(found)} assets, {free} {account.quote} free"


def _refuse_missing(symbols: Sequence[str], found: Mapping[str, object], what: str) -> None:
    missing = [symbol for symbol in symbols if symbol not in found]
    if missing:
        raise SettingsError(f"the exchange {what} {', '.join(missing)}")
