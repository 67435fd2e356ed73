"""pause, resume, halt, close, approve, decline: the owner's word on strategies and signals."""

from collections.abc import Iterable

import click

from chalicelib import bootstrap
from chalicelib.cli.applying import TYPED
from chalicelib.cli.attention import breakers_of, waits_after_restore
from chalicelib.cli.options import in_known_home, one_account
from chalicelib.cli.output import show
from chalicelib.cli.rows import Row
from chalicelib.cli.words import signal_line
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.configuration.names import strategy_named
from chalicelib.services.trading.close_strategy import close_strategy
from chalicelib.services.trading.decide_signal import decide_signal
from chalicelib.services.trading.halt_trading import Halted, halt_trading
from chalicelib.services.trading.pause_strategy import pause_strategy
from chalicelib.services.trading.resume_account import resume_account

_SALE = ("account", "strategy", "symbol", "quantity")


@click.command()
@in_known_home
@one_account
@click.argument("strategy", required=False)
def pause(account: str | None, strategy: str | None) -> None:
    """Keep a strategy from entering.

    STRATEGY, or all of them where none is named; exits still run.
    """
    _set_paused(strategy, account, paused=True)


@click.command()
@in_known_home
@one_account
@click.option("--all", "everything", is_flag=True, help="End every pause, too.")
@click.argument("strategy", required=False)
def resume(account: str | None, everything: bool, strategy: str | None) -> None:
    """End a pause, the halt of all trading, or what stopped one account.

    The pause of STRATEGY; without a name, the halt. With --account alone, the account's open
    breakers and its pauses; a halt stays.
    """
    if strategy is None and account is None:
        _end_halt()
    elif strategy is None and account is not None:
        _close_breakers(account)
    if strategy is not None or everything or account is not None:
        _set_paused(strategy, account, paused=False)
    elif paused := _paused():
        click.echo(f"Still paused: {', '.join(paused)}; crypto-bot resume --all ends that, too.")


def _close_breakers(account: str) -> None:
    for breaker in resume_account(bootstrap.trading(), account):
        click.echo(f"{account} may buy again: {breaker.reason} ({breaker.code}) is over.")
    level = bootstrap.trading().control.halt_level()
    if level is not HaltLevel.NONE:
        click.echo(f"All trading is still halted ({level}): crypto-bot resume ends that.")


def _set_paused(strategy: str | None, account: str | None, *, paused: bool) -> None:
    store = bootstrap.strategies()
    changed = pause_strategy(store, strategy=strategy, account=account, paused=paused, by=TYPED)
    for subscription in changed:
        word = "paused" if paused else "resumed"
        click.echo(f"{subscription.strategy} is {word} on account {subscription.account}.")
    if not changed:
        click.echo(f"Nothing changes: all of that is {'paused' if paused else 'running'} already.")


def _paused() -> list[str]:
    subscriptions = bootstrap.strategies().configuration().subscriptions
    return [f"{s.strategy} on {s.account}" for s in subscriptions if s.paused]


def _end_halt() -> None:
    halted = halt_trading(bootstrap.trading(), HaltLevel.NONE, "the owner resumed trading")
    if halted.before is HaltLevel.NONE:
        click.echo("Trading was not halted.")
    else:
        click.echo(f"Trading goes on: the halt ({halted.before}) has ended.")
    _tell_trouble(halted)
    for name in sorted(bootstrap.strategies().configuration().accounts):
        if breakers_of(name):
            click.echo(f"{name} buys nothing yet: crypto-bot resume --account {name}.")
        if waits_after_restore(name):
            click.echo(f"{name} decides nothing yet: crypto-bot accounts reopen {name}.")


@click.command()
@in_known_home
@click.option("--flatten", is_flag=True, help="Also sell everything the strategies own.")
@click.option("--reason", default="the owner halted trading", help="Kept with the halt.")
@click.option("--yes", is_flag=True, help="Do it; without this --flatten is only shown.")
def halt(flatten: bool, reason: str, yes: bool) -> None:
    """Stop all entries until `resume`.

    On every account, from the next send on. --flatten shows what it would sell until --yes; while
    everything is being sold, that goes on.
    """
    if flatten:
        _show_sale(bootstrap.strategies().configuration().accounts)
    if flatten and not yes:
        click.echo("Dry run, nothing is halted: --yes stops entries and sells this.")
        return
    level = HaltLevel.FLATTEN if flatten else HaltLevel.NO_ENTRIES
    halted = halt_trading(bootstrap.trading(), level, reason)
    sells = halted.level is HaltLevel.FLATTEN
    what = "the next tick sells what the strategies own" if sells else "exits still run"
    click.echo(
        f"Halted ({halted.level}, before: {halted.before}): no entries, {what}; crypto-bot resume"
        " ends it."
    )
    _tell_trouble(halted)


def _tell_trouble(halted: Halted) -> None:
    if halted.trouble:
        click.echo(halted.trouble)


@click.command()
@in_known_home
@click.option("--yes", is_flag=True, help="Sell it; without this it is only shown.")
@click.argument("strategy")
def close(yes: bool, strategy: str) -> None:
    """Sell all that a strategy owns.

    On every account that follows STRATEGY, with the next tick.
    """
    configuration = bootstrap.strategies().configuration()
    name = strategy_named(configuration, strategy).name
    _show_sale(configuration.followers(name), name)
    if not yes:
        click.echo("Dry run: --yes sells this with the next tick.")
        return
    for signal in close_strategy(bootstrap.trading(), strategy):
        click.echo(f"{signal_line(signal)}: {signal.id}")
    click.echo(f"Its next alert may enter again; crypto-bot pause {strategy} keeps it out.")


def _show_sale(accounts: Iterable[str], strategy: str | None = None) -> None:
    known, ledger = bootstrap.strategies().configuration().accounts, bootstrap.trading().ledger
    rows: list[Row] = [
        {
            "account": name,
            "strategy": holding.strategy,
            "symbol": holding.symbol,
            "quantity": holding.quantity,
        }
        for name in sorted(accounts)
        for holding in ledger.portfolio(name, known[name].quote).holdings
        if holding.quantity > 0 and strategy in {None, holding.strategy}
    ]
    show(rows, _SALE, as_json=False, empty="Nothing is owned that could be sold.")


@click.command()
@in_known_home
@click.argument("signal_id")
def approve(signal_id: str) -> None:
    """Let a signal be executed.

    SIGNAL_ID, on the accounts that wait for a word.
    """
    click.echo(signal_line(decide_signal(bootstrap.trading(), signal_id, approved=True)))


@click.command()
@in_known_home
@click.argument("signal_id")
def decline(signal_id: str) -> None:
    """Skip a signal.

    SIGNAL_ID, on the accounts that wait for a word.
    """
    click.echo(signal_line(decide_signal(bootstrap.trading(), signal_id, approved=False)))
