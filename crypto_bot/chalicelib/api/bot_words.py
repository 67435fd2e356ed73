"""Records of bots as the routes about them answer them, and their refusals as sentences."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from chalicelib.api.answers import Refused
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import parse_amount

if TYPE_CHECKING:
    from decimal import Decimal

    from chalicelib.api.asking import Asked
    from chalicelib.domain.bots.checks.outline import Outline
    from chalicelib.domain.bots.deployed import DeployedBot
    from chalicelib.domain.bots.trail import Mark
    from chalicelib.domain.bots.version import BacktestNote, VersionNote, VersionNumber
    from chalicelib.domain.trading.order import Order
    from chalicelib.domain.trading.signal import Signal
    from chalicelib.ports.jobs import Job
    from chalicelib.services.bots.find_bot import FoundBot
    from chalicelib.services.bots.report_deployment import BotStanding

Row = dict[str, Any]

NAME: Final = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
    "description": "up to 40 letters, digits and . _ -",
}
VERSION: Final = {
    "type": "string",
    "pattern": r"^(\d{1,6}\.\d{1,6})?$",
    "description": "such as 1.0; the newest where it is left out",
}
INSTRUMENTS: Final = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^[A-Z0-9]{1,20}/[A-Z0-9]{1,20}$"},
    "maxItems": 50,
    "description": "Such as BTC/USDT; the bot's own where it is left out.",
}
INTERVAL: Final = {
    "type": "string",
    "pattern": r"^(\d{1,2}[mhdw])?$",
    "description": "such as 1h; the bot's own where it is left out",
}
PARAMETERS: Final = {
    "type": "object",
    "additionalProperties": {"type": "number"},
    "description": "Numbers by the names of the bot's parameters.",
}
DIGEST: Final = {
    "type": "string",
    "maxLength": 64,
    "description": "Of the source that was shown, as the answer without `confirm` has it.",
}
RUNS: Final = "It runs in crypto-bot worker bots, or in crypto-bot run --market with its markets."
_UNTOUCHABLE: Final = 422


@contextmanager
def of_bots() -> Iterator[None]:
    """What is wrong with a bot is its author's to mend: refused, with the line in its sentence."""
    from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused

    try:
        yield
    except (BotFailed, BotRefused, CandlesRefused) as error:
        raise Refused(_UNTOUCHABLE, str(error)) from None


def number(text: str) -> "VersionNumber | None":
    """A version that was asked for; None for the newest."""
    from chalicelib.domain.bots.version import number_named

    return number_named(text) if text else None


def amount(name: str, text: str) -> "Decimal":
    """Above zero."""
    try:
        found = parse_amount(text)
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None
    if found <= 0:
        raise Refused(422, f"{name} is {text}; it must be above zero", field=name)
    return found


def check_seen(asked: "Asked", found: "FoundBot") -> None:
    """Refused where the code that would run is not the code that was shown: a version may be saved
    again until it runs.
    """
    seen = asked.body.get("digest", "")
    if seen == found.digest or found.stored is None:
        return
    if not seen:
        raise Refused(
            400,
            "digest is missing; send the one that the answer without confirm has, so that what "
            "runs is what was shown",
            field="digest",
        )
    saved = found.stored.note(found.number).saved_at
    raise Refused(
        409,
        f"{found.title} was saved again at {saved:%Y-%m-%d %H:%M} UTC, and is not what was shown: "
        "look at it again",
        field="digest",
    )


def version_row(note: "VersionNote") -> Row:
    """One version of a bot. A locked one was run, and never changes."""
    return {
        "version": str(note.number),
        "digest": note.digest,
        "saved_at": note.saved_at,
        "used_at": note.used_at,
        "is_locked": note.used_at is not None,
    }


def test_row(test: "BacktestNote") -> Row:
    """One backtest; `id` is by what its chart is asked for."""
    return {
        "id": test.report.rsplit("/", maxsplit=1)[-1],
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
        "summary": test.summary,
    }


def outline_row(outline: "Outline") -> Row:
    """What a form about the bot can be filled in with."""
    said = outline._asdict()
    return {**said, "parameters": [each._asdict() for each in outline.parameters]}


def deployment_row(deployed: "DeployedBot") -> Row:
    """One deployment."""
    return {
        "name": deployed.name,
        "bot": deployed.bot,
        "version": None if deployed.number is None else str(deployed.number),
        "strategy": deployed.strategy,
        "instruments": deployed.instruments,
        "together": deployed.together,
        "interval": deployed.interval.value,
        "parameters": deployed.parameters,
        "cash": deployed.cash,
        "since": deployed.since,
        "changed_at": deployed.changed_at,
        "state": "running" if deployed.is_running else "stopped",
        "why": deployed.why,
        "resting": deployed.resting,
    }


def standing_row(bot: "BotStanding") -> Row:
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
        "gain": None if bot.gain is None else float(round(bot.gain, 6)),
        "resting": bot.resting,
    }


def signal_row(signal: "Signal") -> Row:
    """What a deployment sent, and what became of it."""
    return {
        "id": signal.id,
        "at": signal.fired_at,
        "symbol": signal.symbol,
        "state": signal.state.value,
        "price": signal.price,
        "status": signal.status.value,
        "outcomes": [
            {"account": each.account, "status": each.status.value, "reason": each.reason}
            for each in signal.outcomes
        ],
    }


def order_row(order: "Order") -> Row:
    """One order that its signals led to."""
    intent = order.intent
    return {
        "id": intent.id,
        "at": order.created_at,
        "account": intent.account,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "quantity": intent.quantity,
        "filled": order.filled,
        "status": order.status.value,
        "reason": order.reason,
    }


def mark_row(symbol: str, mark: "Mark") -> Row:
    """What a deployment left behind at one candle; `at` is when that started."""
    from chalicelib.domain.bots.candles import moment

    return {
        "at": moment(mark.at),
        "symbol": symbol,
        "close": mark.close,
        "lines": mark.lines,
        "points": [point._asdict() for point in mark.points],
        "signal": mark.signal,
    }


def job_row(job: "Job") -> Row:
    """How work stands that was begun: `steps` of `total` are done, 0 of 0 while that is unknown.
    What came of it is asked for where it belongs.
    """
    return {
        "id": job.id,
        "kind": job.kind,
        "about": job.about,
        "began_at": job.began_at,
        "state": job.state.value,
        "steps": job.done,
        "total": job.total,
        "error": job.error,
        "lines": list(job.result) if isinstance(job.result, Sequence) else [],
    }


def followers_of(strategy: str) -> list[dict[str, str]]:
    """The accounts that trade what the strategy wishes, with their modes."""
    from chalicelib import bootstrap

    configuration = bootstrap.strategies().configuration()
    return [
        {"account": name, "mode": configuration.accounts[name].mode.value}
        for name in configuration.followers(strategy)
        if name in configuration.accounts
    ]


def real_money(strategy: str) -> str:
    """A warning for a sentence; nothing where no live account follows."""
    live = [each["account"] for each in followers_of(strategy) if each["mode"] == "live"]
    return f"; {', '.join(live)} would trade its wishes with REAL MONEY" if live else ""
