"""Routes about replays: exported lists of trades in, what each policy makes of them out."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.access import AMOUNT, INSTANT, Asked, Routes
from chalicelib.api.answers import Answer, Refused
from chalicelib.api.bot_words import INTERVAL, job_row

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_MOST_TEXT: Final = 4_000_000
_MOST_LISTS: Final = 20
_LONGEST_NAME: Final = 40
_SHOWN_ROWS: Final = 300
_AMOUNTS: Final = ("cash", "fee", "slippage", "step", "tick", "minimum")
_WHEN: Final = ("lag", "interval", "timeframe", "timezone", "venue", "since", "until")
_OPTIONS: Final = (*_AMOUNTS, *_WHEN)
_SINGULAR: Final = {"symbols": "symbol", "policies": "policy"}  # given once for each
_SECONDS: Final = 1_800.0
_RESULT: Final = "replay.json"
_NOTHING: Final = MappingProxyType(
    {"running": "wait for it", "aborted": "begin it again", "failed": "begin it again"}
    | {"done": "what came of it is kept no more"}
)
_POLICIES: Final = ["fixed", "boost", "equal", "inverse_volatility", "signal_sized"]


@routes.acts(
    "/replays",
    body={
        "lists": {
            "type": "array",
            "items": {"type": "object"},
            "maxItems": _MOST_LISTS,
            "writeOnly": True,
            "description": "Each with a name, a symbol and the text of the exported file.",
        },
        "policies": {
            "type": "array",
            "items": {"type": "string", "enum": _POLICIES},
            "maxItems": len(_POLICIES),
        },
        "weights": {
            "type": "object",
            "additionalProperties": AMOUNT,
            "description": "Fractions by name; equal ones where they are left out.",
        },
        "list_prices": {
            "type": "boolean",
            "description": "Go by the prices of the lists instead of candles of the lake.",
        },
        "interval": INTERVAL | {"description": "Of the candles, such as 1h."},
        "timeframe": INTERVAL
        | {"description": "Of the charts, such as 1h; what the lists' times show if left out."},
        "timezone": {"type": "string", "pattern": r"^[A-Za-z0-9_+/-]{1,60}$"},
        "venue": {"type": "string", "pattern": r"^[a-z0-9_-]{0,40}$"},
        "lag": {"type": "integer", "minimum": 0, "maximum": 86_400},
        "since": INSTANT,
        "until": INSTANT,
        **dict.fromkeys(_AMOUNTS, AMOUNT),
    },
    needed=("lists",),
    confirm=False,
    good=202,
    answer={"properties": {"id": {"type": "string"}}},
)
def begin(asked: Asked) -> Answer:
    """Send the alerts of exported lists through the live allocator, once for each policy.

    The answer is a job: GET /jobs/{id} says how far it is, GET /replays/{id} what came of it.
    """
    from chalicelib.bootstrap.jobs import jobs, of_here
    from chalicelib.ports.jobs import Task

    lists = _lists(asked.body["lists"])
    _check_weights(asked.body.get("weights", {}), lists)
    options = _options(asked.body, lists)
    # The number makes a file's name of whatever a list is called.
    files = {each["name"]: f"{n} {each['name']}.csv" for n, each in enumerate(lists, 1)}
    task = Task(
        kind="replay",
        about={"lists": ", ".join(files)},
        words=["replay", *of_here(), *_words(options, files)],
        files={files[each["name"]]: each["text"] for each in lists},
        result=_RESULT,
        seconds=_SECONDS,
        read=_shortened,
        asked={**options, "files": files, "rows": _SHOWN_ROWS},
    )
    job = jobs("replay").begin(task)
    told = f"the replay of {len(lists)} lists has begun"
    return Answer({"status": "done", "done": told, **job_row(job)}, status=202)


@routes.reads("/replays/{job_id}")
def show_replay(_asked: Asked, job_id: str) -> dict[str, Any]:
    """What each policy made of the lists, as docs/replay.md describes the JSON; the last alerts."""
    from chalicelib.bootstrap.jobs import jobs, result_of
    from chalicelib.ports.jobs import JobState

    job = jobs("replay").get(job_id)
    if job is None or job.kind != "replay":
        raise Refused(
            404,
            f"there is no replay {job_id[:40]!r}: on AWS the last twenty jobs are kept, else those"
            " since the program began",
        )
    found: dict[str, Any] | None = result_of(job) if job.state is JobState.DONE else None
    if found is None:
        raise Refused(409, f"the replay is {job.state.value}: {job.error or _NOTHING[job.state]}")
    return found


def _lists(given: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for number, each in enumerate(given, 1):
        name, symbol, text = (each.get(word) for word in ("name", "symbol", "text"))
        where = f"lists[{number}]"
        if not isinstance(text, str) or not text.strip():
            raise Refused(400, f"{where}.text is empty; send the file's text", field="lists")
        if not isinstance(name, str) or not _is_name(name) or name in {e["name"] for e in found}:
            raise Refused(
                400,
                f"{where}.name is {str(name)[:60]!r}; it must be a name of its own, of up to"
                f" {_LONGEST_NAME} letters, digits, spaces and . _ -",
                field="lists",
            )
        if not isinstance(symbol, str) or not _is_symbol(symbol):
            raise Refused(
                400,
                f"{where}.symbol is {str(symbol)[:60]!r}; lists do not say what they trade: send"
                " such as BTC/USDT",
                field="lists",
            )
        found.append({"name": name, "symbol": symbol, "text": text})
    if not found:
        raise Refused(400, "lists is empty; send at least one list of trades", field="lists")
    size = sum(len(each["text"]) for each in found)
    if size > _MOST_TEXT:
        raise Refused(
            413,
            f"the lists have {size:,} characters; at most {_MOST_TEXT:,} are taken at once: leave"
            " lists out, or use crypto-bot replay on your machine",
            field="lists",
        )
    return found


def _check_weights(weights: Mapping[str, Any], lists: list[dict[str, str]]) -> None:
    names = [each["name"] for each in lists]
    for name in weights:
        if name not in names:
            raise Refused(
                400, f"weights names {name[:60]!r}; there are {', '.join(names)}", field="weights"
            )


def _options(body: Mapping[str, Any], lists: list[dict[str, str]]) -> dict[str, Any]:
    """Of the verb, by the names that it has for them."""
    found: dict[str, Any] = {
        "symbols": [f"{each['name']}={each['symbol']}" for each in lists],
        "policies": list(dict.fromkeys(body.get("policies", ()))),
        "list_prices": bool(body.get("list_prices")),
    }
    found |= {name: body[name] for name in _OPTIONS if body.get(name) not in {None, ""}}
    if body.get("weights"):
        shares = (f"{name}={share}" for name, share in body["weights"].items())
        found["weights"] = ",".join(shares)
    return found


def _words(options: Mapping[str, Any], files: Mapping[str, str]) -> list[str]:
    words: list[str] = []
    for name, said in options.items():
        option = f"--{_SINGULAR.get(name, name).replace('_', '-')}"
        match said:
            case bool():
                words += [option] if said else []
            case list():
                words += [f"{option}={each}" for each in said]
            case _:
                words.append(f"{option}={said}")
    named = (f"{name}={file}" for name, file in files.items())
    return [*words, "--progress", f"--json={_RESULT}", "--", *named]


def _is_name(name: str) -> bool:
    plain = name.replace(" ", "").replace(".", "").replace("_", "").replace("-", "")
    is_short = len(name) <= _LONGEST_NAME and len(name.encode()) <= 2 * _LONGEST_NAME
    return plain.isalnum() and is_short and name == name.strip(" -")


def _is_symbol(symbol: str) -> bool:
    base, slash, quote = symbol.partition("/")
    return bool(slash) and all(part.isalnum() and part.isupper() for part in (base, quote))


def _shortened(text: str) -> dict[str, Any]:
    from chalicelib.domain.replay.document import short_document

    return short_document(json.loads(text), _SHOWN_ROWS)
