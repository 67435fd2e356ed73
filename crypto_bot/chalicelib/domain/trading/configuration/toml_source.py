"""A TOML file of the owner's: its values, and sentences that name the line of what is wrong."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.configuration.names import suggestion
from chalicelib.domain.trading.configuration.toml_lines import Path, key_lines, line_of

T = TypeVar("T")
_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_SHOWN = 60


class Unfit(ValueError):
    """A value that a setting cannot have; the text says what it must be instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file's name and where its keys stand. What is no file has no lines to name."""

    name: str
    lines: dict[Path, int]
    is_file: bool = True

    def error(self, path: Path, message: str) -> SettingsError:
        """What is wrong with the value at `path`; the message follows the key's full name."""
        return SettingsError(f"{self.place(path)}: {'.'.join(path)} {message}")

    def place(self, path: Path) -> str:
        """File and line, for the beginning of a sentence."""
        return f"{self.name} line {line_of(self.lines, path)}" if self.is_file else self.name

    def has(self, path: Path) -> bool:
        """Whether the file itself says something about `path`."""
        return path in self.lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of the file. `read` names the key's full path in every complaint."""

    source: Source
    path: Path
    values: Mapping[str, object]

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Every key must be a known one: a misspelt limit must not be no limit."""
        for key in self.values:
            if key not in known:
                raise self.source.error(
                    (*self.path, key), f"is not known here; {suggestion(key, known)}"
                )

    def read(self, key: str, convert: Callable[[object], T], default: T) -> T:
        """The converted value, or the default where the file has none."""
        return self.need(key, convert) if key in self.values else default

    def need(self, key: str, convert: Callable[[object], T]) -> T:
        """The converted value; SettingsError when it is missing, or Unfit for it."""
        if key not in self.values:
            raise self.source.error(self.path, f"has no {key}; every one needs it")
        value = self.values[key]
        try:
            return convert(value)
        except Unfit as error:
            raise self.source.error(
                (*self.path, key), f"is {shown(value)}, but must be {error}"
            ) from None

    def inside(self, key: str) -> "Table":
        """The table under `key`, empty where there is none."""
        value = self.values.get(key, {})
        path = (*self.path, key)
        if not isinstance(value, dict):
            raise self.source.error(
                path, f"is {shown(value)}, but must be a table of its own settings"
            )
        return Table(source=self.source, path=path, values=value)

    def tables(self, key: str) -> "list[Table]":
        """The named tables under `key`, in the order of the file."""
        below = self.inside(key)
        return [below.inside(name) for name in below.values]


def read_toml(text: str, name: str) -> Table:
    """The whole file as one table. Numbers with a point become Decimal, never float."""
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = place[1] if place else str(text.rstrip().count("\n") + 1)
        what = _PLACE.sub("", str(error))
        raise SettingsError(f"{name} line {line}: not valid TOML: {what}") from None
    except (ValueError, InvalidOperation):
        raise SettingsError(f"{name}: a number in it has more digits than can be read") from None
    except RecursionError:
        raise SettingsError(
            f"{name}: lists or tables in it are nested too deep to be read"
        ) from None
    return Table(source=Source(name=name, lines=key_lines(text)), path=(), values=values)


def shown(value: object) -> str:
    """A value as the owner wrote it, cut where it is long."""
    try:
        text = repr(value) if isinstance(value, str | list | dict) else str(value)
    except ValueError:  # Python does not write out such a number: 0xfff... can be read, though
        text = "a number of thousands of digits"
    if isinstance(value, bool):
        text = text.lower()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
