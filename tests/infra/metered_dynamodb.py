"""A client of DynamoDB that reckons what each call costs, as AWS does.

moto answers a flat number. The rules: a write is paid per KB of the larger of old and new item,
twice in a transaction, also when its condition fails; a read per 4 KB, half if it may lag. On the
index each write of an item counts again, and one that moves it there counts twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Any

KB = 1024
READ_UNIT = 4 * KB
INDEX_KEYS = ("shelf", "at")

Item = Mapping[str, Mapping[str, Any]]


@dataclass
class Units:
    """What table and index have consumed; a read that may lag counts a half."""

    table_read: float = 0.0
    table_write: float = 0.0
    index_read: float = 0.0
    index_write: float = 0.0

    def since(self, before: "Units") -> "Units":
        return Units(**{name: value - vars(before)[name] for name, value in vars(self).items()})


@dataclass
class MeteredClient:
    """`items` is what the table holds: AWS pays by what was there before, too."""

    client: Any
    used: Units = field(default_factory=Units)
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    turn: Lock = field(default_factory=Lock)

    def get_item(self, **request: Any) -> Any:
        answer = self.client.get_item(**request)
        with self.turn:
            self.used.table_read += _reads([answer.get("Item", {})], lags=False)
        return answer

    def query(self, **request: Any) -> Any:
        answer = self.client.query(**request)
        with self.turn:
            if "IndexName" in request:
                self.used.index_read += _reads(answer["Items"], lags=True)
            else:
                self.used.table_read += _reads(answer["Items"], lags=False)
        return answer

    def put_item(self, **request: Any) -> Any:
        return self._write([request], 1, lambda: self.client.put_item(**request))

    def transact_write_items(self, **request: Any) -> Any:
        puts = [item["Put"] for item in request["TransactItems"]]
        return self._write(puts, 2, lambda: self.client.transact_write_items(**request))

    def _write(self, puts: Sequence[Any], times: int, send: Callable[[], Any]) -> Any:
        with self.turn:
            news = {_key(put["Item"]): put["Item"] for put in puts}
            olds = {key: self.items.get(key, {}) for key in news}
            self.used.table_write += times * sum(
                _writes(max(item_size(olds[key]), item_size(news[key]))) for key in news
            )
            answer = send()
            self.used.index_write += sum(_index_writes(olds[key], news[key]) for key in news)
            self.items |= news
        return answer


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _reads(items: Sequence[Item], *, lags: bool) -> float:
    units = max(1, ceil(sum(map(item_size, items)) / READ_UNIT))
    return units / 2 if lags else units


def _writes(size: int) -> int:
    return max(1, ceil(size / KB))


def _index_writes(old: Item, new: Item) -> int:
    """Out of its old place, into its new one; all attributes are projected, so sizes are equal."""
    was, is_there = "shelf" in old, "shelf" in new
    if was and is_there and all(old[name] == new[name] for name in INDEX_KEYS):
        return _writes(max(item_size(old), item_size(new)))
    return was * _writes(item_size(old)) + is_there * _writes(item_size(new))


def item_size(item: Item) -> int:
    """Names count, and numbers take half a byte per digit."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content) // 2 + 2
    return 1 if kind == "BOOL" else len(content)
