"""The functions of market data: what each must be told, and when it runs.

The names are those of app.py and of rights.py. A stage has those that its MARKET_FUNCTIONS names,
and none of them unless asked for: each costs something every month.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chalicelib.domain.deployment.schedule import checked_schedule
from chalicelib.domain.errors import SettingsError

_HOURLY: Final = "rate(1 hour)"
# What `configure` writes into the environment of a stage, once Terraform has made it.
MADE_BY_TERRAFORM: Final = frozenset({"LAKE_BUCKET", "SERIES_TABLE", "TRADE_FLOW_URL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFunction:
    """`needs` are variables that say where its data is; `schedule` is '' for one that S3 wakes.

    `parquet`: it looks into candles of the lake, so that its package carries DuckDB.
    """

    needs: tuple[str, ...]
    schedule: str = ""
    parquet: bool = False


MARKET_FUNCTIONS: Final[Mapping[str, MarketFunction]] = MappingProxyType(
    {
        "collect_trades": MarketFunction(
            needs=("LAKE_BUCKET", "MARKETS"), schedule="rate(1 minute)"
        ),
        "summarize_trades": MarketFunction(needs=("LAKE_BUCKET", "TRADE_FLOW_URL")),
        "sweep_summaries": MarketFunction(
            needs=("LAKE_BUCKET", "TRADE_FLOW_URL"), schedule=_HOURLY
        ),
        "rank_markets": MarketFunction(
            needs=("LAKE_BUCKET", "CANDLE_VENUE"), schedule="rate(1 day)"
        ),
        "collect_candles": MarketFunction(
            needs=("LAKE_BUCKET", "CANDLE_VENUE"), schedule=_HOURLY, parquet=True
        ),
        "load_candles": MarketFunction(
            needs=("LAKE_BUCKET", "SERIES_TABLE"), schedule=_HOURLY, parquet=True
        ),
        "analyse_instruments": MarketFunction(
            needs=("LAKE_BUCKET", "SERIES_TABLE"), schedule=_HOURLY, parquet=True
        ),
        "analyse_markets": MarketFunction(
            needs=("LAKE_BUCKET", "SERIES_TABLE"), schedule=_HOURLY, parquet=True
        ),
        "compact_candles": MarketFunction(
            needs=("LAKE_BUCKET",), schedule="cron(20 3 * * ? *)", parquet=True
        ),
    }
)


def asked_functions(given: Mapping[str, str]) -> tuple[str, ...]:
    """Those of MARKET_FUNCTIONS; SettingsError for one that there is not."""
    names = tuple(given.get("MARKET_FUNCTIONS", "").replace(",", " ").split())
    for name in names:
        if name not in MARKET_FUNCTIONS:
            raise SettingsError(
                f"MARKET_FUNCTIONS has {name!r}; it must list {', '.join(MARKET_FUNCTIONS)}"
            )
    return names


def check_needs(functions: Iterable[str], given: Collection[str]) -> None:
    """SettingsError for the first that could do nothing, as a variable is not among those given."""
    for name in functions:
        for needed in MARKET_FUNCTIONS[name].needs:
            if needed not in given:
                raise SettingsError(
                    f"MARKET_FUNCTIONS has {name}, and {needed} is not set; set it for this stage,"
                    " too"
                )


def schedules(given: Mapping[str, str]) -> Mapping[str, str]:
    """When each function runs that S3 does not wake: as it always did, or as its variable says."""
    return MappingProxyType(
        {
            name: checked_schedule(variable, given.get(variable, function.schedule))
            for name, function in MARKET_FUNCTIONS.items()
            if function.schedule
            for variable in [f"{name.upper()}_SCHEDULE"]
        }
    )


def use_parquet(functions: Iterable[str]) -> bool:
    """Whether one of them needs DuckDB."""
    return any(MARKET_FUNCTIONS[name].parquet for name in functions)
