"""chaos: the proof that anybody can watch."""

from pathlib import Path

import click

from chalicelib.cli.output import show_json
from chalicelib.domain.errors import SettingsError
from chalicelib.local.chaos import ChaosOptions, Verdict, run_chaos


class _Lines:
    """A line for everything that happens."""

    def told(self, seconds: float, line: str) -> None:
        """See `ChaosView.told`."""
        click.echo(f"{seconds:5.1f} s  {line}")


class _Silence:
    """Only the verdict counts."""

    def told(self, seconds: float, line: str) -> None:
        """See `ChaosView.told`."""


def _refuse_stage(_context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise SettingsError("chaos breaks a bot of its own on this machine; it has no --stage")


@click.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long.")
@click.option("--seed", default="1", show_default=True, help="Draws other faults and kills.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="An empty folder that keeps the state [default: one that is thrown away].",
)
@click.option("--json", "as_json", is_flag=True, help="Only the verdict, as JSON.")
@click.option("--stage", callback=_refuse_stage, expose_value=False, hidden=True)
def chaos(seconds: float, seed: str, home: Path | None, as_json: bool) -> None:
    """Kill the bot, break its exchange, and see that it recovers.

    A real `crypto-bot run` with virtual money takes alerts, some of them twice, while it is killed
    at random writes and its exchange refuses, times out, loses answers and fills late. At the end
    the exchange's own book says whether anything was sent twice, lost, or booked wrongly; exit code
    1 if so, and 130 where Ctrl-C ended it before that.
    """
    options = ChaosOptions(seconds=seconds, seed=seed, home=home)
    verdict = run_chaos(options, _Silence() if as_json else _Lines())
    if as_json:
        show_json(_document(verdict))
    else:
        _show(verdict)
    if not verdict.is_good:
        raise SystemExit(1)


def _document(verdict: Verdict) -> object:
    return {
        "good": verdict.is_good,
        "seed": verdict.seed,
        "alerts": verdict.alerts,
        "deliveries": verdict.deliveries,
        "kills": verdict.kills,
        "orders": verdict.orders,
        "sent_again": verdict.sent_again,
        "fills": verdict.fills,
        "duplicates": verdict.duplicates,
        "lost": verdict.lost,
        "unbalanced": verdict.unbalanced,
        "others": verdict.others,
    }


def _show(verdict: Verdict) -> None:
    click.echo()
    click.echo(
        f"{verdict.alerts} alerts in {verdict.deliveries} deliveries, {verdict.kills} kills. "
        f"The venue's own book: {verdict.orders} orders, {verdict.fills} fills; "
        f"{verdict.sent_again} of them sent again, after it was proved absent."
    )
    balanced = f"{len(verdict.unbalanced)} wrong" if verdict.unbalanced else "balanced"
    click.echo(
        f"Sent twice: {len(verdict.duplicates)}. Lost: {len(verdict.lost)}. Books: {balanced}."
    )
    for sentence in (
        *verdict.duplicates,
        *verdict.lost,
        *verdict.unbalanced,
        *verdict.others,
    ):
        click.echo(f"WRONG {sentence}")
    if verdict.is_good:
        click.echo("All is well.")
    else:
        click.echo(f"Please report this, with --seed {verdict.seed}.")
