"""Routes about alerts: what arrived and what became of it, the owner's word on it, a try."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, INSTANT, LIMIT, Asked, Routes
from chalicelib.api.answers import Refused, page, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chalicelib.domain.trading.account import Configuration
    from chalicelib.domain.trading.signal import Signal
    from chalicelib.domain.trading.strategy import Strategy

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_STATUSES: Final = [
    "RECEIVED",
    "PLANNED",
    "EXECUTED",
    "PARTIALLY_EXECUTED",
    "SKIPPED",
    "SUPERSEDED",
    "EXPIRED",
    "REJECTED",
    "DENIED",
    "QUARANTINED",
]
_OPEN: Final = {"RECEIVED", "PLANNED"}
_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_NEXT: Final = {"type": ["string", "null"]}
_MESSAGE: Final = {"type": "string", "minLength": 1, "maxLength": 16_384}
_DONE: Final = {"properties": {"would": {"type": "string"}, "done": {"type": "string"}}}


@routes.reads(
    "/signals",
    query={
        "limit": LIMIT,
        "cursor": CURSOR,
        "strategy": "Only this strategy's.",
        "status": {"type": "string", "enum": _STATUSES, "description": "Only those that ended so."},
        "text": "Only those with this in ticker, symbol, comment, order id, reason or id.",
        "since": INSTANT,
        "until": INSTANT,
    },
    answer={"properties": {"signals": _ROWS, "next": _NEXT}, "required": ["signals", "next"]},
)
def list_signals(asked: Asked) -> dict[str, Any]:
    """The signals with their outcomes, the newest first by arrival.

    `waits_for` names the accounts that want the owner's word on it. With a filter a page may hold
    fewer rows than its limit although there are more: go on until `next` is null.
    """
    from functools import partial

    from chalicelib import bootstrap
    from chalicelib.api.listing import found_on_page

    since, until = asked.instant("since"), asked.instant("until")
    is_open = asked.text("status") in _OPEN
    read = partial(bootstrap.signals().page, first=since, last=until, only_open=is_open)
    found, end = found_on_page(read, asked.limit(), asked.cursor(), _wanted(asked.query))
    configuration = bootstrap.strategies().configuration()
    return page("signals", [_row(signal, configuration) for signal in found], end=end)


def _wanted(query: "Mapping[str, str]") -> "Callable[[Signal], bool] | None":
    strategy, status = query.get("strategy", ""), query.get("status", "")
    text = query.get("text", "").casefold()
    if not (strategy or status or text):
        return None

    def is_wanted(signal: "Signal") -> bool:
        if strategy not in {"", signal.strategy} or status not in {"", signal.status}:
            return False
        told = (signal.ticker, signal.symbol, signal.comment, signal.order_id, signal.reason)
        return not text or any(text in part.casefold() for part in (*told, signal.id))

    return is_wanted


def _row(signal: "Signal", configuration: "Configuration") -> dict[str, Any]:
    from chalicelib.domain.trading.signal import DesiredState
    from chalicelib.services.trading.decide_signal import accounts_waiting

    is_open = not (signal.status.is_final or signal.test) and signal.state is DesiredState.LONG
    waiting = accounts_waiting(configuration, signal) if is_open else []
    return {**value_of(signal), "waits_for": waiting}


@routes.reads(
    "/signals/{signal_id}",
    answer={
        "properties": {
            "signal": {"type": "object"},
            "alert": {"type": "string"},
            "chain": _ROWS,
            "timings": _ROWS,
        }
    },
)
def show_signal(_asked: Asked, signal_id: str) -> dict[str, Any]:
    """One signal: what the alert said, what each account decided and sent, and when what happened.

    `alert` is the message as it was received, of one above 4,000 bytes the beginning; '' for a
    signal that no message made, such as a bot's. Secrets of an alert are never stored, so none is
    here.
    """
    from chalicelib import bootstrap
    from chalicelib.services.trading.trace_signal import trace_signal

    trace = trace_signal(bootstrap.trading(), signal_id)
    if trace is None:
        raise Refused(404, f"there is no signal {signal_id}", field="signal_id")
    configuration = bootstrap.strategies().configuration()
    row = _row(trace.signal, configuration)
    alert = bootstrap.signals().alert(signal_id)
    return {"signal": row, "alert": alert, "chain": trace.chain, "timings": trace.timings}


@routes.acts("/signals/{signal_id}/approve", answer=_DONE)
def approve(asked: Asked, signal_id: str) -> dict[str, Any]:
    """Let a signal be executed on the accounts that wait for the owner's word."""
    return _decide(asked, signal_id, approved=True)


@routes.acts("/signals/{signal_id}/decline", answer=_DONE)
def decline(asked: Asked, signal_id: str) -> dict[str, Any]:
    """Skip a signal on the accounts that wait for the owner's word."""
    return _decide(asked, signal_id, approved=False)


def _decide(asked: Asked, signal_id: str, *, approved: bool) -> dict[str, Any]:
    from chalicelib import bootstrap
    from chalicelib.services.trading.decide_signal import decide_signal, waiting_signal

    signal, accounts = waiting_signal(bootstrap.trading(), signal_id)
    what = f"{signal.strategy} {signal.state} {signal.symbol} on {', '.join(accounts)}"
    if asked.is_dry_run:
        ends = "may be executed with the next tick" if approved else "is skipped"
        return {"would": f"{what} {ends}."}
    decided = decide_signal(bootstrap.trading(), signal_id, approved=approved)
    word = "approved" if approved else "declined"
    return {"done": f"{what} is {word}.", "signal_status": decided.status}


@routes.acts(
    "/test-signal",
    body={
        "strategy": {"type": "string", "description": "Whose alert it is to look like."},
        "ticker": {"type": "string", "description": "One of its tickers; left out: the first."},
        "market_position": {"type": "string", "enum": ["long", "flat"]},
    },
    needed=("strategy",),
    confirm=False,
    answer={"properties": {"done": {"type": "string"}, "signal_id": {"type": "string"}}},
)
def send_test(asked: Asked) -> dict[str, Any]:
    """Try the way of an alert: it is stored, planned and told of like any other, and not traded."""
    from chalicelib import bootstrap
    from chalicelib.services.trading.send_test_signal import send_test_signal

    strategy = _strategy(asked.body["strategy"])
    signal = send_test_signal(
        bootstrap.trading(),
        strategy,
        ticker=asked.body.get("ticker", ""),
        position=asked.body.get("market_position", "long"),
    )
    done = f"A test of {strategy.name} for {signal.ticker} has arrived; the next tick ends it."
    return {"done": done, "signal_id": signal.id}


@routes.reads(
    "/alert-message/{strategy}",
    answer={
        "properties": {
            "message": {"type": "string"},
            "url": {"type": "string"},
            "problems": _TEXTS,
            "notes": _TEXTS,
        }
    },
)
def show_alert_message(_asked: Asked, strategy: str) -> dict[str, Any]:
    """The message to paste into the alert dialog of TradingView, and what to know of it.

    `url` is the path of the webhook; TOKEN in it stands for the token that was shown once.
    """
    from chalicelib.domain.trading.alerts.template import alert_template

    known = _strategy(strategy)
    message = alert_template(known)
    return {"message": message, "url": f"/hook/{known.name}/TOKEN", **_lint(message, known)}


@routes.asks(
    "/alert-message/{strategy}/check",
    body={"message": _MESSAGE},
    needed=("message",),
    answer={"properties": {"problems": _TEXTS, "notes": _TEXTS}},
)
def check_alert_message(asked: Asked, strategy: str) -> dict[str, Any]:
    """What would go wrong with a message, tried on an entry, an exit and a reversal."""
    return _lint(asked.body["message"], _strategy(strategy))


def _lint(message: str, strategy: "Strategy") -> dict[str, Any]:
    from chalicelib.domain.trading.alerts.template import lint_notes, lint_template

    return {"problems": lint_template(message, strategy), "notes": lint_notes(message)}


def _strategy(name: str) -> "Strategy":
    from chalicelib import bootstrap
    from chalicelib.domain.errors import SettingsError
    from chalicelib.domain.trading.configuration.names import strategy_named

    try:
        return strategy_named(bootstrap.strategies().configuration(), name)
    except SettingsError as error:
        raise Refused(404, str(error), field="strategy") from error
