"""Routes that change the configuration: weights and limits, its versions, the way back to one."""

from typing import TYPE_CHECKING, Any, Final

from chalice import Blueprint

from chalicelib.api.access import CURSOR, LIMIT, Asked, Routes
from chalicelib.api.answers import Refused, page
from chalicelib.api.named import SEEN, known_account, seen_version, version_number

if TYPE_CHECKING:
    from chalicelib.domain.trading.configuration.versions import ConfigurationVersion
    from chalicelib.services.trading.apply_configuration import AppliedConfiguration

blueprint = Blueprint(__name__)
routes = Routes(blueprint)

_DONE: Final = {"properties": {"would": {}, "done": {"type": "string"}}}


@routes.acts(
    "/accounts/{account}/limits",
    body={
        "settings": {
            "type": "object",
            "description": "Of the account, such as reserve, policy, max_drawdown; null: default.",
        },
        "strategies": {
            "type": "object",
            "description": "By strategy: weight, priority, approval, max_order_notional and so on.",
        },
    },
    if_match=SEEN,
    answer=_DONE,
)
def edit(asked: Asked, account: str) -> dict[str, Any]:
    """Change weights and limits of an account, all of them or none.

    Needs the header If-Match with the ETag of /strategies: where the configuration has changed
    since, nothing is changed, and the answer is 409. Numbers are text, null is the default. The dry
    run checks the same and tells every difference.
    """
    from chalicelib import bootstrap
    from chalicelib.domain.trading.configuration.edit import Edit
    from chalicelib.services.trading.edit_limits import edit_limits

    known_account(account)
    wanted = Edit(
        account=account,
        settings=_amounts(asked.body.get("settings", {}), "settings"),
        strategies={
            name: _amounts(values, f"strategies.{name}")
            for name, values in asked.body.get("strategies", {}).items()
        },
        version=seen_version(asked),
    )
    applied = edit_limits(
        bootstrap.trading(),
        wanted,
        live_refusal=bootstrap.settings().live_refusal,
        by=asked.holder.name,
        dry_run=asked.is_dry_run,
    )
    lines = _lines(applied)
    # A file's notes on other accounts would say nothing here: the change names one.
    if asked.is_dry_run:
        return {"would": lines, "version": applied.version}
    done = f"{_counted(lines)} changed." if lines else "Nothing changed."
    return {"done": done, "changes": lines, "version": applied.version}


def _amounts(values: Any, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise Refused(400, f"{where} must be an object of settings", field=where)
    for name, value in values.items():
        if isinstance(value, float):
            raise Refused(
                400,
                f'{where}.{name} is {value}; send the number as text, such as "0.25"',
                field=f"{where}.{name}",
            )
    return values


@routes.reads(
    "/configuration/versions",
    query={"limit": LIMIT, "cursor": CURSOR},
    answer={"properties": {"versions": {"type": "array", "items": {"type": "object"}}}},
)
def list_versions(asked: Asked) -> dict[str, Any]:
    """Versions of the configuration, newest first: who changed what, and when.

    `is_known` is false, and `changes` is empty, where an earlier program did not keep what it
    changed; `at` is null and `by` empty where that was not kept.
    """
    from chalicelib import bootstrap

    limit, cursor = asked.limit(), asked.cursor()
    before = None if cursor is None else version_number(cursor)
    if before is None and cursor is not None:
        raise Refused(
            400, "cursor is not one that this route gave; send the text of `next`", field="cursor"
        )
    found = bootstrap.strategies().versions(limit + 1, before)
    end = str(found[limit - 1].number) if len(found) > limit else None
    return page("versions", [_version(version) for version in found[:limit]], end=end)


def _version(version: "ConfigurationVersion") -> dict[str, Any]:
    return {
        "version": version.number,
        "at": version.at,
        "by": version.by,
        "is_known": version.before is not None,
        "changes": version.differences(),
    }


@routes.acts("/configuration/versions/{version}/return", if_match=SEEN, answer=_DONE)
def go_back(asked: Asked, version: str) -> dict[str, Any]:
    """Make a new version with what an earlier one had: weights, limits, who follows what.

    Strategies and accounts that came later stay, and so do all tokens; what is paused stays so.
    Needs If-Match as a change of limits does. Where an account traded elsewhere then, it is 422.
    """
    from chalicelib import bootstrap
    from chalicelib.services.trading.return_to_version import return_to_version

    number, based_on = version_number(version), seen_version(asked)
    newest = bootstrap.strategies().configuration().version
    if number is None or not 0 < number <= newest:
        sentence = f"there is no version {version[:20]!r}; the newest is {newest}"
        raise Refused(404, sentence, field="version")
    applied = return_to_version(
        bootstrap.trading(),
        number,
        based_on=based_on,
        live_refusal=bootstrap.settings().live_refusal,
        by=asked.holder.name,
        dry_run=asked.is_dry_run,
    )
    lines, notes = _lines(applied), list(applied.notes)
    if asked.is_dry_run:
        return {"would": [*lines, *notes], "version": applied.version}
    done = f"Nothing changed: it is as in version {number} already."
    if lines:
        done = (
            f"As in version {number} again, which is version {applied.version} now: "
            f"{_counted(lines)} changed."
        )
    return {"done": done, "changes": lines, "notes": notes, "version": applied.version}


def _lines(applied: "AppliedConfiguration") -> list[str]:
    return [f"{d.key}: {d.before or '(new)'} -> {d.after or '-'}" for d in applied.differences]


def _counted(lines: list[str]) -> str:
    return f"{len(lines)} setting{'' if len(lines) == 1 else 's'}"
