"""The message for TradingView's alert dialog, and what would go wrong with another one."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from chalicelib.domain.errors import SignalRejected
from chalicelib.domain.trading.alerts.address import symbol_of
from chalicelib.domain.trading.alerts.alert import parse_alert
from chalicelib.domain.trading.alerts.lint import Finding, Kind, lint_alert
from chalicelib.domain.trading.strategy import Strategy

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

_MESSAGE: Final = {
    "strategy": "",
    "time": "{{timenow}}",
    "ticker": "{{ticker}}",
    "exchange": "{{exchange}}",
    "interval": "{{interval}}",
    "order_action": "{{strategy.order.action}}",
    "order_contracts": "{{strategy.order.contracts}}",
    "order_price": "{{strategy.order.price}}",
    "order_id": "{{strategy.order.id}}",
    "order_comment": "{{strategy.order.comment}}",
    "market_position": "{{strategy.market_position}}",
    "market_position_size": "{{strategy.market_position_size}}",
    "prev_market_position": "{{strategy.prev_market_position}}",
    "prev_market_position_size": "{{strategy.prev_market_position_size}}",
}

# What TradingView puts in when an order fills.
_ALWAYS: Final = {
    "ticker": "BTCUSD",
    "exchange": "BINANCE",
    "interval": "60",
    "time": "2024-08-10T02:00:00Z",
    "timenow": "2024-08-10T02:30:02Z",
    "open": "67000",
    "high": "67700",
    "low": "66900",
    "close": "67656.77",
    "volume": "12.5",
    "syminfo.currency": "USD",
    "syminfo.basecurrency": "BTC",
    "strategy.order.contracts": "0.5",
    "strategy.order.price": "67656.77",
    "strategy.order.id": "Long",
    "strategy.order.comment": "Long",
    "strategy.order.alert_message": "",
    "strategy.position_size": "0.5",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    name: str
    action: str
    position: str
    before: str

    def values(self) -> Mapping[str, str]:
        return {
            **_ALWAYS,
            "strategy.order.action": self.action,
            "strategy.market_position": self.position,
            "strategy.market_position_size": "0" if self.position == "flat" else "0.5",
            "strategy.prev_market_position": self.before,
            "strategy.prev_market_position_size": "0" if self.before == "flat" else "0.5",
        }


_CASES: Final = (
    _Case(name="an entry", action="buy", position="long", before="flat"),
    _Case(name="an exit", action="sell", position="flat", before="long"),
    _Case(name="a reversal", action="sell", position="short", before="long"),
)


def alert_template(strategy: Strategy) -> str:
    """The full message as indented JSON with TradingView's placeholders."""
    return json.dumps(_MESSAGE | {"strategy": strategy.name}, indent=2)


def lint_template(text: str, strategy: Strategy | None = None) -> list[str]:
    """What would go wrong with this message, as sentences; nothing if nothing would.

    A text without mistakes is tried out on an entry, an exit and a reversal, with the placeholders
    filled in as TradingView does it. With a strategy, the ticker has to be one of its own.
    """
    problems = _sentences(lint_alert(text), Kind.PROBLEM)
    if problems:
        return problems
    if not _PLACEHOLDER.search(text):
        problems.append(
            "there is no placeholder in it: every alert would say the same, and only the first "
            "one in a second would count; use {{strategy.order.action}} and {{timenow}}"
        )
    for case in _CASES:
        problem = _problem(text, case, strategy)
        if problem and problem not in problems:
            problems.append(problem)
    return problems


def lint_notes(text: str) -> list[str]:
    """What is worth knowing about this message, although nothing would go wrong with it."""
    return _sentences(lint_alert(text), Kind.NOTE)


def _sentences(findings: Iterable[Finding], kind: Kind) -> list[str]:
    return [f"line {f.line}: {f.problem}; {f.remedy}" for f in findings if f.kind is kind]


def _problem(text: str, case: _Case, strategy: Strategy | None) -> str:
    values = dict(case.values())
    if strategy is not None:
        values["ticker"] = next(iter(strategy.instruments))
    filled = _PLACEHOLDER.sub(lambda found: values.get(found[1], "1"), text)
    try:
        alert = parse_alert(filled.encode())
        if strategy is not None:
            symbol_of(strategy, alert)
    except SignalRejected as error:
        return f"with {case.name}: {error} (the webhook would answer {error.status})"
    if strategy is not None and alert.strategy not in {"", strategy.name}:
        return f"it names strategy {alert.strategy}, and not {strategy.name}"
    if alert.state.value not in {case.position, "flat" if case.position == "short" else ""}:
        return f"with {case.name}: it would mean {alert.state}, not {case.position}"
    return ""
