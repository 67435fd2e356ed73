"""Whether a record of a stream passes a filter pattern, as Lambda's event source mapping decides.

The part of the grammar that is used here: objects are walked in parallel, a list holds what the
value may be, of the same type, and `exists` or `prefix` in place of a value.
"""

from typing import Any

MISSING = object()


def passes(pattern: Any, record: Any) -> bool:
    return all(_field_passes(rule, record, name) for name, rule in pattern.items())


def _field_passes(rule: Any, record: Any, name: str) -> bool:
    found = isinstance(record, dict) and name in record
    if isinstance(rule, dict):
        return passes(rule, record[name] if found else {})
    value = record[name] if found else MISSING
    return any(_is_allowed(one, value) for one in rule)


def _is_allowed(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return type(value) is type(rule) and value == rule
    [(word, wanted)] = rule.items()
    if word == "exists":
        return (value is not MISSING) is wanted
    if word == "prefix":
        return isinstance(value, str) and value.startswith(wanted)
    raise ValueError(f"{word} is not understood here; Lambda may")
