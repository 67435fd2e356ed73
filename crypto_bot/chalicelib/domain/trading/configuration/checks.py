"""What has to hold for strategies, accounts and subscriptions together."""

from collections.abc import Iterator

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import Account, Configuration, Mode, Subscription
from chalicelib.domain.trading.configuration.names import suggestion
from chalicelib.domain.trading.configuration.toml_lines import Path
from chalicelib.domain.trading.configuration.toml_source import Source
from chalicelib.domain.trading.strategy import Strategy

# What ccxt takes as a credential; every record of the configuration is stored and shown as it is.
_CREDENTIALS = ("apiKey", "secret", "password", "privateKey", "token", "twofa")

# Where a contradiction can be mended, the likeliest place first, and the sentence about it.
Finding = tuple[tuple[Path, ...], str]


def check_configuration(configuration: Configuration, source: Source, live_refusal: str) -> None:
    """SettingsError for the first contradiction, with the line of `source` that takes part in it.

    `live_refusal` says why nothing may trade live here; '' where it may.
    """
    for paths, message in _findings(configuration, live_refusal):
        stated = next((path for path in paths if source.has(path)), None)
        if stated is not None:
            raise SettingsError(f"{source.place(stated)}: {message}")
        raise SettingsError(f"{source.name}: {message}")


def _findings(configuration: Configuration, live_refusal: str) -> Iterator[Finding]:
    for account in configuration.accounts.values():
        yield from _account_findings(account, configuration, live_refusal)
        for subscription in configuration.subscriptions_of(account.name):
            yield from _subscription_findings(subscription, account, configuration)


def _account_findings(
    account: Account, configuration: Configuration, live_refusal: str
) -> Iterator[Finding]:
    path = ("accounts", account.name)
    if account.mode is Mode.LIVE and live_refusal:
        yield ((*path, "mode"), path), f"accounts.{account.name}.mode is live, and {live_refusal}"
    if (account.exchange == "virtual") is not (account.mode is Mode.VIRTUAL):
        yield (
            ((*path, "exchange"), (*path, "mode")),
            f"accounts.{account.name} has exchange {account.exchange} in mode {account.mode}; "
            'exchange = "virtual" and mode = "virtual" only go together, and prices_from names the '
            "exchange whose prices a virtual account takes",
        )
    yield from _credential_findings(account, path)
    subscriptions = configuration.subscriptions_of(account.name)
    with exact_arithmetic():
        whole = sum((subscription.weight for subscription in subscriptions), ZERO)
        room = ONE - account.reserve
    if whole > room:
        parts = " + ".join(plain(subscription.weight) for subscription in subscriptions)
        yield (
            ((*path, "strategies"), path),
            f"accounts.{account.name} has weights {parts} = {plain(whole)}, more than "
            f"1 - reserve = {plain(room)}; lower a weight or the reserve of "
            f"{plain(account.reserve)}",
        )


def _credential_findings(account: Account, path: Path) -> Iterator[Finding]:
    for name in _CREDENTIALS:
        if name in account.exchange_options:
            yield (
                ((*path, "exchange_options", name), path),
                f"accounts.{account.name}.exchange_options.{name} is a credential, and accounts "
                "are stored and shown as they are; put it into a secret, and its name into "
                f"accounts.{account.name}.secret",
            )


def _subscription_findings(
    subscription: Subscription, account: Account, configuration: Configuration
) -> Iterator[Finding]:
    path = ("accounts", account.name, "strategies", subscription.strategy)
    strategy = configuration.strategies.get(subscription.strategy)
    if strategy is None:
        yield (
            (path,),
            f"accounts.{account.name}.strategies.{subscription.strategy} follows a strategy that "
            f"does not exist; {suggestion(subscription.strategy, configuration.strategies)}",
        )
        return
    yield from _quote_findings(strategy, account, path)
    if strategy.open and account.mode is not Mode.VIRTUAL:
        yield (
            (("strategies", strategy.name, "open"), path),
            f"strategies.{strategy.name}.open is true, and account {account.name}, which follows "
            f"it, is {account.mode}; only virtual accounts may follow a strategy without a token",
        )


def _quote_findings(strategy: Strategy, account: Account, path: Path) -> Iterator[Finding]:
    for ticker, symbol in strategy.instruments.items():
        quote = symbol.split("/", maxsplit=1)[1]
        if quote != account.quote:
            yield (
                (
                    ("strategies", strategy.name, "instruments", ticker),
                    ("strategies", strategy.name, "instruments"),
                    path,
                    ("accounts", account.name, "quote"),
                ),
                f"strategies.{strategy.name}.instruments.{ticker} is {symbol}, and account "
                f"{account.name}, which follows it, trades in {account.quote}; both must have the "
                "same quote currency",
            )
