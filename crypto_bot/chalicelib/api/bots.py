"""Routes about bots: their sources and versions, what is wrong with a text, ready-made ones."""

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.access import Asked, Routes
from chalicelib.api.answers import Answer, Refused, page
from chalicelib.api.bot_words import (
    VERSION,
    number,
    of_bots,
    outline_row,
    test_row,
    version_row,
)

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_TESTS: Final = 50
_SOURCE: Final = {"type": "string", "maxLength": 200_000, "description": "Python, at most 200 kB."}
_ROWS: Final = {"type": "array", "items": {"type": "object"}}
_OUTLINE: Final = {
    "type": "object",
    "description": "Name, instruments, interval, warm-up and parameters as the text declares them.",
}


@routes.reads("/bots", answer={"properties": {"bots": _ROWS, "ready_made": _ROWS}})
def list_bots(_asked: Asked) -> dict[str, Any]:
    """All bots of the owner, and those that come with the program.

    `deployments` are the names of where a bot runs or has run, `last_test` its newest version's.
    """
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.bootstrap.sweeps import source_of
    from chalicelib.domain.bots.checks.outline import outline_of
    from chalicelib.domain.bots.ready_made import READY_MADE

    ports = bot_ports()
    deployed = ports.deployments.all()
    rows = []
    for bot in ports.bots.all():
        tests = ports.bots.tests(bot.name, bot.newest.number, 1)
        rows.append(
            {
                "name": bot.name,
                **version_row(bot.newest),
                "versions": len(bot.versions),
                "deployments": [
                    {"name": d.name, "state": "running" if d.is_running else "stopped"}
                    for d in deployed
                    if d.bot == bot.name
                ],
                "last_test": test_row(tests[0]) if tests else None,
            }
        )
    ready = [outline_row(outline_of(source_of(name))) | {"name": name} for name in READY_MADE]
    return page("bots", rows, end=None, ready_made=ready)


@routes.reads("/bots/{name}", answer={"properties": {"versions": _ROWS, "tests": _ROWS}})
def show_bot(_asked: Asked, name: str) -> dict[str, Any]:
    """One bot: its versions, and the backtests of each, both newest first."""
    from chalicelib.bootstrap.bots import bot_ports

    ports = bot_ports()
    stored = ports.bots.get(name)
    if stored is None:
        raise Refused(404, f"there is no bot {name[:60]!r}; GET /bots lists them")
    versions = stored.versions[::-1]
    tests = [t for note in versions for t in ports.bots.tests(name, note.number, _TESTS)][:_TESTS]
    return {
        "name": name,
        "versions": [version_row(note) for note in versions],
        "tests": [test_row(test) for test in tests],
        "deployments": [d.name for d in ports.deployments.all() if d.bot == name],
    }


@routes.reads(
    "/bots/{name}/source",
    query={"version": VERSION},
    answer={"properties": {"source": {"type": "string"}, "outline": _OUTLINE}},
)
def show_source(asked: Asked, name: str) -> dict[str, Any]:
    """The text of one version, the newest where none is named, or of one that is ready-made.

    Its `digest` goes into If-Match when what was made of it is saved.
    """
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.bootstrap.sweeps import source_of
    from chalicelib.domain.bots.checks.outline import outline_of
    from chalicelib.domain.bots.checks.problems import problems_of
    from chalicelib.services.bots.find_bot import find_bot

    with of_bots():
        found = find_bot(bot_ports(), name, number(asked.text("version")))
    source = found.source or source_of(name)
    known = {"version": None, "digest": "", "is_locked": True, "saved_at": None, "used_at": None}
    if found.stored is not None:
        known = version_row(found.stored.note(found.number))
    return {
        "name": name,
        **known,
        "source": source,
        "outline": outline_row(outline_of(source)),
        "problems": [problem._asdict() for problem in problems_of(source)],
    }


@routes.acts(
    "/bots/{name}",
    body={"source": _SOURCE, "major": {"type": "boolean"}},
    needed=("source",),
    confirm=False,
    if_match={
        "required": False,
        "description": "The digest of what was opened; left out for a new bot.",
    },
)
def save(asked: Asked, name: str) -> dict[str, Any]:
    """Save a bot's source as its newest version, if it is one that runs.

    A version that was run stays, and this becomes the next minor one, or with `major` the next
    major one. If-Match names the digest of what was opened; without it the bot is a new one. 409
    where somebody else has saved meanwhile: nothing is stored.
    """
    from chalicelib.bootstrap.bots import bot_ports
    from chalicelib.services.bots.save_bot import save_bot

    ports = bot_ports()
    before = ports.bots.get(name)
    with of_bots():
        saved = save_bot(
            ports,
            name,
            asked.body["source"],
            is_major=asked.body.get("major", False),
            based_on=asked.if_match(),
        )
    number = saved.newest.number
    told = f"{name} {number} is saved" if saved != before else f"{name} {number} is already so"
    return {"done": told, "name": name, **version_row(saved.newest)}


@routes.reads("/bot_template", query={"name": "What the bot will be called."})
def show_template(asked: Asked) -> dict[str, Any]:
    """The source of a new bot: it runs, and says of each part what it is for."""
    from chalicelib.domain.bots.bot_template import template
    from chalicelib.domain.bots.checks.outline import outline_of
    from chalicelib.domain.bots.version import check_name

    name = asked.text("name", "my-bot")
    with of_bots():
        check_name(name)
    source = template(name)
    return {"name": name, "source": source, "outline": outline_row(outline_of(source))}


@routes.asks(
    "/bot_problems",
    body={"source": _SOURCE},
    needed=("source",),
    answer={"properties": {"problems": _ROWS, "outline": _OUTLINE}},
)
def show_problems(asked: Asked) -> dict[str, Any]:
    """What is wrong with a text, as far as it can be read without running it; nothing is stored."""
    from chalicelib.domain.bots.checks.outline import outline_of
    from chalicelib.domain.bots.checks.problems import problems_of

    source = asked.body["source"]
    return {
        "problems": [problem._asdict() for problem in problems_of(source)],
        "outline": outline_row(outline_of(source)),
    }


@routes.reads("/bot_words")
def list_words(_asked: Asked) -> Answer:
    """What a bot's author may write, with what each word means: for completion in an editor."""
    from chalicelib.domain.bots.vocabulary import vocabulary

    return Answer({"words": [word._asdict() for word in vocabulary()]})
