"""One module's source as a fingerprint sees it: what it does, what it imports, and which names it uses as values."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where a module's source lies, its name, and the package that its relative imports start from."""

    file: Path
    name: str
    package: str


class Target(NamedTuple):
    """A module; or one name of a module of settings, whole or without the fields of its class."""

    module: str
    name: str = ""
    whole: bool = True


class Import(NamedTuple):
    """One imported name: its module, itself (empty: the module), and what it is bound to (empty: nothing new)."""

    module: str
    name: str
    bound: str


@dataclass(frozen=True)
class Module:
    """A module, or a part of one.

    Attributes
    ----------
    hash
        Of the statements and of what is imported from other libraries.
    imports
        Of our own modules.
    libraries
        Top-level names of the other libraries.
    used
        Names that are used otherwise than as the type of an argument, a result, a variable or a record's field.
    statements
        Without imports, docstrings and what runs for type checkers only; of settings, of which parts are taken.
    external
        Imports from other libraries; likewise.
    """

    hash: str
    imports: frozenset[Import]
    libraries: frozenset[str]
    used: frozenset[str]
    statements: Sequence[ast.stmt] = field(default=(), repr=False)
    external: frozenset[Import] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing runs when it is imported."""
        return self.hash == _hash([], frozenset()) and not self.imports


def _hash(statements: Iterable[ast.stmt], external: frozenset[Import]) -> str:
    text = "\n".join([*map(ast.dump, statements), *map(repr, sorted(external))])
    return hashlib.sha256(text.encode()).hexdigest()


def _libraries(external: frozenset[Import]) -> frozenset[str]:
    return frozenset(one.module.partition(".")[0] for one in external)


def read_module(place: Place, packages: frozenset[str], settings: str) -> Module:
    """Read a module.

    Parameters
    ----------
    place
        Of its source.
    packages
        Names of the packages whose imports are ours.
    settings
        Name of the part of a package that holds settings.
    """
    found: set[Import] = set()
    statements = _stripped(ast.parse(place.file.read_bytes()).body, place.package, found)
    own = frozenset(one for one in found if one.module.partition(".")[0] in packages)
    external = frozenset(found) - own
    parts = {name.split(".")[1] for name in (place.name, *(one.module for one in own)) if "." in name}
    # trees are large and slow to walk: only what concerns settings is asked for more than its hash
    used = frozenset[str]().union(*map(_values, statements)) if settings in parts else frozenset[str]()
    kept = statements if place.name.split(".")[1:2] == [settings] else ()
    return Module(_hash(statements, external), own, _libraries(external), used, kept, external)


def settings_part(whole: Module, target: Target) -> Module:
    """Take what stands behind one name of a module of settings.

    Parameters
    ----------
    whole
        The module.
    target
        The name; `Target.whole` says whether the fields of a class count, which its methods and properties always do.
    """
    defined = {name: statement for statement in whole.statements for name in _defined(statement)}
    todo, chosen, used = [(target.name, target.whole)], dict[tuple[str, bool], ast.stmt](), set[str]()
    seen = set(todo)
    while todo:
        name, is_value = todo.pop()
        used.add(name)
        statement = defined.get(name)
        found: set[tuple[str, bool]] = set()
        if isinstance(statement, ast.ClassDef) and not is_value:
            # what its base classes declare are fields, too
            found = {(base, False) for node in statement.bases for base in _values(node)}
            statement = _methods(statement)
        if statement is not None and (is_value or isinstance(statement, ast.ClassDef | ast.FunctionDef)):
            chosen[name, is_value] = statement
            found |= {(other, True) for other in _values(statement)}
        todo += found - seen
        seen |= found
    imports = frozenset(one for one in whole.imports if one.bound in used)
    part = [chosen[key] for key in sorted(chosen)]
    inside = frozenset(name for statement in part for name in _values(statement))
    external = frozenset(one for one in whole.external if one.bound in inside)
    asked = frozenset({target.name} if target.whole else ())
    return Module(_hash(part, external), imports, _libraries(external), inside | asked)


def _methods(statement: ast.ClassDef) -> ast.ClassDef | None:
    """Take the methods and properties out of a class that do more than check its fields; None if it has none."""
    methods = [one for one in statement.body if isinstance(one, ast.FunctionDef) and not _checks(one)]
    return ast.ClassDef(statement.name, [], [], [*methods], []) if methods else None


def _stripped(body: Iterable[ast.stmt], package: str, imports: set[Import]) -> list[ast.stmt]:
    """Take imports, bare texts and what only type checkers see out of statements; the imports are added to a set."""
    kept: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports |= set(_imported(statement, package))
        elif isinstance(statement, ast.If) and _for_checkers(statement.test):
            kept += _stripped(statement.orelse, package, imports)
        elif not (isinstance(statement, ast.Expr) and _is_text(statement.value)):
            for inner in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                for part in ("body", "orelse", "finalbody"):
                    if hasattr(inner, part):
                        setattr(inner, part, _stripped(getattr(inner, part), package, imports))
            kept.append(statement)
    return kept


def _imported(statement: ast.Import | ast.ImportFrom, package: str) -> Iterator[Import]:
    if isinstance(statement, ast.Import):
        for one in statement.names:
            yield Import(one.name, "", one.asname or "")
        return
    module = statement.module or ""
    if statement.level:
        parts = package.split(".")
        around = parts[: len(parts) - statement.level + 1]
        module = ".".join([*around, *([module] if module else [])])
    if module != "__future__":
        for one in statement.names:
            yield Import(module, one.name, one.asname or one.name)


def _for_checkers(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _defined(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement at the top level gives."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _checks(function: ast.FunctionDef) -> bool:
    """Whether a method checks fields: what it lets through is in the values."""
    names = [node.id for one in function.decorator_list for node in ast.walk(one) if isinstance(node, ast.Name)]
    return any(name.endswith(("validator", "serializer")) for name in names)


def _values(node: ast.AST) -> Iterator[str]:
    """Names that are used in a node, but not as types that nothing reads while the code runs."""
    if isinstance(node, ast.Name):
        yield node.id
    for name, child in ast.iter_fields(node):
        if name == "returns" or (name == "annotation" and not getattr(node, "read", False)):
            continue
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, ast.AnnAssign):
                # pydantic reads the types of fields; of a dataclass they say nothing
                one.read = isinstance(node, ast.ClassDef) and not _is_record(node)  # type: ignore[attr-defined]
            if isinstance(one, ast.AST):
                yield from _values(one)


def _is_record(statement: ast.ClassDef) -> bool:
    about = [*statement.decorator_list, *statement.bases]
    names = {getattr(node, "id", getattr(node, "attr", "")) for one in about for node in ast.walk(one)}
    return bool(names & {"dataclass", "NamedTuple", "Protocol", "TypedDict"})
