"""The functions of bots: what each must be told, and when it runs.

The names are those of app.py and of rights.py. A stage has those that its BOT_FUNCTIONS names, and
none of them unless asked for. Where one of them runs code that nobody has to trust, the stage has
BOT_SANDBOX too, the function in which that is done.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chalicelib.domain.deployment.schedule import checked_schedule
from chalicelib.domain.errors import SettingsError

BOT_SANDBOX: Final = "bot_sandbox"
WORK_ON_JOB: Final = "work_on_job"


@dataclass(frozen=True, slots=True, kw_only=True)
class BotFunction:
    """`needs` are variables that say where its data is; `schedule` is '' for one that is called.

    `sandboxed`: it has the sources of bots run in BOT_SANDBOX. `parquet`: it looks into candles of
    the lake, so that its package carries DuckDB.
    """

    needs: tuple[str, ...] = ()
    schedule: str = ""
    sandboxed: bool = False
    parquet: bool = False


BOT_FUNCTIONS: Final[Mapping[str, BotFunction]] = MappingProxyType(
    {
        "run_bots": BotFunction(
            needs=("CANDLE_VENUE", "LAKE_BUCKET", "SERIES_TABLE"),
            schedule="rate(5 minutes)",
            sandboxed=True,
        ),
        "sweep_batch": BotFunction(needs=("LAKE_BUCKET",), sandboxed=True),
        WORK_ON_JOB: BotFunction(needs=("LAKE_BUCKET",), sandboxed=True, parquet=True),
        BOT_SANDBOX: BotFunction(),
    }
)


def asked_bot_functions(given: Mapping[str, str]) -> tuple[str, ...]:
    """Those of BOT_FUNCTIONS, and the sandbox with them; SettingsError for one that is none."""
    names = given.get("BOT_FUNCTIONS", "").replace(",", " ").split()
    for name in names:
        if name not in BOT_FUNCTIONS:
            raise SettingsError(
                f"BOT_FUNCTIONS has {name!r}; it must list {', '.join(BOT_FUNCTIONS)}"
            )
    if any(BOT_FUNCTIONS[name].sandboxed for name in names):
        names.append(BOT_SANDBOX)
    return tuple(name for name in BOT_FUNCTIONS if name in names)


def check_bot_needs(functions: Iterable[str], given: Collection[str]) -> None:
    """SettingsError for the first that could do nothing, as a variable is not among those given."""
    for name in functions:
        for needed in BOT_FUNCTIONS[name].needs:
            if needed not in given:
                raise SettingsError(
                    f"BOT_FUNCTIONS has {name}, and {needed} is not set; set it for this stage, too"
                )


def bot_schedules(given: Mapping[str, str]) -> Mapping[str, str]:
    """When each function runs that nobody calls: as it always did, or as its variable says."""
    return MappingProxyType(
        {
            name: checked_schedule(variable, given.get(variable, function.schedule))
            for name, function in BOT_FUNCTIONS.items()
            if function.schedule
            for variable in [f"{name.upper()}_SCHEDULE"]
        }
    )


def bots_use_parquet(functions: Iterable[str]) -> bool:
    """Whether one of them needs DuckDB."""
    return any(BOT_FUNCTIONS[name].parquet for name in functions)
