"""What every page is within: one file, which loads nothing and runs nothing."""

from collections.abc import Iterable

from chalicelib.reports.markup import text
from chalicelib.reports.style import STYLE


def page(title: str, body: Iterable[str]) -> str:
    """The whole file, which is XML too. `body` is markup."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
        f"<title>{text(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )
