"""klines: the latest closed candles of the bus, and what was traded by them."""

from contextlib import closing

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.instant import read_instant
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stream_plan import BINANCE, symbol_of


@click.command()
@in_home
@click.argument("market", metavar="SYMBOL")
@click.option(
    "--interval",
    type=click.Choice([interval.value for interval in Interval]),
    default=Interval.M1.value,
    show_default=True,
)
@click.option("--since", metavar="TIME", help="Only those that start from here on, in UTC.")
@click.option("--trades", is_flag=True, help="Fills, with the close that each was decided at.")
@row_limit(60)
@as_json
def klines(
    market: str, interval: str, since: str | None, trades: bool, limit: int, as_json: bool
) -> None:
    """Show the closed candles that worker klines has kept of SYMBOL, such as BTC/USDT."""
    if trades:
        _show_trades(market, limit, as_json=as_json)
        return
    from chalicelib.bootstrap.series import klines as kline_store

    symbol = symbol_of(BINANCE, market)
    start = None if since is None else read_instant("--since", since)
    with closing(kline_store()) as store:
        found = store.newest(symbol, Interval(interval), limit, start)
    rows = [{"symbol": symbol, **candle._asdict()} for candle in found]
    columns = ("symbol", *Candle._fields)
    empty = f"No candles of {symbol} {interval} are kept; crypto-bot worker klines keeps them."
    show(rows, columns, as_json=as_json, empty=empty)


def _show_trades(market: str, limit: int, *, as_json: bool) -> None:
    from chalicelib.services.bots.report_trades import TradedAt, report_trades

    if "/" not in market:
        raise SettingsError(f"SYMBOL is {market!r}; with --trades it must be such as BTC/USDT")
    found = report_trades(bootstrap.trading(), market, limit)
    rows = [{**traded._asdict(), "side": traded.side.value} for traded in found]
    show(rows, TradedAt._fields, as_json=as_json, empty=f"Nothing of {market} was traded yet.")
