"""Requests that nobody would send in good faith, and valid alerts with something odd in them.

Everything follows from one seed, so that a failure can be made again; it is written for volume.
Alerts that parse are the larger part: what is wrong with them reaches the stores and the tick.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from urllib.parse import quote

from tests.canaries import BODY_SECRET, PATH_TOKEN, QUERY_TOKEN
from tests.hostile import odd_values as odd

TICKERS: Final = ("BTCUSDT", "ETHUSDT")
STRATEGY: Final = "btc"
HOOK: Final = f"/hook/{STRATEGY}/{PATH_TOKEN}"
SEEDS_PATH: Final = "/receive_trade_signals"
LARGEST_BODY: Final = 1_000_000
JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request; `kind` tells which rule made it."""

    kind: str
    body: bytes
    path: str = HOOK
    headers: Mapping[str, str]
    method: str = "POST"

    def __str__(self) -> str:
        shown = self.body if len(self.body) < 600 else self.body[:600] + b"..."
        return (
            f"{self.kind}: {self.method} {self.path} {dict(self.headers)}"
            f" {len(self.body)} bytes {shown!r}"
        )


class Sender:
    """Makes posts; the same seed makes the same ones. `now` is the receiver's clock."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self._dice = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._now = now
        makers = _shares()
        self._makers = list(makers)
        self._weights = list(makers.values())

    def post(self) -> Post:
        """The next one."""
        (maker,) = self._dice.choices(self._makers, self._weights)
        return maker(self)

    # --- bodies that are no message ---

    def noise(self) -> Post:
        return self._sent("noise", self._dice.randbytes(self._dice.randrange(600)))

    def words(self) -> Post:
        return self._sent("text", self._text(self._dice.randrange(300)).encode())

    def depth(self) -> Post:
        deep = self._dice.choice((7, 8, 9, 100, 3_000, 15_000))
        opening, closing = self._dice.choice((("[", "]"), ('{"a":', "}"), ('[{"ticker":', "}]")))
        text = opening * deep + "1" + self._dice.choice((closing * deep, ""))
        return self._sent("depth", text.encode())

    def nested_field(self) -> Post:
        value: Any = self._scalar()
        for _ in range(self._dice.randrange(12)):
            value = {self._text(3): value} if self._dice.random() < 0.5 else [value]
        return self._sent("nested", _as_json(self._alert() | {self._any_field(): value}))

    def raw_number(self) -> Post:
        alert = self._alert() | {self._any_field(): "RAW"}
        text = json.dumps(alert).replace('"RAW"', self._dice.choice(odd.RAW_NUMBERS))
        return self._sent("number", text.encode())

    def surrogate(self) -> Post:
        half = self._dice.choice(("\\ud800", "\\udfff", "\\ud83d\\ud83d", "\\uDC00x", "\\ud83d"))
        text = json.dumps(self._alert() | {self._any_field(): "HALF"}).replace("HALF", half)
        return self._sent("surrogate", text.encode())

    def twice(self) -> Post:
        first = json.dumps(self._alert())
        name = self._any_field()
        second = json.dumps({name: self._scalar()})
        return self._sent("twice", f"{first[:-1]}, {second[1:]}".encode())

    def large(self) -> Post:
        length = self._dice.choice((16_383, 16_384, 16_385, 20_000, 65_536, LARGEST_BODY))
        alert = _as_json(self._alert())
        filling = self._dice.choice((b" ", b"a", b"[", b"\xff", b"\\u0000"))
        return self._sent("large", (alert + filling * length)[:length])

    def damaged(self) -> Post:
        """The secret, which comes last, stays whole with its key: nothing else tells what it is."""
        whole = _as_json(self._alert())
        alert, end = bytearray(whole), whole.index(b'"secret"')
        for _ in range(self._dice.randrange(1, 4)):
            place = self._dice.randrange(min(end, len(alert)))
            alert[place : place + self._dice.randrange(3)] = self._dice.randbytes(
                self._dice.randrange(3)
            )
        return self._sent("damaged", bytes(alert))

    # --- alerts, with something odd in them ---

    def odd_fields(self) -> Post:
        alert = self._alert()
        for _ in range(self._dice.choice((1, 1, 1, 2, 3, 6))):
            name = self._any_field()
            alert[name] = self._odd(name)
        return self._sent("fields", _as_json(alert))

    def odd_amount(self) -> Post:
        """One amount that is within all bounds and still absurd, so that a tick has to bear it."""
        alert = self._alert() | {"market_position": self._dice.choice(("long", "long", "flat"))}
        for name in self._dice.sample(odd.AMOUNT_FIELDS, self._dice.randrange(1, 4)):
            alert[name] = self._dice.choice(odd.BEARABLE)
        alert["prev_market_position"] = self._dice.choice(("long", "flat", "short"))
        alert["size_unit"] = self._dice.choice(("quantity", "notional", "percent"))
        return self._sent("amounts", _as_json(alert))

    def good(self) -> Post:
        return self._sent("good", _as_json(self._alert()))

    def lines(self) -> Post:
        pairs = {**self._alert(), self._any_field(): self._odd(self._any_field())}
        gap = self._dice.choice(("\n", ";", "\r\n"))
        text = gap.join(f"{name}={value}" for name, value in pairs.items())
        return self._sent("lines", text.encode("utf-8", "replace"))

    def dialect(self) -> Post:
        alert = dict(self._dice.choice(odd.DIALECTS))
        name = self._dice.choice(list(alert))
        alert[name] = self._dice.choice((self._odd("order_price"), self._scalar(), {"a": {}}, []))
        return self._sent("dialect", _as_json(alert | {"timestamp": self._now().isoformat()}))

    # --- addresses, tokens and headers ---

    def odd_token(self) -> Post:
        token = self._dice.choice(
            (
                "",
                PATH_TOKEN[:-1],
                PATH_TOKEN + "x",
                PATH_TOKEN.upper(),
                "%00",
                "%ff%fe",
                "..",
                "%2e%2e%2f",
                "a" * 9_000,
                quote(self._text(12)),
            )
        )
        query = f"?token={token}" + self._dice.choice(("", "&token=", "&token[]=x", "&=&&;"))
        path = self._dice.choice(
            (f"/hook/{STRATEGY}/{token}", SEEDS_PATH + query, f"/hook/{token}/{PATH_TOKEN}")
        )
        alert = self._alert() | self._dice.choice(({}, {"secret": token}, {"secret": 5}))
        return Post(kind="token", body=_as_json(alert), path=path, headers=JSON)

    def odd_path(self) -> Post:
        path = self._dice.choice(
            (
                "/",
                "//",
                "/%",
                "/hook",
                "/hook/",
                f"/hook/{STRATEGY}",
                f"/hook//{PATH_TOKEN}",
                f"{HOOK}/",
                f"{HOOK}//x",
                f"{HOOK}/../../signals",
                f"{HOOK};a=b",
                f"{HOOK}?" + "a=b&" * 500,
                f"/HOOK/{STRATEGY}/{PATH_TOKEN}",
                "/signals/..",
                "/health?" + "%" * 200,
                "/{strategy}",
                "/hook/{strategy}/{token}",
                f"/{quote(self._text(20))}",
            )
        )
        method = self._dice.choice(("POST", "POST", "GET", "PUT", "DELETE", "PATCH", "HEAD"))
        return Post(
            kind="path", body=_as_json(self._alert()), path=path, method=method, headers=JSON
        )

    def odd_headers(self) -> Post:
        headers = {"Content-Type": self._dice.choice(odd.CONTENT_TYPES)}
        headers |= dict(self._dice.sample(odd.HEADERS, self._dice.randrange(3)))
        return Post(
            kind="headers", body=_as_json(self._alert()), path=self._address(), headers=headers
        )

    # --- the parts ---

    def _sent(self, kind: str, body: bytes) -> Post:
        return Post(kind=kind, body=body, path=self._address(), headers=JSON)

    def _address(self) -> str:
        by_query = f"{SEEDS_PATH}?token={QUERY_TOKEN}"
        return self._dice.choice((HOOK, by_query, by_query, SEEDS_PATH))

    def _alert(self) -> dict[str, Any]:
        fired = self._now() + timedelta(milliseconds=self._dice.randrange(-50_000, 1_000))
        return {
            "time": fired.isoformat(),
            "ticker": self._dice.choice(TICKERS),
            "market_position": self._dice.choice(("long", "flat", "short")),
            "order_price": "60000",
            "order_id": str(self._dice.randrange(10**6)),
            "secret": BODY_SECRET,
        }

    def _any_field(self) -> str:
        lists = (
            odd.TEXT_FIELDS,
            odd.AMOUNT_FIELDS,
            odd.AMOUNT_FIELDS,
            odd.WORD_FIELDS,
            ("time", "unknown"),
        )
        return self._dice.choice(self._dice.choice(lists))

    def _odd(self, name: str) -> Any:
        """Something that the field may have to bear, in its own terms or in none."""
        if self._dice.random() < 0.1:
            return self._scalar()
        if name in odd.AMOUNT_FIELDS:
            return self._dice.choice(odd.AMOUNTS)
        if name in odd.WORD_FIELDS:
            return self._dice.choice(odd.WORDS)
        if name == "time":
            moment = self._now() + timedelta(seconds=self._dice.choice(odd.OFFSETS))
            return self._dice.choice((*odd.TIMES, moment.isoformat(), int(moment.timestamp())))
        return self._text(self._dice.choice((0, 1, 5, 63, 64, 65, 255, 256, 257, 4_000)))

    def _scalar(self) -> Any:
        return self._dice.choice(
            (
                None,
                True,
                False,
                0,
                -1,
                10**30,
                1.5,
                1e300,
                5e-324,
                self._text(self._dice.randrange(20)),
                [],
                {},
                [[]],
                {"ticker": "BTCUSDT"},
            )
        )

    def _text(self, length: int) -> str:
        return "".join(self._dice.choices(odd.LETTERS, k=length))


def _shares() -> dict[Callable[[Sender], Post], int]:
    """How often each rule is used, in parts of the whole."""
    return {
        Sender.noise: 4,
        Sender.words: 4,
        Sender.depth: 3,
        Sender.nested_field: 4,
        Sender.raw_number: 5,
        Sender.surrogate: 3,
        Sender.twice: 3,
        Sender.large: 2,
        Sender.damaged: 8,
        Sender.odd_fields: 27,
        Sender.odd_amount: 13,
        Sender.good: 2,
        Sender.lines: 5,
        Sender.dialect: 5,
        Sender.odd_token: 4,
        Sender.odd_path: 4,
        Sender.odd_headers: 4,
    }


def _as_json(value: object) -> bytes:
    return json.dumps(value).encode()
