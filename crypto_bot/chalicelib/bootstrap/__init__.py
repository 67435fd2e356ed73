"""Settings -> adapters: the only place that picks them. Heavy libraries load inside its functions.

Each function makes its object once per process. `use` replaces choices before or after that, for
the embedded run, for a command line with --home or --stage, and for tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from chalicelib.domain.errors import SettingsError
from chalicelib.settings import Settings, read_environment

if TYPE_CHECKING:  # a cold webhook loads what it needs, and no more
    from functools import _lru_cache_wrapper

    from chalicelib.bootstrap.venues import Venues
    from chalicelib.drivers.sqlite_table import SqliteTable
    from chalicelib.drivers.table import WholeTable
    from chalicelib.ports import (
        AnalyticsStore,
        Clock,
        Exchanges,
        SecretVault,
        SignalStore,
        StrategyStore,
        TradingPorts,
        Workers,
    )
    from chalicelib.ports.analyses import Volatilities
    from chalicelib.ports.bots import LoadBot
    from chalicelib.ports.jobs import Jobs
    from chalicelib.ports.sandbox import Sandbox
    from chalicelib.services.trading.receive_signal import Inbox

T = TypeVar("T")

STATE_FILE: Final = "state.sqlite3"
_SECRET_TIMEOUT: Final = 3.0
_FROM_OUTSIDE: Final[dict[str, Any]] = {"connect_timeout": 5.0, "read_timeout": 10.0, "attempts": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a process decides for itself; None leaves it to the settings.

    `prices` is a candle file that prices every virtual account, as in a replay. `loopback` says
    that only this machine reaches the webhook; `wake` and `on_fire_time` are the inbox's.
    `from_outside`: a machine of the owner's works on a stage's stores, whatever its home is; then
    `emits_metrics` says that its output goes to CloudWatch, and `environment` has the variables of
    the stage's functions, which say where its market data is. `load_bot` runs the sources of bots
    in place of a sandbox.
    """

    settings: Settings | None = None
    home: Path | None = None
    from_outside: bool = False
    environment: "Mapping[str, str] | None" = None
    emits_metrics: bool = False
    table: "WholeTable | None" = None
    clock: "Clock | None" = None
    workers: "Workers | None" = None
    secrets: "SecretVault | None" = None
    exchanges: "Exchanges | None" = None
    prices: Path | None = None
    loopback: bool = False
    wake: Callable[[], None] | None = None
    on_fire_time: Callable[[datetime], None] | None = None
    owner_token: str = ""
    load_bot: "LoadBot | None" = None


_chosen = [Choices()]
_opened: "list[SqliteTable | Venues | Sandbox | Jobs]" = []
_made: "list[_lru_cache_wrapper[Any]]" = []


def made_once(make: "Callable[[], T]") -> "_lru_cache_wrapper[T]":
    """One object per process, until other choices are made."""
    kept = cache(make)
    _made.append(kept)
    return kept


def choices() -> Choices:
    """What was chosen last."""
    return _chosen[0]


def use(choices: Choices) -> None:
    """From now on these, and everything made anew; what was opened here is closed."""
    while _opened:
        _opened.pop().close()
    _chosen[0] = choices
    for made in _made:
        made.cache_clear()


def reset() -> None:
    """Back to what the environment says."""
    use(Choices())


def owner_token() -> str:
    """What the reading routes ask for; '' where nobody has one, and nothing may be read."""
    return _chosen[0].owner_token


def prepare() -> None:
    """Where the state is on AWS, make its client while the function starts, not on a request."""
    if is_deployed():
        webhook()


def is_deployed() -> bool:
    """Whether state and secrets are on AWS: so says the stage, unless a home folder was named."""
    chosen = _chosen[0]
    return settings().is_deployed and (chosen.home is None or chosen.from_outside)


def is_function() -> bool:
    """Whether this process is a function on AWS, with few rights and no way to the owner's disk."""
    return is_deployed() and not _chosen[0].from_outside


def closed_at_the_end(opened: "Sandbox | Jobs") -> None:
    """With everything else that was opened here."""
    _opened.append(opened)


@made_once
def settings() -> Settings:
    """The environment, read once."""
    return _chosen[0].settings or read_environment()


@made_once
def home() -> Path:
    """Where the embedded state lives; the folder need not exist yet."""
    chosen = _chosen[0].home or settings().home
    if chosen is not None:
        return chosen.expanduser()
    from platformdirs import user_data_path

    return user_data_path("crypto-bot", appauthor=False)


def home_folder() -> Path:
    """`home`, made if it was not there; nobody else may look into it."""
    try:
        home().mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise SettingsError(
            f"the home folder {home()} cannot be made: {error.strerror}; "
            "choose another one with --home or CRYPTO_BOT_HOME"
        ) from error
    return home()


@made_once
def clock() -> "Clock":
    """The machine's, unless a replay brings its own."""
    from chalicelib.adapters.clock import SystemClock

    return _chosen[0].clock or SystemClock()


@made_once
def workers() -> "Workers":
    """Threads."""
    from chalicelib.adapters.workers import ThreadWorkers

    return _chosen[0].workers or ThreadWorkers()


def aws(service: str, **patience: Any) -> Any:
    """A client in the stage's region. A function waits as briefly as it must, an owner longer."""
    from chalicelib.drivers.boto3_session import aws_client

    if _chosen[0].from_outside:
        return aws_client(service, region=settings().region or None, **_FROM_OUTSIDE)
    return aws_client(service, region=settings().region or None, **patience)


@made_once
def table() -> "WholeTable":
    """SQLite in the home folder, DynamoDB where deployed."""
    chosen = _chosen[0].table
    if chosen is not None:
        return chosen
    if is_deployed():
        from chalicelib.drivers.dynamodb_table import DynamoDbTable

        return DynamoDbTable(aws("dynamodb"), settings().table_name)
    from chalicelib.drivers.sqlite_table import SqliteTable

    opened = SqliteTable(home_folder() / STATE_FILE)
    _opened.append(opened)
    return opened


@made_once
def signals() -> "SignalStore":
    """The alerts that became signals."""
    from chalicelib.adapters.stores.signals import TableSignalStore

    return TableSignalStore(table())


@made_once
def strategies() -> "StrategyStore":
    """The owner's configuration, the account of the environment included."""
    from chalicelib.adapters.stores.strategies import TableStrategyStore

    stored: StrategyStore = TableStrategyStore(table(), clock())
    if settings().storing_refusal:
        from chalicelib.adapters.stores.without_live import WithoutLiveAccounts

        stored = WithoutLiveAccounts(stored, settings().storing_refusal)
    account = settings().default_account()
    if account is None:
        return stored
    from chalicelib.adapters.stores.default_account import WithDefaultAccount

    return WithDefaultAccount(stored, account)


@made_once
def webhook() -> "Inbox":
    """What receiving an alert needs: two stores and a clock."""
    from chalicelib.bootstrap.senders import admits
    from chalicelib.services.trading.receive_signal import Inbox, StrategyCache

    return Inbox(
        signals=signals(),
        strategies=StrategyCache(strategies(), clock()),
        clock=clock(),
        admits=admits(settings().webhook_sources),
        loopback=_chosen[0].loopback,
        wake=_chosen[0].wake,
        on_fire_time=_chosen[0].on_fire_time,
    )


@made_once
def trading() -> "TradingPorts":
    """Everything the trading services may touch."""
    from chalicelib.adapters.stores.control import TableControlStore
    from chalicelib.adapters.stores.ledger import TableLedgerStore
    from chalicelib.adapters.stores.orders import TableOrderStore
    from chalicelib.adapters.stores.plans import TablePlanStore
    from chalicelib.ports import TradingPorts

    return TradingPorts(
        clock=clock(),
        workers=workers(),
        signals=signals(),
        plans=TablePlanStore(table()),
        orders=TableOrderStore(table()),
        ledger=TableLedgerStore(table()),
        strategies=strategies(),
        control=TableControlStore(table()),
        exchanges=exchanges(),
        volatilities=_volatilities,
    )


@made_once
def _volatilities() -> "Volatilities":
    from chalicelib.adapters.series.volatilities import AnalysedVolatilities
    from chalicelib.bootstrap.series import kept_analyses

    return AnalysedVolatilities(kept_analyses)


@made_once
def analytics() -> "AnalyticsStore":
    """Figures over time."""
    from chalicelib.adapters.stores.analytics import TableAnalyticsStore

    return TableAnalyticsStore(table())


@made_once
def secrets() -> "SecretVault":
    """A file of the owner's in the home folder; Secrets Manager and SSM where deployed."""
    chosen = _chosen[0].secrets
    if chosen is not None:
        return chosen
    if is_deployed():
        from chalicelib.adapters.secrets.secrets_manager import SecretsManager
        from chalicelib.bootstrap.stage import secret_bounds

        return SecretsManager(
            aws("secretsmanager", read_timeout=_SECRET_TIMEOUT),
            clock(),
            aws("ssm", read_timeout=_SECRET_TIMEOUT),
            secret_bounds(settings()),
        )
    from chalicelib.adapters.secrets.file import FileSecrets

    return FileSecrets(home())


@made_once
def exchanges() -> "Exchanges":
    """Opens the venue that an account names."""
    chosen = _chosen[0].exchanges
    if chosen is not None:
        return chosen
    from chalicelib.bootstrap.venues import Venues

    venues = Venues(
        settings=settings(),
        table=table,
        clock=clock(),
        secrets=secrets,
        prices=_chosen[0].prices,
        configuration=strategies().configuration,
    )
    _opened.append(venues)
    return venues
