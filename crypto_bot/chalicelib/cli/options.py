"""Options that many verbs share, and the world they open."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from chalicelib import bootstrap
from chalicelib.domain.errors import SettingsError
from chalicelib.settings import Stage

F = TypeVar("F", bound=Callable[..., Any])

_HOME = f"{__name__}.home"
DEPLOYED = [stage.value for stage in Stage if stage is not Stage.LOCAL]


def _choose_home(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """The state is opened when first needed, and given back when the verb has ended."""
    before = bootstrap.choices()
    context.call_on_close(partial(bootstrap.use, before))
    bootstrap.use(before if value is None else replace(before, home=value))
    context.meta[_HOME] = value
    return value


def _choose_stage(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Read after --home, whose callback gives everything back at the end."""
    if value is None:
        return None
    if context.meta[_HOME] is not None:
        raise SettingsError(
            f"--home names a folder here, and --stage {value} the stores on AWS; give one of them"
        )
    from chalicelib.bootstrap.stage import work_on

    work_on(Stage(value))
    return value


_home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_choose_home,
    is_eager=True,
    expose_value=False,
    metavar="DIR",
    help="Folder that holds the state [default: CRYPTO_BOT_HOME, else the platform's].",
)
_stage = click.option(
    "--stage",
    type=click.Choice(DEPLOYED),
    callback=_choose_stage,
    expose_value=False,
    help="Work on the stores of this stage on AWS, with your credentials.",
)


def in_home(command: F) -> F:
    """--home for the embedded state, --stage for that of a deployment."""
    return _home(_stage(command))


def in_known_home(command: F) -> F:
    """`in_home`, for a verb about a bot that is there already.

    In a mistyped home it would do its work on a bot of nobody's, and say that all went well.
    """

    @wraps(command)
    def in_it(*args: Any, **kwargs: Any) -> Any:
        if unknown := unknown_home():
            raise SettingsError(unknown)
        return command(*args, **kwargs)

    return in_home(cast("F", in_it))


def unknown_home() -> str:
    """What to do where nothing was ever begun in the home; '' where something was, or on AWS."""
    if bootstrap.is_deployed() or bootstrap.choices().table is not None:
        return ""
    home = bootstrap.home()
    if os.path.lexists(home / bootstrap.STATE_FILE):
        return ""
    return (
        f"there is no crypto-bot home in {home}; name another one with --home or CRYPTO_BOT_HOME, "
        "or begin this one: crypto-bot run, or crypto-bot strategies apply FILE"
    )


as_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")

one_account = click.option("--account", metavar="NAME", help="Only this account.")


def row_limit(default: int) -> Callable[[F], F]:
    """How many rows, newest first."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help="At most so many, newest first.",
    )
