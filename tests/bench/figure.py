"""A measurement -> one line of JSON that says whether it is good enough."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`limit` and `reference` are in `unit`; `ratio` is value / reference, where there is one."""

    name: str
    value: float
    unit: str
    limit: float
    reference: float | None
    ratio: float | None
    ok: bool

    def to_json(self) -> str:
        return json.dumps(asdict(self), allow_nan=False)


def at_most(
    name: str, value: float, unit: str, *, limit: float, reference: float | None = None
) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit=unit,
        limit=limit,
        reference=reference,
        ratio=_ratio(value, reference),
        ok=value <= limit,
    )


def at_least(
    name: str, value: float, unit: str, *, limit: float, reference: float | None = None
) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit=unit,
        limit=limit,
        reference=reference,
        ratio=_ratio(value, reference),
        ok=value >= limit,
    )


def _ratio(value: float, reference: float | None) -> float | None:
    return value / reference if reference else None
