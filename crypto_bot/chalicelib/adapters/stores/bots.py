"""Bots that run by live candles: one row each, written anew when they have seen some."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.adapters.stores.keys import key
from chalicelib.domain.bots.live import LiveBot
from chalicelib.domain.bots.standing import Held, Reckoning
from chalicelib.domain.bots.waiting_order import Waiting
from chalicelib.domain.trading.side import Side
from chalicelib.drivers.table import Row, Table
from chalicelib.ports.bots import KeptBot

_GONE: Final = "null"
_AMOUNTS: Final = frozenset(
    ("quantity", "limit", "stop", "trailing", "best", "stop_loss", "take_profit", "trail_stop")
)


class TableBotStates:
    """`BotStates` over a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, deployment: str, on: str) -> KeptBot | None:
        """See `BotStates.get`."""
        row = self._table.get(key("bot", deployment), key(on))
        if row is None or row.document == _GONE:
            return None
        bot = _bot(json.loads(row.document), on)
        return KeptBot(deployment=deployment, on=on, bot=bot, version=row.version)

    def put(self, kept: KeptBot) -> KeptBot:
        """See `BotStates.put`."""
        before = kept.version or self._version_of_gone(kept)
        written = replace(kept, version=before + 1)
        row = Row(
            partition=key("bot", kept.deployment),
            sort=key(kept.on),
            document=json.dumps(_document(kept.bot), allow_nan=False, separators=(",", ":")),
            version=written.version,
        )
        self._table.write([row])
        return written

    def _version_of_gone(self, kept: KeptBot) -> int:
        """Of an earlier deployment of the same name there may be an empty row."""
        row = self._table.get(key("bot", kept.deployment), key(kept.on))
        return row.version if row is not None and row.document == _GONE else 0


def emptied_states(table: Table, deployment: str) -> list[Row]:
    """What is left of them when the deployment is deleted."""
    rows = table.query(key("bot", deployment))
    return [replace(row, document=_GONE, version=row.version + 1) for row in rows]


def _document(bot: LiveBot) -> dict[str, Any]:
    return {
        "terms": bot.terms,
        "heard_from": bot.heard_from.isoformat(),
        "cash": str(bot.reckoning.cash),
        "held": {symbol: _texts(held) for symbol, held in bot.reckoning.held.items()},
        "seen": None if bot.seen is None else bot.seen.isoformat(),
        "state": bot.state,
        "waiting": [_order_document(order) for order in bot.waiting],
    }


def _texts(held: Held) -> list[str | None]:
    return [None if amount is None else str(amount) for amount in held]


def _held(said: list[str | None]) -> Held:
    quantity, price = said
    return Held(Decimal(quantity or 0), None if price is None else Decimal(price))


def _order_document(order: Waiting) -> dict[str, Any]:
    said = order._asdict().items()
    return {name: str(word) if isinstance(word, Decimal) else word for name, word in said}


def _order(said: dict[str, Any]) -> Waiting:
    """Numbers are texts in a document, the times of candles are not."""
    words: dict[str, Any] = {**said, "side": Side(said["side"])}
    for name in _AMOUNTS:
        words[name] = None if words[name] is None else Decimal(words[name])
    return Waiting(**words)


def _bot(said: dict[str, Any], on: str) -> LiveBot:
    held, seen = said.get("held"), said["seen"]
    if held is None:  # written when each had one instrument
        held = {on: [said["quantity"], said["average_price"]]} if Decimal(said["quantity"]) else {}
    return LiveBot(
        terms=said["terms"],
        heard_from=datetime.fromisoformat(said["heard_from"]),
        reckoning=Reckoning(
            Decimal(said["cash"]), {symbol: _held(texts) for symbol, texts in held.items()}
        ),
        seen=None if seen is None else datetime.fromisoformat(seen),
        state=said["state"],
        waiting=tuple(_order(order) for order in said.get("waiting", ())),
    )
