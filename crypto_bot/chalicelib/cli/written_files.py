"""Files that a verb writes beside what it shows."""

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from chalicelib.domain.errors import SettingsError


def check_folders(*files: Path | None) -> None:
    """Before hours of work, not after them."""
    for file in files:
        if file and not file.parent.is_dir():
            raise SettingsError(f"{file} cannot be written: there is no folder {file.parent}")


def write_file(file: Path, content: str) -> None:
    """SettingsError where it cannot be written. Lines end alike on every system."""
    try:
        file.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}") from None


def write_then_show(files: Mapping[Path, str], show: Callable[[], None]) -> None:
    """Whoever reads what is shown may stop reading, as `head` does: the files do not wait for it.

    A file that cannot be written takes nothing from what is shown.
    """
    try:
        for file, content in files.items():
            write_file(file, content)
    finally:
        show()
    for file in files:
        click.echo(f"{file} is written")
