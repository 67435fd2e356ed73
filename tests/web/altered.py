"""Answers of the program as it would give them in a state that is not easily brought about."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route


def changed(route: Route, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """What the program answers, with the change; without a tag, as if it were never the same."""
    asked = {k: v for k, v in route.request.headers.items() if k != "if-none-match"}
    answer = route.fetch(headers=asked)
    headers = {name: text for name, text in answer.headers.items() if name != "etag"}
    body = answer.json()
    route.fulfill(response=answer, headers=headers, json={**body, **change(body)})
