"""A snapshot of a run -> what the terminal shows. Draws, and decides nothing."""

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chalicelib.cli.words import clock_time, outcome_words
from chalicelib.domain.money import ZERO, plain
from chalicelib.domain.trading.account import Mode
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import Signal, SignalStatus
from chalicelib.local.view import AccountView, Snapshot

MOST_ROWS = 8
_FEWEST_ROWS = 2
_FRAME = 15  # lines that are there whatever has happened
_GAP = Text()
_CENT = Decimal("0.01")
_MODE_STYLES = {Mode.VIRTUAL: "cyan", Mode.SANDBOX: "yellow", Mode.LIVE: "bold red"}
_SIGNAL_STYLES = {
    SignalStatus.RECEIVED: "dim",
    SignalStatus.PLANNED: "cyan",
    SignalStatus.EXECUTED: "green",
    SignalStatus.PARTIALLY_EXECUTED: "yellow",
    SignalStatus.REJECTED: "red",
    SignalStatus.DENIED: "red",
}
_ORDER_STYLES = {
    OrderStatus.FILLED: "green",
    OrderStatus.DENIED: "red",
    OrderStatus.REJECTED: "red",
    OrderStatus.HELD: "bold red",
}


def rows_for(height: int, snapshot: Snapshot) -> int:
    """How many signals, and how many orders, fit on a terminal of so many lines."""
    held = sum(len(view.portfolio.holdings) for view in snapshot.accounts)
    room = height - _FRAME - held - len(snapshot.accounts) - bool(snapshot.market)
    return min(MOST_ROWS, max(_FEWEST_ROWS, room // 2))


def draw(snapshot: Snapshot, title: str, rows: int = MOST_ROWS) -> RenderableType:
    """The whole picture: equity, positions, signals with their outcomes, orders."""
    parts: list[RenderableType] = [_accounts(snapshot), _GAP, _positions(snapshot), _GAP]
    parts += [_signals(snapshot.signals[:rows]), _GAP, _orders(snapshot.orders[:rows])]
    parts += [Text(trouble.sentence(), style="red") for trouble in snapshot.troubles]
    if snapshot.market:
        parts.append(Text(snapshot.market, style="cyan", no_wrap=True, overflow="ellipsis"))
    if snapshot.notice:
        parts.append(Text(snapshot.notice, style="yellow"))
    footer = (
        f"{snapshot.ticks} ticks, last: {snapshot.last_tick}" if snapshot.ticks else "no tick yet"
    )
    return Panel(
        Group(*parts),
        title=Text(title, style="bold"),
        subtitle=f"{clock_time(snapshot.at)} UTC | {footer}",
        border_style="blue",
    )


def _grid(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", expand=True, box=None, pad_edge=False
    )


def _accounts(snapshot: Snapshot) -> Table:
    table = _grid("Accounts")
    for heading in ("account", "mode", "exchange"):
        table.add_column(heading, no_wrap=True)
    for heading in ("equity", "cash", "realized", "unrealized", "fees"):
        table.add_column(heading, justify="right", no_wrap=True)
    for view in snapshot.accounts:
        table.add_row(*_account_cells(view))
    return table


def _account_cells(view: AccountView) -> list[RenderableType]:
    account, point = view.account, view.performance
    mode = Text(account.mode.value, style=_MODE_STYLES[account.mode])
    cash = f"{cents(view.portfolio.cash)} {account.quote}"
    if point is None:
        return [account.name, mode, account.exchange, "-", cash, "-", "-", "-"]
    return [
        account.name,
        mode,
        account.exchange,
        f"{cents(point.equity)} {account.quote}",
        cash,
        _gain(point.realized),
        _gain(point.unrealized),
        cents(point.fees),
    ]


def _positions(snapshot: Snapshot) -> Table:
    table = _grid("Positions")
    for heading in ("account", "strategy", "instrument"):
        table.add_column(heading, no_wrap=True)
    for heading in ("quantity", "cost", "realized"):
        table.add_column(heading, justify="right", no_wrap=True)
    for view in snapshot.accounts:
        for held in view.portfolio.holdings:
            table.add_row(
                view.account.name,
                held.strategy,
                held.symbol,
                plain(held.quantity),
                cents(held.cost),
                _gain(held.realized),
                style="" if held.quantity else "dim",
            )
    return table


def _signals(signals: tuple[Signal, ...]) -> Table:
    table = _grid("Signals")
    for heading in ("fired", "strategy", "ticker", "wants", "status"):
        table.add_column(heading, no_wrap=True)
    table.add_column("outcome", ratio=1, no_wrap=True, overflow="ellipsis")
    for signal in signals:
        style = _SIGNAL_STYLES.get(signal.status, "")
        table.add_row(
            clock_time(signal.fired_at),
            signal.strategy,
            signal.ticker,
            signal.state.value,
            Text(signal.status.value.lower(), style=style),
            Text(outcome_words(signal)),
        )
    return table


def _orders(orders: tuple[Order, ...]) -> Table:
    table = _grid("Orders")
    for heading in ("created", "account", "side", "instrument"):
        table.add_column(heading, no_wrap=True)
    for heading in ("quantity", "filled", "limit"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True, ratio=1)
    for order in orders:
        intent = order.intent
        table.add_row(
            clock_time(order.created_at),
            intent.account,
            Text(intent.side.value, style="green" if intent.side is Side.BUY else "magenta"),
            intent.symbol,
            plain(intent.quantity),
            plain(order.filled),
            plain(intent.limit_price),
            Text(order.status.value.lower(), style=_ORDER_STYLES.get(order.status, "")),
        )
    return table


def cents(amount: Decimal) -> str:
    """For the eye only: two places and thousands apart."""
    return f"{amount.quantize(_CENT):,}"


def _gain(amount: Decimal) -> Text:
    style = "green" if amount > ZERO else "red" if amount < ZERO else ""
    return Text(f"{amount.quantize(_CENT):+,}" if amount else "0.00", style=style)
