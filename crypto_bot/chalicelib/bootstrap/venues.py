"""An account -> the exchange it names: virtual, one of ccxt's, or a class of the owner's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration, Mode
from chalicelib.ports import Clock, Exchange, SecretStore
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.adapters.venues.virtual.options import VirtualOptions
    from chalicelib.adapters.venues.virtual.prices import PriceSource
    from chalicelib.drivers.table import Table

VIRTUAL: Final = "virtual"
SYNTHETIC: Final = "synthetic"
_CANDLE_FILES: Final = "*-*.csv"


def check_exchange(account: Account) -> None:
    """SettingsError for a name that no exchange has; nothing is opened and no secret read."""
    from chalicelib.adapters.venues.ccxt.loading import check_known
    from chalicelib.adapters.venues.custom import is_import_path

    name = account.prices_from if account.exchange == VIRTUAL else account.exchange
    if name not in {"", SYNTHETIC} and not is_import_path(name):
        check_known(name)


def candle_files_in(folder: Path) -> dict[str, Path]:
    """Symbol to file of a run's own prices; SettingsError where there is none.

    Without this the accounts would trade at whatever prices they name themselves.
    """
    files = {_symbol_in(path): path for path in sorted(folder.glob(_CANDLE_FILES))}
    if not files:
        raise SettingsError(
            f"--prices is {folder}, and no file in it is named like BTC-USDT.1h.csv; name a CSV "
            "file of candles, or a folder of them"
        )
    return files


@dataclass(slots=True, kw_only=True)
class Venues:
    """`Exchanges`: one exchange per account, version of it and keys, opened by the first who asks.

    Keys that the owner has replaced count from the next tick on, as soon as the store shows them.

    `prices` is a candle file, or a folder of them, that prices every virtual account.
    """

    settings: Settings
    clock: Clock
    table: "Callable[[], Table]"
    secrets: Callable[[], SecretStore]
    configuration: Callable[[], Configuration]
    prices: Path | None = None
    _open: dict[str, tuple[Account, Mapping[str, str], Exchange]] = field(
        default_factory=dict, init=False
    )
    _lock: Lock = field(default_factory=Lock, init=False)

    def open(self, account: Account) -> Exchange:
        """See `Exchanges.open`."""
        with self._lock:
            known = self._open.get(account.name)
            if known is None or known[0] != account or known[1] != self._secret(account):
                exchange = self._connect(account)
                if known is not None:
                    _close(known[2])
                known = (account, self._secret(account), exchange)
                self._open[account.name] = known
            return known[2]

    def renew(self, account: Account) -> bool:
        """See `RenewsKeys.renew`. Whoever opens the account next gets it with what is found."""
        with self._lock:
            known = self._open.get(account.name)
            if known is None or not account.secret:
                return False
            self.secrets().forget(account.secret)
            return known[1] != self._secret(account)

    def close(self) -> None:
        """End the connections and threads of what was opened here."""
        with self._lock:
            while self._open:
                _close(self._open.popitem()[1][2])

    def _connect(self, account: Account) -> Exchange:
        self.settings.check_accounts([account])
        if account.exchange == VIRTUAL:
            return self._virtual(account)
        if account.mode is Mode.VIRTUAL:
            raise SettingsError(
                f"account {account.name} has mode virtual and exchange {account.exchange}; "
                'write exchange = "virtual" and, for real prices, prices_from = '
                f'"{account.exchange}"'
            )
        from chalicelib.adapters.venues.custom import connect_custom, is_import_path

        if is_import_path(account.exchange):
            return connect_custom(account, self._secret(account), self.clock)
        from chalicelib.adapters.venues.ccxt.connect import connect
        from chalicelib.adapters.venues.ccxt.loading import exchange_class

        exchange_class(account.exchange)  # a misspelt venue is said before a missing secret
        return connect(account, self._secret(account), self.clock)

    def _secret(self, account: Account) -> Mapping[str, str]:
        # Without a name the exchange says which fields it lacks, if it needs any.
        if not account.secret or account.exchange == VIRTUAL:
            return {}
        return self.secrets().secret(account.secret)

    def _virtual(self, account: Account) -> Exchange:
        from chalicelib.adapters.venues.virtual.exchange import VirtualExchange
        from chalicelib.adapters.venues.virtual.options import parse_options

        options = parse_options(account)
        prices = self._prices(account, options)
        return VirtualExchange(account, self.table(), prices, self.clock, options)

    def _prices(self, account: Account, options: "VirtualOptions") -> "PriceSource":
        files = self._candle_files(account, options)
        if files or self.prices is not None:  # beside the run's own prices nobody takes others
            from chalicelib.adapters.venues.virtual.candles import read_candles
            from chalicelib.adapters.venues.virtual.series_prices import SeriesPrices

            series = [read_candles(path, symbol) for symbol, path in files.items()]
            return SeriesPrices(series, self.clock)
        if account.prices_from == SYNTHETIC:
            from chalicelib.adapters.venues.virtual.synthetic import SyntheticPrices

            own = options.prices
            return SyntheticPrices(own.seed or SYNTHETIC, self.clock, own.volatility, base=own.base)
        return self._public_prices(account)

    def _candle_files(self, account: Account, options: "VirtualOptions") -> dict[str, Path]:
        """Symbol to file; the run's own file goes before those of the account."""
        if self.prices is None:
            return {symbol: Path(name) for symbol, name in options.prices.files.items()}
        if self.prices.is_dir():
            return candle_files_in(self.prices)
        return dict.fromkeys(self._symbols(account), self.prices)

    def _symbols(self, account: Account) -> tuple[str, ...]:
        """What the account trades; SettingsError unless one file can price it."""
        configuration = self.configuration()
        followed = {s.strategy for s in configuration.subscriptions_of(account.name)}
        symbols = {
            symbol
            for strategy in configuration.strategies.values()
            if strategy.name in followed
            for symbol in strategy.symbols()
        }
        if len(symbols) > 1:
            raise SettingsError(
                f"{self.prices} holds the candles of one instrument, and account {account.name} "
                f"trades {', '.join(sorted(symbols))}; give a folder of files named like "
                "BTC-USDT.1h.csv"
            )
        return tuple(symbols)

    def _public_prices(self, account: Account) -> "PriceSource":
        if not account.prices_from:
            raise SettingsError(
                f"account {account.name} is virtual and says not where its prices come from; "
                'write prices_from = "binance" or another exchange, prices_from = "synthetic", '
                "or name candle files in exchange_options.virtual.prices.files"
            )
        from chalicelib.adapters.venues.ccxt.market_data import PublicTickers
        from chalicelib.adapters.venues.virtual.prices import OtherVenuePrices

        options = {k: v for k, v in account.exchange_options.items() if k != VIRTUAL}
        venue = PublicTickers(account.prices_from, options, self.clock)
        return OtherVenuePrices(venue, self.clock)


def _symbol_in(path: Path) -> str:
    """BTC-USDT.1h.csv prices BTC/USDT."""
    return path.name.split(".", maxsplit=1)[0].replace("-", "/", 1)


def _close(exchange: Exchange) -> None:
    """Not part of the port: only what holds a connection has something to close."""
    close = getattr(exchange, "close", None)
    if close is not None:
        close()
