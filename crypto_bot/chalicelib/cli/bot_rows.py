"""Records of bots -> rows of tables and of JSON."""

from chalicelib.cli.output import Row
from chalicelib.cli.words import outcome_words
from chalicelib.domain.bots.candles import moment
from chalicelib.domain.bots.deployed import DeployedBot
from chalicelib.domain.bots.trail import Mark
from chalicelib.domain.bots.version import BacktestNote, StoredBot, VersionNote
from chalicelib.domain.trading.signal import Signal
from chalicelib.services.bots.report_deployment import BotStanding


def bot_row(bot: StoredBot) -> Row:
    """One bot in a list of them."""
    return {
        "bot": bot.name,
        "version": str(bot.newest.number),
        "saved_at": bot.newest.saved_at,
        "versions": len(bot.versions),
    }


def version_row(note: VersionNote) -> Row:
    """One version of a bot."""
    return {"version": str(note.number), "saved_at": note.saved_at, "used_at": note.used_at}


def test_row(test: BacktestNote) -> Row:
    """One backtest: where it was, and its figures."""
    return {
        "version": str(test.number),
        "at": test.at,
        "venue": test.venue,
        "instruments": test.instruments,
        "interval": test.interval.value,
        "parameters": test.parameters,
        "since": test.first,
        "until": test.last,
        "candles": test.candles,
        "terms": test.terms,
        **test.summary,
        "report": test.report,
    }


def deployment_row(deployed: DeployedBot) -> Row:
    """One deployment."""
    resting = [f"{symbol}: {why}" for symbol, why in deployed.resting.items()]
    return {
        "deployment": deployed.name,
        "bot": deployed.source,
        "strategy": deployed.strategy,
        "instruments": deployed.instruments,
        "interval": deployed.interval.value,
        "parameters": deployed.parameters,
        "cash": deployed.cash,
        "since": deployed.since,
        "state": "running" if deployed.is_running else "stopped",
        "why": deployed.why or "; ".join(resting),
    }


def standing_row(bot: BotStanding) -> Row:
    """One deployed bot on one instrument, by its own reckoning."""
    held = bot.standing
    return {
        "symbol": bot.symbol,
        "seen": bot.seen,
        "quantity": None if held is None else held.quantity,
        "average_price": None if held is None else held.average_price,
        "cash": None if held is None else held.cash,
        "close": bot.close,
        "equity": bot.equity,
        "gain": None if bot.gain is None else round(bot.gain, 6),
        "resting": bot.resting,
    }


def signal_row(signal: Signal) -> Row:
    """What a deployment sent, and what became of it."""
    return {
        "id": signal.id,
        "fired_at": signal.fired_at,
        "symbol": signal.symbol,
        "state": signal.state.value,
        "price": signal.price,
        "status": signal.status.value,
        "outcome": outcome_words(signal),
    }


def mark_row(symbol: str, mark: Mark) -> Row:
    """What a deployment left behind at one candle."""
    return {
        "candle": moment(mark.at),
        "symbol": symbol,
        "close": mark.close,
        "log": " | ".join(mark.lines),
        "plots": [point._asdict() for point in mark.points],
        "signal": mark.signal,
    }
