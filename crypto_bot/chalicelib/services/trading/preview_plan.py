"""What the next tick would decide for an account, without deciding it."""

from dataclasses import replace

from chalicelib.domain.errors import ExchangeUnavailable, SettingsError
from chalicelib.domain.trading.entries import opening_entry
from chalicelib.domain.trading.isolation import decide, may_buy
from chalicelib.domain.trading.ledger import post
from chalicelib.domain.trading.plan import Plan
from chalicelib.ports import TradingPorts
from chalicelib.services.trading.desk import open_desk
from chalicelib.services.trading.open_plans import consumed_signals, open_plans
from chalicelib.services.trading.plan_orders import plan_of, with_spent
from chalicelib.services.trading.read_situation import read_situation, undecided
from chalicelib.services.trading.tick import DUE_AT_ONCE
from chalicelib.services.trading.watch_orders import watch_orders


def preview_plan(ports: TradingPorts, account: str) -> list[Plan]:
    """The next plan, as a list of one, or of none when nothing is due. Nothing is stored or sent.

    SettingsError for an account that is not configured.
    """
    configuration = ports.strategies.configuration()
    found = configuration.accounts.get(account)
    if found is None:
        known = ", ".join(sorted(configuration.accounts)) or "none"
        raise SettingsError(f"account {account!r} is not configured; configured are: {known}")
    state = ports.plans.state(account)
    if state.is_blocked(ports.clock.now()):
        raise ExchangeUnavailable(state.blocked_because, retry_at=state.blocked_until)
    desk = open_desk(ports, found, configuration)
    open_now = open_plans(ports.plans, ports.orders, state)
    due = [
        signal
        for signal in ports.signals.due(ports.clock.now(), DUE_AT_ONCE)
        if account in configuration.followers(signal.strategy)
    ]
    consumed = consumed_signals(open_now)
    watched = watch_orders(desk, state, undecided(desk, due, consumed), consumed)
    signals = watched.signals
    balances = desk.exchange.balances()
    buys = may_buy(signals, state)
    situation = read_situation(desk, state, open_now, balances, may_buy=buys)
    if not situation.portfolio.sequence:  # the first tick opens the books before it decides
        opening = opening_entry(
            account=account,
            quote=found.quote,
            balances=list(balances.values()),
            capital=found.capital,
            at=situation.now,
        )
        situation = replace(situation, portfolio=post(situation.portfolio, opening)[0])
    decision = with_spent(decide(situation, signals), watched)
    return [] if decision.draft.is_empty else [plan_of(decision)]
