"""The shape of every indicator: values in, one candle at a time; a value out, once there is one.

An indicator knows what it was given and nothing else, so that it cannot look ahead. What it has to
remember is plain JSON: continued from there it goes on as if it had never stopped, to the last bit.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Self

State = dict[str, Any]

_LONGEST: Final = 100_000
_LARGEST: Final = 1e6


class Indicator:
    """`value` is the latest; None until all of its parts are known.

    `inputs` names what `update` takes of a candle: open, high, low, close, volume, or the number of
    its UTC `day`. `made_of` is the named tuple that a value is, if it is more than a number.
    `parameters` are the arguments of the constructor and `memory` is what changes by an update;
    either name is an attribute.
    """

    __slots__ = ()
    inputs: ClassVar[tuple[str, ...]] = ("close",)
    made_of: ClassVar[Callable[..., Any] | None] = None
    parameters: ClassVar[tuple[str, ...]] = ()
    memory: ClassVar[tuple[str, ...]] = ("value",)

    def state(self) -> State:
        """Parameters and memory as JSON has them."""
        names = (*self.parameters, *self.memory)
        return {name: _plain(getattr(self, name)) for name in names}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The indicator that gave this state."""
        made = cls(**{name: state[name] for name in cls.parameters})
        made.restore(state)
        return made

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where an indicator with the same parameters stood."""
        for name in self.memory:
            plain, held = state[name], getattr(self, name)
            if isinstance(held, Indicator):
                held.restore(plain)
            elif isinstance(plain, list):  # a copy: the state is not ours
                made_of = self.made_of if name == "value" else None
                setattr(self, name, made_of(*plain) if made_of else list(plain))
            else:
                setattr(self, name, plain)


def whole(name: str, value: int) -> int:
    """A parameter that counts candles."""
    if type(value) is not int or not 1 <= value <= _LONGEST:
        raise ValueError(f"{name} is {value!r}; it must be a whole number from 1 to {_LONGEST}")
    return value


def positive(name: str, value: float) -> float:
    """A parameter that is a factor."""
    if type(value) not in {int, float} or not 0 < value <= _LARGEST:
        raise ValueError(f"{name} is {value!r}; it must be a number above 0, up to {_LARGEST:.0f}")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Indicator):
        return value.state()
    if isinstance(value, list | tuple):
        return list(value)
    return value
