"""Text and tags. Everything that comes from outside goes through `text`."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

# What XML has no place for, however it is written.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text(value: object) -> str:
    """As it is to be read, never as markup."""
    return escape(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str = "", label: str = ""
) -> str:
    """Of cells that are markup already; a cell that begins with `<td` brings its own."""
    columns = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    header = f"<thead><tr>{columns}</tr></thead>" if head else ""
    return (
        f'<div class="scroll"><table class="{kind}" aria-label="{text(label)}">'
        f"{header}<tbody>{lines}</tbody></table></div>"
    )


def section(title: str, *parts: str, note: str = "") -> str:
    """A card with a heading; `note` stands small beside it."""
    said = f'<p class="note">{text(note)}</p>' if note else ""
    return f"<section><h2>{text(title)}</h2>{said}{''.join(parts)}</section>"


def _cell(cell: str) -> str:
    return cell if cell.startswith("<td") else f"<td>{cell}</td>"
