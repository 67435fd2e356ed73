"""Slips of the keyboard for which click has no good sentence."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

import click
from typing_extensions import override

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.configuration.names import suggestion

_NUMBER_BELOW_ZERO: Final = re.compile(r"-\.?[0-9].*")
_FIRST_TO_TRY: Final = "list"


class SubVerbs(click.Group):
    """A verb that needs a second word; its options belong behind that."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ctx.help_option_names:
            raise SettingsError(self._out_of_order(ctx, args))
        return super().parse_args(ctx, args)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            near = suggestion(args[0], self.commands)
            raise SettingsError(f"{ctx.command_path} has no {args[0]}; {near}")
        return super().resolve_command(ctx, args)

    def _out_of_order(self, ctx: click.Context, args: Sequence[str]) -> str:
        words = ", ".join(self.list_commands(ctx))
        word = next((arg for arg in args if arg in self.commands), _FIRST_TO_TRY)
        rest = [arg for arg in args if arg != word]
        right = f"{ctx.command_path} {shlex.join([word, *rest])}"
        return f"{ctx.command_path} needs one of {words} before {args[0]}, for example: {right}"


class WithQuantity(click.Command):
    """Takes a quantity as an argument, where a number below 0 looks like an option."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [param for param in self.params if isinstance(param, click.Option)]
        taking = {name for option in options if not option.is_flag for name in option.opts}
        for before, arg in zip(["", *args], args, strict=False):
            # What follows an option is its value, and is judged with it.
            if _NUMBER_BELOW_ZERO.fullmatch(arg) and before not in taking:
                raise SettingsError(
                    f"the quantity is {arg}; it must be more than nothing: adopt and write-off "
                    "are each other's opposite"
                )
        return super().parse_args(ctx, args)
