"""What stands for a step's code in its keys: its import closure, and the versions of the libraries that it uses.

The code is read, never run. From the module of the step's function all imports of our own modules are followed, those
inside functions too; those under ``if TYPE_CHECKING:`` do not run and do not count. Of each module counts what it does:
comments, docstrings, blank lines and the order of imports do not. Neither does a module's name: an import counts as the
names that it brings and the content of the module that they come from. So moving or renaming a file changes no key,
and a changed helper, however deep, changes the keys of all steps whose closure it is in. A function's name and that
of its neighbours in a module count: a step whose value takes long deserves a small module with few imports.

What does not count, and why:

- The engine: it keeps values and does not make them.
- The public names in the package's own ``__init__``: they point at modules and are used by none.
- Of the settings (`config`): fields and their checks, where a module uses a class of settings only as the type of what
  it is given. A step is given settings with their values, and the values are in its key: so a new setting computes
  nothing anew, and a changed default does where it makes another value. Methods and properties count. A class that a
  module makes or asks about counts whole, defaults included.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from sonoher2.core.files import content_key
from sonoher2.engine.modules import Module, Place, Target, read_module, settings_part
from sonoher2.engine.step import Step

SETTINGS, LEFT_OUT = "config", "engine"
NAMED_OTHERWISE = {"PIL": "pillow", "skimage": "scikit-image", "sklearn": "scikit-learn", "yaml": "PyYAML"}
"""Distributions of the modules that are used most; others that are not called as their modules take long to find."""


class Tracer:
    """Follows the imports of packages.

    Parameters
    ----------
    packages
        Folder of each package whose modules are followed, by name.
    """

    def __init__(self, packages: Mapping[str, Path]) -> None:
        self.packages = dict(packages)
        self._modules: dict[str, Module] = {}
        self._parts: dict[Target, Module] = {}
        self._places: dict[str, Place | None] = {}
        self._edges: dict[Target, list[tuple[str, str, Target]]] = {}

    def closure(self, *modules: str) -> dict[Target, Module]:
        """Give the code that runs when functions of these modules run, by where it stands."""
        todo = [Target(name) for name in modules]
        found: dict[Target, Module] = {}
        while todo:
            target = todo.pop()
            if target in found:
                continue
            found[target] = self._part(target)
            todo += [*(to for _, _, to in self._imports(target)), *self._parents(target.module)]
        return found

    def modules(self, *modules: str) -> set[str]:
        """Names of the modules in a closure."""
        return {target.module for target in self.closure(*modules)}

    def fingerprint(self, *modules: str) -> str:
        """Hash of a closure and of the versions of the libraries that it imports."""
        closure = self.closure(*modules)
        parts = [
            [code.hash, sorted([name, bound, closure[to].hash] for name, bound, to in self._imports(target))]
            for target, code in closure.items()
            if not code.empty
        ]
        roots = [closure[Target(name)].hash for name in modules]
        libraries = {name for code in closure.values() for name in code.libraries} - set(self.packages)
        versions = {name: library_version(name) for name in sorted(libraries - sys.stdlib_module_names)}
        return content_key(roots, sorted(parts), versions, list(sys.version_info[:2]))

    def _part(self, target: Target) -> Module:
        if target not in self._parts:
            whole = self._module(target.module)
            self._parts[target] = settings_part(whole, target) if target.name else whole
        return self._parts[target]

    def _module(self, name: str) -> Module:
        if name not in self._modules:
            place = self._place(name)
            if place is None:
                raise FileNotFoundError(f"the module {name} has no file")
            self._modules[name] = read_module(place, frozenset(self.packages), SETTINGS)
        return self._modules[name]

    def _imports(self, target: Target) -> list[tuple[str, str, Target]]:
        """Own imports of a module as (name, name that it is bound to, what it comes from)."""
        if target not in self._edges:
            self._edges[target] = list(self._followed(self._part(target)))
        return self._edges[target]

    def _followed(self, code: Module) -> Iterator[tuple[str, str, Target]]:
        for module, name, bound in code.imports:
            below = f"{module}.{name}"
            if name and self._place(below):
                module, name = below, ""
            first = _first(module)
            if first == LEFT_OUT or not (first or name):
                continue
            if first == SETTINGS and name not in ("", "*"):
                yield name, bound, Target(module, name, bound in code.used)
            elif self._place(module):
                yield name, bound, Target(module)

    def _parents(self, name: str) -> list[Target]:
        """List the packages around a module, whose ``__init__`` runs first; not the outermost."""
        if _first(name) == SETTINGS:
            return []
        parts = name.split(".")
        return [Target(".".join(parts[:length])) for length in range(2, len(parts))]

    def _place(self, name: str) -> Place | None:
        """Say where a module lies; None where there is no such module."""
        if name not in self._places:
            package, *rest = name.split(".")
            folder = self.packages[package].joinpath(*rest)
            whole, file = folder / "__init__.py", folder.with_name(f"{folder.name}.py")
            alone = Place(file, name, name.rpartition(".")[0]) if file.is_file() else None
            self._places[name] = Place(whole, name, name) if whole.is_file() else alone
        return self._places[name]


def _first(module: str) -> str:
    """Name of the part of the package that a module stands in."""
    return module.partition(".")[2].partition(".")[0]


@cache
def library_version(name: str) -> str:
    """Version of the distribution that gives a top-level module; empty when it is not installed."""
    known = NAMED_OTHERWISE.get(name)
    try:
        return f"{known} {metadata.version(known)}" if known else metadata.version(name)
    except metadata.PackageNotFoundError:
        # slow, and only a few libraries have a module of another name
        return ", ".join(f"{one} {metadata.version(one)}" for one in sorted(set(_distributions().get(name, ()))))


@cache
def _distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


@cache
def _tracer(package: str) -> Tracer:
    """Tracer of this package and, when that is another one, of the package of a step's function."""
    return Tracer({name: _folder(name) for name in {__name__.partition(".")[0], package}})


def _folder(package: str) -> Path:
    """Folder of a package; of a module that is in none, where its folder would be."""
    module: Any = sys.modules[package]
    return Path(module.__path__[0]) if hasattr(module, "__path__") else Path(module.__file__).with_suffix("")


@cache
def _code(function: str, modules: tuple[str, ...]) -> str:
    package = modules[0].partition(".")[0]
    return content_key(function, _tracer(package).fingerprint(*modules))


def code_fingerprint(function: Callable[..., object]) -> str:
    """Hash of all code that a function or class at the top level of a module uses."""
    return _code(function.__name__, (function.__module__,))


def step_fingerprint(step: Step[Any]) -> str:
    """Hash of all code that makes a step's values; read once per process."""
    own = __name__.rpartition(".")[0]
    return _code(step.function.__name__, tuple(name for name in step.modules if not name.startswith(f"{own}.")))
