"""A step: a function whose values are worth keeping, declared once beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sonoher2.engine.codecs import Codec

Value = TypeVar("Value")


@dataclass(frozen=True)
class Step(Generic[Value]):
    """A function whose values are kept.

    Attributes
    ----------
    name
        Of the folder of its entries; no part of a key.
    function
        At the top level of a module. It gets the item, then what all items share, each without its `Keyed`; for an
        item that cannot be used it raises an InputError. It reads nothing else that could change: no clock, no
        environment, no file that the key does not speak of.
    codec
        How a value is kept.
    label
        What a user reads while it runs; empty for what takes no time.
    chunk
        More than 1: the function gets a list of so many items at once and returns a list of as many values (or
        InputErrors), because something is slow to set up. Each value has its own entry all the same.
    packed
        Values are of a few kilobytes, and there are many of them: see `store`.
    scratch
        The function also gets `scratch`, the path of a folder that is its own: it may make it, keep unfinished work
        there and find it again after a kill. It is removed when the value is kept.
    """

    name: str
    function: Callable[..., object]
    codec: Codec[Value]
    label: str = ""
    chunk: int = 1
    packed: bool = False
    scratch: bool = False

    def __post_init__(self) -> None:
        if "<" in self.function.__qualname__ or "." in self.function.__qualname__:
            raise ValueError(f"the function of the step {self.name} does not stand at the top level of a module")
        if self.scratch and self.chunk > 1:
            raise ValueError(f"the step {self.name} works on several items at once: they cannot have one folder each")

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules of the code that makes a value and writes and reads it."""
        functions = (self.function, self.codec.encode, self.codec.decode)
        return tuple(sorted({getattr(one, "func", one).__module__ for one in functions}))
