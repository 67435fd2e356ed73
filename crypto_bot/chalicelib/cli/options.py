"""Options that many verbs share, and the world they open."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from chalicelib import bootstrap

F = TypeVar("F", bound=Callable[..., Any])


def _choose_home(context: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    """The state is opened when first needed, and given back when the verb has ended."""
    before = bootstrap.choices()
    context.call_on_close(partial(bootstrap.use, before))
    bootstrap.use(before if value is None else replace(before, home=value))
    return value


in_home = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_choose_home,
    is_eager=True,
    expose_value=False,
    metavar="DIR",
    help="Folder that holds the state [default: CRYPTO_BOT_HOME, else the platform's].",
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
