"""Routes about backtests: on which candles, begun, under way, kept with their version."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import AMOUNT, INSTANT, Asked, Routes
from chalicelib.api.answers import Answer, Refused, as_file, page
from chalicelib.api.asking import Schema
from chalicelib.api.bot_words import (
    INSTRUMENTS,
    INTERVAL,
    PARAMETERS,
    VERSION,
    job_row,
    number,
    of_bots,
)

if TYPE_CHECKING:
    from chalicelib.domain.bots.version import VersionNumber
    from chalicelib.ports.jobs import Job

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_HTML: Final = "text/html; charset=utf-8"
_JOB: Final = {"properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
_AMOUNTS: Final = ("cash", "fee", "slippage", "step", "tick", "minimum")
_TRIED: Final[dict[str, Schema]] = {
    "version": VERSION,
    "instruments": INSTRUMENTS,
    "interval": INTERVAL,
    "parameters": PARAMETERS,
}


@routes.reads("/candle_series")
def list_series(_asked: Asked) -> dict[str, Any]:
    """The candles that bots can be tried on: whose, of which interval, and of which time."""
    from chalicelib.bootstrap.jobs import kept_series

    return page("series", kept_series(), end=None)


@routes.acts(
    "/bots/{name}/backtests",
    body={
        **_TRIED,
        "venue": {"type": "string", "pattern": r"^[a-z0-9_-]{0,40}$"},
        "since": INSTANT,
        "until": INSTANT,
        **dict.fromkeys(_AMOUNTS, AMOUNT),
    },
    confirm=False,
    good=202,
    answer=_JOB,
)
def begin(asked: Asked, name: str) -> Answer:
    """Try a version on the candles of the lake, contained, in at most five minutes.

    The answer is a job: GET /jobs/{id} says how far it is. What comes of it is kept with the
    version, which never changes from then on.
    """
    from chalicelib.bootstrap.jobs import jobs, of_here
    from chalicelib.ports.jobs import Task

    found = _version(name, asked.body.get("version", ""))
    words = ["bots", "backtest", *of_here(), *_of_a_trial(asked.body, found)]
    said = {option: asked.body.get(option) for option in ("venue", "since", "until", *_AMOUNTS)}
    words += [f"--{option}={text}" for option, text in said.items() if text]
    task = Task(
        kind="backtest",
        about={"bot": name, "version": str(found)},
        words=[*words, "--contained", "--progress", "--", name],
        files={},
        asked=_asked(asked.body, name, found, said),
    )
    return _begun(jobs().begin(task))


@routes.acts("/bots/{name}/check", body=_TRIED, confirm=False, good=202, answer=_JOB)
def check(asked: Asked, name: str) -> Answer:
    """Run a version again and again on candles of the lake: it must always do the same.

    The answer is a job, whose `lines` are what was found. The same check decides of a deployment.
    """
    from chalicelib.bootstrap.jobs import jobs, of_here
    from chalicelib.ports.jobs import Task

    found = _version(name, asked.body.get("version", ""))
    task = Task(
        kind="check",
        about={"bot": name, "version": str(found)},
        words=["bots", "check", *of_here(), *_of_a_trial(asked.body, found), "--", name],
        files={},
        says=True,
        asked=_asked(asked.body, name, found, {}),
    )
    return _begun(jobs().begin(task))


@routes.reads("/jobs", query={"kind": {"type": "string", "enum": ["backtest", "check", "replay"]}})
def list_jobs(asked: Asked) -> dict[str, Any]:
    """Work under way and that which has ended, newest first; on AWS the last twenty, else since
    the program began.
    """
    from chalicelib.bootstrap.jobs import jobs

    kinds = [asked.text("kind")] if asked.text("kind") else ["backtest", "check", "replay"]
    found = [job for kind in kinds for job in jobs().all(kind)]
    found.sort(key=lambda job: job.began_at, reverse=True)
    return page("jobs", [job_row(job) for job in found], end=None)


@routes.reads("/jobs/{job_id}", answer=_JOB)
def show_job(_asked: Asked, job_id: str) -> dict[str, Any]:
    """How work stands: running, done, failed or aborted, and how much of it is done."""
    from chalicelib.bootstrap.jobs import jobs

    job = jobs().get(job_id)
    if job is None:
        raise _unknown(job_id)
    return job_row(job)


@routes.acts("/jobs/{job_id}/abort", confirm=False, answer=_JOB)
def abort(_asked: Asked, job_id: str) -> dict[str, Any]:
    """End work early; nothing of it is kept."""
    from chalicelib.bootstrap.jobs import jobs

    job = jobs().abort(job_id)
    if job is None:
        raise _unknown(job_id)
    return {"done": f"the {job.kind} is {job.state.value}", **job_row(job)}


@routes.reads("/bots/{name}/backtests/{version}/{test_id}")
def show_backtest(_asked: Asked, name: str, version: str, test_id: str) -> Answer:
    """What came of one backtest, as a chart draws it: figures, curves, candles, fills and trades.

    Times in columns are ms since 1970. Of many candles several are drawn as one.
    """
    from chalicelib.services.bots.keep_backtest import CHART

    return Answer(_kept(name, version, test_id, CHART), tag=f"{version}-{test_id}")


@routes.reads("/bots/{name}/backtests/{version}/{test_id}/report", kinds=(_HTML,))
def show_report(_asked: Asked, name: str, version: str, test_id: str) -> Answer:
    """The same as a page of its own that loads nothing, to be kept or sent on."""
    from chalicelib.services.bots.keep_backtest import PAGE

    text = _kept(name, version, test_id, PAGE)
    return Answer(text, kind=_HTML, headers=as_file(f"{name}-{version}.html"), tag=test_id)


def _kept(name: str, version: str, test_id: str, file: str) -> str:
    from chalicelib.bootstrap.market import lake
    from chalicelib.domain.bots.version import check_name
    from chalicelib.services.bots.keep_backtest import FOLDER

    with of_bots():
        check_name(name)
        found = number(version)
    content = lake().get(f"{FOLDER}/{name}/{found}/{test_id}/{file}") if test_id.isalnum() else None
    if content is None:
        raise Refused(404, f"of {name} {version} no such backtest is kept: GET /bots/{name}")
    return content.decode()


def _version(name: str, text: str) -> "VersionNumber":
    """Of a bot of the owner's: only those have versions that results are kept with."""
    from chalicelib.bootstrap.bots import bot_ports

    stored = bot_ports().bots.get(name)
    if stored is None:
        raise Refused(404, f"there is no bot {name[:60]!r} of yours; save it first")
    with of_bots():
        return stored.note(number(text)).number


def _of_a_trial(body: Mapping[str, Any], found: "VersionNumber") -> list[str]:
    words = [f"--version={found}"]
    words += [f"--instrument={symbol}" for symbol in body.get("instruments", ())]
    if body.get("interval"):
        words.append(f"--interval={body['interval']}")
    given = body.get("parameters", {})
    return [*words, *(f"--param={name}={json.dumps(value)}" for name, value in given.items())]


def _asked(
    body: Mapping[str, Any], name: str, found: "VersionNumber", said: Mapping[str, str | None]
) -> dict[str, Any]:
    """The same as data."""
    return {
        "bot": name,
        "version": str(found),
        "instruments": body.get("instruments", []),
        "interval": body.get("interval") or None,
        "parameters": body.get("parameters", {}),
        **{option: text for option, text in said.items() if text},
    }


def _begun(job: "Job") -> Answer:
    told = f"the {job.kind} of {job.about['bot']} {job.about['version']} has begun"
    return Answer({"status": "done", "done": told, **job_row(job)}, status=202)


def _unknown(job_id: str) -> Refused:
    return Refused(
        404, f"there is no job {job_id[:40]!r}; it ended long ago, or the program began anew"
    )
