"""All verbs by name; the file of a verb is imported when the verb is used."""

import errno
import os
import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import click
from typing_extensions import override

from chalicelib.domain.errors import CryptoBotError, SettingsError, StoreConflict

_FILES: Final = {
    "run": "running",
    "tick": "running",
    "accounts": "accounts",
    "strategies": "strategies",
    "signals": "reading",
    "orders": "reading",
    "positions": "books",
    "balances": "books",
    "ledger": "books",
    "performance": "books",
    "preview": "planning",
    "alert-template": "alerts",
    "lint-alert": "alerts",
    "pause": "acting",
    "resume": "acting",
    "halt": "acting",
    "close": "acting",
    "approve": "acting",
    "decline": "acting",
    "cancel": "orders",
    "resolve": "resolving",
    "quarantine": "quarantining",
    "drift": "drifting",
    "compare": "drifting",
    "promote": "promoting",
    "export": "exporting",
    "backup": "keeping",
    "restore": "keeping",
    "doctor": "doctor",
    "notify": "notifying",
    "configure": "configuring",
    "vendor": "deploying",
    "deploy": "deploying",
    "destroy": "deploying",
    "secrets": "storing_secrets",
    "owner-token": "tokens",
    "tokens": "tokens",
    "chaos": "chaos",
    "load-candles": "series",
    "series": "series",
    "analyse-instruments": "analysing",
    "analyse-markets": "analysing",
    "analyses": "analysing",
    "backtest": "backtesting",
    "check-bot": "checking_bots",
    "replay": "replaying",
    "sweep": "sweeping",
    "bots": "bots",
    "worker": "working",
    "klines": "klines",
    "collect-trades": "working",
    "summaries": "working",
    "sweep-summaries": "working",
    "rank-markets": "candles",
    "collect-candles": "candles",
    "candles": "candles",
    "pipeline": "pipeline",
}

# A disk that is full, a share that is used up, a file that may not grow, a device that is gone:
# whether it was stdout or a file of the home, there is nothing else to say.
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class Refusal(click.ClickException):
    """An error of ours as one sentence: something that did not work."""

    exit_code = 1

    @override
    def show(self, file: Any = None) -> None:
        click.echo(f"crypto-bot: {self.message}", err=True)


class Misuse(Refusal):
    """Something that was asked or configured wrongly."""

    exit_code = 2


class Interrupted(Refusal):
    """Ctrl-C, in a verb that has no words of its own for it: no error, and nothing is proved."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__("stopped by Ctrl-C, before it was done")


class Verbs(click.Group):
    """Finds a verb's command in its file, and turns our errors into sentences."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FILES)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FILES:
            return None
        module = import_module(f"chalicelib.cli.{_FILES[cmd_name]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} of {module.__name__} is no click command")
        return command

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _FILES and not args[0].startswith("-"):
            _refuse_verb(args[0])
        return super().resolve_command(ctx, args)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CryptoBotError as error:
            raise _sentence(error) from error
        except KeyboardInterrupt:
            raise Interrupted from None
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            _drop_output()
            raise Refusal(f"nothing more can be written: {error.strerror}") from error
        except Exception as error:
            told = _of_aws(error)
            if told is None:
                raise
            raise Misuse(told) from error


def _drop_output() -> None:
    """What stdout could not write: else Python tries once more at its end, and complains."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _of_aws(error: Exception) -> str | None:
    """Looked up late: a verb that works at home never loads botocore."""
    from chalicelib.cli.aws_trouble import aws_sentence

    return aws_sentence(error)


def _sentence(error: CryptoBotError) -> Refusal:
    if isinstance(error, StoreConflict):
        return Refusal(f"{error}; somebody else was faster: try again")
    return Misuse(str(error)) if isinstance(error, SettingsError) else Refusal(str(error))


def _refuse_verb(word: str) -> NoReturn:
    from chalicelib.domain.trading.configuration.names import suggestion

    raise SettingsError(f"there is no verb {word}; {suggestion(word, _FILES)}")


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crypto-bot", prog_name="crypto-bot")
def cli() -> None:
    """Executes TradingView alerts on crypto exchanges, exactly once, sized for the portfolio."""
